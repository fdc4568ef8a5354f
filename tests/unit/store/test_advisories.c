/* Generations of records: what is visible, what is retired, who answers, what is marked. */
#include "store_fixture.h"

#include "base/limits.h"
#include "store/advisories.h"
#include "store/advisory_body.h"
#include "store/advisory_import.h"
#include "store/feeds.h"
#include "store/jobs.h"
#include "store/vulnerabilities.h"

/* --- records in few words: "ECOSYSTEM PACKAGE [ECOSYSTEM PACKAGE ...]" affected below `fixed` --- */

struct record {
    struct advisory    advisory;
    struct affected    affected[4];
    struct range       ranges[4];
    struct range_event events[4][2];
};

static const struct advisory *record_of(struct record *r, const char *id, const char *packages,
                                        const char *fixed) {
    str    rest = str_of(packages), word;
    size_t n = 0;

    *r = (struct record){.advisory = {.id = str_of(id), .affected = r->affected}};
    while (str_cut(&rest, ' ', &word)) {
        struct affected *a = &r->affected[n];

        a->ecosystem = word;
        str_cut(&rest, ' ', &a->package);
        r->events[n][0] = (struct range_event){EVENT_INTRODUCED, STR("0")};
        r->events[n][1] = (struct range_event){EVENT_FIXED, str_of(fixed)};
        r->ranges[n] = (struct range){RANGE_ECOSYSTEM, r->events[n], 2};
        a->ranges = &r->ranges[n];
        a->range_count = 1;
        n++;
    }
    r->advisory.affected_count = n;
    return &r->advisory;
}

struct line {
    const char *id, *packages, *fixed; /* id NULL at the end */
};

static void add_lines(struct advisory_import *import, const struct line *lines) {
    struct err    err = ERR_NONE;
    struct record r;

    for (; lines->id != NULL; lines++)
        CHECK_OK(advisories_import_add(import, str_of(lines->id),
                                       record_of(&r, lines->id, lines->packages, lines->fixed),
                                       &err));
}

static pw_code import_lines(struct fixture *f, const char *feed, const struct line *lines,
                            const struct import_scope *scope, struct import_outcome *ret_outcome) {
    struct advisory_import *import;
    struct import_label     label = {STR("here"), STR("v1"), false};
    struct err              err = ERR_NONE;
    pw_code                 code;

    CHECK_OK(advisories_import_begin(f->store, str_of(feed), strcmp(feed, "sample") == 0, &import,
                                     &err));
    add_lines(import, lines);
    if (scope != NULL)
        CHECK_OK(advisories_import_scope(import, scope, &err));
    code = advisories_import_finish(import, &label, ret_outcome, &err);
    advisories_import_close(import);
    return code;
}

static const struct import_scope all = {.kind = IMPORT_SCOPE_ALL};

/* --- looking: "feed:id<fixed feed:id<fixed" --- */

struct look {
    const char *ecosystem, *package;
    struct buf  text;
};

static pw_code look_up(struct txn *txn, void *arg, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT((size_t)16 << 20);
    struct look                  *l = arg;
    struct candidate_list         list;

    buf_clear(&l->text);
    PW_TRY(
        advisories_candidates(txn, &arena, str_of(l->ecosystem), str_of(l->package), &list, err));
    for (size_t i = 0; i < list.count; i++)
        buf_addf(&l->text, "%s" STR_FMT ":" STR_FMT "<" STR_FMT, i > 0 ? " " : "",
                 STR_ARG(list.items[i].feed), STR_ARG(list.items[i].advisory->id),
                 STR_ARG(list.items[i].affected->ranges[0].events[1].version));
    return PW_OK;
}

static void check_candidates(struct fixture *f, const char *ecosystem, const char *package,
                             const char *want) {
    struct look l = {ecosystem, package, BUF_INIT(4096)};
    struct err  err = ERR_NONE;

    CHECK_OK(store_read(f->store, look_up, &l, &err));
    CHECK_STR(buf_str(&l.text), want);
    buf_done(&l.text);
}

/* --- marks: "ecosystem/subject ecosystem/subject" --- */

struct marks {
    struct buf text;
    int        stop_after; /* 0: never */
};

