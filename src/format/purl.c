/* purl.c - package URLs, written and read. */
#include "format/purl.h"

#include "base/limits.h"

static const struct rule {
    str  type;
    bool lower_namespace, lower_name, underscore_is_hyphen;
} rules[] = {
    {STR_INIT("deb"), true, true, false},    {STR_INIT("apk"), true, true, false},
    {STR_INIT("rpm"), true, false, false},   {STR_INIT("pypi"), true, true, true},
    {STR_INIT("github"), true, true, false}, {STR_INIT("bitbucket"), true, true, false},
    {STR_INIT("golang"), true, true, false}, {STR_INIT("composer"), true, true, false},
};

static const struct rule *rule_of(str type) {
    static const struct rule none = {0};

    EACH (rule, rules)
        if (str_eq_nocase(type, rule->type))
            return rule;
    return &none;
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static void add_lower(struct buf *out, str text) {
    for (size_t i = 0; i < text.len; i++)
        buf_addc(out, lower(text.ptr[i]));
}

static void add_encoded(struct buf *out, str text, bool to_lower) {
    for (size_t i = 0; i < text.len; i++) {
        char c = to_lower ? lower(text.ptr[i]) : text.ptr[i];

        if (is_alnum(c) || (c != '\0' && strchr(".-_~:", c) != NULL))
            buf_addc(out, c);
        else
            buf_addf(out, "%%%02X", (unsigned)(unsigned char)c);
    }
}

/* Segments between slashes, empty ones left out; each begins with a slash but the first. */
static size_t add_segments(struct buf *out, str path, bool to_lower, bool without_dots) {
    str    segment;
    size_t count = 0;

    while (str_cut(&path, '/', &segment)) {
        if (segment.len == 0 ||
            (without_dots && (str_eq(segment, STR(".")) || str_eq(segment, STR("..")))))
            continue;
        if (count++ > 0)
            buf_addc(out, '/');
        add_encoded(out, segment, to_lower);
    }
    return count;
}

static void add_name(struct buf *out, str name, const struct rule *rule) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (c == '_' && rule->underscore_is_hyphen)
            c = '-';
        add_encoded(out, str_make(&c, 1), rule->lower_name);
    }
}

void purl_add_qualifier(struct purl *purl, str key, str value) {
    if (value.len > 0 && purl->qualifier_count < PURL_QUALIFIERS)
        purl->qualifiers[purl->qualifier_count++] = (struct purl_qualifier){key, value};
}

/* The qualifier with the least key behind `last`; NULL when there is none. */
static const struct purl_qualifier *next_qualifier(const struct purl           *purl,
                                                   const struct purl_qualifier *last) {
    const struct purl_qualifier *least = NULL;

    for (size_t i = 0; i < purl->qualifier_count; i++) {
        const struct purl_qualifier *q = &purl->qualifiers[i];

        if (q->value.len > 0 && (last == NULL || str_cmp(q->key, last->key) > 0) &&
            (least == NULL || str_cmp(q->key, least->key) < 0))
            least = q;
    }
    return least;
}

