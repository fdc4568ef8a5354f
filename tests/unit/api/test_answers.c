/* Parts of answers that need no server: ranges and errors. */
#include "api/api.h"
#include "api/byte_range.h"
#include "api/problems.h"
#include "test.h"

TEST(ranges) {
    static const struct {
        const char            *header;
        uint64_t               size;
        enum byte_range_answer want;
        const char            *parts; /* "first+length ..." */
    } cases[] = {
        {"", 10, BYTE_RANGE_WHOLE, ""},
        {"bytes=0-0", 10, BYTE_RANGE_PARTS, "0+1 "},
        {"bytes=0-9", 10, BYTE_RANGE_PARTS, "0+10 "},
        {"bytes=0-10", 10, BYTE_RANGE_PARTS, "0+10 "},           /* clipped */
        {"bytes=3-", 10, BYTE_RANGE_PARTS, "3+7 "},
        {"bytes=-3", 10, BYTE_RANGE_PARTS, "7+3 "},
        {"bytes=-30", 10, BYTE_RANGE_PARTS, "0+10 "},
        {"bytes=-0", 10, BYTE_RANGE_NONE, ""},
        {"bytes=10-", 10, BYTE_RANGE_NONE, ""},
        {"bytes=5-3", 10, BYTE_RANGE_NONE, ""},
        {"bytes=0-", 0, BYTE_RANGE_NONE, ""},                    /* nothing of nothing */
        {"bytes=-5", 0, BYTE_RANGE_NONE, ""},
        {"bytes=0-0, 2-3 ,-1", 10, BYTE_RANGE_PARTS, "0+1 2+2 9+1 "},
        {"bytes=5-6,0-1", 10, BYTE_RANGE_PARTS, "5+2 0+2 "},     /* in the order asked for */
        {"bytes=0-1,50-60", 10, BYTE_RANGE_PARTS, "0+2 "},       /* those that exist */
        {"bytes=50-60,70-", 10, BYTE_RANGE_NONE, ""},
        {"bytes=,0-1,", 10, BYTE_RANGE_PARTS, "0+2 "},
        {"bytes=", 10, BYTE_RANGE_WHOLE, ""},
        {"bytes=a-b", 10, BYTE_RANGE_WHOLE, ""},                 /* not understood: ignored */
        {"bytes=1", 10, BYTE_RANGE_WHOLE, ""},
        {"bytes=0-1,x", 10, BYTE_RANGE_WHOLE, ""},
        {"bytes=--1", 10, BYTE_RANGE_WHOLE, ""},
        {"lines=0-1", 10, BYTE_RANGE_WHOLE, ""},
        {"bytes=18446744073709551615-", 10, BYTE_RANGE_WHOLE, ""},
        {"bytes=0-18446744073709551614", 10, BYTE_RANGE_PARTS, "0+10 "},
        {"bytes=0-18446744073709551616", 10, BYTE_RANGE_WHOLE, ""},
        {"bytes=0-9,0-9,0-9", 10, BYTE_RANGE_WHOLE, ""},         /* more than twice the whole */
    };

    EACH(c, cases) {
        struct byte_range parts[LIMIT_RANGES];
        struct buf        out = BUF_INIT(4096);
        size_t            count = 0;

        if (byte_range_parse(str_of(c->header), c->size, parts, &count) != c->want)
            fail_msg("%s of %llu", c->header, (unsigned long long)c->size);
        for (size_t i = 0; c->want == BYTE_RANGE_PARTS && i < count; i++)
            buf_addf(&out, "%llu+%llu ", (unsigned long long)parts[i].first,
                     (unsigned long long)parts[i].length);
        CHECK_STR(buf_str(&out), c->parts);
        buf_done(&out);
    }
}

TEST(many_ranges) {
    struct byte_range parts[LIMIT_RANGES];
    struct buf        header = BUF_INIT(65536);
    size_t            count = 0;

    buf_adds(&header, "bytes=0-0");
    for (int i = 1; i < LIMIT_RANGES; i++)
        buf_addf(&header, ",%d-%d", 2 * i, 2 * i);
    CHECK_EQ(byte_range_parse(buf_str(&header), 10000, parts, &count), BYTE_RANGE_PARTS);
    CHECK_EQ(count, LIMIT_RANGES);
    buf_adds(&header, ",1-1");
    CHECK_EQ(byte_range_parse(buf_str(&header), 10000, parts, &count), BYTE_RANGE_WHOLE);
    buf_done(&header);
}

TEST(chunks) {
    static const struct {
        const char *header;
        bool        ok;
        uint64_t    first, last;
    } cases[] = {
        {"0-4", true, 0, 4},          {"5-5", true, 5, 5},
        {"bytes 0-4/10", true, 0, 4}, {"bytes 0-4/*", true, 0, 4},
        {"bytes=0-4", true, 0, 4},    {" 0 - 4 ", true, 0, 4},
        {"4-0", false, 0, 0},         {"-4", false, 0, 0},
        {"0-", false, 0, 0},          {"", false, 0, 0},
        {"a-b", false, 0, 0},         {"0-9223372036854775808", false, 0, 0},
    };

    EACH(c, cases) {
        uint64_t first = 0, last = 0;

        CHECK_EQ(byte_range_of_chunk(str_of(c->header), &first, &last), c->ok);
        CHECK_EQ(first, c->first);
        CHECK_EQ(last, c->last);
    }
}

TEST(statuses) {
    static const struct {
        pw_code     code;
        const char *tag;
        int         status;
    } cases[] = {
        {PW_INVALID, "", 400},          {PW_INVALID, "NAME_INVALID", 400},
        {PW_NOT_FOUND, "", 404},        {PW_CONFLICT, "", 409},
        {PW_CONFLICT, "PRECONDITION", 412},
        {PW_DENIED, "", 403},           {PW_UNAUTHORIZED, "", 401},
        {PW_TOO_LARGE, "MANIFEST_INVALID", 413},
        {PW_TOO_LARGE, "TOO_MANY_TAGS", 414},
        {PW_UNSUPPORTED, "UNSUPPORTED", 405},
        {PW_UNSUPPORTED, "DIGEST_INVALID", 400}, /* an algorithm that is not kept here */
        {PW_RANGE, "", 416},            {PW_BUSY, "", 503},
        {PW_NO_SPACE, "", 507},         {PW_CORRUPT, "", 500},
        {PW_TIMEOUT, "", 408},          {PW_CANCELLED, "", 503},
        {PW_IO, "", 500},               {PW_MEMORY, "", 503},
        {PW_INTERNAL, "", 500},         {(pw_code)999, "", 500},
    };

    EACH(c, cases) {
        struct err err = {.code = c->code};

        strcpy(err.tag, c->tag);
        if (problems_status(c->code, &err) != c->status)
            fail_msg("%s %s is %d", pw_code_name(c->code), c->tag, problems_status(c->code, &err));
    }
}

RUN_TESTS(UNIT(ranges), UNIT(many_ranges), UNIT(chunks), UNIT(statuses))
