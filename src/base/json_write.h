#pragma once
/*
 * json_write.h - writes JSON text that is always well-formed.
 *
 * Commas, quotes and escapes are the writer's work. Text that is not UTF-8 is written with
 * U+FFFD in place of each bad byte; control characters are escaped (RFC 8259). Nesting is at
 * most JSON_WRITE_DEPTH; going deeper is a bug of ours (assert).
 * Memory: writes into the caller's buf, whose ceiling counts. Threads: one at a time.
 */
#include "base/buf.h"

enum { JSON_WRITE_DEPTH = 32 };

struct json_writer {
    struct buf *out;
    unsigned    depth;
    bool        has_items[JSON_WRITE_DEPTH];
    bool        after_key;
};

#define JSON_WRITER(buf_ptr)                                                                       \
    { .out = (buf_ptr) }

void json_open(struct json_writer *w);  /* { */
void json_close(struct json_writer *w); /* } */
void json_open_list(struct json_writer *w);
void json_close_list(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
void json_key_str(struct json_writer *w, str key);
void json_str(struct json_writer *w, str value);
void json_text(struct json_writer *w, const char *value); /* NULL is null */
void json_int(struct json_writer *w, int64_t value);
void json_double(struct json_writer *w, double value, int decimals);
void json_bool(struct json_writer *w, bool value);
void json_none(struct json_writer *w);          /* null; jansson has the other name */
void json_raw(struct json_writer *w, str json); /* trusted, well-formed JSON of ours */

/* key and value in one line */
void json_put_str(struct json_writer *w, const char *key, str value);
void json_put_text(struct json_writer *w, const char *key, const char *value);
void json_put_int(struct json_writer *w, const char *key, int64_t value);
void json_put_bool(struct json_writer *w, const char *key, bool value);
void json_put_time(struct json_writer *w, const char *key, int64_t at); /* RFC 3339; 0: null */

/* The quoted and escaped form of one text. */
void json_escape(struct buf *out, str value);
