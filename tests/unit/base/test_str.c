/* Slices, buffers, arenas, errors. */
#include <errno.h>
#include "base/arena.h"
#include "base/limits.h"
#include "test.h"

TEST(comparisons) {
    CHECK(str_eq(STR(""), STR_NONE));
    CHECK(!str_eq(STR("a"), STR("A")));
    CHECK(str_eq_nocase(STR("aZ-1"), STR("Az-1")));
    CHECK(!str_eq_nocase(STR("a"), STR("ab")));
    CHECK(!str_eq_nocase(STR("[") /* '[' + 32 is '{' */, STR("{")));
    CHECK(str_cmp(STR("a"), STR("b")) < 0);
    CHECK(str_cmp(STR("ab"), STR("a")) > 0);
    CHECK_EQ(str_cmp(STR_NONE, STR("")), 0);
    CHECK(str_cmp(STR("\xff"), STR("a")) > 0); /* bytes are unsigned */
    CHECK(str_starts(STR("abc"), STR("ab")) && str_starts(STR("abc"), STR("")) &&
          !str_starts(STR("a"), STR("ab")));
    CHECK(str_ends(STR("abc"), STR("bc")) && str_ends(STR_NONE, STR("")) &&
          !str_ends(STR("c"), STR("bc")));
}

TEST(slices) {
    str s = STR("hello");

    CHECK_STR(str_from(s, 2), "llo");
    CHECK_STR(str_from(s, 5), "");
    CHECK_STR(str_from(s, 99), "");
    CHECK_STR(str_from(STR_NONE, 3), "");
    CHECK_STR(str_sub(s, 1, 3), "ell");
    CHECK_STR(str_sub(s, 3, 99), "lo");
    CHECK_STR(str_sub(s, 99, 1), "");
    CHECK_STR(str_trim(STR(" \t\r\n a b \n")), "a b");
    CHECK_STR(str_trim(STR(" \n ")), "");
    CHECK_EQ(str_find_char(s, 'l'), 2);
    CHECK_EQ(str_rfind_char(s, 'l'), 3);
    CHECK_EQ(str_find_char(STR_NONE, 'l'), STR_NPOS);
    CHECK_EQ(str_find(s, STR("lo")), 3);
    CHECK_EQ(str_find(s, STR("")), 0);
    CHECK_EQ(str_find(s, STR("lol")), STR_NPOS);
    CHECK_STR(str_of(NULL), "");
}

/* Parts as "a|b|", whatever the cut character. */
TEST(cuts_and_lines) {
    static const struct {
        const char *text, *parts, *lines;
    } cases[] = {
        {"", "|", ""},
        {"a", "a|", "a|"},
        {"a\n", "a||", "a|"},
        {"\n", "||", "|"},
        {"a\nb", "a|b|", "a|b|"},
        {"a\r\nb\r\n", "a\r|b\r||", "a|b|"},
        {"a\n\nb", "a||b|", "a||b|"},
        {"\r", "\r|", "|"},
    };

    EACH (c, cases) {
        AUTO(buf_done) struct buf parts = BUF_INIT(KIB(1)), lines = BUF_INIT(KIB(1));
        str                       rest = str_of(c->text), part;

        while (str_cut(&rest, '\n', &part))
            buf_addf(&parts, STR_FMT "|", STR_ARG(part));
        CHECK_STR(buf_str(&parts), c->parts);
        rest = str_of(c->text);
        while (str_line(&rest, &part))
            buf_addf(&lines, STR_FMT "|", STR_ARG(part));
        CHECK_STR(buf_str(&lines), c->lines);
    }
}

