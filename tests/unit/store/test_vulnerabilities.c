/* Ratings, EPSS scores and the KEV catalogue; records as bytes. */
#include "store_fixture.h"

#include "base/limits.h"
#include "store/advisory_body.h"
#include "store/feeds.h"
#include "store/vulnerabilities.h"

static const struct import_label label = {STR_INIT("here"), STR_INIT("v1"), false};

/* --- facts in words --- */

struct look {
    const char *id;
    struct buf  text;
};

static pw_code look_up(struct txn *txn, void *arg, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT((size_t)1 << 20);
    struct look                  *l = arg;
    struct vulnerability_facts    facts;
    bool                          known;

    buf_clear(&l->text);
    PW_TRY(vulnerabilities_facts(txn, &arena, str_of(l->id), &facts, &known, err));
    if (!known) {
        buf_adds(&l->text, "unknown");
        return PW_OK;
    }
    buf_addf(&l->text, "epss %g %g kev %d published %d \"" STR_FMT "\"", facts.epss,
             facts.epss_percentile, (int)facts.kev_added_at, (int)facts.published_at,
             STR_ARG(facts.description));
    for (size_t i = 0; i < facts.rating_count; i++)
        buf_addf(&l->text, " " STR_FMT ":%.1f", STR_ARG(facts.ratings[i].source),
                 facts.ratings[i].score);
    return PW_OK;
}

static void check_facts(struct fixture *f, const char *id, const char *want) {
    struct look l = {id, BUF_INIT(4096)};
    struct err  err = ERR_NONE;

    CHECK_OK(store_read(f->store, look_up, &l, &err));
    CHECK_STR(buf_str(&l.text), want);
    buf_done(&l.text);
}

static pw_code take_mark(void *ctx, str ecosystem, str subject, struct err *err) {
    CHECK_STR(ecosystem, "");
    buf_addf(ctx, " " STR_FMT, STR_ARG(subject));
    return PW_OK;
}

static void check_marks(struct fixture *f, const char *feed, const char *want) {
    struct buf text = BUF_INIT(65536);
    struct err err = ERR_NONE;

    CHECK_OK(feeds_changes_each(f->store, str_of(feed), take_mark, &text, &err));
    CHECK_STR(buf_str(&text), want);
    buf_done(&text);
}

static pw_code count_mark(void *ctx, str ecosystem, str subject, struct err *err) {
    *(int *)ctx += 1;
    return PW_OK;
}

static int count_marks(struct fixture *f, const char *feed) {
    struct err err = ERR_NONE;
    int        count = 0;

    CHECK_OK(feeds_changes_each(f->store, str_of(feed), count_mark, &count, &err));
    return count;
}

/* --- ratings --- */

struct rated {
    const char *id;
    double      score;
    int64_t     modified_at;
};

static void import_rated(struct fixture *f, const struct rated *list, size_t count,
                         struct import_outcome *ret_outcome) {
    struct vulnerability_import *import;
    struct err                   err = ERR_NONE;

    CHECK_OK(vulnerabilities_import_begin(f->store, STR("nvd"), &import, &err));
    for (size_t i = 0; i < count; i++) {
        struct rating rating = {STR("nvd"), STR("CVSS_V3"), STR("CVSS:3.1/x"), true, list[i].score};
        struct vulnerability v = {.id = str_of(list[i].id),
                                  .description = STR("bad"),
                                  .ratings = &rating,
                                  .rating_count = 1,
                                  .published_at = 7,
                                  .modified_at = list[i].modified_at};

        CHECK_OK(vulnerabilities_import_add(import, &v, &err));
    }
    CHECK_OK(vulnerabilities_import_finish(import, &label, ret_outcome, &err));
    vulnerabilities_import_close(import);
}

