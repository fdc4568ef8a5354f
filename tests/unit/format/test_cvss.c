/* CVSS base scores: cases, every published score at hand, and the whole space of v3.1. */
#include <math.h>
#include "base/limits.h"
#include "format/cvss.h"
#include "format/feed_file.h"
#include "format/json.h"
#include "format/json_stream.h"
#include "test.h"

/* "vector = version score" or "vector ! error" */
static void one_case(void *ctx, str line, int number) {
    size_t      equals = str_find(line, STR(" = ")), refused = str_find(line, STR(" ! "));
    struct err  err = ERR_NONE;
    struct cvss cvss;
    char        got[64];
    pw_code     code;

    code = cvss_parse(str_sub(line, 0, MIN_OF(equals, refused)), &cvss, &err);
    if (refused != STR_NPOS) {
        CHECK(code == PW_INVALID || code == PW_UNSUPPORTED);
        check_str(str_from(line, refused + 3), err_text(&err), __FILE__, number);
        return;
    }
    check_ok(code, &err, "tests/cases/cvss/scores.txt", number);
    if (cvss.scored)
        snprintf(got, sizeof got, "%s %.1f", cvss_version_text(cvss.version), cvss.score);
    else
        snprintf(got, sizeof got, "%s none", cvss_version_text(cvss.version));
    check_str(str_from(line, equals + 3), got, "tests/cases/cvss/scores.txt", number);
}

TEST(cases) {
    case_file("cvss/scores.txt", one_case, NULL);
}

TEST(length_ceiling) {
    static char text[LIMIT_VECTOR_BYTES + 1];
    struct err  err = ERR_NONE;
    struct cvss cvss;

    CHECK_EQ(cvss_parse(STR_NONE, &cvss, &err), PW_INVALID);
    CHECK_TEXT(err_text(&err), "a CVSS vector has 1 to 512 characters, not 0");
    memset(text, 'A', sizeof text);
    CHECK_EQ(cvss_parse(str_make(text, sizeof text), &cvss, &err), PW_INVALID);
    CHECK_TEXT(err_text(&err), "a CVSS vector has 1 to 512 characters, not 513");
}

/* Every one of the 2,592 base vectors has a score with one decimal, and more impact never
 * lowers it. */
TEST(the_whole_space) {
    static const char *const av[] = {"P", "L", "A", "N"}, *const ac[] = {"H", "L"},
                             *const pr[] = {"H", "L", "N"}, *const ui[] = {"R", "N"},
                             *const s[] = {"U", "C"}, *const cia[] = {"N", "L", "H"};

    for (unsigned n = 0; n < 4 * 2 * 3 * 2 * 2 * 9; n++) {
        unsigned base = n / 9;
        double   before = -1;

        for (unsigned a = 0; a < 3; a++) {
            char        vector[80];
            struct err  err = ERR_NONE;
            struct cvss cvss;

            snprintf(vector, sizeof vector, "CVSS:3.1/AV:%s/AC:%s/PR:%s/UI:%s/S:%s/C:%s/I:%s/A:%s",
                     av[base % 4], ac[base / 4 % 2], pr[base / 8 % 3], ui[base / 24 % 2],
                     s[base / 48 % 2], cia[n % 3], cia[n / 3 % 3], cia[a]);
            CHECK_OK(cvss_parse(str_of(vector), &cvss, &err));
            CHECK(cvss.score >= before && cvss.score <= 10);
            CHECK(fabs(cvss.score * 10 - round(cvss.score * 10)) < 1e-9);
            before = cvss.score;
        }
    }
}

static void check_published(const json_t *metrics, const char *key, unsigned *done,
                            unsigned *wrong) {
    size_t  i;
    json_t *metric;

    json_array_foreach(json_opt_list(metrics, key), i, metric) {
        json_t     *data = json_opt_object(metric, "cvssData");
        str         vector = json_opt_str(data, "vectorString");
        double      want = json_opt_double(data, "baseScore", -1);
        struct err  err = ERR_NONE;
        struct cvss cvss;

        CHECK_OK(cvss_parse(vector, &cvss, &err));
        if (fabs(cvss.score - want) > 0.001) {
            print_error(STR_FMT ": %.1f, published %.1f\n", STR_ARG(vector), cvss.score, want);
            (*wrong)++;
        }
        (*done)++;
    }
}

struct tally {
    unsigned done, wrong;
};

static pw_code one_record(void *ctx, const struct json_member *member, struct err *err) {
    AUTO(json_endp) json_t *record = NULL;
    struct tally           *tally = ctx;
    json_t                 *metrics;

    if (!str_eq(member->parent, STR("vulnerabilities")))
        return PW_OK;
    PW_TRY(json_parse(member->text, LIMIT_ADVISORY_BYTES, &record, err));
    metrics = json_opt_object(json_opt_object(record, "cve"), "metrics");
    check_published(metrics, "cvssMetricV2", &tally->done, &tally->wrong);
    check_published(metrics, "cvssMetricV30", &tally->done, &tally->wrong);
    check_published(metrics, "cvssMetricV31", &tally->done, &tally->wrong);
    return PW_OK;
}

static pw_code one_file(void *ctx, str name, struct pull_source bytes, struct err *err) {
    return json_stream_walk(bytes, 2, (struct json_visitor){ctx, one_record}, err);
}

TEST(published_scores) {
    const char         *data = shared_testdata();
    struct tally        tally = {0};
    struct feed_visitor visitor = {.ctx = &tally, .each = one_file};
    struct err          err = ERR_NONE;
    char                path[1100];

    if (data == NULL)
        SKIP("the shared test data is absent");
    snprintf(path, sizeof path, "%s/feeds/nvd", data);
    CHECK_OK(feed_file_walk(path, &visitor, &err));
    print_message("%u published scores\n", tally.done);
    CHECK_EQ(tally.wrong, 0);
    CHECK(tally.done > 9000);
}

RUN_TESTS(UNIT(cases), UNIT(length_ceiling), UNIT(the_whole_space), UNIT(published_scores))
