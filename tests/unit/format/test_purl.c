/* Package URLs and Python names. */
#include "base/limits.h"
#include "format/pep503.h"
#include "format/purl.h"
#include "test.h"

/* "written = canonical": reading and writing gives the canonical form, which stays as it is. */
static void canonical(void *ctx, str line, int number) {
    size_t at = str_rfind_char(line, '=');
    str    sides[2];

    for (size_t i = 0; (at = str_find(str_from(line, i), STR(" = "))) != STR_NPOS; i += at + 3)
        sides[0] = str_sub(line, 0, i + at), sides[1] = str_from(line, i + at + 3);
    EACH (side, sides) {
        AUTO(arena_done) struct arena arena = ARENA_INIT(KIB(64));
        AUTO(buf_done) struct buf     out = BUF_INIT(KIB(8));
        struct err                    err = ERR_NONE;
        struct purl                   purl;

        CHECK_OK(purl_parse(&arena, *side, &purl, &err));
        purl_write(&out, &purl);
        if (!str_eq(buf_str(&out), sides[1]))
            print_error("line %d: " STR_FMT "\n", number, STR_ARG(buf_str(&out)));
        CHECK(str_eq(buf_str(&out), sides[1]));
    }
}

TEST(canonical_form) {
    case_file("purl/canonical.txt", canonical, NULL);
}

TEST(parts) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(KIB(64));
    struct err                    err = ERR_NONE;
    struct purl                   purl;

    CHECK_OK(purl_parse(
        &arena, STR("pkg:npm/%40angular/core@1.0%2Bx?vcs_url=git%2Bhttps://x#src/a"), &purl, &err));
    CHECK_STR(purl.type, "npm");
    CHECK_STR(purl.namespace_, "@angular");
    CHECK_STR(purl.name, "core");
    CHECK_STR(purl.version, "1.0+x");
    CHECK_EQ(purl.qualifier_count, 1);
    CHECK_STR(purl.qualifiers[0].key, "vcs_url");
    CHECK_STR(purl.qualifiers[0].value, "git+https://x");
    CHECK_STR(purl.subpath, "src/a");
}

TEST(names_with_their_namespace_are_split) {
    static const struct {
        const char *type, *name, *want;
    } cases[] = {
        {"npm", "@angular/core", "pkg:npm/%40angular/core@1"},
        {"npm", "express", "pkg:npm/express@1"},
        {"golang", "github.com/x/y", "pkg:golang/github.com/x/y@1"},
        {"pypi", "Zope_Interface", "pkg:pypi/zope-interface@1"},
    };

    EACH (c, cases) {
        AUTO(buf_done) struct buf out = BUF_INIT(KIB(1));
        struct purl purl = {.type = str_of(c->type), .name = str_of(c->name), .version = STR("1")};

        purl_write(&out, &purl);
        CHECK_STR(buf_str(&out), c->want);
    }
}

TEST(qualifiers_are_sorted_and_never_empty) {
    AUTO(buf_done) struct buf out = BUF_INIT(KIB(1));
    struct purl               purl = {
                      .type = STR("deb"), .namespace_ = STR("debian"), .name = STR("x"), .version = STR("1")};

    purl_add_qualifier(&purl, STR("distro"), STR("debian-12"));
    purl_add_qualifier(&purl, STR("arch"), STR("amd64"));
    purl_add_qualifier(&purl, STR("epoch"), STR_NONE);
    purl_write(&out, &purl);
    CHECK_STR(buf_str(&out), "pkg:deb/debian/x@1?arch=amd64&distro=debian-12");
}

TEST(refusals) {
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "package URL: \"\" does not begin with \"pkg:\""},
        {"http://x", "package URL: \"http://x\" does not begin with \"pkg:\""},
        {"pkg:npm", "package URL: \"pkg:npm\" has no type followed by a name"},
        {"pkg:/x", "package URL: \"pkg:/x\" has no type followed by a name"},
        {"pkg:npm/", "package URL: \"pkg:npm/\" has no type followed by a name"},
        {"pkg:npm/@1.0", "package URL: there is no name behind the type"},
        {"pkg:3x/x", "package URL: \"pkg:3x/x\" has no type followed by a name"},
        {"pkg:a b/x", "package URL: \"pkg:a b/x\" has no type followed by a name"},
        {"pkg:npm/x%", "package URL: \"%\" in the name is not followed by two hex digits"},
        {"pkg:npm/x%4", "package URL: \"%\" in the name is not followed by two hex digits"},
        {"pkg:npm/x@%zz", "package URL: \"%\" in the version is not followed by two hex digits"},
        {"pkg:npm/x%00", "package URL: \"%\" in the name is not followed by two hex digits"},
        {"pkg:npm/x%ff", "package URL: the name is not UTF-8"},
        {"pkg:npm/x?1a=b", "package URL: \"1a\" is not the name of a qualifier"},
        {"pkg:npm/x?a b=c", "package URL: \"a b\" is not the name of a qualifier"},
        {"pkg:npm/x?a=1&A=2", "package URL: qualifier a is given twice"},
        {"pkg:npm/x?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1&l=1&m=1&n=1&o=1&p=1&q=1",
         "package URL: more than 16 qualifiers"},
    };

    EACH (c, cases) {
        AUTO(arena_done) struct arena arena = ARENA_INIT(KIB(64));
        struct err                    err = ERR_NONE;
        struct purl                   purl;
        pw_code                       code = purl_parse(&arena, str_of(c->text), &purl, &err);

        if ((code == PW_OK) != (c->why == NULL))
            print_error("%s: %s\n", c->text, err_text(&err));
        CHECK((code == PW_OK) == (c->why == NULL));
        if (c->why != NULL)
            CHECK_TEXT(err_text(&err), c->why);
    }
}

TEST(length_and_memory_are_bounded) {
    AUTO(arena_done) struct arena small = ARENA_INIT(16);
    static char                   text[LIMIT_PURL_BYTES + 1] = "pkg:npm/";
    struct err                    err = ERR_NONE;
    struct purl                   purl;

    memset(text + 8, 'x', sizeof text - 8);
    CHECK_EQ(purl_parse(&small, str_make(text, sizeof text), &purl, &err), PW_TOO_LARGE);
    CHECK_TEXT(err_text(&err), "package URL: 8193 bytes are more than 8192");
    CHECK_EQ(purl_parse(&small, str_make(text, sizeof text - 1), &purl, &err),
             PW_TOO_LARGE); /* of the arena */
}

TEST(python_names) {
    static const struct {
        const char *name, *want;
    } cases[] = {
        {"Friendly-Bard", "friendly-bard"},
        {"FRIENDLY.BARD", "friendly-bard"},
        {"friendly_bard", "friendly-bard"},
        {"friendly--bard", "friendly-bard"},
        {"FrIeNdLy-._.-bArD", "friendly-bard"},
        {"a", "a"},
        {"", ""},
        {"_a_", "-a-"},
    };

    EACH (c, cases) {
        AUTO(arena_done) struct arena arena = ARENA_INIT(KIB(1));

        CHECK_STR(pep503_normalise(&arena, str_of(c->name)), c->want);
    }
}

RUN_TESTS(UNIT(canonical_form), UNIT(parts), UNIT(names_with_their_namespace_are_split),
          UNIT(qualifiers_are_sorted_and_never_empty), UNIT(refusals),
          UNIT(length_and_memory_are_bounded), UNIT(python_names))