void purl_write(struct buf *out, const struct purl *purl) {
    const struct rule           *rule = rule_of(purl->type);
    const struct purl_qualifier *q = NULL;
    str                          space = purl->namespace_, name = purl->name;
    size_t                       slash = str_rfind_char(name, '/');
    char                         before = '?';

    if (space.len == 0 && slash != STR_NPOS) {
        space = str_sub(name, 0, slash);
        name = str_from(name, slash + 1);
    }
    buf_adds(out, "pkg:");
    add_lower(out, purl->type);
    buf_addc(out, '/');
    if (add_segments(out, space, rule->lower_namespace, false) > 0)
        buf_addc(out, '/');
    add_name(out, name, rule);
    if (purl->version.len > 0) {
        buf_addc(out, '@');
        add_encoded(out, purl->version, false);
    }
    while ((q = next_qualifier(purl, q)) != NULL) {
        buf_addc(out, before);
        add_lower(out, q->key);
        buf_addc(out, '=');
        add_encoded(out, q->value, false);
        before = '&';
    }
    if (purl->subpath.len > 0) {
        buf_addc(out, '#');
        add_segments(out, purl->subpath, false, true);
    }
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static pw_code decode(struct arena *arena, str text, const char *part, str *ret_text,
                      struct err *err) {
    char  *out = arena_alloc(arena, text.len + 1);
    size_t n = 0;

    if (out == NULL)
        return arena_error(arena, err);
    for (size_t i = 0; i < text.len; i++) {
        int high, low;

        if (text.ptr[i] != '%') {
            out[n++] = text.ptr[i];
            continue;
        }
        high = i + 2 < text.len ? hex_value(text.ptr[i + 1]) : -1;
        low = i + 2 < text.len ? hex_value(text.ptr[i + 2]) : -1;
        if (i + 2 < text.len && high >= 0 && low >= 0 && (high | low) != 0) {
            out[n++] = (char)(high << 4 | low);
            i += 2;
            continue;
        }
        return err_set(err, PW_INVALID,
                       "package URL: \"%%\" in the %s is not followed by two hex digits", part);
    }
    out[n] = '\0';
    if (!str_is_utf8(str_make(out, n)))
        return err_set(err, PW_INVALID, "package URL: the %s is not UTF-8", part);
    *ret_text = str_make(out, n);
    return PW_OK;
}

static void normalise(str text, bool to_lower, bool underscore_is_hyphen) {
    char *at = (char *)text.ptr; /* ours: decode made it in the arena */

    for (size_t i = 0; i < text.len; i++) {
        if (to_lower)
            at[i] = lower(at[i]);
        if (underscore_is_hyphen && at[i] == '_')
            at[i] = '-';
    }
}

static bool is_type(str type) {
    for (size_t i = 0; i < type.len; i++)
        if (!is_alnum(type.ptr[i]) && strchr(".+-", type.ptr[i]) == NULL)
            return false;
    return type.len > 0 && (type.ptr[0] < '0' || type.ptr[0] > '9');
}

static bool is_key(str key) {
    for (size_t i = 0; i < key.len; i++)
        if (!is_alnum(key.ptr[i]) && (key.ptr[i] == '\0' || strchr(".-_", key.ptr[i]) == NULL))
            return false;
    return key.len > 0 && (key.ptr[0] < '0' || key.ptr[0] > '9');
}

static pw_code take_qualifiers(struct arena *arena, str text, struct purl *out, struct err *err) {
    str pair;

    while (str_cut(&text, '&', &pair)) {
        struct purl_qualifier *q = &out->qualifiers[out->qualifier_count];
        str                    key = STR_NONE, value = pair;

        if (pair.len == 0)
            continue;
        (void)str_cut(&value, '=', &key); /* without '=' there is no value, and nothing to keep */
        if (!is_key(key))
            return err_set(err, PW_INVALID,
                           "package URL: \"" STR_FMT "\" is not the name of a qualifier",
                           STR_ARG(str_sub(key, 0, 40)));
        if (value.len == 0)
            continue;
        if (out->qualifier_count == PURL_QUALIFIERS)
            return err_set(err, PW_TOO_LARGE, "package URL: more than %d qualifiers",
                           PURL_QUALIFIERS);
        PW_TRY(decode(arena, key, "qualifiers", &q->key, err));
        PW_TRY(decode(arena, value, "qualifiers", &q->value, err));
        normalise(q->key, true, false);
        for (size_t i = 0; i < out->qualifier_count; i++)
            if (str_eq(out->qualifiers[i].key, q->key))
                return err_set(err, PW_INVALID, "package URL: qualifier " STR_FMT " is given twice",
                               STR_ARG(q->key));
        out->qualifier_count++;
    }
    return PW_OK;
}

static str trim_slashes(str path) {
    while (path.len > 0 && path.ptr[0] == '/')
        path = str_from(path, 1);
    while (path.len > 0 && path.ptr[path.len - 1] == '/')
        path.len--;
    return path;
}

/* The '@' that begins the version; one at the front of a path segment is an npm scope. */
static size_t version_at(str path) {
    size_t at = str_rfind_char(path, '@');
    bool   scope = at != STR_NPOS && (at == 0 || path.ptr[at - 1] == '/') &&
                 str_find_char(str_from(path, at), '/') != STR_NPOS;

    return scope ? STR_NPOS : at;
}

/* Cuts *text at `c`, gives what is behind it; empty when there is none. */
static str cut_behind(str *text, size_t at) {
    str behind = at == STR_NPOS ? STR_NONE : str_from(*text, at + 1);

    *text = str_sub(*text, 0, at);
    return behind;
}

static pw_code take_name(struct arena *arena, str path, struct purl *out, struct err *err) {
    const struct rule *rule = rule_of(out->type);
    size_t             slash;

    path = trim_slashes(path);
    slash = str_rfind_char(path, '/');
    if (slash != STR_NPOS)
        PW_TRY(decode(arena, trim_slashes(str_sub(path, 0, slash)), "namespace", &out->namespace_,
                      err));
    PW_TRY(decode(arena, slash == STR_NPOS ? path : str_from(path, slash + 1), "name", &out->name,
                  err));
    if (out->name.len == 0)
        return err_set(err, PW_INVALID, "package URL: there is no name behind the type");
    normalise(out->namespace_, rule->lower_namespace, false);
    normalise(out->name, rule->lower_name, rule->underscore_is_hyphen);
    return PW_OK;
}

pw_code purl_parse(struct arena *arena, str text, struct purl *ret_purl, struct err *err) {
    struct purl out = {0};
    str         rest = text, subpath, qualifiers, type;

    if (text.len > LIMIT_PURL_BYTES)
        return err_set(err, PW_TOO_LARGE, "package URL: %zu bytes are more than %zu", text.len,
                       (size_t)LIMIT_PURL_BYTES);
    if (!str_eq_nocase(str_sub(text, 0, 4), STR("pkg:")))
        return err_set(err, PW_INVALID, "package URL: \"" STR_FMT "\" does not begin with \"pkg:\"",
                       STR_ARG(str_sub(text, 0, 60)));
    subpath = cut_behind(&rest, str_rfind_char(rest, '#'));
    qualifiers = cut_behind(&rest, str_rfind_char(rest, '?'));
    rest = trim_slashes(str_from(rest, 4));
    if (str_find_char(rest, '/') == STR_NPOS || !str_cut(&rest, '/', &type) || !is_type(type))
        return err_set(err, PW_INVALID,
                       "package URL: \"" STR_FMT "\" has no type followed by a name",
                       STR_ARG(str_sub(text, 0, 60)));
    PW_TRY(decode(arena, type, "type", &out.type, err));
    normalise(out.type, true, false);
    PW_TRY(decode(arena, cut_behind(&rest, version_at(rest)), "version", &out.version, err));
    PW_TRY(take_name(arena, rest, &out, err));
    PW_TRY(decode(arena, trim_slashes(subpath), "subpath", &out.subpath, err));
    PW_TRY(take_qualifiers(arena, qualifiers, &out, err));
    *ret_purl = out;
    return PW_OK;
}
