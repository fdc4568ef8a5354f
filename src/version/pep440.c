/*
 * pep440.c - Python's order.
 *
 * Spec: PyPA "Version specifiers" (PEP 440), with the spellings of its appendix. Legacy versions
 * outside the grammar are unknown.
 */
#include "base/limits.h"
#include "version/digits.h"
#include "version/members.h"

/* A release is ranked by its first part that is not a number of the release: 1.dev < 1a < 1. */
enum stage { STAGE_DEV, STAGE_ALPHA, STAGE_BETA, STAGE_RC, STAGE_FINAL };

struct pep440 {
    str        epoch, release;
    enum stage stage; /* STAGE_DEV only for 1.0.devN without a pre or post part */
    str        pre, post, dev;
    bool       has_post, has_dev;
    str        local; /* empty: none */
};

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_separator(char c) {
    return c == '-' || c == '_' || c == '.';
}

static size_t separator_at(str s, size_t at) {
    return at < s.len && is_separator(s.ptr[at]) ? 1 : 0;
}

static bool word_at(str s, size_t at, str word) {
    return str_eq_nocase(str_sub(s, at, word.len), word);
}

/* "[sep]word[sep][number]" at *at: moves behind it and gives the number (empty counts as 0). */
static bool take_part(str s, size_t *at, str word, str *ret_number) {
    size_t from = *at + separator_at(s, *at), run;

    if (!word_at(s, from, word))
        return false;
    from += word.len;
    from += separator_at(s, from);
    run = digits_run(s, from);
    *ret_number = str_sub(s, from, run);
    *at = from + run;
    return true;
}

static void take_pre(str s, size_t *at, struct pep440 *out) {
    static const struct {
        str        word;
        enum stage stage;
    } words[] = {
        /* a longer spelling before the shorter one that it begins with */
        {STR_INIT("alpha"), STAGE_ALPHA}, {STR_INIT("a"), STAGE_ALPHA},
        {STR_INIT("beta"), STAGE_BETA},   {STR_INIT("b"), STAGE_BETA},
        {STR_INIT("preview"), STAGE_RC},  {STR_INIT("pre"), STAGE_RC},
        {STR_INIT("c"), STAGE_RC},        {STR_INIT("rc"), STAGE_RC},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (take_part(s, at, words[i].word, &out->pre)) {
            out->stage = words[i].stage;
            return;
        }
}

static void take_post(str s, size_t *at, struct pep440 *out) {
    size_t run = *at < s.len && s.ptr[*at] == '-' ? digits_run(s, *at + 1) : 0;

    if (run > 0) { /* "-N" */
        out->post = str_sub(s, *at + 1, run);
        *at += 1 + run;
        out->has_post = true;
        return;
    }
    out->has_post = take_part(s, at, STR("post"), &out->post) ||
                    take_part(s, at, STR("rev"), &out->post) ||
                    take_part(s, at, STR("r"), &out->post);
}

static bool is_local(str local) {
    bool separator = true; /* neither first nor last nor two in a row */

    for (size_t i = 0; i < local.len; i++) {
        bool now = is_separator(local.ptr[i]);

        if ((now && separator) ||
            (!now && !digits_is(local.ptr[i]) && !digits_is_letter(local.ptr[i])))
            return false;
        separator = now;
    }
    return !separator;
}

/* "[N!]N(.N)*" at *at */
static bool take_release(str s, size_t *at, struct pep440 *out) {
    size_t run = digits_run(s, *at), end;

    if (*at + run < s.len && s.ptr[*at + run] == '!') {
        out->epoch = str_sub(s, *at, run);
        if (run == 0)
            return false;
        *at += run + 1;
        run = digits_run(s, *at);
    }
    if (run == 0)
        return false;
    end = *at + run;
    while (end < s.len && s.ptr[end] == '.' && (run = digits_run(s, end + 1)) > 0)
        end += 1 + run;
    out->release = str_sub(s, *at, end - *at);
    *at = end;
    return true;
}

static bool parse(str s, struct pep440 *out) {
    size_t at;

    s = str_trim(s);
    *out = (struct pep440){.stage = STAGE_FINAL};
    if (s.len == 0 || s.len > LIMIT_VERSION_BYTES)
        return false;
    at = lower(s.ptr[0]) == 'v' ? 1 : 0;
    if (!take_release(s, &at, out))
        return false;
    take_pre(s, &at, out);
    take_post(s, &at, out);
    out->has_dev = take_part(s, &at, STR("dev"), &out->dev);
    if (out->has_dev && !out->has_post && out->stage == STAGE_FINAL)
        out->stage = STAGE_DEV;
    if (at == s.len)
        return true;
    out->local = str_from(s, at + 1);
    return s.ptr[at] == '+' && is_local(out->local);
}

/* Missing numbers are 0, so that 1.0 = 1. */
static int release_cmp(str a, str b) {
    while (a.len > 0 || b.len > 0) {
        str x = STR_NONE, y = STR_NONE;
        int difference;

        (void)str_cut(&a, '.', &x); /* a side that is used up counts as 0 */
        (void)str_cut(&b, '.', &y);
        difference = digits_cmp(x, y);
        if (difference != 0)
            return difference;
    }
    return 0;
}

static bool cut_local(str *local, str *ret_segment) {
    size_t n = 0;

    if (local->len == 0)
        return false;
    while (n < local->len && !is_separator(local->ptr[n]))
        n++;
    *ret_segment = str_sub(*local, 0, n);
    *local = str_from(*local, n + 1);
    return true;
}

/* A number after any word; words without regard to case. */
static int segment_cmp(str a, str b) {
    bool a_number = digits_run(a, 0) == a.len, b_number = digits_run(b, 0) == b.len;

    if (a_number != b_number)
        return a_number ? 1 : -1;
    if (a_number)
        return digits_cmp(a, b);
    for (size_t i = 0; i < a.len && i < b.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return lower(a.ptr[i]) - lower(b.ptr[i]);
    return (a.len > b.len) - (a.len < b.len);
}

static int local_cmp(str a, str b) {
    for (;;) {
        str  x = STR_NONE, y = STR_NONE;
        bool more_a = cut_local(&a, &x), more_b = cut_local(&b, &y);
        int  difference;

        if (!more_a || !more_b)
            return (int)more_a - (int)more_b;
        difference = segment_cmp(x, y);
        if (difference != 0)
            return difference;
    }
}

static enum version_order compare(str a, str b) {
    struct pep440 x, y;
    int           difference;

    if (!parse(a, &x) || !parse(b, &y))
        return VERSION_UNKNOWN;
    difference = digits_cmp(x.epoch, y.epoch);
    if (difference == 0)
        difference = release_cmp(x.release, y.release);
    if (difference == 0)
        difference = (int)x.stage - (int)y.stage;
    if (difference == 0)
        difference = digits_cmp(x.pre, y.pre);
    if (difference == 0) /* a post release comes behind what it follows */
        difference = (int)x.has_post - (int)y.has_post;
    if (difference == 0)
        difference = digits_cmp(x.post, y.post);
    if (difference == 0) /* a development release before what it leads to */
        difference = (int)y.has_dev - (int)x.has_dev;
    if (difference == 0)
        difference = digits_cmp(x.dev, y.dev);
    if (difference == 0)
        difference = local_cmp(x.local, y.local);
    return version_order_of(difference);
}

static bool valid(str version) {
    struct pep440 ignored;

    return parse(version, &ignored);
}

const struct version_scheme pep440_scheme = {.name = "pep440", .compare = compare, .valid = valid};
