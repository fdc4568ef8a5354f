/* pipeline.c - worker threads. */
#include "pipeline/pipeline.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

enum { IDLE_SECONDS = 5, WORKERS_MAX = 64, FIRST_PAUSE_SECONDS = 5 };

struct pipeline {
    struct pipeline_options options;
    atomic_bool             stopping;
    unsigned                started;
    pthread_t               threads[WORKERS_MAX];
};

struct job_end {
    const struct job *job;
    str               reason;
    int64_t           pause; /* seconds; negative: failed for good */
    bool              done;
};

static pw_code end_job(struct txn *txn, void *arg, struct err *err) {
    const struct job_end *end = arg;

    if (end->done)
        return jobs_done(txn, end->job->id, err);
    if (end->pause < 0)
        return jobs_fail(txn, end->job->id, end->reason, err);
    return jobs_retry(txn, end->job->id, txn_now(txn) + end->pause, end->reason, err);
}

static void log_job(enum log_level level, const char *event, const struct job *job,
                    const struct err *err) {
    log_event(level, event, {"kind", job->kind}, {"subject", job->subject},
              {"trigger", job->trigger}, {"error", str_of(err_text(err))});
}

/* 5 s, 20 s, 80 s: long enough for a full disk to be noticed, short enough to wait for. */
static int64_t pause_after(int attempts) {
    int64_t pause = FIRST_PAUSE_SECONDS;

    for (int i = 1; i < attempts && i < 8; i++)
        pause *= 4;
    return pause;
}

static void end_with(struct pipeline *p, const struct stage *stage, const struct stage_run *run,
                     pw_code code, const struct err *why) {
    struct job_end end = {.job = run->job, .done = code == PW_OK};
    struct err     err = ERR_NONE;

    if (code != PW_OK) {
        end.reason = str_of(err_text(why));
        end.pause = code == PW_CANCELLED ? 0 : pause_after(run->job->attempts);
        if (code != PW_CANCELLED && run->job->attempts >= PIPELINE_ATTEMPTS)
            end.pause = -1;
        log_job(end.pause < 0 ? LOG_ERROR : LOG_WARN,
                end.pause < 0 ? "job failed" : "job will be tried again", run->job, why);
    }
    if (code != PW_OK && end.pause < 0 && stage->failed != NULL &&
        stage->failed(run, end.reason, &err) != PW_OK)
        log_job(LOG_ERROR, "failure could not be stored", run->job, &err);
    if (store_write(p->options.store, STORE_BACKGROUND, end_job, &end, &err) != PW_OK)
        log_job(LOG_ERROR, "job could not be ended; its lease will run out", run->job, &err);
}

/* Runs one ready job of the stage; false when there is none. */
static bool run_one(struct pipeline *p, const struct stage *stage) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(1));
    struct job                    job;
    struct stage_run run = {.tools = &p->options, .job = &job, .stopping = &p->stopping};
    struct err       err = ERR_NONE;
    pw_code          code =
        jobs_take(p->options.store, str_of(stage->kind), stage->lease_seconds, &arena, &job, &err);

    if (code != PW_OK) {
        if (code != PW_NOT_FOUND)
            log_err(LOG_ERROR, "jobs could not be read", &err);
        return false;
    }
    run.deadline_ns = clock_deadline((double)p->options.scan_seconds);
    err = (struct err)ERR_NONE;
    code = stage->run(&run, &err);
    end_with(p, stage, &run, code, &err);
    return true;
}

static void *work(void *arg) {
    struct pipeline *p = arg;

    while (!atomic_load(&p->stopping)) {
        bool found = false;

        for (const struct stage *s = pipeline_stages; s->kind != NULL && !atomic_load(&p->stopping);
             s++)
            if (run_one(p, s)) {
                found = true;
                break; /* the most urgent stage first, again */
            }
        if (!found && !atomic_load(&p->stopping))
            jobs_wait(p->options.store, IDLE_SECONDS);
    }
    return NULL;
}

pw_code pipeline_open(const struct pipeline_options *options, struct pipeline **ret_pipeline,
                      struct err *err) {
    struct pipeline *p = calloc(1, sizeof *p);

    if (p == NULL)
        return err_set(err, PW_MEMORY, "no memory for the workers");
    p->options = *options;
    for (unsigned i = 0; i < MIN_OF(options->workers, (unsigned)WORKERS_MAX); i++) {
        if (pthread_create(&p->threads[i], NULL, work, p) != 0) {
            pipeline_close(p);
            return err_set(err, PW_IO, "worker %u could not be started", i);
        }
        p->started++;
    }
    *ret_pipeline = p;
    return PW_OK;
}

void pipeline_close(struct pipeline *p) {
    if (p == NULL)
        return;
    atomic_store(&p->stopping, true);
    jobs_wake_all(p->options.store);
    for (unsigned i = 0; i < p->started; i++)
        pthread_join(p->threads[i], NULL);
    free(p);
}