static pw_code take_mark(void *ctx, str ecosystem, str subject, struct err *err) {
    struct marks *m = ctx;

    if (m->stop_after > 0 && --m->stop_after == 0)
        return err_set(err, PW_BUSY, "stop");
    buf_addf(&m->text, "%s" STR_FMT "/" STR_FMT, m->text.len > 0 ? " " : "", STR_ARG(ecosystem),
             STR_ARG(subject));
    return PW_OK;
}

static void check_marks(struct fixture *f, const char *feed, const char *want) {
    struct marks m = {BUF_INIT(65536), 0};
    struct err   err = ERR_NONE;

    CHECK_OK(feeds_changes_each(f->store, str_of(feed), take_mark, &m, &err));
    CHECK_STR(buf_str(&m.text), want);
    buf_done(&m.text);
}

static pw_code count_jobs(struct txn *txn, void *arg, struct err *err) {
    int64_t failed;

    return jobs_count(txn, STR(FEEDS_REMATCH_JOB), arg, &failed, err);
}

static int64_t rematch_jobs(struct fixture *f) {
    int64_t    waiting = -1;
    struct err err = ERR_NONE;

    CHECK_OK(store_read(f->store, count_jobs, &waiting, &err));
    return waiting;
}

static pw_code fail_job(struct txn *txn, void *arg, struct err *err) {
    return jobs_fail(txn, ((struct job *)arg)->id, STR("no"), err);
}

/* --- tests --- */

STORE_TEST(nothing_is_visible_before_the_switch) {
    static const struct line lines[] = {
        {"CVE-1", "Debian:12 a Debian:11 a", "2"}, {"CVE-2", "Debian:12 b", "3"}, {0}};
    struct import_label     label = {STR("here"), STR("v1"), false};
    struct advisory_import *import;
    struct import_outcome   outcome;

    CHECK_OK(advisories_import_begin(f->store, STR("debian-tracker"), false, &import, &err));
    add_lines(import, lines);
    CHECK_OK(advisories_import_scope(import, &all, &err));
    check_candidates(f, "Debian:12", "a", "");
    CHECK_EQ(rematch_jobs(f), 0);
    CHECK_OK(advisories_import_finish(import, &label, &outcome, &err));
    advisories_import_close(import);
    CHECK_EQ(outcome.records, 2);
    CHECK_EQ(outcome.added, 2);
    CHECK_EQ(outcome.marks, 3);
    CHECK_EQ(outcome.generation, 1);
    check_candidates(f, "Debian:12", "a", "debian-tracker:CVE-1<2");
    check_candidates(f, "Debian:11", "a", "debian-tracker:CVE-1<2");
    check_candidates(f, "Debian:13", "a", "");
    check_candidates(f, "Debian:12", "c", "");
    CHECK_EQ(rematch_jobs(f), 1);
    check_marks(f, "debian-tracker", "Debian:11/a Debian:12/a Debian:12/b");
    check_marks(f, "debian-tracker", "");
}

STORE_TEST(an_import_without_finish_leaves_nothing) {
    static const struct line lines[] = {{"CVE-1", "Debian:12 a", "2"}, {0}};
    struct advisory_import  *import;
    struct import_outcome    outcome;

    CHECK_OK(advisories_import_begin(f->store, STR("osv"), false, &import, &err));
    add_lines(import, lines);
    advisories_import_close(import);
    check_candidates(f, "Debian:12", "a", "");
    CHECK_EQ(import_lines(f, "osv", lines, &all, &outcome), PW_OK); /* and is not in the way */
    CHECK_EQ(outcome.added, 1);
}

STORE_TEST(the_same_again_changes_nothing) {
    static const struct line lines[] = {
        {"CVE-1", "Debian:12 a", "2"}, {"CVE-2", "Debian:12 b", "3"}, {0}};
    struct import_outcome outcome;

    CHECK_EQ(import_lines(f, "osv", lines, &all, &outcome), PW_OK);
    check_marks(f, "osv", "Debian:12/a Debian:12/b");
    clock_move(&f->clock, 100);
    CHECK_EQ(import_lines(f, "osv", lines, &all, &outcome), PW_OK);
    CHECK_EQ(outcome.unchanged, 2);
    CHECK_EQ(outcome.added + outcome.changed + outcome.retired, 0);
    CHECK_EQ(outcome.generation, 1);
    check_marks(f, "osv", "");
}

