/*
 * deb.c - Debian's order: [epoch:]upstream[-revision].
 *
 * Spec: Debian policy 5.6.12. As dpkg does, a version may begin with a letter (dpkg warns and
 * compares); empty parts, other characters and an epoch past 2147483647 are errors there and
 * unknown here.
 */
#include "base/limits.h"
#include "version/digits.h"
#include "version/members.h"

struct deb {
    str epoch, upstream, revision; /* epoch and revision may be empty: both mean 0 */
};

static bool is_part(str part, const char *punctuation) {
    for (size_t i = 0; i < part.len; i++) {
        char c = part.ptr[i];

        if (!digits_is(c) && !digits_is_letter(c) && (c == '\0' || strchr(punctuation, c) == NULL))
            return false;
    }
    return part.len > 0;
}

static bool parse(str text, struct deb *out) {
    size_t   colon, dash;
    uint64_t epoch;

    text = str_trim(text);
    if (text.len > LIMIT_VERSION_BYTES)
        return false;
    *out = (struct deb){.upstream = text};
    colon = str_find_char(text, ':');
    if (colon != STR_NPOS) {
        out->epoch = str_sub(text, 0, colon);
        out->upstream = str_from(text, colon + 1);
        if (!str_to_u64(out->epoch, INT32_MAX, &epoch))
            return false;
    }
    dash = str_rfind_char(out->upstream, '-');
    if (dash != STR_NPOS) {
        out->revision = str_from(out->upstream, dash + 1);
        out->upstream = str_sub(out->upstream, 0, dash);
        if (!is_part(out->revision, ".+~"))
            return false;
    }
    return is_part(out->upstream, ".-+~:");
}

/* '~' before the end of the part, the end before letters, letters before everything else. */
static int rank(str s, size_t at) {
    char c = at < s.len ? s.ptr[at] : '\0';

    if (c == '~')
        return -1;
    if (c == '\0' || digits_is(c))
        return 0;
    return digits_is_letter(c) ? c : c + 256;
}

static int part_cmp(str a, str b) {
    size_t i = 0, j = 0;

    while (i < a.len || j < b.len) {
        size_t m, n;
        int    difference;

        while ((i < a.len && !digits_is(a.ptr[i])) || (j < b.len && !digits_is(b.ptr[j]))) {
            difference = rank(a, i) - rank(b, j);
            if (difference != 0)
                return difference;
            i++;
            j++;
        }
        m = digits_run(a, i);
        n = digits_run(b, j);
        difference = digits_cmp(str_sub(a, i, m), str_sub(b, j, n));
        if (difference != 0)
            return difference;
        i += m;
        j += n;
    }
    return 0;
}

static enum version_order compare(str a, str b) {
    struct deb x, y;
    int        difference;

    if (!parse(a, &x) || !parse(b, &y))
        return VERSION_UNKNOWN;
    difference = digits_cmp(x.epoch, y.epoch);
    if (difference == 0)
        difference = part_cmp(x.upstream, y.upstream);
    if (difference == 0)
        difference = part_cmp(x.revision, y.revision);
    return version_order_of(difference);
}

static bool valid(str version) {
    struct deb ignored;

    return parse(version, &ignored);
}

const struct version_scheme deb_scheme = {.name = "deb", .compare = compare, .valid = valid};
