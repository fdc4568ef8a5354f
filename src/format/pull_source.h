#pragma once
/*
 * pull_source.h - where bytes come from: a file, an upload that still grows, a decompressor.
 *
 * `read` gives up to `n` bytes, 0 at the end; it may block. Passed by copy; ctx is borrowed.
 */
#include "base/buf.h"

struct pull_source {
    void *ctx;
    pw_code (*read)(void *ctx, void *out, size_t n, size_t *ret_n, struct err *err);
};

/* The bytes of a slice: ctx is a `str` that shrinks as it is read. */
pw_code pull_source_slice_read(void *ctx, void *out, size_t n, size_t *ret_n, struct err *err);
struct pull_source pull_source_of_slice(str *slice);
/* The bytes of a descriptor from its current place: ctx is the int. */
pw_code pull_source_fd_read(void *ctx, void *out, size_t n, size_t *ret_n, struct err *err);
struct pull_source pull_source_of_fd(int *fd);

/* Everything that is left, added to `out`; PW_TOO_LARGE past its ceiling. */
pw_code pull_source_read_all(struct pull_source source, struct buf *out, struct err *err);