STORE_TEST(only_what_changed_is_marked) {
    static const struct line before[] = {{"CVE-1", "Debian:12 a", "2"},
                                         {"CVE-2", "Debian:12 b", "3"},
                                         {"CVE-3", "Debian:12 c", "3"},
                                         {0}};
    static const struct line after[] = {{"CVE-1", "Debian:12 a", "2"},
                                        {"CVE-2", "Debian:12 moved", "3"},
                                        {"CVE-4", "Debian:12 d", "3"},
                                        {0}};
    struct import_outcome    outcome;

    CHECK_EQ(import_lines(f, "osv", before, &all, &outcome), PW_OK);
    check_marks(f, "osv", "Debian:12/a Debian:12/b Debian:12/c");
    CHECK_EQ(import_lines(f, "osv", after, &all, &outcome), PW_OK);
    CHECK_EQ(outcome.records, 3);
    CHECK_EQ(outcome.added, 1);
    CHECK_EQ(outcome.changed, 1);
    CHECK_EQ(outcome.unchanged, 1);
    CHECK_EQ(outcome.retired, 1);
    /* b: where the record was; moved: where it is; c: retired; d: new */
    check_marks(f, "osv", "Debian:12/b Debian:12/c Debian:12/d Debian:12/moved");
    check_candidates(f, "Debian:12", "b", "");
    check_candidates(f, "Debian:12", "moved", "osv:CVE-2<3");
    check_candidates(f, "Debian:12", "c", "");
    check_candidates(f, "Debian:12", "a", "osv:CVE-1<2");
}

STORE_TEST(without_a_scope_nothing_is_retired) {
    static const struct line before[] = {{"CVE-1", "npm a", "2"}, {"CVE-2", "npm b", "3"}, {0}};
    static const struct line after[] = {{"CVE-1", "npm a", "5"}, {0}};
    struct import_outcome    outcome;

    CHECK_EQ(import_lines(f, "osv", before, &all, &outcome), PW_OK);
    CHECK_EQ(import_lines(f, "osv", after, NULL, &outcome), PW_OK);
    CHECK_EQ(outcome.retired, 0);
    check_candidates(f, "npm", "a", "osv:CVE-1<5");
    check_candidates(f, "npm", "b", "osv:CVE-2<3");
}

STORE_TEST(a_scope_of_one_ecosystem_leaves_others_alone) {
    static const struct line before[] = {
        {"G-1", "npm a", "2"},       {"G-2", "Debian:12 b", "3"},
        {"G-3", "Debian:11 c", "3"}, {"G-4", "npm d Debian:12 d", "3"},
        {"G-5", "DebianX e", "3"},   {0}};
    static const struct line after[] = {{"G-2", "Debian:12 b", "3"}, {0}};
    struct import_scope      debian = {.kind = IMPORT_SCOPE_ECOSYSTEM, .ecosystem = STR("Debian")};
    struct import_outcome    outcome;

    CHECK_EQ(import_lines(f, "osv", before, &all, &outcome), PW_OK);
    CHECK_EQ(import_lines(f, "osv", after, &debian, &outcome), PW_OK);
    CHECK_EQ(outcome.retired, 2); /* G-3 and G-4 */
    check_candidates(f, "npm", "a", "osv:G-1<2");
    check_candidates(f, "Debian:12", "b", "osv:G-2<3");
    check_candidates(f, "DebianX", "e", "osv:G-5<3");
}

STORE_TEST(a_scope_of_one_prefix) {
    static const struct line before[] = {{"v3.18/main/a/C-1", "Alpine:v3.18 a", "2"},
                                         {"v3.18/community/b/C-1", "Alpine:v3.18 b", "2"},
                                         {0}};
    static const struct line after[] = {{"v3.18/main/x/C-1", "Alpine:v3.18 x", "2"}, {0}};
    struct import_scope      main_part = {IMPORT_SCOPE_PREFIX, STR("Alpine:v3.18"), STR("main"),
                                          STR("v3.18/main/")};
    struct import_outcome    outcome;

    CHECK_EQ(import_lines(f, "alpine-secdb", before, NULL, &outcome), PW_OK);
    CHECK_EQ(import_lines(f, "alpine-secdb", after, &main_part, &outcome), PW_OK);
    CHECK_EQ(outcome.retired, 1);
    check_candidates(f, "Alpine:v3.18", "a", "");
    check_candidates(f, "Alpine:v3.18", "b", "alpine-secdb:v3.18/community/b/C-1<2");
    check_candidates(f, "Alpine:v3.18", "x", "alpine-secdb:v3.18/main/x/C-1<2");
}

