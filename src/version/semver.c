/*
 * semver.c - Semantic Versioning 2, for npm, Go and crates.io.
 *
 * Spec: semver.org 2.0.0, section 11; build metadata is ignored. Tolerated, because registries
 * hold them: blanks, 'v' and '=' before the first number; fewer or more than three numbers (a
 * missing one is 0); a pre-release without its '-' behind three numbers; leading zeros. Numbers
 * have any length.
 */
#include "base/limits.h"
#include "version/digits.h"
#include "version/members.h"

struct semver {
    str core;       /* "1.2.3" */
    str prerelease; /* "rc.1", empty for a release */
};

static bool is_identifiers(str text) {
    bool empty = true;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '.' && empty)
            return false;
        empty = c == '.';
        if (!empty && !digits_is(c) && !digits_is_letter(c) && c != '-')
            return false;
    }
    return !empty;
}

/* The numbers at the front; how many there are goes to *ret_count. */
static str take_core(str text, size_t *ret_count) {
    size_t end = digits_run(text, 0);
    size_t count = end > 0;

    while (count > 0 && end < text.len && text.ptr[end] == '.') {
        size_t run = digits_run(text, end + 1);

        if (run == 0)
            break;
        end += 1 + run;
        count++;
    }
    *ret_count = count;
    return str_sub(text, 0, end);
}

static bool parse(str text, struct semver *out) {
    size_t count, plus;
    str    rest;

    text = str_trim(text);
    if (text.len > LIMIT_VERSION_BYTES)
        return false;
    while (text.len > 0 && strchr("v= ", text.ptr[0]) != NULL && text.ptr[0] != '\0')
        text = str_from(text, 1);
    out->core = take_core(text, &count);
    out->prerelease = STR_NONE;
    if (count == 0)
        return false;
    rest = str_from(text, out->core.len);
    plus = str_find_char(rest, '+');
    if (plus != STR_NPOS) {
        if (!is_identifiers(str_from(rest, plus + 1)))
            return false;
        rest = str_sub(rest, 0, plus);
    }
    if (rest.len == 0)
        return true;
    if (rest.ptr[0] == '-')
        rest = str_from(rest, 1);
    else if (count < 3 || rest.ptr[0] == '.')
        return false;
    out->prerelease = rest;
    return is_identifiers(rest);
}

static int core_cmp(str a, str b) {
    str x, y;

    while (a.len > 0 || b.len > 0) {
        int difference;

        x = y = STR_NONE;
        (void)str_cut(&a, '.', &x); /* a side that is used up counts as 0 */
        (void)str_cut(&b, '.', &y);
        difference = digits_cmp(x, y);
        if (difference != 0)
            return difference;
    }
    return 0;
}

/* Numbers before words; numbers by value, words by their bytes. */
static int identifier_cmp(str a, str b) {
    bool a_number = digits_run(a, 0) == a.len, b_number = digits_run(b, 0) == b.len;

    if (a_number && b_number)
        return digits_cmp(a, b);
    if (a_number != b_number)
        return a_number ? -1 : 1;
    return str_cmp(a, b);
}

static int prerelease_cmp(str a, str b) {
    str x, y;

    if (a.len == 0 || b.len == 0) /* the release comes behind its pre-releases */
        return a.len == b.len ? 0 : a.len == 0 ? 1 : -1;
    for (;;) {
        bool more_a = str_cut(&a, '.', &x), more_b = str_cut(&b, '.', &y);
        int  difference;

        if (!more_a || !more_b)
            return (int)more_a - (int)more_b;
        difference = identifier_cmp(x, y);
        if (difference != 0)
            return difference;
    }
}

static enum version_order compare(str a, str b) {
    struct semver x, y;
    int           difference;

    if (!parse(a, &x) || !parse(b, &y))
        return VERSION_UNKNOWN;
    difference = core_cmp(x.core, y.core);
    return version_order_of(difference != 0 ? difference
                                            : prerelease_cmp(x.prerelease, y.prerelease));
}

static bool valid(str version) {
    struct semver ignored;

    return parse(version, &ignored);
}

const struct version_scheme semver_scheme = {.name = "semver", .compare = compare, .valid = valid};
