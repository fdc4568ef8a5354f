/* JSON documents and the walk over huge ones. */
#include "base/limits.h"
#include "format/json.h"
#include "format/json_stream.h"
#include "packer.h"

TEST(documents) {
    static const struct {
        const char *text, *why; /* NULL: fine */
    } cases[] = {
        {"{}", NULL},
        {" [1, 2.5, true, null, \"x\"] \n", NULL},
        {"{\"a\":{\"a\":1}}", NULL}, /* the same key in another object */
        {"", "JSON is malformed at line 1, column 1: '[' or '{' expected near end of file"},
        {"1", "JSON is malformed at line 1, column 1: '[' or '{' expected near '1'"},
        {"{\"a\":1,\"a\":2}",
         "JSON is malformed at line 1, column 10: duplicate object key near '\"a\"'"},
        {"{} x", "JSON is malformed at line 1, column 4: end of file expected near 'x'"},
        {"{}{}", "JSON is malformed at line 1, column 3: end of file expected near '{'"},
        {"{\n\"a\": tru}", "JSON is malformed at line 2, column 8: invalid token near 'tru'"},
        {"[1,]", "JSON is malformed at line 1, column 4: unexpected token near ']'"},
        {"{\"a\":\"\\u0000\"}",
         "JSON is malformed at line 1, column 13: text may not hold \\u0000"},
        {"[\"\xff\"]",
         "JSON is malformed at line 1, column 2: unable to decode byte 0xff near '\"'"},
    };

    EACH (c, cases) {
        AUTO(json_endp) json_t *root = NULL;
        struct err              err = ERR_NONE;
        pw_code                 code = json_parse(str_of(c->text), KIB(1), &root, &err);

        CHECK_EQ(code, c->why == NULL ? PW_OK : PW_INVALID);
        if (c->why != NULL)
            CHECK_TEXT(err_text(&err), c->why);
    }
}

TEST(lenient_documents) {
    AUTO(json_endp) json_t *root = NULL;
    struct err              err = ERR_NONE;

    CHECK_OK(json_parse_lenient(STR("\xEF\xBB\xBF{\"a\":1,\"a\":2}"), KIB(1), &root, &err));
    CHECK_EQ(json_opt_int(root, "a", 0), 2); /* the last wins */
    json_endp(&root);
    CHECK_EQ(json_parse_lenient(STR("{} x"), KIB(1), &root, &err), PW_INVALID);
}

TEST(ceilings) {
    char                    text[2 * LIMIT_JSON_DEPTH + 4];
    AUTO(json_endp) json_t *root = NULL;
    struct err              err = ERR_NONE;

    memset(text, '[', LIMIT_JSON_DEPTH + 1);
    memset(text + LIMIT_JSON_DEPTH + 1, ']', LIMIT_JSON_DEPTH + 1);
    CHECK_OK(json_parse(str_make(text + 1, 2 * LIMIT_JSON_DEPTH), KIB(1), &root, &err));
    json_endp(&root);
    CHECK_EQ(json_parse(str_make(text, 2 * LIMIT_JSON_DEPTH + 2), KIB(1), &root, &err),
             PW_TOO_LARGE);
    CHECK_TEXT(err_text(&err), "JSON nests deeper than 64 at line 1, column 65");
    CHECK_EQ(json_parse(STR("[1]"), 2, &root, &err), PW_TOO_LARGE);
    CHECK_TEXT(err_text(&err), "JSON of 3 bytes is larger than 2");
    CHECK_OK(json_parse(STR("[\"[[[\\\"[[[\"]"), KIB(1), &root,
                        &err)); /* brackets in text do not nest */
}

