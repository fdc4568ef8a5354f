/* inflate_codecs.c - gzip, zstd, xz and bzip2 over their libraries. */
#include "format/inflate_codec.h"

#include <bzlib.h>
#include <isa-l/igzip_lib.h>
#include <lzma.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>
#include "base/limits.h"

static pw_code no_memory(const char *what, struct err *err) {
    return err_set(err, PW_MEMORY, "out of memory for reading %s data", what);
}

/* --- gzip --- */

static bool gzip_starts(const unsigned char *bytes, size_t n) {
    return n >= 3 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8;
}

static pw_code gzip_restart(void *state, struct err *err) {
    struct inflate_state *gzip = state;

    isal_inflate_reset(gzip);
    gzip->crc_flag = ISAL_GZIP;
    gzip->avail_in = 0;
    gzip->next_in = NULL;
    return PW_OK;
}

static pw_code gzip_open(void **ret_state, struct err *err) {
    struct inflate_state *gzip = malloc(sizeof *gzip);

    if (gzip == NULL)
        return no_memory("gzip", err);
    isal_inflate_init(gzip);
    gzip->crc_flag = ISAL_GZIP;
    *ret_state = gzip;
    return PW_OK;
}

static pw_code gzip_problem(int code, struct err *err) {
    switch (code) {
    case ISAL_INCORRECT_CHECKSUM:
        return err_set(err, PW_CORRUPT, "gzip data does not match its checksum");
    case ISAL_INVALID_WRAPPER:
    case ISAL_UNSUPPORTED_METHOD:
        return err_set(err, PW_CORRUPT, "gzip header is damaged");
    case ISAL_NEED_DICT:
        return err_set(err, PW_UNSUPPORTED, "gzip data asks for a dictionary");
    default:
        return err_set(err, PW_CORRUPT, "gzip data is damaged (deflate error %d)", code);
    }
}

static pw_code gzip_step(void *state, struct inflate_window *window, bool *ret_end,
                         struct err *err) {
    struct inflate_state *gzip = state;
    uint32_t              in_len = (uint32_t)MIN_OF(window->in_len, MIB(1));
    uint32_t              room = (uint32_t)MIN_OF(window->out_room, MIB(1));
    int                   code;

    gzip->next_in = (uint8_t *)window->in; /* ISA-L only reads it */
    gzip->avail_in = in_len;
    gzip->next_out = window->out;
    gzip->avail_out = room;
    code = isal_inflate(gzip);
    if (code < 0 || code == ISAL_NEED_DICT)
        return gzip_problem(code, err);
    window->in += in_len - gzip->avail_in;
    window->in_len -= in_len - gzip->avail_in;
    window->out += room - gzip->avail_out;
    window->out_room -= room - gzip->avail_out;
    *ret_end = gzip->block_state == ISAL_BLOCK_FINISH;
    return PW_OK;
}

/* --- zstd --- */

static bool zstd_starts(const unsigned char *bytes, size_t n) {
    if (n < 4)
        return false;
    if (bytes[0] == 0x28 && bytes[1] == 0xb5 && bytes[2] == 0x2f && bytes[3] == 0xfd)
        return true;
    return (bytes[0] & 0xf0) == 0x50 && bytes[1] == 0x2a && bytes[2] == 0x4d && bytes[3] == 0x18;
}

static pw_code zstd_restart(void *state, struct err *err) {
    return PW_OK; /* libzstd begins the next frame by itself */
}

static pw_code zstd_open(void **ret_state, struct err *err) {
    ZSTD_DCtx *zstd = ZSTD_createDCtx();

    if (zstd == NULL)
        return no_memory("zstd", err);
    ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, LIMIT_INFLATE_WINDOW_LOG);
    *ret_state = zstd;
    return PW_OK;
}

static pw_code zstd_step(void *state, struct inflate_window *window, bool *ret_end,
                         struct err *err) {
    ZSTD_inBuffer  in = {window->in, window->in_len, 0};
    ZSTD_outBuffer out = {window->out, window->out_room, 0};
    size_t         hint = ZSTD_decompressStream(state, &out, &in);

    window->in += in.pos;
    window->in_len -= in.pos;
    window->out += out.pos;
    window->out_room -= out.pos;
    if (!ZSTD_isError(hint)) {
        *ret_end = hint == 0;
        return PW_OK;
    }
    switch (ZSTD_getErrorCode(hint)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        return err_set(
            err, PW_UNSUPPORTED,
            "zstd data needs a window of more than %zu MiB; compress it with --long=%d or less",
            (size_t)1 << (LIMIT_INFLATE_WINDOW_LOG - 20), LIMIT_INFLATE_WINDOW_LOG);
    case ZSTD_error_dictionary_wrong:
        return err_set(err, PW_UNSUPPORTED, "zstd data asks for a dictionary");
    case ZSTD_error_checksum_wrong:
        return err_set(err, PW_CORRUPT, "zstd data does not match its checksum");
    case ZSTD_error_memory_allocation:
        return no_memory("zstd", err);
    default:
        return err_set(err, PW_CORRUPT, "zstd data is damaged (%s)", ZSTD_getErrorName(hint));
    }
}

static void zstd_close(void *state) {
    ZSTD_freeDCtx(state);
}

/* --- xz --- */

static bool xz_starts(const unsigned char *bytes, size_t n) {
    return n >= 6 && memcmp(bytes,
                            "\xFD"
                            "7zXZ\0",
                            6) == 0;
}

