/* buf.c - text under construction. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_done(struct buf *buf) {
    free(buf->ptr);
    buf->ptr = NULL;
    buf->len = buf->room = 0;
}

void buf_clear(struct buf *buf) {
    buf->len = 0;
    buf->failed = PW_OK;
    if (buf->ptr != NULL)
        buf->ptr[0] = '\0';
}

static bool grow(struct buf *buf, size_t need) {
    size_t room = buf->room ? buf->room : 128;
    char  *ptr;

    while (room < need)
        room *= 2;
    ptr = realloc(buf->ptr, room);
    if (ptr == NULL) {
        buf->failed = PW_MEMORY;
        return false;
    }
    buf->ptr = ptr;
    buf->room = room;
    return true;
}

char *buf_room(struct buf *buf, size_t n) {
    if (buf->failed != PW_OK)
        return NULL;
    if (n > buf->ceiling || buf->len > buf->ceiling - n) {
        buf->failed = PW_TOO_LARGE;
        return NULL;
    }
    if (buf->len + n + 1 > buf->room && !grow(buf, buf->len + n + 1))
        return NULL;
    return buf->ptr + buf->len;
}

void buf_wrote(struct buf *buf, size_t n) {
    buf->len += n;
    buf->ptr[buf->len] = '\0';
}

void buf_add(struct buf *buf, str s) {
    char *at = buf_room(buf, s.len);

    if (at == NULL)
        return;
    if (s.len > 0)
        memcpy(at, s.ptr, s.len);
    buf_wrote(buf, s.len);
}

void buf_adds(struct buf *buf, const char *text) {
    buf_add(buf, str_of(text));
}

void buf_addc(struct buf *buf, char c) {
    buf_add(buf, str_make(&c, 1));
}

void buf_addf(struct buf *buf, const char *fmt, ...) {
    va_list args;
    char   *at;
    int     need;

    va_start(args, fmt);
    need = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    at = need < 0 ? NULL : buf_room(buf, (size_t)need);
    if (at == NULL)
        return;
    va_start(args, fmt);
    vsnprintf(at, (size_t)need + 1, fmt, args);
    va_end(args);
    buf_wrote(buf, (size_t)need);
}

pw_code buf_finish(const struct buf *buf, str *ret_text, struct err *err) {
    if (buf->failed == PW_TOO_LARGE)
        return err_set(err, PW_TOO_LARGE, "text is longer than its %zu bytes", buf->ceiling);
    if (buf->failed != PW_OK)
        return err_set(err, buf->failed, "out of memory");
    *ret_text = buf_str(buf);
    return PW_OK;
}

char *buf_take(struct buf *buf, size_t *ret_len) {
    char *out;

    if (buf->failed != PW_OK || (buf->ptr == NULL && buf_room(buf, 0) == NULL))
        return NULL;
    buf->ptr[buf->len] = '\0';
    out = buf->ptr;
    if (ret_len != NULL)
        *ret_len = buf->len;
    buf->ptr = NULL;
    buf->len = buf->room = 0;
    return out;
}