TEST(members) {
    AUTO(json_endp) json_t *root = NULL;
    struct err              err = ERR_NONE;
    str                     text = STR("untouched");
    int64_t                 number = 7;
    double                  real = 7;
    bool                    yes = false;
    json_t                 *inner = NULL;

    CHECK_OK(json_parse(
        STR("{\"s\":\"text\",\"i\":42,\"d\":1.5,\"b\":true,\"o\":{},\"l\":[],\"n\":null}"), KIB(1),
        &root, &err));
    CHECK_OK(json_get_str(root, "s", &text, &err));
    CHECK_STR(text, "text");
    CHECK_OK(json_get_int(root, "i", &number, &err));
    CHECK_EQ(number, 42);
    CHECK_OK(json_get_double(root, "d", &real, &err));
    CHECK(real > 1.4 && real < 1.6);
    CHECK_OK(json_get_double(root, "i", &real, &err));
    CHECK_OK(json_get_bool(root, "b", &yes, &err));
    CHECK(yes);
    CHECK_OK(json_get_object(root, "o", &inner, &err));
    CHECK_OK(json_get_list(root, "l", &inner, &err));

    CHECK_EQ(json_get_str(root, "x", &text, &err), PW_INVALID);
    CHECK_TEXT(err_text(&err), "member \"x\" is missing");
    CHECK_EQ(json_get_str(root, "i", &text, &err), PW_INVALID);
    CHECK_TEXT(err_text(&err), "member \"i\" is not a string");
    CHECK_EQ(json_get_int(root, "d", &number, &err), PW_INVALID);
    CHECK_TEXT(err_text(&err), "member \"d\" is not a whole number");
    CHECK_EQ(json_get_double(root, "s", &real, &err), PW_INVALID);
    CHECK_TEXT(err_text(&err), "member \"s\" is not a number");
    CHECK_EQ(json_get_bool(root, "n", &yes, &err), PW_INVALID);
    CHECK_TEXT(err_text(&err), "member \"n\" is not true or false");
    CHECK_EQ(json_get_object(root, "l", &inner, &err), PW_INVALID);
    CHECK_TEXT(err_text(&err), "member \"l\" is not an object");
    CHECK_EQ(json_get_list(root, "o", &inner, &err), PW_INVALID);
    CHECK_TEXT(err_text(&err), "member \"o\" is not a list");
    CHECK_EQ(json_get_str(NULL, "o", &text, &err), PW_INVALID);
    CHECK_TEXT(err_text(&err), "\"o\" was looked for in something that is not an object");
    CHECK_STR(text, "text"); /* not touched by failures */
    CHECK_EQ(number, 42);
}

TEST(optional_members) {
    AUTO(json_endp) json_t *root = NULL;
    struct err              err = ERR_NONE;

    CHECK_OK(json_parse(
        STR("{\"s\":\"text\",\"i\":42,\"d\":1.5,\"b\":true,\"o\":{},\"l\":[],\"n\":null}"), KIB(1),
        &root, &err));
    CHECK_STR(json_opt_str(root, "s"), "text");
    CHECK_STR(json_opt_str(root, "i"), "");
    CHECK_STR(json_opt_str(root, "n"), "");
    CHECK_STR(json_opt_str(NULL, "s"), "");
    CHECK_EQ(json_opt_int(root, "i", 1), 42);
    CHECK_EQ(json_opt_int(root, "d", 1), 1);
    CHECK_EQ((int)json_opt_double(root, "i", 1), 42);
    CHECK_EQ((int)json_opt_double(root, "s", 1), 1);
    CHECK(json_opt_bool(root, "b", false));
    CHECK(json_opt_bool(root, "x", true));
    CHECK(json_opt_object(root, "o") != NULL);
    CHECK(json_opt_object(root, "l") == NULL);
    CHECK(json_opt_list(root, "l") != NULL);
    CHECK(json_opt_list(root, "o") == NULL);
}

/* --- the walk --- */

static pw_code note_member(void *ctx, const struct json_member *member, struct err *err) {
    struct buf *out = ctx;

    if (str_eq(member->text, STR("\"stop\"")))
        return err_set(err, PW_CANCELLED, "stopped at %d", (int)member->index);
    buf_addf(out, STR_FMT "/" STR_FMT "=" STR_FMT "|", STR_ARG(member->parent),
             STR_ARG(member->key), STR_ARG(member->text));
    return PW_OK;
}