STORE_TEST(one_import_of_a_feed_at_a_time) {
    struct advisory_import *first, *second, *other;

    CHECK_OK(advisories_import_begin(f->store, STR("osv"), false, &first, &err));
    CHECK_EQ(advisories_import_begin(f->store, STR("osv"), false, &second, &err), PW_BUSY);
    CHECK_TEXT(err_text(&err), "another import of feed osv is under way");
    CHECK_OK(advisories_import_begin(f->store, STR("sample"), true, &other, &err));
    advisories_import_close(other);
    advisories_import_close(first);
    CHECK_OK(advisories_import_begin(f->store, STR("osv"), false, &second, &err));
    advisories_import_close(second);
}

/* Enough records that the batch is written. */
static void add_many(struct advisory_import *import, int count, const char *fixed) {
    struct err    err = ERR_NONE;
    struct record r;
    char          id[32], packages[64];

    for (int i = 0; i < count; i++) {
        snprintf(id, sizeof id, "CVE-%d", i);
        snprintf(packages, sizeof packages, "npm p%d", i);
        CHECK_OK(
            advisories_import_add(import, str_of(id), record_of(&r, id, packages, fixed), &err));
    }
}

STORE_TEST(an_import_that_died_is_cleared_away) {
    enum { MANY = 600 };
    struct import_label     label = {STR("here"), STR("v1"), false};
    struct advisory_import *import, *dead;
    struct import_outcome   outcome;
    struct record           r;

    CHECK_OK(advisories_import_begin(f->store, STR("osv"), false, &import, &err));
    add_many(import, MANY, "1");
    CHECK_OK(advisories_import_scope(import, &all, &err));
    CHECK_OK(advisories_import_finish(import, &label, &outcome, &err));
    advisories_import_close(import);

    CHECK_OK(advisories_import_begin(f->store, STR("osv"), false, &dead, &err));
    add_many(dead, MANY, "2"); /* most of it is written, retiring what is visible */
    check_candidates(f, "npm", "p0", "osv:CVE-0<1");
    clock_move(&f->clock, LIMIT_IMPORT_LEASE_SECONDS + 1);

    CHECK_OK(advisories_import_begin(f->store, STR("osv"), false, &import, &err));
    CHECK_EQ(advisories_import_add(dead, STR("CVE-X"), record_of(&r, "CVE-X", "npm x", "1"), &err),
             PW_OK);
    CHECK_EQ(advisories_import_finish(dead, &label, &outcome, &err),
             PW_CONFLICT); /* it was idle too long */
    advisories_import_close(dead);

    add_many(import, MANY, "1"); /* the same as is visible */
    CHECK_OK(advisories_import_scope(import, &all, &err));
    CHECK_OK(advisories_import_finish(import, &label, &outcome, &err));
    advisories_import_close(import);
    CHECK_EQ(outcome.unchanged, MANY);
    CHECK_EQ(outcome.records, MANY);
    CHECK_EQ(outcome.generation, 1);
    check_candidates(f, "npm", "p0", "osv:CVE-0<1");
    check_candidates(f, "npm", "p599", "osv:CVE-599<1");
}

STORE_TEST(a_feed_that_lost_most_of_its_records_is_not_believed) {
    static const struct line few[] = {{"CVE-0", "npm p0", "1"}, {0}};
    struct import_label      label = {STR("here"), STR("v1"), false};
    struct advisory_import  *import;
    struct import_outcome    outcome;

    CHECK_OK(advisories_import_begin(f->store, STR("osv"), false, &import, &err));
    add_many(import, 300, "1");
    CHECK_OK(advisories_import_scope(import, &all, &err));
    CHECK_OK(advisories_import_finish(import, &label, &outcome, &err));
    advisories_import_close(import);
    CHECK_EQ(import_lines(f, "osv", few, &all, &outcome), PW_CONFLICT);
    check_candidates(f, "npm", "p299", "osv:CVE-299<1");

    CHECK_OK(advisories_import_begin(f->store, STR("osv"), false, &import, &err));
    add_lines(import, few);
    CHECK_OK(advisories_import_scope(import, &all, &err));
    label.force = true;
    CHECK_OK(advisories_import_finish(import, &label, &outcome, &err));
    advisories_import_close(import);
    CHECK_EQ(outcome.retired, 299);
    check_candidates(f, "npm", "p299", "");
}