STORE_TEST(ratings_are_replaced_by_newer_ones) {
    static const struct rated first[] = {{"CVE-1", 5.0, 10}, {"CVE-2", 6.0, 10}};
    static const struct rated second[] = {{"CVE-1", 9.8, 11}, {"CVE-2", 1.0, 9}, {"CVE-3", 2.0, 0}};
    struct import_outcome     outcome;

    check_facts(f, "CVE-1", "unknown");
    import_rated(f, first, 2, &outcome);
    CHECK_EQ(outcome.records, 2);
    CHECK_EQ(outcome.generation, 1);
    check_facts(f, "CVE-1", "epss -1 -1 kev 0 published 7 \"bad\" nvd:5.0");
    check_marks(f, "nvd", " CVE-1 CVE-2");
    import_rated(f, second, 3, &outcome);
    CHECK_EQ(outcome.added, 1);
    CHECK_EQ(outcome.changed, 1);
    CHECK_EQ(outcome.records, 3); /* of a part of the feed: nothing is removed */
    check_facts(f, "CVE-1", "epss -1 -1 kev 0 published 7 \"bad\" nvd:9.8");
    check_facts(f, "CVE-2",
                "epss -1 -1 kev 0 published 7 \"bad\" nvd:6.0"); /* an older file says otherwise */
    check_marks(f, "nvd", " CVE-1 CVE-3");
    import_rated(f, second, 3, &outcome);
    CHECK_EQ(outcome.changed, 0);
    CHECK_EQ(outcome.generation, 2);
    check_marks(f, "nvd", "");
}

/* Its rows are written, its marks are not seen: the next import sees them, though nothing differs. */
STORE_TEST(ratings_of_an_import_that_died_are_matched) {
    static const struct rated    none[] = {{"CVE-0", 5.0, 10}};
    struct vulnerability_import *dead;
    struct import_outcome        outcome;
    char                         id[32];

    CHECK_OK(vulnerabilities_import_begin(f->store, STR("nvd"), &dead, &err));
    for (int i = 0; i < LIMIT_IMPORT_ROWS / 2; i++) { /* one batch */
        struct rating        rating = {STR("nvd"), STR("CVSS_V3"), STR("CVSS:3.1/x"), true, 5.0};
        struct vulnerability v = {.description = STR("bad"),
                                  .ratings = &rating,
                                  .rating_count = 1,
                                  .published_at = 7,
                                  .modified_at = 10};

        snprintf(id, sizeof id, "CVE-%d", i);
        v.id = str_of(id);
        CHECK_OK(vulnerabilities_import_add(dead, &v, &err));
    }
    vulnerabilities_import_close(dead);
    check_facts(f, "CVE-0", "epss -1 -1 kev 0 published 7 \"bad\" nvd:5.0");
    check_marks(f, "nvd", "");
    import_rated(f, none, 1, &outcome);
    CHECK_EQ(outcome.generation, 1);
    CHECK_EQ(count_marks(f, "nvd"), LIMIT_IMPORT_ROWS / 2);
}

STORE_TEST(more_ratings_than_a_batch) {
    struct vulnerability_import *import;
    struct import_outcome        outcome;
    char                         id[32];

    CHECK_OK(vulnerabilities_import_begin(f->store, STR("nvd"), &import, &err));
    for (int i = 0; i < 1000; i++) {
        struct vulnerability v = {.published_at = i + 1};

        snprintf(id, sizeof id, "CVE-%d", i);
        v.id = str_of(id);
        CHECK_OK(vulnerabilities_import_add(import, &v, &err));
    }
    CHECK_OK(vulnerabilities_import_finish(import, &label, &outcome, &err));
    vulnerabilities_import_close(import);
    CHECK_EQ(outcome.records, 1000);
    check_facts(f, "CVE-999", "epss -1 -1 kev 0 published 1000 \"\"");
}

/* --- EPSS --- */

