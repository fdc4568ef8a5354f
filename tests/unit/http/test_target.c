/* The request target: what is decoded, what is refused. */
#include "http/target.h"
#include "test.h"

TEST(paths) {
    static const struct {
        const char *raw, *path, *query;
        unsigned    count;
        pw_code     want;
    } cases[] = {
        {"/", "/", "", 1, PW_OK},
        {"/v2/", "/v2/", "", 2, PW_OK},
        {"/v2/a/b?x=1&y", "/v2/a/b", "x=1&y", 3, PW_OK},
        {"/a%2Fb/c", "/a/b/c", "", 2, PW_OK}, /* split first, decoded after */
        {"/%e2%82%ac", "/\xe2\x82\xac", "", 1, PW_OK},
        {"/sha256%3Aab", "/sha256:ab", "", 1, PW_OK},
        {"/a+b", "/a+b", "", 1, PW_OK}, /* a plus is a plus in a path */
        {"/a?", "/a", "", 1, PW_OK},
        {"/a??b", "/a", "?b", 1, PW_OK},
        {"//", "//", "", 2, PW_OK},
        {"http://reg.example:80/v2/?n=1", "/v2/", "n=1", 2, PW_OK}, /* absolute form */
        {"HTTPS://h", "/", "", 1, PW_OK},
        {"http://h?x", "/", "", 1, PW_OK},
        {"", "", "", 0, PW_INVALID},
        {"v2", "", "", 0, PW_INVALID},
        {"*", "", "", 0, PW_INVALID},               /* OPTIONS * */
        {"example.com:443", "", "", 0, PW_INVALID}, /* CONNECT */
        {"/%", "", "", 0, PW_INVALID},
        {"/%4", "", "", 0, PW_INVALID},
        {"/%zz", "", "", 0, PW_INVALID},
        {"/%00", "", "", 0, PW_INVALID}, /* NUL ends C strings */
        {"/a%0", "", "", 0, PW_INVALID},
        {"/a?b=%g1", "", "", 0, PW_INVALID}, /* the query as well */
        {"/a b", "", "", 0, PW_INVALID},
        {"/a\tb", "", "", 0, PW_INVALID},
        {"/a\x7f", "", "", 0, PW_INVALID},
    };
    EACH (c, cases) {
        AUTO(arena_done) struct arena arena = ARENA_INIT(1 << 20);
        struct target                 t = {0};
        struct err                    err = ERR_NONE;

        print_message("%s\n", c->raw);
        CHECK_EQ(target_parse(str_of(c->raw), &arena, &t, &err), c->want);
        if (c->want != PW_OK)
            continue;
        CHECK_STR(t.path, c->path);
        CHECK_STR(t.query, c->query);
        CHECK_EQ(t.count, c->count);
    }
}

TEST(too_many_segments) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(1 << 20);
    struct target                 t;
    struct err                    err = ERR_NONE;
    char                          raw[700];

    memset(raw, '/', sizeof raw);
    CHECK_EQ(target_parse(str_make(raw, 256), &arena, &t, &err), PW_OK);
    CHECK_EQ(target_parse(str_make(raw, 257), &arena, &t, &err), PW_INVALID);
    CHECK_TEXT(err_text(&err), "the path has 257 segments, at most 256 are allowed");
}

TEST(error_texts) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(1 << 20);
    struct target                 t;
    struct err                    err = ERR_NONE;

    target_parse(STR("/ab%zz"), &arena, &t, &err);
    CHECK_TEXT(err_text(&err), "bad percent-encoding \"%zz\" at byte 3 of the request target");
    target_parse(STR("/a\nb"), &arena, &t, &err);
    CHECK_TEXT(err_text(&err), "the request target holds a raw 0x0a at byte 2");
}

TEST(query_values) {
    static const struct {
        const char *raw, *name;
        size_t      n;
        const char *value; /* NULL: absent */
    } cases[] = {
        {"/?a=1&b=2", "a", 0, "1"},
        {"/?a=1&b=2", "b", 0, "2"},
        {"/?a=1&a=2", "a", 1, "2"},
        {"/?a=1&a=2", "a", 2, NULL},
        {"/?a", "a", 0, ""},
        {"/?a=", "a", 0, ""},
        {"/?a=b=c", "a", 0, "b=c"},
        {"/?%61=x", "a", 0, "x"}, /* names are decoded too */
        {"/?from=tr%2Frepo", "from", 0, "tr/repo"},
        {"/?digest=sha256%3Aab", "digest", 0, "sha256:ab"},
        {"/?q=a+b%2Bc", "q", 0, "a b+c"},
        {"/?A=1", "a", 0, NULL}, /* names have a case */
        {"/", "a", 0, NULL},
        {"/?&&a=1", "a", 0, "1"},
        {"/?%24filter=x%20eq%20'y'", "$filter", 0, "x eq 'y'"},
    };
    EACH (c, cases) {
        AUTO(arena_done) struct arena arena = ARENA_INIT(1 << 20);
        struct target                 t;
        struct err                    err = ERR_NONE;
        str                           value;

        CHECK_OK(target_parse(str_of(c->raw), &arena, &t, &err));
        CHECK_EQ(target_query(&t, str_of(c->name), c->n, &arena, &value), c->value != NULL);
        if (c->value != NULL)
            CHECK_STR(value, c->value);
    }
}

TEST(joining) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(1 << 20);
    struct target                 t;
    struct err                    err = ERR_NONE;

    CHECK_OK(target_parse(STR("/v2/a/b%2Fc/d"), &arena, &t, &err));
    CHECK_STR(target_join(&t, 1, 1, &arena), "a");
    CHECK_STR(target_join(&t, 1, 3, &arena), "a/b/c/d");
    CHECK_STR(target_join(&t, 0, 1, &arena), "v2/a");
}

RUN_TESTS(UNIT(paths), UNIT(too_many_segments), UNIT(error_texts), UNIT(query_values),
          UNIT(joining))
