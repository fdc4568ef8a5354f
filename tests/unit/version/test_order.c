/* The version schemes: every case both ways round. */
#include "test.h"
#include "version/scheme.h"

static const struct version_scheme *by_name(const char *name) {
    for (size_t i = 0; version_schemes[i] != NULL; i++)
        if (strcmp(version_schemes[i]->name, name) == 0)
            return version_schemes[i];
    return NULL;
}

struct cases {
    const struct version_scheme *scheme;
    unsigned                     done, failed;
};

/* "a < b", "a = b", "a > b", "a ? b" (cannot be ordered); "valid a", "invalid a" */
static void one_case(void *ctx, str line, int number) {
    static const char  signs[] = "<=>?";
    struct cases      *all = ctx;
    enum version_order want, got, back;
    str                rest = str_trim(line), a, sign, b;

    a = str_sub(rest, 0, str_find(rest, STR(" #")));
    rest = str_trim(a);
    CHECK(str_cut(&rest, ' ', &a));
    if (str_eq(a, STR("valid")) || str_eq(a, STR("invalid"))) {
        bool valid = str_eq(a, STR("valid"));

        if (all->scheme->valid(rest) != valid) {
            print_error("line %d: " STR_FMT "\n", number, STR_ARG(line));
            all->failed++;
        }
        all->done++;
        return;
    }
    CHECK(str_cut(&rest, ' ', &sign));
    b = str_trim(rest);
    CHECK(sign.len == 1 && strchr(signs, sign.ptr[0]) != NULL);
    want = sign.ptr[0] == '?' ? VERSION_UNKNOWN
                              : (enum version_order)(strchr(signs, sign.ptr[0]) - signs - 1);
    got = all->scheme->compare(a, b);
    back = all->scheme->compare(b, a);
    if (got != want ||
        back != (want == VERSION_UNKNOWN ? want : (enum version_order)(-(int)want))) {
        print_error("line %d: " STR_FMT ": got %d and %d\n", number, STR_ARG(line), got, back);
        all->failed++;
    }
    all->done++;
}

static void run(const char *scheme, const char *file, unsigned at_least) {
    struct cases all = {.scheme = by_name(scheme)};

    CHECK(all.scheme != NULL);
    case_file(file, one_case, &all);
    CHECK_EQ(all.failed, 0);
    CHECK(all.done >= at_least);
}

TEST(deb_order) {
    run("deb", "version/deb.txt", 30);
}
TEST(apk_order) {
    run("apk", "version/apk.txt", 30);
}
TEST(semver_order) {
    run("semver", "version/semver.txt", 30);
}
TEST(pep440_order) {
    run("pep440", "version/pep440.txt", 30);
}

TEST(schemes_by_ecosystem) {
    static const struct {
        const char *ecosystem, *scheme; /* NULL: none */
    } cases[] = {
        {"Debian", "deb"},
        {"Debian:12", "deb"},
        {"Ubuntu:Pro:18.04:LTS", "deb"},
        {"Alpine:v3.18", "apk"},
        {"Wolfi", "apk"},
        {"Chainguard", "apk"},
        {"npm", "semver"},
        {"Go", "semver"},
        {"crates.io", "semver"},
        {"PyPI", "pep440"},
        {"Maven", NULL},
        {"debian:12", NULL}, /* case matters */
        {"", NULL},
        {":12", NULL},
        {"Root:Alpine:3.18", NULL},
    };

    EACH (c, cases) {
        const struct version_scheme *scheme = version_scheme_of(str_of(c->ecosystem));

        if (c->scheme == NULL)
            CHECK(scheme == NULL);
        else
            CHECK_TEXT(scheme->name, c->scheme);
    }
}

/* Past the ceiling a version is unknown, at the ceiling it is read. */
TEST(length_ceiling) {
    char digits[600];

    memset(digits, '1', sizeof digits);
    for (size_t i = 0; version_schemes[i] != NULL; i++) {
        CHECK(version_schemes[i]->valid(str_make(digits, 512)));
        CHECK(!version_schemes[i]->valid(str_make(digits, 513)));
        CHECK_EQ(version_schemes[i]->compare(str_make(digits, 512), STR("2")), VERSION_GREATER);
        CHECK_EQ(version_schemes[i]->compare(str_make(digits, 513), STR("2")), VERSION_UNKNOWN);
        CHECK_EQ(version_schemes[i]->compare(STR("2"), STR_NONE), VERSION_UNKNOWN);
    }
}

RUN_TESTS(UNIT(deb_order), UNIT(apk_order), UNIT(semver_order), UNIT(pep440_order),
          UNIT(schemes_by_ecosystem), UNIT(length_ceiling))
