#pragma once
/*
 * buf.h - text under construction, with a ceiling.
 *
 * Adding never fails at the call: the first failure sticks and is reported once by buf_finish or
 * buf_ok. The content always has a NUL behind it. Threads: one at a time.
 */
#include "base/err.h"
#include "base/str.h"

struct buf {
    char   *ptr;
    size_t  len, room, ceiling;
    pw_code failed; /* PW_OK, PW_TOO_LARGE or PW_MEMORY */
};

#define BUF_INIT(ceiling_bytes)                                                                    \
    { .ceiling = (ceiling_bytes) }

void buf_done(struct buf *buf);  /* accepts a zeroed one */
void buf_clear(struct buf *buf); /* empty again, keeps its memory, forgets a failure */

void buf_add(struct buf *buf, str s);
void buf_adds(struct buf *buf, const char *text);
void buf_addc(struct buf *buf, char c);
void buf_addf(struct buf *buf, const char *fmt, ...) PW_PRINTF(2, 3);
/* Room for n more bytes, to be written by the caller and then counted by buf_wrote; NULL: no. */
char *buf_room(struct buf *buf, size_t n);
void  buf_wrote(struct buf *buf, size_t n);

static inline bool buf_ok(const struct buf *buf) {
    return buf->failed == PW_OK;
}
static inline str buf_str(const struct buf *buf) {
    return (str){buf->ptr != NULL ? buf->ptr : "", buf->len};
}
/* The text, borrowed from the buf, or the failure that stuck. */
pw_code buf_finish(const struct buf *buf, str *ret_text, struct err *err);
/* The memory becomes the caller's (free); the buf is empty afterwards. NULL after a failure. */
char *buf_take(struct buf *buf, size_t *ret_len);
