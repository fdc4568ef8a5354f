/* split.c - a push scanner for the outer two levels of a JSON document. */
#include "advisory/split.h"

#include <stdlib.h>
#include "base/limits.h"
#include "format/json.h"

enum state {
    AT_START,     /* the opening brace of the document */
    AT_FIRST_KEY, /* a key or the end of an object */
    AT_KEY,
    IN_KEY,
    AT_COLON,
    AT_VALUE,
    AT_FIRST_ITEM, /* a value or the end of a list */
    IN_VALUE,
    BEHIND_VALUE, /* a comma or the end of the container */
    AT_END,       /* white space only */
};

struct splitter {
    split_fn   fn;
    void      *ctx;
    enum state state;
    unsigned   depth; /* containers that are open outside of values: 0, 1, 2 */
    bool       list;  /* the second one is a list */
    bool       escaped, in_string;
    unsigned   nested; /* containers open inside the value */
    char       opener; /* first character of the value */
    uint64_t   at;     /* bytes before the piece at hand */
    struct buf keys[2];
    struct buf value;
};

struct splitter *split_new(split_fn fn, void *ctx) {
    struct splitter *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->fn = fn;
    s->ctx = ctx;
    s->keys[0] = s->keys[1] = (struct buf)BUF_INIT(LIMIT_FIELD_BYTES);
    s->value = (struct buf)BUF_INIT(LIMIT_ADVISORY_BYTES);
    return s;
}

void split_free(struct splitter *s) {
    if (s == NULL)
        return;
    buf_done(&s->keys[0]);
    buf_done(&s->keys[1]);
    buf_done(&s->value);
    free(s);
}

void split_reset(struct splitter *s) {
    s->state = AT_START;
    s->depth = s->nested = 0;
    s->list = s->escaped = s->in_string = false;
    s->at = 0;
    buf_clear(&s->value);
    buf_clear(&s->keys[0]);
    buf_clear(&s->keys[1]);
}

static pw_code wrong(const struct splitter *s, uint64_t at, const char *wanted, struct err *err) {
    return err_set(err, PW_INVALID, "not the JSON that was expected: %s at byte %llu", wanted,
                   (unsigned long long)(s->at + at));
}

/* A key as text: most have no escapes. */
static pw_code decode_key(str raw, json_t **ret_holder, str *ret_text, struct err *err) {
    AUTO(buf_done) struct buf list = BUF_INIT(LIMIT_FIELD_BYTES + 8);
    str                       text;

    *ret_text = raw;
    if (str_find_char(raw, '\\') == STR_NPOS)
        return PW_OK;
    buf_adds(&list, "[\"");
    buf_add(&list, raw);
    buf_adds(&list, "\"]");
    PW_TRY(buf_finish(&list, &text, err));
    PW_TRY(json_parse(text, LIMIT_FIELD_BYTES + 8, ret_holder, err));
    *ret_text = json_str_of(json_array_get(*ret_holder, 0));
    return PW_OK;
}

static pw_code give(struct splitter *s, struct err *err) {
    AUTO(json_endp) json_t *first = NULL;
    AUTO(json_endp) json_t *second = NULL;
    str                     key, inner = STR_NONE, value;
    pw_code                 code;

    PW_TRY(buf_finish(&s->value, &value, err));
    PW_TRY(decode_key(buf_str(&s->keys[0]), &first, &key, err));
    if (s->depth == 2 && !s->list)
        PW_TRY(decode_key(buf_str(&s->keys[1]), &second, &inner, err));
    code = s->fn(s->ctx, key, inner, value, err);
    buf_clear(&s->value);
    s->state = BEHIND_VALUE;
    return code;
}

/* --- inside a value: only its end matters --- */

static size_t skip_string(struct splitter *s, str bytes, size_t i) {
    for (; i < bytes.len; i++) {
        if (s->escaped)
            s->escaped = false;
        else if (bytes.ptr[i] == '\\')
            s->escaped = true;
        else if (bytes.ptr[i] == '"') {
            s->in_string = false;
            return i + 1;
        }
    }
    return i;
}

