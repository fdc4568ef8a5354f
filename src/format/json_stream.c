/* json_stream.c - finds where members begin and end; their content is left to json_parse. */
#include "format/json_stream.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include "base/buf.h"
#include "base/limits.h"

enum { CHUNK = 64 * 1024, NOTHING = -1 };

struct walker {
    struct pull_source         source;
    const struct json_visitor *visitor;
    struct err                *err;
    int                        depth;
    struct buf                 window; /* bytes from `window_at` of the document on */
    size_t                     at;     /* next byte, in the window */
    size_t                     keep;   /* bytes before this one may go; STR_NPOS: before `at` */
    uint64_t                   window_at;
    bool                       ended;
    uint64_t                   members;
    struct buf                 keys[2];
};

/* --- bytes --- */

static pw_code malformed(struct walker *w, const char *want) {
    if (w->ended && w->at >= w->window.len)
        return err_set(w->err, PW_INVALID,
                       "JSON ends after %" PRIu64 " bytes (%" PRIu64
                       " members), where %s was expected",
                       w->window_at + w->at, w->members, want);
    return err_set(w->err, PW_INVALID,
                   "JSON is malformed at byte %" PRIu64 " (%" PRIu64
                   " members before it): expected %s",
                   w->window_at + w->at, w->members, want);
}

/* Reads more behind the window, after dropping what is no longer needed. */
static pw_code more(struct walker *w) {
    size_t used = MIN_OF(w->keep, w->at), n = 0;
    char  *room;

    if (w->keep != STR_NPOS && w->window.len - used > LIMIT_ADVISORY_BYTES)
        return err_set(w->err, PW_TOO_LARGE,
                       "JSON member at byte %" PRIu64 " has more than %zu bytes",
                       w->window_at + used, (size_t)LIMIT_ADVISORY_BYTES);
    if (used > 0) {
        memmove(w->window.ptr, w->window.ptr + used, w->window.len - used);
        w->window.len -= used;
        w->window_at += used;
        w->at -= used;
        if (w->keep != STR_NPOS)
            w->keep = 0;
    }
    room = buf_room(&w->window, CHUNK);
    if (room == NULL)
        return err_set(w->err, w->window.failed, "out of memory for a member of a JSON document");
    PW_TRY(w->source.read(w->source.ctx, room, CHUNK, &n, w->err));
    buf_wrote(&w->window, n);
    w->ended = n == 0;
    return PW_OK;
}

/* The byte at `at`, or NOTHING at the end of the document. */
static pw_code peek(struct walker *w, int *ret_byte) {
    while (w->at >= w->window.len && !w->ended)
        PW_TRY(more(w));
    *ret_byte = w->at < w->window.len ? (unsigned char)w->window.ptr[w->at] : NOTHING;
    return PW_OK;
}

/* As peek, behind blanks. */
static pw_code peek_solid(struct walker *w, int *ret_byte) {
    for (;;) {
        PW_TRY(peek(w, ret_byte));
        if (*ret_byte != ' ' && *ret_byte != '\n' && *ret_byte != '\r' && *ret_byte != '\t')
            return PW_OK;
        w->at++;
    }
}

static pw_code expect(struct walker *w, char byte, const char *what) {
    int got;

    PW_TRY(peek_solid(w, &got));
    if (got != byte)
        return malformed(w, what);
    w->at++;
    return PW_OK;
}

/* --- values --- */

/* `at` is behind the opening quote and comes to stand behind the closing one. */
static pw_code skip_string(struct walker *w) {
    for (;;) {
        int byte;

        PW_TRY(peek(w, &byte));
        if (byte == NOTHING || byte < ' ')
            return malformed(w, "the rest of a string");
        w->at++;
        if (byte == '"')
            return PW_OK;
        if (byte == '\\') {
            PW_TRY(peek(w, &byte));
            w->at++;
        }
    }
}

static bool ends_scalar(int byte) {
    return byte == NOTHING || byte == ',' || byte == ']' || byte == '}' || byte <= ' ';
}

/* true, false, null or a number */
static pw_code skip_scalar(struct walker *w) {
    size_t  from;
    int     byte;
    json_t *value;

    PW_TRY(peek(w, &byte));
    while (!ends_scalar(byte)) {
        w->at++;
        PW_TRY(peek(w, &byte));
    }
    from = w->keep;
    value = json_loadb(w->window.ptr + from, w->at - from, JSON_DECODE_ANY, NULL);
    if (value == NULL) {
        w->at = from;
        return malformed(w, "a value");
    }
    json_decref(value);
    return PW_OK;
}

/* An object or array from its opening bracket to its closing one. The kinds of open brackets are
 * the bits of a number: LIMIT_JSON_DEPTH fits. */
