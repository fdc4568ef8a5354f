/* test_states.c - which state an image is in, and why. */
#include "model/image_state.h"
#include "test.h"

#define OS "Debian:12"

TEST(states_of_images) {
    static const struct {
        struct image_facts facts;
        enum image_state   want;
        const char        *reason;
        enum coverage      coverage;
    } cases[] = {
        {{.progress = PROGRESS_WAITING}, IMAGE_PENDING, "waits for its scan", COVERAGE_UNSCANNED},
        {{.progress = PROGRESS_NOT_APPLICABLE, .reason = STR_INIT("an index")},
         IMAGE_NOT_APPLICABLE,
         "an index",
         COVERAGE_UNSCANNED},
        {{.progress = PROGRESS_FAILED, .reason = STR_INIT("disk full")},
         IMAGE_UNSCANNED,
         "disk full",
         COVERAGE_UNSCANNED},
        /* everything read, every stream complete and fresh: the only way to be healthy */
        {{.progress = PROGRESS_SCANNED,
          .coverage = COVERAGE_FULL,
          .streams = 2,
          .covered = 2,
          .judged = 2},
         IMAGE_HEALTHY,
         "",
         COVERAGE_FULL},
        /* one active finding decides, whatever is missing besides */
        {{.progress = PROGRESS_SCANNED,
          .coverage = COVERAGE_PARTIAL,
          .active = 1,
          .streams = 1,
          .incomplete = STR_INIT("a jar"),
          .uncovered = STR_INIT(OS),
          .why_uncovered = COVER_NONE},
         IMAGE_UNHEALTHY,
         "",
         COVERAGE_UNSCANNED},
        /* nothing active, but not everything read */
        {{.progress = PROGRESS_SCANNED,
          .coverage = COVERAGE_PARTIAL,
          .incomplete = STR_INIT("a jar was not read"),
          .streams = 1,
          .covered = 1,
          .judged = 1},
         IMAGE_PARTLY_SCANNED,
         "a jar was not read",
         COVERAGE_PARTIAL},
        {{.progress = PROGRESS_SCANNED,
          .coverage = COVERAGE_UNSCANNED,
          .incomplete = STR_INIT("no packages")},
         IMAGE_UNSCANNED,
         "no packages",
         COVERAGE_UNSCANNED},
        /* read, but nobody can say anything about it */
        {{.progress = PROGRESS_SCANNED, .coverage = COVERAGE_FULL},
         IMAGE_UNSCANNED,
         "no packages found",
         COVERAGE_FULL},
        {{.progress = PROGRESS_SCANNED,
          .coverage = COVERAGE_FULL,
          .streams = 1,
          .uncovered = STR_INIT(OS),
          .why_uncovered = COVER_NONE},
         IMAGE_UNSCANNED,
         "no advisories for " OS " were imported",
         COVERAGE_UNSCANNED},
        {{.progress = PROGRESS_SCANNED,
          .coverage = COVERAGE_FULL,
          .streams = 1,
          .uncovered = STR_INIT("Slackware"),
          .why_uncovered = COVER_IMPOSSIBLE},
         IMAGE_UNSCANNED,
         "no feed has advisories for Slackware",
         COVERAGE_UNSCANNED},
        /* judged by something, but not by everything there is to know */
        {{.progress = PROGRESS_SCANNED,
          .coverage = COVERAGE_FULL,
          .streams = 1,
          .judged = 1,
          .uncovered = STR_INIT(OS),
          .why_uncovered = COVER_SAMPLE},
         IMAGE_PARTLY_SCANNED,
         "only sample advisories for " OS,
         COVERAGE_PARTIAL},
        {{.progress = PROGRESS_SCANNED,
          .coverage = COVERAGE_FULL,
          .streams = 1,
          .judged = 1,
          .uncovered = STR_INIT(OS),
          .why_uncovered = COVER_STALE},
         IMAGE_PARTLY_SCANNED,
         "the advisories for " OS " are out of date",
         COVERAGE_PARTIAL},
        {{.progress = PROGRESS_SCANNED,
          .coverage = COVERAGE_FULL,
          .streams = 1,
          .judged = 1,
          .uncovered = STR_INIT("npm"),
          .why_uncovered = COVER_PART},
         IMAGE_PARTLY_SCANNED,
         "only a part of the advisories for npm was imported",
         COVERAGE_PARTIAL},
        {{.progress = PROGRESS_SCANNED,
          .coverage = COVERAGE_FULL,
          .streams = 3,
          .covered = 1,
          .judged = 1,
          .uncovered = STR_INIT("npm"),
          .why_uncovered = COVER_NONE},
         IMAGE_PARTLY_SCANNED,
         "no advisories for npm were imported (and 1 more)",
         COVERAGE_PARTIAL},
    };
    char reason[IMAGE_REASON_SIZE];

    EACH (c, cases) {
        CHECK_EQ(image_state_judge(&c->facts, reason), c->want);
        CHECK_TEXT(reason, c->reason);
        if (c->facts.progress == PROGRESS_SCANNED)
            CHECK_EQ(image_state_coverage(&c->facts), c->coverage);
    }
}

TEST(a_long_reason_is_cut) {
    static char        text[2 * IMAGE_REASON_SIZE];
    char               reason[IMAGE_REASON_SIZE];
    struct image_facts facts = {.progress = PROGRESS_FAILED};

    memset(text, 'x', sizeof text);
    facts.reason = str_make(text, sizeof text);
    CHECK_EQ(image_state_judge(&facts, reason), IMAGE_UNSCANNED);
    CHECK_EQ(strlen(reason), IMAGE_REASON_SIZE - 1);
}

TEST(only_fixed_and_open_count) {
    CHECK(finding_is_active(FINDING_FIXED));
    CHECK(finding_is_active(FINDING_OPEN));
    CHECK(!finding_is_active(FINDING_UNIMPORTANT));
    CHECK(!finding_is_active(FINDING_END_OF_LIFE));
    CHECK(!finding_is_active(FINDING_UNDETERMINED));
    CHECK(!finding_is_active(FINDING_NOT_AFFECTED));
}

TEST(words_are_read_back) {
    for (int i = PROGRESS_WAITING; i <= PROGRESS_NOT_APPLICABLE; i++) {
        enum image_progress progress;

        CHECK(image_progress_parse(str_of(image_progress_word((enum image_progress)i)), &progress));
        CHECK_EQ(progress, i);
    }
    for (int i = COVERAGE_UNSCANNED; i <= COVERAGE_FULL; i++) {
        enum coverage coverage;

        CHECK(coverage_parse(str_of(coverage_word((enum coverage)i)), &coverage));
        CHECK_EQ(coverage, i);
    }
    CHECK(!coverage_parse(STR("most"), &(enum coverage){0}));
}

RUN_TESTS(UNIT(states_of_images), UNIT(a_long_reason_is_cut), UNIT(only_fixed_and_open_count),
          UNIT(words_are_read_back))