STORE_TEST(of_one_name_twice_the_later_counts) {
    static const struct line lines[] = {
        {"G-1", "npm a", "1"}, {"G-1", "npm b", "2"}, {"G-1", "npm b", "2"}, {0}};
    struct import_outcome outcome;

    CHECK_EQ(import_lines(f, "osv", lines, &all, &outcome), PW_OK);
    CHECK_EQ(outcome.records, 1);
    check_candidates(f, "npm", "a", "");
    check_candidates(f, "npm", "b", "osv:G-1<2");
}

STORE_TEST(a_record_without_a_release_speaks_of_all) {
    static const struct line lines[] = {{"G-1", "Debian a", "1"}, {"G-2", "Debian:12 a", "2"}, {0}};
    struct import_outcome    outcome;

    CHECK_EQ(import_lines(f, "osv", lines, &all, &outcome), PW_OK);
    check_candidates(f, "Debian:12", "a", "osv:G-2<2 osv:G-1<1");
}

/* --- who answers --- */

struct answer {
    const char          *ecosystem;
    struct feed_standing standing;
};

static pw_code ask(struct txn *txn, void *arg, struct err *err) {
    struct answer *a = arg;

    return feeds_answer(txn, str_of(a->ecosystem), 0, &a->standing, err);
}

static void check_answer(struct fixture *f, const char *ecosystem, const char *word,
                         const char *feed) {
    struct answer a = {.ecosystem = ecosystem};
    struct err    err = ERR_NONE;

    CHECK_OK(store_read(f->store, ask, &a, &err));
    CHECK_TEXT(feed_answer_word(a.standing.answer), word);
    CHECK_TEXT(a.standing.feed, feed);
}

STORE_TEST(the_closest_complete_feed_answers_alone) {
    static const struct line sample[] = {{"S-1", "Debian:12 a npm a", "1"}, {0}};
    static const struct line osv[] = {{"O-1", "Debian:12 a", "2"}, {0}};
    static const struct line tracker[] = {{"T-1", "Debian:12 a", "3"}, {0}};
    struct import_scope      debian = {.kind = IMPORT_SCOPE_ECOSYSTEM, .ecosystem = STR("Debian")};
    struct import_outcome    outcome;

    check_answer(f, "Debian:12", "none", "");
    CHECK_EQ(import_lines(f, "sample", sample, &all, &outcome), PW_OK);
    check_answer(f, "Debian:12", "sample", "sample");
    check_candidates(f, "Debian:12", "a", "sample:S-1<1");
    CHECK_EQ(import_lines(f, "osv", osv, NULL, &outcome), PW_OK); /* a single record: a part */
    check_answer(f, "Debian:12", "partial", "osv");
    check_candidates(f, "Debian:12", "a", "osv:O-1<2 sample:S-1<1");
    CHECK_EQ(import_lines(f, "osv", osv, &debian, &outcome), PW_OK);
    check_answer(f, "Debian:12", "complete", "osv");
    check_candidates(f, "Debian:12", "a", "osv:O-1<2");
    CHECK_EQ(import_lines(f, "debian-tracker", tracker, &all, &outcome), PW_OK);
    check_answer(f, "Debian:12", "complete", "debian-tracker");
    check_candidates(f, "Debian:12", "a", "debian-tracker:T-1<3");
    check_answer(f, "npm", "sample", "sample"); /* each ecosystem for itself */
    check_answer(f, "Debian:11", "none", "");
    clock_move(&f->clock, LIMIT_FEED_FRESH_SECONDS + 1);
    check_answer(f, "Debian:12", "stale", "debian-tracker");
}

