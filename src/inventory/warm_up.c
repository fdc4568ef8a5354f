/*
 * warm_up.c - touches every library that a reading needs, before the sandbox closes.
 *
 * Many libraries open a file, ask the system or set themselves up at first use; in a locked-down
 * child that would be the end. So one small layer is read here for real, and each compression is
 * undone once.
 */
#include <stdio.h>

#include "base/limits.h"
#include "format/inflate.h"
#include "format/json.h"
#include "format/tar.h"
#include "inventory/inventory.h"

/* "portwarden" eight times, in each compression. */
static const unsigned char gzip_bytes[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2b,
    0xc8, 0x2f, 0x2a, 0x29, 0x4f, 0x2c, 0x4a, 0x49, 0xcd, 0x2b, 0xa0,
    0x0a, 0x0b, 0x00, 0xb6, 0x34, 0x48, 0x9a, 0x50, 0x00, 0x00, 0x00,
};
static const unsigned char zstd_bytes[] = {
    0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0x8d, 0x00, 0x00, 0x50, 0x70, 0x6f, 0x72,
    0x74, 0x77, 0x61, 0x72, 0x64, 0x65, 0x6e, 0x01, 0x00, 0x53, 0xb4, 0x20, 0x01,
};
static const unsigned char xz_bytes[] = {
    0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00, 0x21, 0x01,
    0x0c, 0x00, 0x00, 0x00, 0x8f, 0x98, 0x41, 0x9c, 0xe0, 0x00, 0x4f, 0x00, 0x11, 0x5d, 0x00, 0x38,
    0x1b, 0xca, 0xac, 0x21, 0xea, 0xcd, 0x31, 0x14, 0x75, 0xe8, 0xc9, 0x1d, 0xad, 0x54, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0xb6, 0xc8, 0xad, 0x8a, 0x86, 0xbe, 0xa1, 0x3f, 0x00, 0x01, 0x2d, 0x50,
    0x30, 0xbe, 0xc7, 0x6b, 0x1f, 0xb6, 0xf3, 0x7d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59, 0x5a,
};
static const unsigned char bzip2_bytes[] = {
    0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, 0xe5, 0xf4, 0x18,
    0x7c, 0x00, 0x00, 0x17, 0x81, 0x80, 0x26, 0x01, 0xd4, 0x80, 0x20, 0x00, 0x31,
    0x06, 0x4c, 0x40, 0x55, 0x40, 0xcd, 0x26, 0x08, 0x3a, 0x3c, 0x20, 0xb1, 0x62,
    0x0b, 0x18, 0x3e, 0x2e, 0xe4, 0x8a, 0x70, 0xa1, 0x21, 0xcb, 0xe8, 0x30, 0xf8,
};

enum { TAR_BLOCK = 512 };

static pw_code warm_codec(const unsigned char *bytes, size_t n, struct err *err) {
    AUTO(inflate_closep) struct inflate *inflate = NULL;
    struct inflate_limits                limits = {KIB(4), LIMIT_LAYER_RATIO};
    str                                  slice = str_make(bytes, n);
    const void                          *piece;
    size_t                               got = 1;

    PW_TRY(inflate_open(pull_source_of_slice(&slice), limits, &inflate, err));
    while (got > 0)
        PW_TRY(inflate_next(inflate, &piece, &got, err));
    return PW_OK;
}

/* A ustar header and its content, padded to blocks. */
static void add_member(struct buf *out, const char *path, const char *content) {
    char     head[TAR_BLOCK] = {0};
    unsigned sum = 0;

    snprintf(head, 100, "%s", path);
    snprintf(head + 100, 8, "%07o", 0644u);
    snprintf(head + 124, 12, "%011o", (unsigned)strlen(content));
    memcpy(head + 257, "ustar", 6);
    head[263] = head[264] = '0'; /* the version */
    head[156] = '0';
    memset(head + 148, ' ', 8);
    for (int i = 0; i < TAR_BLOCK; i++)
        sum += (unsigned char)head[i];
    snprintf(head + 148, 8, "%06o", sum);
    buf_add(out, str_make(head, TAR_BLOCK));
    buf_adds(out, content);
    while (out->len % TAR_BLOCK != 0)
        buf_addc(out, '\0');
}

static pw_code read_slice(void *ctx, void *out, size_t n, size_t *ret_n, struct err *err) {
    return pull_source_slice_read(ctx, out, n, ret_n, err);
}

static pw_code warm_reader(struct err *err) {
    static const char         zeros[2 * TAR_BLOCK];
    AUTO(buf_done) struct buf layer = BUF_INIT(KIB(64));
    AUTO(buf_done) struct buf facts = BUF_INIT(KIB(64));
    str                       slice;
    struct layer_source       source = {&slice, read_slice};

    add_member(&layer, "etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
    add_member(&layer, "var/lib/dpkg/status",
               "Package: a\nVersion: 1\nStatus: install ok installed\n");
    add_member(&layer, "lib/apk/db/installed", "P:a\nV:1\nF:bin\nR:a\n\n");
    add_member(&layer, "a/node_modules/b/package.json", "{\"name\":\"b\",\"version\":\"1.0.0\"}");
    add_member(&layer, "a/node_modules/c/package.json", "{\"name\":1.5,\"no json");
    add_member(&layer, "b-1.dist-info/METADATA", "Name: b\nVersion: 1\n");
    add_member(&layer, "n\xc3\xa4me", "");
    buf_add(&layer, str_make(zeros, sizeof zeros));
    PW_TRY(buf_finish(&layer, &slice, err));
    return layer_read(&source, &facts, err);
}

pw_code layer_read_warm_up(struct err *err) {
    json_warm_up();
    PW_TRY(tar_warm_up(err));
    PW_TRY(warm_codec(gzip_bytes, sizeof gzip_bytes, err));
    PW_TRY(warm_codec(zstd_bytes, sizeof zstd_bytes, err));
    PW_TRY(warm_codec(xz_bytes, sizeof xz_bytes, err));
    PW_TRY(warm_codec(bzip2_bytes, sizeof bzip2_bytes, err));
    return warm_reader(err);
}