static pw_code xz_problem(lzma_ret code, struct err *err) {
    switch (code) {
    case LZMA_MEM_ERROR:
        return no_memory("xz", err);
    case LZMA_MEMLIMIT_ERROR:
        return err_set(err, PW_UNSUPPORTED, "xz data needs more than %zu MiB of memory",
                       (size_t)1 << (LIMIT_INFLATE_WINDOW_LOG - 20));
    case LZMA_OPTIONS_ERROR:
        return err_set(err, PW_UNSUPPORTED, "xz data uses a filter that is not known here");
    default:
        return err_set(err, PW_CORRUPT, "xz data is damaged (error %d)", (int)code);
    }
}

static pw_code xz_restart(void *state, struct err *err) {
    lzma_ret code = lzma_stream_decoder(state, (uint64_t)1 << LIMIT_INFLATE_WINDOW_LOG, 0);

    return code == LZMA_OK ? PW_OK : xz_problem(code, err);
}

static void xz_close(void *state) {
    lzma_end(state);
    free(state);
}

static pw_code xz_open(void **ret_state, struct err *err) {
    lzma_stream *xz = malloc(sizeof *xz);

    if (xz == NULL)
        return no_memory("xz", err);
    *xz = (lzma_stream)LZMA_STREAM_INIT;
    if (xz_restart(xz, err) != PW_OK) {
        xz_close(xz);
        return no_memory("xz", err);
    }
    *ret_state = xz;
    return PW_OK;
}

static pw_code xz_step(void *state, struct inflate_window *window, bool *ret_end, struct err *err) {
    lzma_stream *xz = state;
    lzma_ret     code;

    xz->next_in = window->in;
    xz->avail_in = window->in_len;
    xz->next_out = window->out;
    xz->avail_out = window->out_room;
    code = lzma_code(xz, LZMA_RUN);
    window->in = xz->next_in;
    window->in_len = xz->avail_in;
    window->out = xz->next_out;
    window->out_room = xz->avail_out;
    *ret_end = code == LZMA_STREAM_END;
    /* LZMA_BUF_ERROR only says that nothing moved; the caller notices that itself. */
    return code == LZMA_OK || code == LZMA_STREAM_END || code == LZMA_BUF_ERROR
               ? PW_OK
               : xz_problem(code, err);
}

/* --- bzip2 --- */

static bool bzip2_starts(const unsigned char *bytes, size_t n) {
    return n >= 10 && memcmp(bytes, "BZh", 3) == 0 && bytes[3] >= '1' && bytes[3] <= '9' &&
           (memcmp(bytes + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0 ||
            memcmp(bytes + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
}

static pw_code bzip2_restart(void *state, struct err *err) {
    BZ2_bzDecompressEnd(state);
    memset(state, 0, sizeof(bz_stream));
    return BZ2_bzDecompressInit(state, 0, 0) == BZ_OK ? PW_OK : no_memory("bzip2", err);
}

static pw_code bzip2_open(void **ret_state, struct err *err) {
    bz_stream *bzip2 = calloc(1, sizeof *bzip2);

    if (bzip2 == NULL)
        return no_memory("bzip2", err);
    if (BZ2_bzDecompressInit(bzip2, 0, 0) != BZ_OK) {
        free(bzip2);
        return no_memory("bzip2", err);
    }
    *ret_state = bzip2;
    return PW_OK;
}

static void bzip2_close(void *state) {
    BZ2_bzDecompressEnd(state);
    free(state);
}

static pw_code bzip2_step(void *state, struct inflate_window *window, bool *ret_end,
                          struct err *err) {
    bz_stream *bzip2 = state;
    unsigned   in_len = (unsigned)MIN_OF(window->in_len, MIB(1));
    unsigned   room = (unsigned)MIN_OF(window->out_room, MIB(1));
    int        code;

    bzip2->next_in = (char *)window->in; /* libbz2 only reads it */
    bzip2->avail_in = in_len;
    bzip2->next_out = (char *)window->out;
    bzip2->avail_out = room;
    code = BZ2_bzDecompress(bzip2);
    window->in += in_len - bzip2->avail_in;
    window->in_len -= in_len - bzip2->avail_in;
    window->out += room - bzip2->avail_out;
    window->out_room -= room - bzip2->avail_out;
    *ret_end = code == BZ_STREAM_END;
    if (code == BZ_OK || code == BZ_STREAM_END)
        return PW_OK;
    if (code == BZ_MEM_ERROR)
        return no_memory("bzip2", err);
    return err_set(err, PW_CORRUPT, "bzip2 data is damaged (error %d)", code);
}

const struct inflate_codec inflate_codecs[INFLATE_BZIP2 + 1] = {
    [INFLATE_PLAIN] = {.name = "plain"},
    [INFLATE_GZIP] = {"gzip", gzip_starts, gzip_open, gzip_restart, gzip_step, free},
    [INFLATE_ZSTD] = {"zstd", zstd_starts, zstd_open, zstd_restart, zstd_step, zstd_close},
    [INFLATE_XZ] = {"xz", xz_starts, xz_open, xz_restart, xz_step, xz_close},
    [INFLATE_BZIP2] = {"bzip2", bzip2_starts, bzip2_open, bzip2_restart, bzip2_step, bzip2_close},
};
