/* pull_source.c - slices and descriptors as sources. */
#include "format/pull_source.h"

#include <errno.h>
#include <unistd.h>

pw_code pull_source_slice_read(void *ctx, void *out, size_t n, size_t *ret_n, struct err *err) {
    str *slice = ctx;

    if (n > slice->len)
        n = slice->len;
    if (n > 0)
        memcpy(out, slice->ptr, n);
    *slice = str_from(*slice, n);
    *ret_n = n;
    return PW_OK;
}

struct pull_source pull_source_of_slice(str *slice) {
    return (struct pull_source){slice, pull_source_slice_read};
}

pw_code pull_source_fd_read(void *ctx, void *out, size_t n, size_t *ret_n, struct err *err) {
    const int *fd = ctx;
    ssize_t    got;

    do
        got = read(*fd, out, n);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_errno(err, "cannot read");
    *ret_n = (size_t)got;
    return PW_OK;
}

struct pull_source pull_source_of_fd(int *fd) {
    return (struct pull_source){fd, pull_source_fd_read};
}

pw_code pull_source_read_all(struct pull_source source, struct buf *out, struct err *err) {
    for (;;) {
        size_t room = MIN_OF((size_t)65536, out->ceiling - out->len), n = 0;
        char   one; /* at the ceiling, one byte more tells the end from too much */
        char  *at = room > 0 ? buf_room(out, room) : &one;

        if (at == NULL)
            return err_set(err, out->failed, "out of memory");
        PW_TRY(source.read(source.ctx, at, room > 0 ? room : 1, &n, err));
        if (n == 0)
            return PW_OK;
        if (room == 0)
            return err_set(err, PW_TOO_LARGE, "there are more than %zu bytes", out->ceiling);
        buf_wrote(out, n);
    }
}
