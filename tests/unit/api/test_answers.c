/* Parts of answers that need no server: Content-Range and errors. */
#include "api/api.h"
#include "api/byte_range.h"
#include "api/problems.h"
#include "test.h"

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

    EACH (c, cases) {
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
        {PW_INVALID, "", 400},
        {PW_INVALID, "NAME_INVALID", 400},
        {PW_NOT_FOUND, "", 404},
        {PW_CONFLICT, "", 409},
        {PW_CONFLICT, "PRECONDITION", 412},
        {PW_DENIED, "", 403},
        {PW_UNAUTHORIZED, "", 401},
        {PW_TOO_LARGE, "MANIFEST_INVALID", 413},
        {PW_TOO_LARGE, "TOO_MANY_TAGS", 414},
        {PW_UNSUPPORTED, "UNSUPPORTED", 405},
        {PW_UNSUPPORTED, "DIGEST_INVALID", 400}, /* an algorithm that is not kept here */
        {PW_RANGE, "", 416},
        {PW_BUSY, "", 503},
        {PW_NO_SPACE, "", 507},
        {PW_CORRUPT, "", 500},
        {PW_TIMEOUT, "", 408},
        {PW_CANCELLED, "", 503},
        {PW_IO, "", 500},
        {PW_MEMORY, "", 503},
        {PW_INTERNAL, "", 500},
        {(pw_code)999, "", 500},
    };

    EACH (c, cases) {
        struct err err = {.code = c->code};

        strcpy(err.tag, c->tag);
        if (problems_status(c->code, &err) != c->status)
            fail_msg("%s %s is %d", pw_code_name(c->code), c->tag, problems_status(c->code, &err));
    }
}

RUN_TESTS(UNIT(chunks), UNIT(statuses))