static pw_code skip_nested(struct walker *w) {
    uint64_t objects = 0;
    unsigned open = 0;

    static_assert(LIMIT_JSON_DEPTH <= 64, "one bit each");
    do {
        int byte;

        PW_TRY(peek(w, &byte));
        if (byte == NOTHING)
            return malformed(w, "the end of a member");
        w->at++;
        if (byte == '"') {
            PW_TRY(skip_string(w));
        } else if (byte == '{' || byte == '[') {
            if (open == LIMIT_JSON_DEPTH)
                return err_set(w->err, PW_TOO_LARGE, "JSON nests deeper than %d at byte %" PRIu64,
                               LIMIT_JSON_DEPTH, w->window_at + w->at - 1);
            objects = objects << 1 | (byte == '{');
            open++;
        } else if (byte == '}' || byte == ']') {
            if ((objects & 1) != (byte == '}')) {
                w->at--;
                return malformed(w, byte == '}' ? "']'" : "'}'");
            }
            objects >>= 1;
            open--;
        }
    } while (open > 0);
    return PW_OK;
}

/* --- members --- */

static pw_code hand_over(struct walker *w, str parent, str key) {
    struct json_member member = {.parent = parent, .key = key, .index = w->members};
    int                byte;

    PW_TRY(peek_solid(w, &byte));
    w->keep = w->at;
    if (byte == '"') {
        w->at++;
        PW_TRY(skip_string(w));
    } else if (byte == '{' || byte == '[') {
        PW_TRY(skip_nested(w));
    } else {
        PW_TRY(skip_scalar(w));
    }
    member.text = str_make(w->window.ptr + w->keep, w->at - w->keep);
    if (member.text.len > LIMIT_ADVISORY_BYTES)
        return err_set(w->err, PW_TOO_LARGE,
                       "JSON member at byte %" PRIu64 " has more than %zu bytes",
                       w->window_at + w->keep, (size_t)LIMIT_ADVISORY_BYTES);
    w->keep = STR_NPOS;
    w->members++;
    return w->visitor->each(w->visitor->ctx, &member, w->err);
}

/* A key and its colon; the key, decoded, goes to `out`. */
static pw_code take_key(struct walker *w, struct buf *out) {
    json_t *key;

    PW_TRY(expect(w, '"', "a key"));
    w->keep = w->at - 1;
    PW_TRY(skip_string(w));
    buf_clear(out);
    key = json_loadb(w->window.ptr + w->keep, w->at - w->keep, JSON_DECODE_ANY, NULL);
    if (key == NULL) {
        w->at = w->keep;
        return malformed(w, "a well-formed key");
    }
    buf_add(out, str_make(json_string_value(key), json_string_length(key)));
    json_decref(key);
    w->keep = STR_NPOS;
    if (!buf_ok(out))
        return err_set(w->err, out->failed, "JSON key at byte %" PRIu64 " has more than %zu bytes",
                       w->window_at + w->at, out->ceiling);
    return expect(w, ':', "':'");
}

static pw_code walk_level(struct walker *w, int level, str parent);

static pw_code walk_member(struct walker *w, int level, str parent, str key) {
    int byte;

    PW_TRY(peek_solid(w, &byte));
    if (level < w->depth && (byte == '{' || byte == '['))
        return walk_level(w, level + 1, key);
    return hand_over(w, parent, key);
}

/* The members of the object or array at `at`; level counts from 1. */
static pw_code walk_level(struct walker *w, int level, str parent) {
    struct buf *key_text = &w->keys[level - 1];
    bool        object;
    char        close;
    int         byte;

    PW_TRY(peek_solid(w, &byte));
    if (byte != '{' && byte != '[')
        return malformed(w, "an object or an array");
    object = byte == '{';
    close = object ? '}' : ']';
    w->at++;
    PW_TRY(peek_solid(w, &byte));
    while (byte != close) {
        str key = STR_NONE;

        if (object) {
            PW_TRY(take_key(w, key_text));
            key = buf_str(key_text);
        }
        PW_TRY(walk_member(w, level, parent, key));
        PW_TRY(peek_solid(w, &byte));
        if (byte == close)
            break;
        PW_TRY(expect(w, ',', object ? "',' or '}'" : "',' or ']'"));
        PW_TRY(peek_solid(w, &byte));
        if (byte == close)
            return malformed(w, object ? "a key" : "a value");
    }
    w->at++;
    return PW_OK;
}

static pw_code walk_document(struct walker *w) {
    int byte;

    PW_TRY(peek(w, &byte));
    while (!w->ended && w->window.len < 3)
        PW_TRY(more(w));
    if (str_starts(buf_str(&w->window), STR("\xEF\xBB\xBF")))
        w->at = 3; /* a byte order mark, as some publishers write */
    PW_TRY(walk_level(w, 1, STR_NONE));
    PW_TRY(peek_solid(w, &byte));
    return byte == NOTHING ? PW_OK : malformed(w, "nothing more");
}

pw_code json_stream_walk(struct pull_source source, int depth, struct json_visitor visitor,
                         struct err *err) {
    struct walker w = {
        .source = source,
        .visitor = &visitor,
        .err = err,
        .depth = depth,
        .keep = STR_NPOS,
        .window = BUF_INIT(LIMIT_ADVISORY_BYTES + 2 * CHUNK),
        .keys = {BUF_INIT(LIMIT_FIELD_BYTES), BUF_INIT(LIMIT_FIELD_BYTES)},
    };
    pw_code code;

    assert(depth == 1 || depth == 2);
    code = walk_document(&w);
    buf_done(&w.window);
    buf_done(&w.keys[0]);
    buf_done(&w.keys[1]);
    return code;
}