TEST(numbers) {
    static const struct {
        const char *text;
        uint64_t    max;
        bool        good;
        uint64_t    want;
    } cases[] = {
        {"0", 10, true, 0},
        {"10", 10, true, 10},
        {"11", 10, false, 0},
        {"007", 10, true, 7},
        {"", 10, false, 0},
        {"-1", 10, false, 0},
        {"+1", 10, false, 0},
        {" 1", 10, false, 0},
        {"1 ", 10, false, 0},
        {"0x1", 10, false, 0},
        {"1e1", 10, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999999", UINT64_MAX, false, 0},
    };

    EACH (c, cases) {
        uint64_t value = 77;

        CHECK_EQ(str_to_u64(str_of(c->text), c->max, &value), c->good);
        CHECK_EQ(value, c->good ? c->want : 77);
    }
}

TEST(copies) {
    char out[4] = "xxx";

    CHECK(str_copy(STR("abc"), out, sizeof out));
    CHECK_TEXT(out, "abc");
    CHECK(!str_copy(STR("abcd"), out, sizeof out));
    CHECK_TEXT(out, "");
    CHECK(str_copy(STR_NONE, out, 1));
    CHECK(!str_copy(STR_NONE, out, 0));
}

TEST(utf8) {
    static const struct {
        const char *bytes;
        bool        good;
    } cases[] = {
        {"", true},
        {"plain", true},
        {"\xC3\xA9", true},
        {"\xE2\x82\xAC", true},
        {"\xF0\x9F\x98\x80", true},
        {"\xF4\x8F\xBF\xBF", true}, /* U+10FFFF */
        {"\xEF\xBF\xBF", true},     /* a noncharacter is a character here */
        {"\x80", false},            /* continuation alone */
        {"\xC3", false},            /* cut */
        {"\xE2\x82", false},
        {"\xF0\x9F\x98", false},
        {"\xC0\xAF", false}, /* overlong */
        {"\xC1\xBF", false},
        {"\xE0\x9F\xBF", false},
        {"\xF0\x8F\xBF\xBF", false},
        {"\xED\xA0\x80", false},     /* a surrogate */
        {"\xF4\x90\x80\x80", false}, /* past U+10FFFF */
        {"\xF5\x80\x80\x80", false},
        {"\xFF", false},
        {"a\xC3(", false},
        {"\xE2\x28\xA1", false},
        {"\xF0\x9F\x28\x80", false},
    };

    EACH (c, cases)
        CHECK_EQ(str_is_utf8(str_of(c->bytes)), c->good);
    CHECK(str_is_utf8(STR("a\0b"))); /* NUL is a character */
}

/* Stored beside layers: these values may never change. */
TEST(hash_is_stable) {
    CHECK(str_hash(STR("")) == 0xecba3df2c3383c52u);
    CHECK(str_hash(STR("var/lib/dpkg/status")) == 0x5bbaa7b0a75662b2u);
    CHECK(str_hash(STR("a")) != str_hash(STR("b")));
}

TEST(buffers) {
    AUTO(buf_done) struct buf out = BUF_INIT(10);
    struct err                err = ERR_NONE;
    str                       text = STR("untouched");
    size_t                    len;
    char                     *taken;

    CHECK_STR(buf_str(&out), "");
    buf_add(&out, STR("abc"));
    buf_addc(&out, '-');
    buf_addf(&out, "%d", 42);
    CHECK_OK(buf_finish(&out, &text, &err));
    CHECK_STR(text, "abc-42");
    CHECK_EQ(text.ptr[text.len], '\0');
    buf_adds(&out, "1234"); /* exactly at the ceiling */
    CHECK(buf_ok(&out));
    buf_addc(&out, 'x');
    CHECK(!buf_ok(&out));
    buf_clear(&out);
    buf_adds(&out, "12345678901"); /* the first failure sticks ... */
    buf_adds(&out, "1");
    text = STR("untouched");
    CHECK_EQ(buf_finish(&out, &text, &err), PW_TOO_LARGE);
    CHECK_TEXT(err_text(&err), "text is longer than its 10 bytes");
    CHECK_STR(text, "untouched");
    CHECK(buf_take(&out, &len) == NULL);
    buf_clear(&out); /* ... until it is cleared */
    buf_adds(&out, "again");
    taken = buf_take(&out, &len);
    CHECK_TEXT(taken, "again");
    CHECK_EQ(len, 5);
    free(taken);
    CHECK_EQ(out.len, 0);
    taken = buf_take(&out, NULL);
    CHECK_TEXT(taken, "");
    free(taken);
    CHECK(buf_room(&out, SIZE_MAX) == NULL);
    CHECK_EQ(out.failed, PW_TOO_LARGE);
}

TEST(arenas) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(KIB(100));
    struct err                    err = ERR_NONE;
    char                         *a, *b;

    a = arena_alloc(&arena, 3);
    b = arena_alloc(&arena, 3);
    CHECK_EQ((uintptr_t)a % 16, 0);
    CHECK_EQ((uintptr_t)b % 16, 0);
    CHECK(a != b && a[0] == 0 && a[2] == 0);
    CHECK(arena_alloc(&arena, 0) != NULL);
    CHECK_STR(arena_str(&arena, STR("copy")), "copy");
    CHECK_STR(arena_strf(&arena, "%s-%d", "x", 7), "x-7");
    CHECK(arena_alloc(&arena, KIB(64)) != NULL); /* larger than a block */
    CHECK(arena_alloc(&arena, KIB(64)) == NULL); /* past the ceiling */
    CHECK_EQ(arena_error(&arena, &err), PW_TOO_LARGE);
    CHECK_TEXT(err_text(&err), "needs more than its 102400 bytes of memory");
    CHECK(arena_alloc(&arena, 10) != NULL); /* still usable */
    CHECK(arena_array(&arena, SIZE_MAX / 2, 3) == NULL);
    CHECK_EQ(arena_error(&arena, &err), PW_TOO_LARGE);
    CHECK(arena_alloc(&arena, SIZE_MAX) == NULL);
    arena_reset(&arena);
    CHECK_EQ(arena.used, 0);
    CHECK(arena_alloc(&arena, KIB(64)) != NULL);
}

