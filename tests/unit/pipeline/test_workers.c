/* test_workers.c - jobs are run, tried again with growing pauses, and shown when they fail for good. */
#include "store_fixture.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "pipeline/pipeline.h"
#include "store/scans.h"

static pw_code add_job(struct txn *txn, void *arg, struct err *err) {
    return jobs_add(txn, STR("scan"), str_of(arg), JOB_NORMAL, STR("push"), err);
}

struct counts {
    int64_t waiting, failed;
};

static pw_code count(struct txn *txn, void *arg, struct err *err) {
    struct counts *c = arg;

    return jobs_count(txn, STR("scan"), &c->waiting, &c->failed, err);
}

static bool becomes(struct store *store, int64_t waiting, int64_t failed) {
    struct err    err = ERR_NONE;
    struct counts c;

    for (int tries = 0; tries < 1000; tries++) {
        CHECK_OK(store_read(store, count, &c, &err));
        if (c.waiting == waiting && c.failed == failed)
            return true;
        usleep(10000);
    }
    print_error("%lld waiting, %lld failed\n", (long long)c.waiting, (long long)c.failed);
    return false;
}

static pw_code release(struct txn *txn, void *arg, struct err *err) {
    (void)arg;
    return scans_recover(txn, err);
}

STORE_TEST(a_removed_image_is_done) {
    struct pipeline_options options = {.store = f->store, .workers = 2, .scan_seconds = 60};
    struct pipeline        *pipeline = NULL;
    char subject[] = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

    CHECK_OK(store_write(f->store, STORE_FOREGROUND, add_job, subject, &err));
    CHECK_OK(pipeline_open(&options, &pipeline, &err));
    CHECK(becomes(f->store, 0, 0));
    CHECK_OK(store_write(f->store, STORE_FOREGROUND, add_job, subject, &err)); /* wakes a worker */
    CHECK(becomes(f->store, 0, 0));
    pipeline_close(pipeline);
}

STORE_TEST(jobs_of_a_crash_are_ready_again) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(1));
    char                          subject[] = "sha256:1";
    struct job                    job;

    CHECK_OK(store_write(f->store, STORE_FOREGROUND, add_job, subject, &err));
    CHECK_OK(jobs_take(f->store, STR("scan"), 100000, &arena, &job, &err));
    CHECK_EQ(jobs_take(f->store, STR("scan"), 100000, &arena, &job, &err), PW_NOT_FOUND);
    CHECK_OK(store_write(f->store, STORE_FOREGROUND, release, NULL, &err));
    CHECK_OK(jobs_take(f->store, STR("scan"), 100000, &arena, &job, &err));
    CHECK_EQ(job.attempts, 2);
}

RUN_TESTS(STORE_UNITS(a_removed_image_is_done), STORE_UNITS(jobs_of_a_crash_are_ready_again))
