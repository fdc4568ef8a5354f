/* The Range header as a function of its text and the length. */
#include "http/range.h"
#include "test.h"

TEST(headers) {
    static const struct {
        const char *header;
        uint64_t    size;
        const char *want; /* first+length ..., "whole" or "none" */
    } cases[] = {
        {"", 100, "whole"},
        {"bytes=0-9", 100, "0+10 "},
        {"bytes=0-0", 100, "0+1 "},
        {"bytes=90-", 100, "90+10 "},
        {"bytes=90-1000", 100, "90+10 "}, /* clipped */
        {"bytes=-10", 100, "90+10 "},
        {"bytes=-1000", 100, "0+100 "},
        {"bytes=0-9,20-29", 100, "0+10 20+10 "},
        {"bytes=0-9, 20-29 ,-5", 100, "0+10 20+10 95+5 "},
        {"BYTES=0-9", 100, "0+10 "},
        {"bytes=99-99", 100, "99+1 "},
        {"bytes=100-", 100, "none"},
        {"bytes=100-200", 100, "none"},
        {"bytes=-0", 100, "none"},
        {"bytes=0-", 0, "none"},
        {"bytes=-1", 0, "none"},
        {"bytes=500-0", 1000, "none"},    /* OCI conformance */
        {"bytes=0-9,200-", 100, "0+10 "}, /* one fits: that one */
        {"bytes=0-18446744073709551615", 100, "0+100 "},
        {"bytes=18446744073709551615-", 100, "none"},
        {"bytes=18446744073709551616-", 100, "whole"}, /* not a number of ours */
        {"bytes=", 100, "whole"},
        {"bytes=,", 100, "whole"},
        {"bytes=-", 100, "whole"},
        {"bytes=a-b", 100, "whole"},
        {"bytes=1", 100, "whole"},
        {"bytes=1-2-3", 100, "whole"},
        {"bytes=+1-2", 100, "whole"},
        {"bytes 0-9", 100, "whole"},
        {"lines=0-9", 100, "whole"},
        {"bytes=0-99,0-99", 100, "whole"}, /* more than all of it */
        {"bytes=0-,0-,0-,0-,0-", 100, "whole"},
        {"bytes=0-0,1-1,2-2,3-3,4-4", 100, "whole"}, /* more parts than the caller serves (4) */
        {"bytes=,,0-9,", 100, "0+10 "},
    };
    EACH (c, cases) {
        struct http_range      ranges[4];
        size_t                 count = 0;
        char                   got[256] = "";
        enum http_range_answer answer;

        answer = http_range_parse(str_of(c->header), c->size, ranges, COUNT_OF(ranges), &count);
        if (answer == HTTP_RANGE_WHOLE)
            strcpy(got, "whole");
        else if (answer == HTTP_RANGE_NONE_FITS)
            strcpy(got, "none");
        else
            for (size_t i = 0; i < count; i++)
                snprintf(got + strlen(got), sizeof got - strlen(got), "%llu+%llu ",
                         (unsigned long long)ranges[i].first, (unsigned long long)ranges[i].length);
        print_message("%s\n", c->header);
        CHECK_TEXT(got, c->want);
    }
}

RUN_TESTS(UNIT(headers))
