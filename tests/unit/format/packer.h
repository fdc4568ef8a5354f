#pragma once
/*
 * packer.h - compresses bytes in every format that inflate reads, for tests.
 */
#include <bzlib.h>
#include <isa-l/igzip_lib.h>
#include <lzma.h>
#include <zstd.h>
#include "test.h"

static inline void pack_gzip(struct buf *out, str plain) {
    struct isal_zstream stream;
    size_t              room = plain.len + plain.len / 8 + 1024;
    char               *at = buf_room(out, room);

    isal_deflate_stateless_init(&stream);
    stream.gzip_flag = IGZIP_GZIP;
    stream.end_of_stream = 1;
    stream.flush = NO_FLUSH;
    stream.next_in = (uint8_t *)(uintptr_t)plain.ptr;
    stream.avail_in = (uint32_t)plain.len;
    stream.next_out = (uint8_t *)at;
    stream.avail_out = (uint32_t)room;
    CHECK_EQ(isal_deflate_stateless(&stream), COMP_OK);
    buf_wrote(out, stream.total_out);
}

static inline void pack_zstd(struct buf *out, str plain) {
    size_t     room = ZSTD_compressBound(plain.len), n;
    char      *at = buf_room(out, room);
    ZSTD_CCtx *zstd = ZSTD_createCCtx();

    ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
    n = ZSTD_compress2(zstd, at, room, plain.ptr, plain.len);
    CHECK(!ZSTD_isError(n));
    buf_wrote(out, n);
    ZSTD_freeCCtx(zstd);
}

static inline void pack_xz(struct buf *out, str plain) {
    size_t room = lzma_stream_buffer_bound(plain.len), n = 0;
    char  *at = buf_room(out, room);

    CHECK_EQ(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, (const uint8_t *)plain.ptr,
                                     plain.len, (uint8_t *)at, &n, room),
             LZMA_OK);
    buf_wrote(out, n);
}

static inline void pack_bzip2(struct buf *out, str plain) {
    unsigned room = (unsigned)(plain.len + plain.len / 50 + 1024);
    char    *at = buf_room(out, room);

    CHECK_EQ(BZ2_bzBuffToBuffCompress(at, &room, (char *)(uintptr_t)plain.ptr, (unsigned)plain.len,
                                      1, 0, 0),
             BZ_OK);
    buf_wrote(out, room);
}

static inline void pack_plain(struct buf *out, str plain) {
    buf_add(out, plain);
}

/* A source that gives at most `step` bytes at once, and fails after `fail_at` bytes. */
struct dribble {
    str    rest;
    size_t step, given, fail_at;
};

static inline pw_code dribble_read(void *ctx, void *out, size_t n, size_t *ret_n, struct err *err) {
    struct dribble *dribble = ctx;

    if (dribble->given >= dribble->fail_at)
        return err_set(err, PW_IO, "the disk is gone");
    n = MIN_OF(n, MIN_OF(dribble->step, dribble->rest.len));
    if (n > 0)
        memcpy(out, dribble->rest.ptr, n);
    dribble->rest = str_from(dribble->rest, n);
    dribble->given += n;
    *ret_n = n;
    return PW_OK;
}

#define DRIBBLE(bytes, at_once)                                                                    \
    { .rest = (bytes), .step = (at_once), .fail_at = SIZE_MAX }

/* Text that compresses about 4 : 1 and differs everywhere. */
static inline void add_sample(struct buf *out, size_t bytes) {
    uint32_t seed = 1;

    while (out->len < bytes) {
        seed = seed * 1664525 + 1013904223;
        buf_addf(out, "Package: sample-%u\nVersion: %u.%u\nStatus: install ok installed\n\n",
                 seed >> 20, seed >> 28, (seed >> 8) & 0xff);
    }
}
