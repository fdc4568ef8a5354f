/* Work as rows: each job goes to one worker, in order, and is never lost. */
#include <pthread.h>
#include "store/jobs.h"
#include "store_fixture.h"

struct step {
    enum { ADD, DONE, RETRY, FAIL } verb;
    const char *subject;
    int         priority;
    int64_t     id, at;
};

static pw_code run_step(struct txn *txn, void *arg, struct err *err) {
    const struct step *step = arg;

    switch (step->verb) {
    case ADD:
        return jobs_add(txn, STR("scan"), str_of(step->subject), (enum job_priority)step->priority,
                        STR("push"), err);
    case DONE:
        return jobs_done(txn, step->id, err);
    case RETRY:
        return jobs_retry(txn, step->id, step->at, STR("the network was down"), err);
    case FAIL:
        return jobs_fail(txn, step->id, STR("no such image"), err);
    }
    return PW_INTERNAL;
}

static void do_step(struct fixture *f, struct step step) {
    struct err err = ERR_NONE;

    CHECK_OK(store_write(f->store, STORE_FOREGROUND, run_step, &step, &err));
}

static void add(struct fixture *f, const char *subject, enum job_priority priority) {
    do_step(f, (struct step){ADD, subject, (int)priority, 0, 0});
}

/* Takes the next job, which must be about `subject` ("" : there must be none). */
static struct job take(struct fixture *f, const char *subject) {
    static struct arena arena = ARENA_INIT(1 << 20);
    struct err          err = ERR_NONE;
    struct job          job = {0};
    pw_code             code;

    arena_reset(&arena);
    code = jobs_take(f->store, STR("scan"), 60, &arena, &job, &err);
    if (subject[0] == '\0') {
        CHECK_EQ(code, PW_NOT_FOUND);
        return job;
    }
    CHECK_OK(code);
    CHECK_STR(job.subject, subject);
    return job;
}

struct counts {
    int64_t waiting, failed;
};

static pw_code read_counts(struct txn *txn, void *arg, struct err *err) {
    struct counts *counts = arg;

    return jobs_count(txn, STR("scan"), &counts->waiting, &counts->failed, err);
}

static void check_counts(struct fixture *f, int64_t waiting, int64_t failed) {
    struct counts counts = {-1, -1};
    struct err    err = ERR_NONE;

    CHECK_OK(store_read(f->store, read_counts, &counts, &err));
    CHECK_EQ(counts.waiting, waiting);
    CHECK_EQ(counts.failed, failed);
}

STORE_TEST(most_urgent_then_oldest_first) {
    struct job job;

    (void)err;
    add(f, "later", JOB_LATER);
    add(f, "first", JOB_NORMAL);
    add(f, "second", JOB_NORMAL);
    add(f, "urgent", JOB_URGENT);
    job = take(f, "urgent");
    CHECK_EQ(job.attempts, 1);
    CHECK_STR(job.kind, "scan");
    CHECK_STR(job.trigger, "push");
    take(f, "first");
    take(f, "second");
    take(f, "later");
    take(f, "");
    check_counts(f, 4, 0);
}

STORE_TEST(a_subject_is_one_job) {
    (void)err;
    add(f, "image", JOB_LATER);
    add(f, "image", JOB_URGENT);
    add(f, "image", JOB_NORMAL); /* keeps the better priority */
    add(f, "other", JOB_NORMAL);
    check_counts(f, 2, 0);
    take(f, "image");
    take(f, "other");
    take(f, "");
}

STORE_TEST(done_is_gone) {
    struct job job;

    (void)err;
    add(f, "image", JOB_NORMAL);
    job = take(f, "image");
    do_step(f, (struct step){DONE, NULL, 0, job.id, 0});
    check_counts(f, 0, 0);
    do_step(f, (struct step){DONE, NULL, 0, job.id, 0}); /* twice does no harm */
}

STORE_TEST(asked_again_while_running_runs_again) {
    struct job job;

    (void)err;
    add(f, "image", JOB_NORMAL);
    job = take(f, "image");
    add(f, "image", JOB_NORMAL);
    take(f, ""); /* not while it runs */
    do_step(f, (struct step){DONE, NULL, 0, job.id, 0});
    job = take(f, "image");
    CHECK_EQ(job.attempts, 1);
    do_step(f, (struct step){DONE, NULL, 0, job.id, 0});
    take(f, "");
    check_counts(f, 0, 0);
}

STORE_TEST(a_lease_that_runs_out_gives_the_job_to_another) {
    struct job job, other;

    (void)err;
    add(f, "image", JOB_NORMAL);
    job = take(f, "image");
    clock_move(&f->clock, 59);
    take(f, "");
    clock_move(&f->clock, 1);
    other = take(f, "image");
    CHECK_EQ(other.id, job.id);
    CHECK_EQ(other.attempts, 2);
}

STORE_TEST(a_late_worker_does_not_end_what_was_asked_since) {
    struct job job;

    (void)err;
    add(f, "image", JOB_NORMAL);
    job = take(f, "image");
    clock_move(&f->clock, 61);
    take(f, "image");
    clock_move(&f->clock, 61); /* both are gone; the lease is noticed by the next look */
    add(f, "image", JOB_NORMAL);
    do_step(f, (struct step){FAIL, NULL, 0, job.id, 0});
    take(f, "image");
}