static pw_code walk(str text, size_t step, int depth, struct buf *out, struct err *err) {
    struct dribble dribble = DRIBBLE(text, step);

    return json_stream_walk((struct pull_source){&dribble, dribble_read}, depth,
                            (struct json_visitor){out, note_member}, err);
}

TEST(walks) {
    static const size_t steps[] = {1, 3, SIZE_MAX};
    static const struct {
        int         depth;
        const char *text, *want, *why;
    } cases[] = {
        {1, "[]", "", NULL},
        {1, "{}", "", NULL},
        {2, " { } \n", "", NULL},
        {1, "[1, \"a\", {\"b\": [1,2]}, [ ] ,null]", "/=1|/=\"a\"|/={\"b\": [1,2]}|/=[ ]|/=null|",
         NULL},
        {1, "{\"a\" : 1,\"b\":{\"c\":2}}", "/a=1|/b={\"c\":2}|", NULL},
        {2, "{\"a\":{\"x\":1,\"y\":[2]},\"s\":\"t\",\"l\":[3,4],\"e\":{}}",
         "a/x=1|a/y=[2]|/s=\"t\"|l/=3|l/=4|", NULL},
        {2, "[{\"x\":1},[2],3]", "/x=1|/=2|/=3|", NULL},
        {1, "[\"]}\\\"[{\", \"\\\\\"]", "/=\"]}\\\"[{\"|/=\"\\\\\"|",
         NULL}, /* brackets and quotes in text */
        {1, "{\"a\\u00e9\\n\":1}", "/a\xC3\xA9\n=1|", NULL},
        {1, "\xEF\xBB\xBF[1]", "/=1|", NULL},
        {1, "[-1.5e10]", "/=-1.5e10|", NULL},
        {1, "", NULL,
         "JSON ends after 0 bytes (0 members), where an object or an array was expected"},
        {1, "  ", NULL,
         "JSON ends after 2 bytes (0 members), where an object or an array was expected"},
        {1, "7", NULL,
         "JSON is malformed at byte 0 (0 members before it): expected an object or an array"},
        {1, "[1", NULL, "JSON ends after 2 bytes (1 members), where ',' or ']' was expected"},
        {1, "[1,", NULL, "JSON ends after 3 bytes (1 members), where a value was expected"},
        {1, "[1,]", NULL, "JSON is malformed at byte 3 (1 members before it): expected a value"},
        {1, "[1 2]", NULL,
         "JSON is malformed at byte 3 (1 members before it): expected ',' or ']'"},
        {1, "[tru]", NULL, "JSON is malformed at byte 1 (0 members before it): expected a value"},
        {1, "[,]", NULL, "JSON is malformed at byte 1 (0 members before it): expected a value"},
        {1, "[01]", NULL, "JSON is malformed at byte 1 (0 members before it): expected a value"},
        {1, "{\"a\"}", NULL, "JSON is malformed at byte 4 (0 members before it): expected ':'"},
        {1, "{a:1}", NULL, "JSON is malformed at byte 1 (0 members before it): expected a key"},
        {1, "{\"a\":1,}", NULL,
         "JSON is malformed at byte 7 (1 members before it): expected a key"},
        {1, "{\"\\x\":1}", NULL,
         "JSON is malformed at byte 1 (0 members before it): expected a well-formed key"},
        {1, "[{\"a\":1]", NULL, "JSON is malformed at byte 7 (0 members before it): expected '}'"},
        {1, "[[1}]", NULL, "JSON is malformed at byte 3 (0 members before it): expected ']'"},
        {1, "[{\"a\":", NULL,
         "JSON ends after 6 bytes (0 members), where the end of a member was expected"},
        {1, "[\"abc", NULL,
         "JSON ends after 5 bytes (0 members), where the rest of a string was expected"},
        {1, "[\"a\nb\"]", NULL,
         "JSON is malformed at byte 3 (0 members before it): expected the rest of a string"},
        {1, "[1] x", NULL,
         "JSON is malformed at byte 4 (1 members before it): expected nothing more"},
        {1, "[1,\"stop\",2]", NULL, "stopped at 1"},
    };

    EACH (c, cases)
        EACH (step, steps) {
            AUTO(buf_done) struct buf out = BUF_INIT(KIB(4));
            struct err                err = ERR_NONE;
            pw_code                   code = walk(str_of(c->text), *step, c->depth, &out, &err);

            if ((code == PW_OK) != (c->why == NULL))
                print_error("%s: %s\n", c->text, err_text(&err));
            CHECK((code == PW_OK) == (c->why == NULL));
            if (c->why == NULL)
                CHECK_STR(buf_str(&out), c->want);
            else
                CHECK_TEXT(err_text(&err), c->why);
        }
}