static pw_code import_epss(struct fixture *f, int from, int to, double score, bool force,
                           struct import_outcome *ret_outcome) {
    struct vulnerability_import *import;
    struct import_label          forced = label;
    struct err                   err = ERR_NONE;
    pw_code                      code;
    char                         cve[32];

    forced.force = force;
    CHECK_OK(vulnerabilities_import_begin(f->store, STR("epss"), &import, &err));
    for (int i = to - 1; i >= from; i--) { /* in no order that helps */
        snprintf(cve, sizeof cve, "CVE-%04d", i);
        CHECK_OK(vulnerabilities_import_epss(
            import, &(struct epss_score){str_of(cve), i % 2 ? score : 0.125, 0.5}, &err));
    }
    code = vulnerabilities_import_finish(import, &forced, ret_outcome, &err);
    vulnerabilities_import_close(import);
    return code;
}

STORE_TEST(scores_are_replaced_as_a_whole) {
    struct import_outcome outcome;

    CHECK_EQ(import_epss(f, 0, 1000, 0.25, false, &outcome), PW_OK);
    CHECK_EQ(outcome.added, 1000);
    check_facts(f, "CVE-0001", "epss 0.25 0.5 kev 0 published 0 \"\"");
    CHECK_EQ(import_epss(f, 10, 1010, 0.75, false, &outcome), PW_OK);
    CHECK_EQ(outcome.added, 10);
    CHECK_EQ(outcome.retired, 10);
    CHECK_EQ(outcome.changed, 495);
    CHECK_EQ(outcome.unchanged, 495);
    CHECK_EQ(outcome.records, 1000);
    check_facts(f, "CVE-0001", "unknown");
    check_facts(f, "CVE-0011", "epss 0.75 0.5 kev 0 published 0 \"\"");
    check_facts(f, "CVE-0012", "epss 0.125 0.5 kev 0 published 0 \"\"");
    check_marks(f, "epss", ""); /* scores decide nothing */
    CHECK_EQ(import_epss(f, 10, 300, 0.75, false, &outcome), PW_CONFLICT); /* cut short */
    check_facts(f, "CVE-0999", "epss 0.75 0.5 kev 0 published 0 \"\"");
    CHECK_EQ(import_epss(f, 10, 300, 0.75, true, &outcome), PW_OK);
    check_facts(f, "CVE-0999", "unknown");
}

/* --- KEV --- */

static void import_kev(struct fixture *f, const struct kev_entry *list, size_t count) {
    struct vulnerability_import *import;
    struct import_outcome        outcome;
    struct err                   err = ERR_NONE;

    CHECK_OK(vulnerabilities_import_begin(f->store, STR("kev"), &import, &err));
    for (size_t i = 0; i < count; i++)
        CHECK_OK(vulnerabilities_import_kev(import, &list[i], &err));
    CHECK_OK(vulnerabilities_import_finish(import, &label, &outcome, &err));
    vulnerabilities_import_close(import);
}

STORE_TEST(exploited_ones_are_marked_when_they_change) {
    static const struct kev_entry first[] = {{STR_INIT("CVE-2"), 100, 200, true},
                                             {STR_INIT("CVE-1"), 100, 200, true}};
    static const struct kev_entry second[] = {{STR_INIT("CVE-3"), 300, 0, false},
                                              {STR_INIT("CVE-1"), 100, 200, true}};

    import_kev(f, first, 2);
    check_facts(f, "CVE-2", "epss -1 -1 kev 100 published 0 \"\"");
    check_marks(f, "kev", " CVE-1 CVE-2");
    import_kev(f, second, 2);
    check_facts(f, "CVE-2", "unknown");
    check_facts(f, "CVE-3", "epss -1 -1 kev 300 published 0 \"\"");
    check_marks(f, "kev", " CVE-2 CVE-3");
}