STORE_TEST(retry_waits_for_its_time) {
    struct job job;

    (void)err;
    add(f, "image", JOB_NORMAL);
    job = take(f, "image");
    do_step(f, (struct step){RETRY, NULL, 0, job.id, clock_now(&f->clock) + 30});
    take(f, "");
    check_counts(f, 1, 0);
    clock_move(&f->clock, 31);
    job = take(f, "image");
    CHECK_EQ(job.attempts, 2);
    do_step(f, (struct step){RETRY, NULL, 0, job.id, clock_now(&f->clock) + 1000});
    add(f, "image", JOB_NORMAL); /* asked for: now, and as if new */
    job = take(f, "image");
    CHECK_EQ(job.attempts, 1);
}

STORE_TEST(failed_is_kept_until_asked_for) {
    struct job job;

    (void)err;
    add(f, "image", JOB_URGENT);
    job = take(f, "image");
    do_step(f, (struct step){FAIL, NULL, 0, job.id, 0});
    check_counts(f, 0, 1);
    clock_move(&f->clock, 1000);
    take(f, "");
    add(f, "image", JOB_LATER); /* a new life with its own priority */
    add(f, "other", JOB_NORMAL);
    take(f, "other");
    take(f, "image");
}

/* --- workers --- */

enum { WORKERS = 6, JOBS = 120 };

struct crew {
    struct fixture *f;
    _Atomic int     taken[JOBS], total;
};

static void *work(void *arg) {
    struct crew *crew = arg;
    struct err   err = ERR_NONE;

    while (atomic_load(&crew->total) < JOBS) {
        AUTO(arena_done) struct arena arena = ARENA_INIT(1 << 16);
        struct job                    job;
        uint64_t                      number;
        struct step                   end;
        pw_code code = jobs_take(crew->f->store, STR("scan"), 60, &arena, &job, &err);

        if (code == PW_NOT_FOUND) {
            jobs_wait(crew->f->store, 0.2);
            continue;
        }
        if (code != PW_OK || !str_to_u64(job.subject, JOBS, &number))
            return (void *)"a job could not be taken";
        atomic_fetch_add(&crew->taken[number], 1);
        atomic_fetch_add(&crew->total, 1);
        end = (struct step){DONE, NULL, 0, job.id, 0};
        if (store_write(crew->f->store, STORE_FOREGROUND, run_step, &end, &err) != PW_OK)
            return (void *)"a job could not be ended";
    }
    return NULL;
}

STORE_TEST(two_workers_never_get_the_same_job) {
    static struct crew crew;
    pthread_t          threads[WORKERS];
    char               subject[16];

    (void)err;
    memset(&crew, 0, sizeof crew);
    crew.f = f;
    EACH (t, threads)
        CHECK_EQ(pthread_create(t, NULL, work, &crew), 0);
    for (int i = 0; i < JOBS; i++) {
        snprintf(subject, sizeof subject, "%d", i);
        add(f, subject, JOB_NORMAL);
    }
    EACH (t, threads) {
        void *trouble;

        pthread_join(*t, &trouble);
        if (trouble != NULL)
            fail_msg("%s", (char *)trouble);
    }
    for (int i = 0; i < JOBS; i++)
        CHECK_EQ(atomic_load(&crew.taken[i]), 1);
    check_counts(f, 0, 0);
}

static void *add_after_a_while(void *arg) {
    usleep(50000);
    add(arg, "image", JOB_NORMAL);
    return NULL;
}

STORE_TEST(waiting_ends_when_a_job_is_added) {
    pthread_t thread;
    int64_t   before;

    (void)err;
    jobs_wait(f->store, 0.0);
    before = clock_mono_ns();
    CHECK_EQ(pthread_create(&thread, NULL, add_after_a_while, f), 0);
    jobs_wait(f->store, 20);
    CHECK(clock_mono_ns() - before < (int64_t)10 * 1000000000);
    take(f, "image");
    pthread_join(thread, NULL);
    /* added between an empty-handed look and the wait: not slept through */
    take(f, "");
    add(f, "other", JOB_NORMAL);
    before = clock_mono_ns();
    jobs_wait(f->store, 20);
    jobs_wake_all(f->store);
    jobs_wait(f->store, 20);
    CHECK(clock_mono_ns() - before < (int64_t)10 * 1000000000);
}

RUN_TESTS(STORE_UNITS(most_urgent_then_oldest_first), STORE_UNITS(a_subject_is_one_job),
          STORE_UNITS(done_is_gone), STORE_UNITS(asked_again_while_running_runs_again),
          STORE_UNITS(a_lease_that_runs_out_gives_the_job_to_another),
          STORE_UNITS(a_late_worker_does_not_end_what_was_asked_since),
          STORE_UNITS(retry_waits_for_its_time), STORE_UNITS(failed_is_kept_until_asked_for),
          STORE_UNITS(two_workers_never_get_the_same_job),
          STORE_UNITS(waiting_ends_when_a_job_is_added))