STORE_TEST(alpine_needs_both_repositories) {
    static const struct line lines[] = {{"v3.18/main/a/C-1", "Alpine:v3.18 a", "2"}, {0}};
    struct import_scope      main_part = {IMPORT_SCOPE_PREFIX, STR("Alpine:v3.18"), STR("main"),
                                          STR("v3.18/main/")};
    struct import_scope   community = {IMPORT_SCOPE_PREFIX, STR("Alpine:v3.18"), STR("community"),
                                       STR("v3.18/community/")};
    struct import_outcome outcome;

    CHECK_EQ(import_lines(f, "alpine-secdb", lines, &main_part, &outcome), PW_OK);
    check_answer(f, "Alpine:v3.18", "partial", "alpine-secdb");
    CHECK_EQ(import_lines(f, "alpine-secdb", (struct line[]){{0}}, &community, &outcome), PW_OK);
    check_answer(f, "Alpine:v3.18", "complete", "alpine-secdb");
    check_candidates(f, "Alpine:v3.18", "a", "alpine-secdb:v3.18/main/a/C-1<2");
}

STORE_TEST(a_release_that_a_feed_dropped_is_not_answered_any_more) {
    static const struct line before[] = {{"T-1", "Debian:10 a Debian:12 a", "3"}, {0}};
    static const struct line after[] = {{"T-1", "Debian:12 a", "3"}, {0}};
    struct import_outcome    outcome;

    CHECK_EQ(import_lines(f, "debian-tracker", before, &all, &outcome), PW_OK);
    check_answer(f, "Debian:10", "complete", "debian-tracker");
    CHECK_EQ(import_lines(f, "debian-tracker", after, &all, &outcome), PW_OK);
    check_answer(f, "Debian:10", "none", "");
    check_answer(f, "Debian:12", "complete", "debian-tracker");
}

/* --- marks and status --- */

STORE_TEST(marks_wait_until_somebody_looked) {
    static const struct line lines[] = {
        {"G-1", "npm a", "1"}, {"G-2", "npm b", "1"}, {"G-3", "npm c", "1"}, {0}};
    struct marks          m = {BUF_INIT(4096), 3};
    struct import_outcome outcome;

    CHECK_EQ(import_lines(f, "osv", lines, &all, &outcome), PW_OK);
    CHECK_EQ(feeds_changes_each(f->store, STR("osv"), take_mark, &m, &err), PW_BUSY);
    CHECK_STR(buf_str(&m.text), "npm/a npm/b");
    buf_done(&m.text);
    check_marks(f, "osv", "npm/c");
}

STORE_TEST(an_import_that_died_hides_no_marks) {
    static const struct line first[] = {{"G-1", "npm a", "1"}, {"G-2", "npm b", "1"}, {0}};
    static const struct line second[] = {{"G-1", "npm a", "2"}, {0}};
    struct advisory_import  *dead;
    struct import_outcome    outcome;

    CHECK_EQ(import_lines(f, "osv", first, &all, &outcome), PW_OK);
    CHECK_OK(advisories_import_begin(f->store, STR("osv"), false, &dead, &err));
    add_lines(dead, second);
    CHECK_OK(import_flush(dead, &err));
    advisories_import_close(dead);
    check_marks(f, "osv", "npm/a npm/b");
    CHECK_EQ(import_lines(f, "osv", first, &all, &outcome), PW_OK);
    CHECK_EQ(outcome.generation, 1);
    check_marks(f, "osv", ""); /* what nobody saw needs no look */
}

STORE_TEST(marks_that_wait_ask_again_for_a_look) {
    static const struct line      lines[] = {{"G-1", "npm a", "1"}, {0}};
    AUTO(arena_done) struct arena arena = ARENA_INIT((size_t)1 << 20);
    struct import_outcome         outcome;
    struct job                    job;

    CHECK_EQ(import_lines(f, "osv", lines, &all, &outcome), PW_OK);
    CHECK_OK(jobs_take(f->store, STR(FEEDS_REMATCH_JOB), 60, &arena, &job, &err));
    CHECK_OK(store_write(f->store, STORE_FOREGROUND, fail_job, &job, &err));
    CHECK_EQ(rematch_jobs(f), 0);
    CHECK_EQ(import_lines(f, "osv", lines, &all, &outcome), PW_OK); /* nothing new */
    CHECK_EQ(rematch_jobs(f), 1);
    check_marks(f, "osv", "npm/a");
}

