/* Names, tags, digests: what may follow /v2/. */
#include "registry/records.h"
#include "registry/reference.h"
#include "test.h"

static char long_text[512];

static const char *repeat(const char *text, size_t count) {
    long_text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        strcat(long_text, text);
    return long_text;
}

TEST(repository_names) {
    static const struct {
        const char *name;
        pw_code     want;
    } cases[] = {
        {"nginx", PW_OK},
        {"library/nginx", PW_OK},
        {"a/b/c/d/e/f/g/h", PW_OK},
        {"0", PW_OK},
        {"a.b", PW_OK},
        {"a_b", PW_OK},
        {"a__b", PW_OK},
        {"a-b", PW_OK},
        {"a-----b", PW_OK},       /* hyphens may repeat */
        {"blobs/uploads", PW_OK}, /* keywords are names too */
        {"manifests/x", PW_OK},
        {"", PW_INVALID},
        {"/", PW_INVALID},
        {"/a", PW_INVALID},
        {"a/", PW_INVALID},
        {"a//b", PW_INVALID},
        {"Library/nginx", PW_INVALID}, /* upper case */
        {"a..b", PW_INVALID},          /* a dot stands alone */
        {"a___b", PW_INVALID},         /* at most two */
        {"a._b", PW_INVALID},          /* separators do not mix */
        {"a-_b", PW_INVALID},
        {"-a", PW_INVALID},
        {"a-", PW_INVALID},
        {"a.", PW_INVALID},
        {"_a", PW_INVALID}, /* no folder of ours */
        {"a/_manifests/b", PW_INVALID},
        {"../a", PW_INVALID},
        {"a/../b", PW_INVALID},
        {"a b", PW_INVALID},
        {"a\nb", PW_INVALID},
        {"caf\xc3\xa9", PW_INVALID},
    };

    EACH (c, cases) {
        struct err err = ERR_NONE;

        if (reference_check_name(str_of(c->name), &err) != c->want)
            fail_msg("\"%s\": %s", c->name, err_text(&err));
        if (c->want == PW_INVALID)
            CHECK_TEXT(err.tag, "NAME_INVALID");
    }
}

TEST(name_lengths) {
    struct err err = ERR_NONE;

    CHECK_EQ(reference_check_name(str_sub(str_of(repeat("ab/", 90)), 0, 254), &err), PW_OK);
    CHECK_EQ(reference_check_name(str_sub(str_of(repeat("ab/", 90)), 0, 256), &err), PW_INVALID);
    CHECK_TEXT(err_text(&err), "the repository name has 256 characters, at most 255 are possible");
    CHECK_EQ(reference_check_name(str_of(repeat("a", 250)), &err), PW_OK);
    CHECK_EQ(reference_check_name(str_of(repeat("a", 251)), &err), PW_INVALID);
}

TEST(tags) {
    static const struct {
        const char *tag;
        pw_code     want;
    } cases[] = {
        {"latest", PW_OK},        {"v1.0_rc-1", PW_OK}, {"_a", PW_OK},       {"A", PW_OK},
        {"sha256-ab.sig", PW_OK}, {"", PW_INVALID},     {".a", PW_INVALID},  {"-a", PW_INVALID},
        {"a/b", PW_INVALID},      {"a b", PW_INVALID},  {"a+b", PW_INVALID}, {"..", PW_INVALID},
        {"\xc3\xa9", PW_INVALID},
    };
    struct err err = ERR_NONE;

    EACH (c, cases) {
        CHECK_EQ(reference_check_tag(str_of(c->tag), &err), c->want);
        if (c->want == PW_INVALID)
            CHECK_TEXT(err.tag, "TAG_INVALID");
    }
    CHECK_EQ(reference_check_tag(str_of(repeat("a", 128)), &err), PW_OK);
    CHECK_EQ(reference_check_tag(str_of(repeat("a", 129)), &err), PW_INVALID);
}

#define HEX64 "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