STORE_TEST(all_three_meet_in_one_answer) {
    static const struct rated     rated[] = {{"CVE-0003", 5.0, 10}};
    static const struct kev_entry exploited[] = {{STR_INIT("CVE-0003"), 100, 200, true}};
    struct import_outcome         outcome;

    import_rated(f, rated, 1, &outcome);
    CHECK_EQ(import_epss(f, 0, 5, 0.5, false, &outcome), PW_OK);
    import_kev(f, exploited, 1);
    check_facts(f, "CVE-0003", "epss 0.5 0.5 kev 100 published 7 \"bad\" nvd:5.0");
}

/* --- ratings of a distribution's record of the same CVE --- */

static void import_twin(struct fixture *f, const char *feed, const char *name, double score) {
    struct advisory_import *import;
    struct import_outcome   outcome;
    struct rating   rating = {STR("debian"), STR("CVSS_V3"), STR("CVSS:3.1/x"), true, score};
    struct err      err = ERR_NONE;
    struct advisory twin = {
        .id = str_of(name), .summary = STR("twin"), .ratings = &rating, .rating_count = 1};

    CHECK_OK(advisories_import_begin(f->store, str_of(feed), strcmp(feed, "sample") == 0, &import,
                                     &err));
    CHECK_OK(advisories_import_add(import, twin.id, &twin, &err));
    CHECK_OK(advisories_import_finish(import, &label, &outcome, &err));
    advisories_import_close(import);
}

STORE_TEST(a_record_of_the_same_cve_brings_ratings) {
    static const struct rated nvd[] = {{"CVE-1", 9.8, 11}};
    struct import_outcome     outcome;

    import_twin(f, "sample", "DEBIAN-CVE-1", 5.0);
    check_facts(f, "CVE-1", "epss -1 -1 kev 0 published 0 \"twin\" sample:5.0");
    check_facts(f, "CVE-11", "unknown"); /* the whole id counts */
    check_facts(f, "GHSA-1", "unknown");
    import_twin(f, "osv", "ALPINE-CVE-1", 6.0); /* real before sample */
    check_facts(f, "CVE-1", "epss -1 -1 kev 0 published 0 \"twin\" osv:6.0");
    import_rated(f, nvd, 1, &outcome); /* NVD before both */
    check_facts(f, "CVE-1", "epss -1 -1 kev 0 published 7 \"bad\" nvd:9.8");
}

/* --- bytes --- */

static void fill(struct advisory *a) {
    static str                texts[] = {STR_INIT("CVE-1"), STR_INIT(""), STR_INIT("CVE-2")};
    static struct range_event events[] = {{EVENT_INTRODUCED, STR_INIT("0")},
                                          {EVENT_LAST_AFFECTED, STR_INIT("1")},
                                          {EVENT_LIMIT, STR_INIT("*")}};
    static struct range       ranges[] = {{RANGE_SEMVER, events, 3}, {RANGE_ECOSYSTEM, events, 1}};
    static struct rating      ratings[] = {
             {STR_INIT("nvd"), STR_INIT("CVSS_V3"), STR_INIT("v"), true, 9.8},
             {STR_INIT("ghsa"), STR_INIT("word"), STR_INIT("LOW"), false, 0},
             {STR_INIT("x"), STR_INIT("CVSS_V3"), STR_INIT("w"), true, 0.0}};
    static struct affected affected[] = {
        {STR_INIT("Debian:12"), STR_INIT("a"), STATUS_NOT_AFFECTED, STR_INIT("low**"), texts, 3,
         ranges, 2, ratings, 3},
        {STR_INIT("Debian"), STR_INIT("a"), STATUS_OPEN, STR_INIT(""), NULL, 0, NULL, 0, NULL, 0},
        {STR_INIT("Debian:12"), STR_INIT("b"), STATUS_AFFECTED, STR_INIT(""), NULL, 0, ranges, 1,
         NULL, 0},
    };

    *a = (struct advisory){STR("ID"), texts, 3,       texts, 1,        STR("sum"), STR("det"), -5,
                           INT64_MAX, 77,    ratings, 3,     affected, 3,          texts,      2};
}