TEST(walk_ceilings) {
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(40)), out = BUF_INIT(KIB(4));
    struct err                err = ERR_NONE;

    buf_adds(&text, "[1,\"");
    memset(buf_room(&text, LIMIT_ADVISORY_BYTES), 'x', LIMIT_ADVISORY_BYTES);
    buf_wrote(&text, LIMIT_ADVISORY_BYTES);
    buf_adds(&text, "\"]");
    CHECK_EQ(walk(buf_str(&text), SIZE_MAX, 1, &out, &err), PW_TOO_LARGE);
    CHECK_TEXT(err_text(&err), "JSON member at byte 3 has more than 33554432 bytes");
    buf_clear(&text);
    for (int i = 0; i < LIMIT_JSON_DEPTH + 2; i++)
        buf_addc(&text, '[');
    CHECK_EQ(walk(buf_str(&text), SIZE_MAX, 1, &out, &err), PW_TOO_LARGE);
    CHECK_TEXT(err_text(&err), "JSON nests deeper than 64 at byte 65");
    buf_clear(&text);
    buf_adds(&text, "{\"");
    memset(buf_room(&text, KIB(65)), 'k', KIB(65));
    buf_wrote(&text, KIB(65));
    buf_adds(&text, "\":1}");
    CHECK_EQ(walk(buf_str(&text), SIZE_MAX, 1, &out, &err), PW_TOO_LARGE);
    CHECK(str_starts(str_of(err_text(&err)), STR("JSON key at byte")));
}

static pw_code parse_member(void *ctx, const struct json_member *member, struct err *err) {
    AUTO(json_endp) json_t *value = NULL;
    size_t                 *bytes = ctx;

    *bytes += member->text.len;
    return json_parse(member->text, LIMIT_ADVISORY_BYTES, &value, err);
}

/* Across many refills of the window: every member arrives whole. */
TEST(long_walk) {
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(16));
    struct dribble            dribble;
    struct err                err = ERR_NONE;
    size_t                    bytes = 0, want = 0;

    buf_adds(&text, "{\"advisories\":[");
    for (int i = 0; i < 20000; i++) {
        size_t before = text.len + (i > 0);

        buf_addf(&text, "%s{\"id\":%d,\"text\":\"%*s\"}", i > 0 ? "," : "", i, i % 500, "\\\"]");
        want += text.len - before;
    }
    buf_adds(&text, "]}");
    dribble = (struct dribble)DRIBBLE(buf_str(&text), 4099);
    CHECK_OK(json_stream_walk((struct pull_source){&dribble, dribble_read}, 2,
                              (struct json_visitor){&bytes, parse_member}, &err));
    CHECK_EQ(bytes, want);
}

RUN_TESTS(UNIT(documents), UNIT(lenient_documents), UNIT(ceilings), UNIT(members),
          UNIT(optional_members), UNIT(walks), UNIT(walk_ceilings), UNIT(long_walk))