/* A number or word ends before the character that is not its own. */
static bool ends_scalar(char c) {
    return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Gives the index behind the part of the value that these bytes hold; *ret_ended: it is whole. */
static size_t scan_value(struct splitter *s, str bytes, size_t i, bool *ret_ended) {
    bool scalar = s->opener != '{' && s->opener != '[' && s->opener != '"';

    while (i < bytes.len) {
        char c = bytes.ptr[i];

        if (s->in_string) {
            i = skip_string(s, bytes, i);
            *ret_ended = !s->in_string && s->nested == 0;
        } else if (scalar) {
            *ret_ended = ends_scalar(c);
            i += !*ret_ended;
        } else {
            s->in_string = c == '"';
            s->nested += c == '{' || c == '[';
            if (c == '}' || c == ']')
                *ret_ended = --s->nested == 0;
            i++;
        }
        if (*ret_ended)
            break;
    }
    return i;
}

static pw_code take_value(struct splitter *s, str bytes, size_t *i, struct err *err) {
    bool   ended = false;
    size_t end = scan_value(s, bytes, *i, &ended);

    buf_add(&s->value, str_sub(bytes, *i, end - *i));
    *i = end;
    if (!buf_ok(&s->value))
        return err_set(err, s->value.failed, "a record has more than %zu bytes",
                       (size_t)LIMIT_ADVISORY_BYTES);
    return ended ? give(s, err) : PW_OK;
}

static size_t take_key(struct splitter *s, str bytes, size_t i) {
    size_t start = i;

    s->in_string = true;
    i = skip_string(s, bytes, i);
    buf_add(&s->keys[s->depth - 1], str_sub(bytes, start, i - start - !s->in_string));
    if (!s->in_string)
        s->state = AT_COLON;
    return i;
}

/* --- between values --- */

static pw_code open_value(struct splitter *s, char c, size_t i, struct err *err) {
    if (s->depth == 1 && (c == '{' || c == '[')) {
        s->depth = 2;
        s->list = c == '[';
        s->state = s->list ? AT_FIRST_ITEM : AT_FIRST_KEY;
        return PW_OK;
    }
    if (c == ',' || c == ':' || c == '}' || c == ']')
        return wrong(s, i, "no value", err);
    s->opener = c;
    s->nested = 0;
    s->escaped = false;
    s->state = IN_VALUE;
    s->in_string = false;
    return PW_OK;
}

static void close_container(struct splitter *s) {
    s->depth--;
    s->list = false;
    s->state = s->depth == 0 ? AT_END : BEHIND_VALUE;
}

static pw_code step(struct splitter *s, char c, size_t i, struct err *err) {
    char closer = s->depth == 2 && s->list ? ']' : '}';

    switch (s->state) {
    case AT_START:
        if (c != '{')
            return wrong(s, i, "no opening brace", err);
        s->depth = 1;
        s->state = AT_FIRST_KEY;
        return PW_OK;
    case AT_FIRST_KEY:
    case AT_KEY:
        if (c == '}' && s->state == AT_FIRST_KEY) {
            close_container(s);
            return PW_OK;
        }
        if (c != '"')
            return wrong(s, i, "no key", err);
        buf_clear(&s->keys[s->depth - 1]);
        s->escaped = false;
        s->state = IN_KEY;
        return PW_OK;
    case AT_COLON:
        if (c != ':')
            return wrong(s, i, "no colon", err);
        if (!buf_ok(&s->keys[s->depth - 1]))
            return err_set(err, PW_TOO_LARGE, "a key has more than %zu bytes",
                           (size_t)LIMIT_FIELD_BYTES);
        s->state = AT_VALUE;
        return PW_OK;
    case BEHIND_VALUE:
        if (c == closer) {
            close_container(s);
            return PW_OK;
        }
        if (c != ',')
            return wrong(s, i, "neither a comma nor the end", err);
        s->state = closer == ']' ? AT_VALUE : AT_KEY;
        return PW_OK;
    default:
        return wrong(s, i, "more text behind the document", err);
    }
}

/* Steps that may look at the same character again leave *i where it is. */
static pw_code one(struct splitter *s, str bytes, size_t *i, struct err *err) {
    char c = bytes.ptr[*i];

    if (s->state == IN_VALUE)
        return take_value(s, bytes, i, err);
    if (s->state == IN_KEY) {
        *i = take_key(s, bytes, *i);
        return PW_OK;
    }
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
        (*i)++;
        return PW_OK;
    }
    if (s->state == AT_FIRST_ITEM && c != ']')
        s->state = AT_VALUE;
    if (s->state == AT_FIRST_ITEM) {
        close_container(s);
    } else if (s->state == AT_VALUE) {
        PW_TRY(open_value(s, c, *i, err));
        if (s->state == IN_VALUE)
            return PW_OK; /* the value begins with this character */
    } else {
        PW_TRY(step(s, c, *i, err));
    }
    (*i)++;
    return PW_OK;
}

pw_code split_add(struct splitter *s, str bytes, struct err *err) {
    for (size_t i = 0; i < bytes.len;)
        PW_TRY(one(s, bytes, &i, err));
    s->at += bytes.len;
    return PW_OK;
}

pw_code split_end(struct splitter *s, struct err *err) {
    if (s->state != AT_END)
        return wrong(s, 0, s->at == 0 ? "nothing" : "cut short", err);
    return PW_OK;
}