TEST(records_come_back_as_they_were) {
    AUTO(arena_done) struct arena arena = ARENA_INIT((size_t)1 << 20);
    AUTO(buf_done) struct buf     first = BUF_INIT(65536), second = BUF_INIT(65536);
    struct advisory               a, b;
    struct err                    err = ERR_NONE;

    fill(&a);
    advisory_body_write(&first, &a);
    CHECK_OK(advisory_body_read(&arena, buf_str(&first), STR_NONE, STR_NONE, &b, &err));
    advisory_body_write(&second, &b);
    CHECK(str_eq(buf_str(&first), buf_str(&second)));
    CHECK_EQ(b.modified_at, INT64_MAX);
    CHECK_EQ(b.published_at, -5);
    CHECK_EQ(b.affected[0].status, STATUS_NOT_AFFECTED);
    CHECK(b.ratings[0].scored && b.ratings[0].score == 9.8);
    CHECK(b.ratings[2].scored && b.ratings[2].score == 0.0);
    CHECK(!b.ratings[1].scored);
}

TEST(only_one_package_is_read) {
    AUTO(arena_done) struct arena arena = ARENA_INIT((size_t)1 << 20);
    AUTO(buf_done) struct buf     body = BUF_INIT(65536);
    struct advisory               a, b;
    struct err                    err = ERR_NONE;

    fill(&a);
    advisory_body_write(&body, &a);
    CHECK_OK(advisory_body_read(&arena, buf_str(&body), STR("Debian:12"), STR("a"), &b, &err));
    CHECK_EQ(b.affected_count, 2); /* of this release, and of all */
    CHECK_OK(advisory_body_read(&arena, buf_str(&body), STR("Debian:11"), STR("a"), &b, &err));
    CHECK_EQ(b.affected_count, 1);
    CHECK_OK(advisory_body_read(&arena, buf_str(&body), STR("Debian:12"), STR("c"), &b, &err));
    CHECK_EQ(b.affected_count, 0);
}

TEST(a_touched_record_has_the_same_hash) {
    AUTO(buf_done) struct buf body = BUF_INIT(65536);
    struct advisory           a;
    uint64_t                  hash;

    fill(&a);
    advisory_body_write(&body, &a);
    hash = advisory_body_hash(buf_str(&body));
    a.modified_at = 5;
    buf_clear(&body);
    advisory_body_write(&body, &a);
    CHECK(advisory_body_hash(buf_str(&body)) == hash);
    a.withdrawn_at = 6;
    buf_clear(&body);
    advisory_body_write(&body, &a);
    CHECK(advisory_body_hash(buf_str(&body)) != hash);
}

TEST(bytes_cut_short_are_refused) {
    AUTO(buf_done) struct buf body = BUF_INIT(65536);
    struct advisory           a, b;
    struct err                err = ERR_NONE;

    fill(&a);
    advisory_body_write(&body, &a);
    for (size_t n = 0; n < body.len; n++) {
        AUTO(arena_done) struct arena arena = ARENA_INIT((size_t)1 << 20);

        CHECK_EQ(
            advisory_body_read(&arena, str_sub(buf_str(&body), 0, n), STR_NONE, STR_NONE, &b, &err),
            PW_CORRUPT);
    }
}

RUN_TESTS(STORE_UNITS(ratings_are_replaced_by_newer_ones),
          STORE_UNITS(ratings_of_an_import_that_died_are_matched),
          STORE_UNITS(more_ratings_than_a_batch), STORE_UNITS(scores_are_replaced_as_a_whole),
          STORE_UNITS(exploited_ones_are_marked_when_they_change),
          STORE_UNITS(all_three_meet_in_one_answer),
          STORE_UNITS(a_record_of_the_same_cve_brings_ratings),
          UNIT(records_come_back_as_they_were), UNIT(only_one_package_is_read),
          UNIT(a_touched_record_has_the_same_hash), UNIT(bytes_cut_short_are_refused))
