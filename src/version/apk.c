/*
 * apk.c - Alpine's order: number{.number}[letter]{_suffix[number]}[~hash][-rN].
 *
 * Spec: apk-tools 3 (apk-package(5), "Package version"). Text outside this grammar is unknown: apk
 * itself gives answers for it that are not even transitive.
 */
#include "base/limits.h"
#include "version/digits.h"
#include "version/members.h"

/* In the order in which apk ranks them when one version ends or goes on differently. */
enum token { FIRST_NUMBER, NUMBER, LETTER, SUFFIX, SUFFIX_NUMBER, HASH, REVISION, END, BROKEN };

/* Suffixes before SUFFIX_NONE sort before the plain version, the others behind it. */
enum suffix { ALPHA, BETA, PRE, RC, SUFFIX_NONE, CVS, SVN, GIT, HG, PATCH, SUFFIX_COUNT };
static const str suffix_names[SUFFIX_COUNT] = {
    [ALPHA] = STR_INIT("alpha"), [BETA] = STR_INIT("beta"), [PRE] = STR_INIT("pre"),
    [RC] = STR_INIT("rc"),       [CVS] = STR_INIT("cvs"),   [SVN] = STR_INIT("svn"),
    [GIT] = STR_INIT("git"),     [HG] = STR_INIT("hg"),     [PATCH] = STR_INIT("p"),
};

struct cursor {
    str         rest;
    enum token  token;
    str         value;
    enum suffix suffix;
};

static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

static bool is_hex(char c) {
    return digits_is(c) || (c >= 'a' && c <= 'f');
}

/* The run of bytes at the front that `belongs` accepts becomes the value. */
static void take(struct cursor *at, enum token token, bool (*belongs)(char)) {
    size_t n = 0;

    while (n < at->rest.len && belongs(at->rest.ptr[n]))
        n++;
    at->value = str_sub(at->rest, 0, n);
    at->rest = str_from(at->rest, n);
    at->token = n > 0 ? token : BROKEN;
}

static void take_suffix(struct cursor *at) {
    take(at, SUFFIX, is_lower);
    if (at->token == BROKEN)
        return;
    at->token = BROKEN;
    for (int i = 0; i < SUFFIX_COUNT; i++)
        if (i != SUFFIX_NONE && str_eq(at->value, suffix_names[i])) {
            at->suffix = (enum suffix)i;
            at->token = SUFFIX;
        }
}

static void next(struct cursor *at) {
    enum token before = at->token;
    char       c = at->rest.len > 0 ? at->rest.ptr[0] : '\0';

    at->token = BROKEN;
    if (at->rest.len == 0) {
        at->token = END;
    } else if (is_lower(c) && before <= NUMBER) {
        at->value = str_sub(at->rest, 0, 1);
        at->rest = str_from(at->rest, 1);
        at->token = LETTER;
    } else if (c == '.' && before <= NUMBER) {
        at->rest = str_from(at->rest, 1);
        take(at, NUMBER, digits_is);
    } else if (digits_is(c) && before == SUFFIX) {
        take(at, SUFFIX_NUMBER, digits_is);
    } else if (c == '_' && before <= SUFFIX_NUMBER) {
        at->rest = str_from(at->rest, 1);
        take_suffix(at);
    } else if (c == '~' && before < HASH) {
        at->rest = str_from(at->rest, 1);
        take(at, HASH, is_hex);
    } else if (str_starts(at->rest, STR("-r")) && before < REVISION) {
        at->rest = str_from(at->rest, 2);
        take(at, REVISION, digits_is);
    }
}

static struct cursor start(str version) {
    struct cursor at = {.rest = version};

    take(&at, FIRST_NUMBER, digits_is);
    return at;
}

static bool valid(str version) {
    struct cursor at = start(version);

    if (version.len > LIMIT_VERSION_BYTES)
        return false;
    while (at.token < END)
        next(&at);
    return at.token == END;
}

static int token_cmp(const struct cursor *a, const struct cursor *b) {
    switch (a->token) {
    case NUMBER:
        /* A fraction with a leading zero is text on both sides: 1.02 < 1.1, 1.0 < 1.001 */
        if (a->value.ptr[0] == '0' || b->value.ptr[0] == '0')
            return str_cmp(a->value, b->value);
        return digits_cmp(a->value, b->value);
    case FIRST_NUMBER:
    case SUFFIX_NUMBER:
    case REVISION:
        return digits_cmp(a->value, b->value);
    case SUFFIX:
        return (int)a->suffix - (int)b->suffix;
    default: /* a letter, a hash */
        return str_cmp(a->value, b->value);
    }
}

static bool is_earlier_suffix(const struct cursor *at) {
    return at->token == SUFFIX && at->suffix < SUFFIX_NONE;
}

static enum version_order compare(str a, str b) {
    struct cursor x, y;

    if (!valid(a) || !valid(b))
        return VERSION_UNKNOWN;
    x = start(a);
    y = start(b);
    while (x.token == y.token && x.token != END) {
        int difference = token_cmp(&x, &y);

        if (difference != 0)
            return version_order_of(difference);
        next(&x);
        next(&y);
    }
    if (x.token == y.token)
        return VERSION_EQUAL;
    if (is_earlier_suffix(&x))
        return VERSION_LESS;
    if (is_earlier_suffix(&y))
        return VERSION_GREATER;
    return x.token > y.token ? VERSION_LESS : VERSION_GREATER;
}

const struct version_scheme apk_scheme = {.name = "apk", .compare = compare, .valid = valid};
