/* json_write.c - writes JSON text. */
#include "base/json_write.h"

#include <assert.h>
#include <math.h>
#include "base/clock.h"

static void separate(struct json_writer *w) {
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->has_items[w->depth])
        buf_addc(w->out, ',');
    w->has_items[w->depth] = true;
}

static void enter(struct json_writer *w, char bracket) {
    separate(w);
    buf_addc(w->out, bracket);
    assert(w->depth + 1 < JSON_WRITE_DEPTH);
    w->has_items[++w->depth] = false;
}

static void leave(struct json_writer *w, char bracket) {
    assert(w->depth > 0 && !w->after_key);
    w->depth--;
    buf_addc(w->out, bracket);
}

void json_open(struct json_writer *w) {
    enter(w, '{');
}

void json_close(struct json_writer *w) {
    leave(w, '}');
}

void json_open_list(struct json_writer *w) {
    enter(w, '[');
}

void json_close_list(struct json_writer *w) {
    leave(w, ']');
}

static void escape_byte(struct buf *out, unsigned char c) {
    switch (c) {
    case '"':
        buf_adds(out, "\\\"");
        return;
    case '\\':
        buf_adds(out, "\\\\");
        return;
    case '\n':
        buf_adds(out, "\\n");
        return;
    case '\r':
        buf_adds(out, "\\r");
        return;
    case '\t':
        buf_adds(out, "\\t");
        return;
    default:
        buf_addf(out, "\\u%04x", c);
    }
}

static bool plain(unsigned char c) {
    return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

/* Well-formed text: runs of plain bytes are copied whole. */
static void escape_utf8(struct buf *out, str value) {
    for (size_t from = 0, at = 0; at <= value.len; at++) {
        if (at < value.len && plain((unsigned char)value.ptr[at]))
            continue;
        buf_add(out, str_sub(value, from, at - from));
        if (at < value.len)
            escape_byte(out, (unsigned char)value.ptr[at]);
        from = at + 1;
    }
}

/* Anything else: byte by byte, each byte that belongs to no sequence becomes U+FFFD. */
static void escape_broken(struct buf *out, str value) {
    for (size_t at = 0; at < value.len;) {
        size_t n = 1;

        while (n < 4 && at + n <= value.len && !str_is_utf8(str_sub(value, at, n)))
            n++;
        if (at + n <= value.len && str_is_utf8(str_sub(value, at, n))) {
            escape_utf8(out, str_sub(value, at, n));
            at += n;
        } else {
            buf_adds(out, "\xEF\xBF\xBD");
            at++;
        }
    }
}

void json_escape(struct buf *out, str value) {
    buf_addc(out, '"');
    if (str_is_utf8(value))
        escape_utf8(out, value);
    else
        escape_broken(out, value);
    buf_addc(out, '"');
}

void json_key_str(struct json_writer *w, str key) {
    separate(w);
    json_escape(w->out, key);
    buf_addc(w->out, ':');
    w->after_key = true;
}

void json_key(struct json_writer *w, const char *key) {
    json_key_str(w, str_of(key));
}

void json_str(struct json_writer *w, str value) {
    separate(w);
    json_escape(w->out, value);
}

void json_text(struct json_writer *w, const char *value) {
    if (value == NULL)
        json_none(w);
    else
        json_str(w, str_of(value));
}

void json_int(struct json_writer *w, int64_t value) {
    separate(w);
    buf_addf(w->out, "%lld", (long long)value);
}

void json_double(struct json_writer *w, double value, int decimals) {
    separate(w);
    if (isfinite(value))
        buf_addf(w->out, "%.*f", decimals, value);
    else
        buf_adds(w->out, "null"); /* JSON has no infinities */
}

void json_bool(struct json_writer *w, bool value) {
    separate(w);
    buf_adds(w->out, value ? "true" : "false");
}

void json_none(struct json_writer *w) {
    separate(w);
    buf_adds(w->out, "null");
}

void json_raw(struct json_writer *w, str json) {
    separate(w);
    buf_add(w->out, json);
}

void json_put_str(struct json_writer *w, const char *key, str value) {
    json_key(w, key);
    json_str(w, value);
}

void json_put_text(struct json_writer *w, const char *key, const char *value) {
    json_key(w, key);
    json_text(w, value);
}

void json_put_int(struct json_writer *w, const char *key, int64_t value) {
    json_key(w, key);
    json_int(w, value);
}

void json_put_bool(struct json_writer *w, const char *key, bool value) {
    json_key(w, key);
    json_bool(w, value);
}

void json_put_time(struct json_writer *w, const char *key, int64_t at) {
    char text[TIME_TEXT_SIZE];

    json_key(w, key);
    if (at == 0)
        json_none(w);
    else
        json_str(w, time_format(at, text));
}
