/*
 * Published cases of each order, read from the shared test data, and dpkg itself as an oracle.
 *
 * Known disagreements are counted and pinned: pairs whose texts the ecosystem's own tool calls
 * invalid are unknown here (Alpine: apk-tools decides; PyPI: PEP 440). None may be answered wrongly.
 */
#include <sys/wait.h>
#include <unistd.h>
#include "base/limits.h"
#include "test.h"
#include "version/scheme.h"

struct tally {
    const struct version_scheme *scheme;
    unsigned                     done, unknown, wrong, other;
};

/* "a < b", "a = b", "a > b"; // and # begin comments; other signs are counted as `other`. */
static void one_pair(struct tally *tally, str line) {
    enum version_order want, got, back;
    str                rest = str_trim(line), a, sign, b;

    if (rest.len == 0 || rest.ptr[0] == '#' || str_starts(rest, STR("//")))
        return;
    if (!str_cut(&rest, ' ', &a) || !str_cut(&rest, ' ', &sign) || !str_cut(&rest, ' ', &b) ||
        sign.len != 1 || strchr("<=>", sign.ptr[0]) == NULL) {
        tally->other++;
        return;
    }
    b = str_sub(b, 0, str_find_char(b, '\t'));
    want = sign.ptr[0] == '<' ? VERSION_LESS : sign.ptr[0] == '=' ? VERSION_EQUAL : VERSION_GREATER;
    got = tally->scheme->compare(a, b);
    back = tally->scheme->compare(b, a);
    tally->done++;
    if (got == VERSION_UNKNOWN && back == VERSION_UNKNOWN) {
        CHECK(!tally->scheme->valid(a) || !tally->scheme->valid(b));
        tally->unknown++;
    } else if (got != want || back != (enum version_order)(-(int)want)) {
        print_error(STR_FMT ": %d, %d\n", STR_ARG(line), got, back);
        tally->wrong++;
    }
}

static struct tally read_pairs(const char *ecosystem, const char *file) {
    struct tally              tally = {.scheme = version_scheme_of(str_of(ecosystem))};
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(4));
    struct err                err = ERR_NONE;
    char                      path[1200];
    str                       rest, line;

    snprintf(path, sizeof path, "%s/versions/%s", shared_testdata(), file);
    CHECK_OK(file_read(path, MIB(4), &text, &err));
    rest = buf_str(&text);
    while (str_line(&rest, &line))
        one_pair(&tally, line);
    print_message("%s: %u pairs, %u unknown, %u wrong, %u other lines\n", file, tally.done,
                  tally.unknown, tally.wrong, tally.other);
    return tally;
}

TEST(published_pairs) {
    static const struct {
        const char *ecosystem, *file;
        unsigned    at_least, unknown, other;
    } cases[] = {
        {"Debian", "debian-versions-generated.txt", 2400, 0, 0},
        {"Debian", "debian-versions.txt", 15, 0, 0},
        {"npm", "semver-versions.txt", 43, 0, 0},
        {"Alpine", "alpine-versions-generated.txt", 2300, 8, 0},
        {"Alpine", "alpine-versions.txt", 390, 20, 0},
        {"Alpine", "apk-tools-version.data", 370, 2, 17},
        {"PyPI", "pypi-versions-generated.txt", 2000, 10, 0},
        {"PyPI", "pypi-versions.txt", 20, 6, 0},
    };

    if (shared_testdata() == NULL)
        SKIP("the shared test data is absent");
    EACH (c, cases) {
        struct tally tally = read_pairs(c->ecosystem, c->file);

        CHECK_EQ(tally.wrong, 0);
        CHECK(tally.done >= c->at_least);
        CHECK_EQ(tally.unknown, c->unknown);
        CHECK_EQ(tally.other, c->other);
    }
}

/* Lines of apk-tools that are no pairs: a version alone is valid, "!version" is not. */
TEST(validity_by_apk_tools) {
    const struct version_scheme *apk = version_scheme_of(STR("Alpine"));
    AUTO(buf_done) struct buf    text = BUF_INIT(MIB(1));
    struct err                   err = ERR_NONE;
    unsigned                     valid = 0, invalid = 0;
    char                         path[1200];
    str                          rest, line;

    if (shared_testdata() == NULL)
        SKIP("the shared test data is absent");
    snprintf(path, sizeof path, "%s/versions/apk-tools-version.data", shared_testdata());
    CHECK_OK(file_read(path, MIB(1), &text, &err));
    rest = buf_str(&text);
    while (str_line(&rest, &line)) {
        if (line.len == 0 || str_find_char(line, ' ') != STR_NPOS)
            continue;
        if (line.ptr[0] == '!') {
            CHECK(!apk->valid(str_from(line, 1)));
            invalid++;
        } else {
            CHECK(apk->valid(line));
            valid++;
        }
    }
    CHECK_EQ(valid, 3);
    CHECK_EQ(invalid, 9);
}

/* dpkg --compare-versions a lt b: 0 yes, 1 no, 2 bad */
static int dpkg_says(str a, const char *relation, str b) {
    char  left[256], right[256];
    int   status;
    pid_t child;

    CHECK(str_copy(a, left, sizeof left) && str_copy(b, right, sizeof right));
    child = fork();
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stderr); /* its warnings are no news */
        execlp("dpkg", "dpkg", "--compare-versions", left, relation, right, (char *)NULL);
        _exit(127);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* All pairs of awkward parts: what dpkg orders, we order the same way. */
TEST(dpkg_agrees) {
    static const char *const versions[] = {
        "0",
        "1",
        "1.0",
        "1.0-0",
        "0:1.0",
        "1:0.1",
        "1.0~rc1",
        "1.0~~",
        "1.0~",
        "1.0a",
        "1.0A",
        "1.0+b1",
        "1.0-1+b1",
        "1.0-1~deb12u1",
        "1.0.",
        "1.0-1-1",
        "1.00",
        "01.0",
        "1.0+",
        "1.0z",
        "a",
        "1.0-a",
        "1.0-~",
        "9999999999999999999999",
        "1.0.9999999999999999999999-1",
    };
    const struct version_scheme *deb = version_scheme_of(STR("Debian"));

    if (dpkg_says(STR("1"), "lt", STR("2")) != 0)
        SKIP("there is no dpkg");
    EACH (a, versions)
        for (const char *const *b = a; b < versions + COUNT_OF(versions); b++) {
            enum version_order order = deb->compare(str_of(*a), str_of(*b));
            const char        *relation = order == VERSION_LESS    ? "lt"
                                          : order == VERSION_EQUAL ? "eq"
                                                                   : "gt";

            CHECK(order != VERSION_UNKNOWN);
            if (dpkg_says(str_of(*a), relation, str_of(*b)) != 0) {
                print_error("dpkg does not say %s %s %s\n", *a, relation, *b);
                fail();
            }
        }
}

RUN_TESTS(UNIT(published_pairs), UNIT(validity_by_apk_tools), UNIT(dpkg_agrees))
