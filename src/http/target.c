/* target.c - the request target. */
#include "http/target.h"

#include "base/limits.h"

static int hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The byte that "%XY" at s means; -1: not an encoding, or NUL. */
static int encoded_byte(str s, size_t at) {
    int high, low;

    if (s.len - at < 3)
        return -1;
    high = hex_value(s.ptr[at + 1]);
    low = hex_value(s.ptr[at + 2]);
    return high < 0 || low < 0 || (high | low) == 0 ? -1 : high * 16 + low;
}

static pw_code check_bytes(str raw, struct err *err) {
    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.ptr[i];

        if (c <= ' ' || c == 0x7f)
            return err_set(err, PW_INVALID, "the request target holds a raw 0x%02x at byte %zu", c,
                           i);
        if (c == '%' && encoded_byte(raw, i) < 0)
            return err_set(err, PW_INVALID,
                           "bad percent-encoding \"" STR_FMT "\" at byte %zu of the request target",
                           STR_ARG(str_sub(raw, i, 3)), i);
    }
    return PW_OK;
}

/* Text without "%" (and "+") is given back as it is. */
static str decode(str text, bool plus_is_space, struct arena *arena) {
    char  *out;
    size_t used = 0;

    if (str_find_char(text, '%') == STR_NPOS &&
        (!plus_is_space || str_find_char(text, '+') == STR_NPOS))
        return text;
    out = arena_alloc(arena, text.len + 1);
    if (out == NULL)
        return STR_NONE;
    for (size_t i = 0; i < text.len; i++) {
        int byte = text.ptr[i] == '%' ? encoded_byte(text, i) : -1;

        if (byte >= 0) {
            out[used++] = (char)byte;
            i += 2;
        } else {
            out[used++] = plus_is_space && text.ptr[i] == '+' ? ' ' : text.ptr[i];
        }
    }
    return str_make(out, used);
}

/* Cuts "http://host" off an absolute-form target. */
static str origin_form(str raw, str *ret_authority) {
    static const str schemes[] = {STR_INIT("http://"), STR_INIT("https://")};

    *ret_authority = STR_NONE;
    if (raw.len > 0 && raw.ptr[0] == '/')
        return raw;
    EACH (scheme, schemes) {
        if (str_eq_nocase(str_sub(raw, 0, scheme->len), *scheme)) {
            str    rest = str_from(raw, scheme->len);
            size_t end = 0;

            while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?')
                end++;
            *ret_authority = str_sub(rest, 0, end);
            rest = str_from(rest, end);
            return rest.len > 0 && rest.ptr[0] == '/' ? rest : STR("/");
        }
    }
    return raw;
}

static pw_code split(str path, struct arena *arena, struct target *out, struct err *err) {
    str      rest = str_from(path, 1), part;
    unsigned count = 1;

    for (size_t i = 1; i < path.len; i++)
        count += path.ptr[i] == '/';
    if (count > LIMIT_PATH_SEGMENTS)
        return err_set(err, PW_INVALID, "the path has %u segments, at most %d are allowed", count,
                       LIMIT_PATH_SEGMENTS);
    out->segments = arena_array(arena, count, sizeof *out->segments);
    if (out->segments == NULL)
        return arena_error(arena, err);
    for (unsigned i = 0; i < count; i++) {
        if (!str_cut(&rest, '/', &part))
            part = STR("");
        out->segments[i] = decode(part, false, arena);
        if (out->segments[i].ptr == NULL && part.len > 0)
            return arena_error(arena, err);
    }
    out->count = count;
    return PW_OK;
}

pw_code target_parse(str raw, struct arena *arena, struct target *ret_target, struct err *err) {
    struct target out = {.raw = raw};
    str           rest, path;

    PW_TRY(check_bytes(raw, err));
    rest = origin_form(raw, &out.authority);
    if (rest.len == 0 || rest.ptr[0] != '/')
        return err_set(err, PW_INVALID, "the request target must begin with \"/\"");
    str_cut(&rest, '?', &path);
    out.query = rest;
    PW_TRY(split(path, arena, &out, err));
    out.path = decode(path, false, arena);
    if (out.path.ptr == NULL)
        return arena_error(arena, err);
    *ret_target = out;
    return PW_OK;
}

bool target_query(const struct target *target, str name, size_t n, struct arena *arena,
                  str *ret_value) {
    str rest = target->query, pair, key;

    while (rest.len > 0 && str_cut(&rest, '&', &pair)) {
        str value = pair;

        str_cut(&value, '=', &key);
        if (!str_eq(decode(key, true, arena), name) || n-- > 0)
            continue;
        value = decode(value, true, arena);
        *ret_value = value.ptr != NULL ? value : STR("");
        return true;
    }
    return false;
}

str target_join(const struct target *target, unsigned first, unsigned last, struct arena *arena) {
    const str *s = target->segments;
    size_t     size = 0, used = 0;
    char      *out;

    if (first == last)
        return s[first];
    for (unsigned i = first; i <= last; i++)
        size += s[i].len + 1;
    if (s[first].ptr + size - 1 == s[last].ptr + s[last].len)
        return str_make(s[first].ptr, size - 1); /* nothing was decoded: still side by side */
    out = arena_alloc(arena, size);
    if (out == NULL)
        return STR_NONE;
    for (unsigned i = first; i <= last; i++) {
        if (i > first)
            out[used++] = '/';
        if (s[i].len > 0)
            memcpy(out + used, s[i].ptr, s[i].len);
        used += s[i].len;
    }
    return str_make(out, used);
}