TEST(references) {
    static const struct {
        const char *text;
        pw_code     want;
        bool        is_digest;
    } cases[] = {
        {"latest", PW_OK, false},
        {"sha256:" HEX64, PW_OK, true},
        {"sha512:" HEX64 HEX64, PW_OK, true},
        {"sha256:baddigeststring", PW_INVALID, true},
        {"sha256:", PW_INVALID, true},
        {":x", PW_INVALID, true},
        {"sha256:" HEX64 "00", PW_INVALID, true}, /* too long */
        {"blake3:" HEX64, PW_UNSUPPORTED, true},  /* well-formed, not kept here */
        {"SHA256:" HEX64, PW_INVALID, true},
    };

    EACH (c, cases) {
        struct err       err = ERR_NONE;
        struct reference reference = {0};

        CHECK_EQ(reference_parse(str_of(c->text), &reference, &err), c->want);
        if (c->want == PW_OK)
            CHECK_EQ(reference.is_digest, c->is_digest);
        else
            CHECK_TEXT(err.tag, "DIGEST_INVALID");
    }
}

TEST(fallback_tags) {
    struct err    err = ERR_NONE;
    struct digest digest;
    char          out[REFERENCE_FALLBACK_SIZE];

    CHECK_OK(digest_parse(STR("sha256:" HEX64), &digest, &err));
    CHECK_STR(reference_fallback_tag(&digest, out), "sha256-" HEX64);
    CHECK_OK(digest_parse(STR("sha512:" HEX64 HEX64), &digest, &err));
    CHECK_STR(reference_fallback_tag(&digest, out), "sha512-" HEX64); /* cut to 64 characters */
}

TEST(record_names) {
    static const char *const good[] = {
        "a/_tags/latest", "library/nginx/_tags/v1", "a/_manifests/sha256:" HEX64,
        "a/_tags/_tags", /* a tag may be called so */
    };
    static const char *const bad[] = {
        "",           "a",         "a/_tags/",   "a/_tags/b/c",         "_tags/a",
        "/_tags/a",   "A/_tags/a", "../_tags/a", "a/_manifests/latest", "a/_manifests/sha256:ab",
        "a/_other/b",
    };

    EACH (text, good) {
        struct record_name name;
        char               out[RECORD_NAME_SIZE];

        CHECK(records_parse_name(str_of(*text), &name));
        CHECK_STR(records_name(&name, out), *text); /* read back */
    }
    EACH (text, bad) {
        struct record_name name;

        CHECK(!records_parse_name(str_of(*text), &name));
    }
}

TEST(record_contents) {
    static const struct {
        enum record_kind kind;
        const char      *bytes;
        pw_code          want;
    } cases[] = {
        {RECORD_TAG, "portwarden tag 1\ndigest: sha256:" HEX64 "\nupdated-at: 5\n", PW_OK},
        {RECORD_MANIFEST, "portwarden manifest 1\nmedia-type: a/b\npushed-at: 5\n\n{}", PW_OK},
        {RECORD_MANIFEST, "portwarden manifest 1\nmedia-type: a/b\npushed-at: 5\n\n", PW_OK},
        {RECORD_TAG, "", PW_CORRUPT},
        {RECORD_TAG, "portwarden tag 2\ndigest: sha256:" HEX64 "\nupdated-at: 5\n", PW_CORRUPT},
        {RECORD_TAG, "portwarden tag 1\ndigest: sha256:zz\nupdated-at: 5\n", PW_CORRUPT},
        {RECORD_TAG, "portwarden tag 1\ndigest: sha256:" HEX64 "\nupdated-at: -5\n", PW_CORRUPT},
        {RECORD_MANIFEST, "portwarden manifest 1\nmedia-type: a/b\npushed-at: 5\n{}", PW_CORRUPT},
        {RECORD_MANIFEST, "portwarden manifest 1\nmedia-type: a/b\n", PW_CORRUPT}, /* cut */
    };

    EACH (c, cases) {
        struct err    err = ERR_NONE;
        struct record record;

        CHECK_EQ(records_parse(c->kind, str_of(c->bytes), &record, &err), c->want);
        if (c->want == PW_OK)
            CHECK_EQ(record.at, 5);
    }
}

RUN_TESTS(UNIT(repository_names), UNIT(name_lengths), UNIT(tags), UNIT(references),
          UNIT(fallback_tags), UNIT(record_names), UNIT(record_contents))