STORE_TEST(more_marks_than_a_page) {
    struct import_label     label = {STR("here"), STR("v1"), false};
    struct marks            m = {BUF_INIT(65536), 0};
    struct advisory_import *import;
    struct import_outcome   outcome;
    size_t                  words = 1;

    CHECK_OK(advisories_import_begin(f->store, STR("osv"), false, &import, &err));
    add_many(import, 350, "1");
    CHECK_OK(advisories_import_finish(import, &label, &outcome, &err));
    advisories_import_close(import);
    CHECK_OK(feeds_changes_each(f->store, STR("osv"), take_mark, &m, &err));
    for (size_t i = 0; i < m.text.len; i++)
        words += m.text.ptr[i] == ' ';
    CHECK_EQ(words, 350);
    buf_done(&m.text);
    check_marks(f, "osv", "");
}

static pw_code list_feeds(struct txn *txn, void *arg, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT((size_t)1 << 20);
    struct feed_rows              rows;

    PW_TRY(feeds_list(txn, &arena, &rows, err));
    for (size_t i = 0; i < rows.count; i++)
        buf_addf(arg, STR_FMT " g%d r%d u%d c%d f%d w%d " STR_FMT " " STR_FMT " " STR_FMT "\n",
                 STR_ARG(rows.rows[i].name), (int)rows.rows[i].generation,
                 (int)rows.rows[i].records, (int)rows.rows[i].updated_at,
                 (int)rows.rows[i].changed_at, (int)rows.rows[i].failed_at,
                 (int)rows.rows[i].waiting, STR_ARG(rows.rows[i].source),
                 STR_ARG(rows.rows[i].version), STR_ARG(rows.rows[i].failure));
    return PW_OK;
}

STORE_TEST(status_tells_success_and_failure) {
    static const struct line lines[] = {{"G-1", "npm a", "1"}, {0}};
    struct buf               text = BUF_INIT(4096);
    struct import_outcome    outcome;

    atomic_store(&f->clock.fixed_at, 1000);
    CHECK_EQ(import_lines(f, "osv", lines, &all, &outcome), PW_OK);
    atomic_store(&f->clock.fixed_at, 2000);
    CHECK_EQ(import_lines(f, "osv", lines, &all, &outcome), PW_OK);
    atomic_store(&f->clock.fixed_at, 3000);
    CHECK_OK(feeds_failed(f->store, STR("osv"), "no route", &err));
    CHECK_OK(feeds_failed(f->store, STR("kev"), "not found", &err));
    CHECK_OK(store_read(f->store, list_feeds, &text, &err));
    CHECK_STR(buf_str(&text), "kev g0 r0 u0 c0 f3000 w0   not found\n"
                              "osv g1 r1 u2000 c1000 f3000 w1 here v1 no route\n");
    CHECK_EQ(import_lines(f, "osv", lines, &all, &outcome), PW_OK); /* forgets the failure */
    buf_clear(&text);
    CHECK_OK(store_read(f->store, list_feeds, &text, &err));
    CHECK(str_ends(buf_str(&text), STR("osv g1 r1 u3000 c1000 f0 w1 here v1 \n")));
    buf_done(&text);
}

RUN_TESTS(STORE_UNITS(nothing_is_visible_before_the_switch),
          STORE_UNITS(an_import_without_finish_leaves_nothing),
          STORE_UNITS(the_same_again_changes_nothing), STORE_UNITS(only_what_changed_is_marked),
          STORE_UNITS(without_a_scope_nothing_is_retired),
          STORE_UNITS(a_scope_of_one_ecosystem_leaves_others_alone),
          STORE_UNITS(a_scope_of_one_prefix), STORE_UNITS(one_import_of_a_feed_at_a_time),
          STORE_UNITS(an_import_that_died_is_cleared_away),
          STORE_UNITS(a_feed_that_lost_most_of_its_records_is_not_believed),
          STORE_UNITS(of_one_name_twice_the_later_counts),
          STORE_UNITS(a_record_without_a_release_speaks_of_all),
          STORE_UNITS(the_closest_complete_feed_answers_alone),
          STORE_UNITS(alpine_needs_both_repositories),
          STORE_UNITS(a_release_that_a_feed_dropped_is_not_answered_any_more),
          STORE_UNITS(marks_wait_until_somebody_looked),
          STORE_UNITS(an_import_that_died_hides_no_marks),
          STORE_UNITS(marks_that_wait_ask_again_for_a_look), STORE_UNITS(more_marks_than_a_page),
          STORE_UNITS(status_tells_success_and_failure))