TEST(arena_arrays_grow) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(4));
    uint32_t                     *list = NULL;
    size_t                        room = 0;

    for (uint32_t i = 0; i < 50000; i++) {
        if (i == room) {
            size_t wider = room ? room * 2 : 4;

            if (i % 3 == 0)
                (void)arena_alloc(&arena, 1); /* something in the way: it has to move */
            list = arena_grow(&arena, list, room * sizeof *list, wider * sizeof *list);
            CHECK(list != NULL);
            for (size_t k = room; k < wider; k++)
                CHECK_EQ(list[k], 0);
            room = wider;
        }
        list[i] = i;
    }
    for (uint32_t i = 0; i < 50000; i++)
        CHECK_EQ(list[i], i);
}

TEST(errors) {
    struct err err = ERR_NONE;
    char       long_context[2000];

    CHECK_TEXT(err_text(&err), "ok");
    CHECK_EQ(err_set(&err, PW_INVALID, "tag %s", "x"), PW_INVALID);
    CHECK_EQ(err_tag(&err, "TAG_INVALID"), PW_INVALID);
    CHECK_EQ(err_wrap(&err, "repository %d", 7), PW_INVALID);
    CHECK_TEXT(err_text(&err), "repository 7: tag x");
    CHECK_TEXT(err.tag, "TAG_INVALID");
    err_set(&err, PW_BUSY, "again"); /* a new error forgets the tag */
    CHECK_TEXT(err.tag, "");
    memset(long_context, 'c', sizeof long_context - 1);
    long_context[sizeof long_context - 1] = '\0';
    err_wrap(&err, "%s", long_context);
    CHECK_TEXT(err_text(&err), "again"); /* the cause stays */
    CHECK_EQ(err_set(NULL, PW_IO, "nobody listens"), PW_IO);
    errno = ENOSPC;
    CHECK_EQ(err_errno(&err, "cannot write %s", "x"), PW_NO_SPACE);
    CHECK_TEXT(err_text(&err), "cannot write x: No space left on device");
    errno = ENOENT;
    CHECK_EQ(err_errno(NULL, "x"), PW_NOT_FOUND);
    for (int code = 0; code < PW_CODE_COUNT; code++)
        CHECK(pw_code_name((pw_code)code) != NULL && pw_code_name((pw_code)code)[0] != '\0');
    CHECK_TEXT(pw_code_name((pw_code)99), "unknown");
}

RUN_TESTS(UNIT(comparisons), UNIT(slices), UNIT(cuts_and_lines), UNIT(numbers), UNIT(copies),
          UNIT(utf8), UNIT(hash_is_stable), UNIT(buffers), UNIT(arenas), UNIT(arena_arrays_grow),
          UNIT(errors))
