/* jobs.c - work as rows. */
#include "store/jobs.h"

#include <time.h>
#include "store/backend.h"

/* What this thread knew of the store's jobs when jobs_wait last returned: a job that was added
 * between an empty-handed jobs_take and the next jobs_wait is not slept through. */
static _Thread_local struct { uint64_t store, generation; } seen;

static void wake(void *ctx) {
    struct store *store = ctx;

    pthread_mutex_lock(&store->jobs.mutex);
    atomic_fetch_add(&store->jobs.generation, 1);
    pthread_cond_broadcast(&store->jobs.changed);
    pthread_mutex_unlock(&store->jobs.mutex);
}

void jobs_wake_all(struct store *store) {
    wake(store);
}

void jobs_wait(struct store *store, double seconds) {
    int64_t         deadline = clock_deadline(seconds);
    struct timespec until = {deadline / 1000000000, deadline % 1000000000};

    if (seen.store != store->id) {
        seen.store = store->id;
        seen.generation = 0; /* a newcomer looks once before it sleeps */
    }
    pthread_mutex_lock(&store->jobs.mutex);
    while (seen.generation == atomic_load(&store->jobs.generation))
        if (pthread_cond_timedwait(&store->jobs.changed, &store->jobs.mutex, &until) != 0)
            break;
    seen.generation = atomic_load(&store->jobs.generation);
    pthread_mutex_unlock(&store->jobs.mutex);
}

pw_code jobs_add(struct txn *txn, str kind, str subject, enum job_priority priority, str trigger,
                 struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_JOB_ADD, &s, err));
    stmt_str(&s, "kind", kind);
    stmt_str(&s, "subject", subject);
    stmt_int(&s, "priority", priority);
    stmt_str(&s, "trigger", trigger);
    stmt_int(&s, "now", txn_now(txn));
    PW_TRY(stmt_run(&s, err));
    return txn_after_commit(txn, wake, txn_store(txn), err);
}

/* --- taking --- */

struct take {
    str           kind;
    int64_t       lease_seconds;
    struct arena *arena;
    struct job    job;
    bool          found;
};

static pw_code look(struct txn *txn, void *arg, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct take                *take = arg;
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_JOB_IS_READY, &s, err));
    stmt_str(&s, "kind", take->kind);
    stmt_int(&s, "now", txn_now(txn));
    PW_TRY(stmt_step(&s, &row, err));
    take->found = row && col_int(&s, 0) != 0;
    return PW_OK;
}

static pw_code expire(struct txn *txn, str kind, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_JOB_EXPIRE, &s, err));
    stmt_str(&s, "kind", kind);
    stmt_int(&s, "now", txn_now(txn));
    return stmt_run(&s, err);
}

static pw_code lease(struct txn *txn, void *arg, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct take                *take = arg;
    struct job                 *job = &take->job;

    PW_TRY(expire(txn, take->kind, err));
    PW_TRY(stmt_begin(txn, SQL_JOB_TAKE, &s, err));
    stmt_str(&s, "kind", take->kind);
    stmt_int(&s, "now", txn_now(txn));
    stmt_int(&s, "until", txn_now(txn) + take->lease_seconds);
    PW_TRY(stmt_step(&s, &take->found, err));
    if (!take->found)
        return PW_OK;
    *job = (struct job){.id = col_int(&s, 0),
                        .kind = arena_str(take->arena, col_str(&s, 1)),
                        .subject = arena_str(take->arena, col_str(&s, 2)),
                        .trigger = arena_str(take->arena, col_str(&s, 3)),
                        .attempts = (int)col_int(&s, 4),
                        .created_at = col_int(&s, 5)};
    if (job->kind.ptr == NULL || job->subject.ptr == NULL || job->trigger.ptr == NULL)
        return arena_error(take->arena, err);
    return PW_OK;
}

pw_code jobs_take(struct store *store, str kind, int64_t lease_seconds, struct arena *arena,
                  struct job *ret_job, struct err *err) {
    struct take take = {kind, lease_seconds, arena, {0}, false};

    PW_TRY(store_read(store, look, &take, err)); /* an idle worker does not write */
    if (take.found)
        PW_TRY(store_write(store, STORE_BACKGROUND, lease, &take, err));
    if (!take.found)
        return err_set(err, PW_NOT_FOUND, "no job of kind " STR_FMT " is ready", STR_ARG(kind));
    *ret_job = take.job;
    return PW_OK;
}

/* --- ending --- */

static pw_code run_again(struct txn *txn, int64_t id, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_JOB_AGAIN, &s, err));
    stmt_int(&s, "id", id);
    stmt_int(&s, "now", txn_now(txn));
    PW_TRY(stmt_run(&s, err));
    return stmt_changes(&s) > 0 ? txn_after_commit(txn, wake, txn_store(txn), err) : PW_OK;
}

pw_code jobs_done(struct txn *txn, int64_t id, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_JOB_DONE, &s, err));
    stmt_int(&s, "id", id);
    PW_TRY(stmt_run(&s, err));
    return stmt_changes(&s) > 0 ? PW_OK : run_again(txn, id, err);
}

pw_code jobs_retry(struct txn *txn, int64_t id, int64_t not_before, str reason, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_JOB_RETRY, &s, err));
    stmt_int(&s, "id", id);
    stmt_int(&s, "not_before", not_before);
    stmt_str(&s, "reason", reason);
    PW_TRY(stmt_run(&s, err));
    PW_TRY(run_again(txn, id, err));
    return not_before <= txn_now(txn) ? txn_after_commit(txn, wake, txn_store(txn), err) : PW_OK;
}

pw_code jobs_fail(struct txn *txn, int64_t id, str reason, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_JOB_FAIL, &s, err));
    stmt_int(&s, "id", id);
    stmt_str(&s, "reason", reason);
    PW_TRY(stmt_run(&s, err));
    return run_again(txn, id, err);
}

pw_code jobs_count(struct txn *txn, str kind, int64_t *ret_waiting, int64_t *ret_failed,
                   struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_JOB_COUNT, &s, err));
    stmt_str(&s, "kind", kind);
    PW_TRY(stmt_step(&s, &row, err));
    *ret_waiting = row ? col_int(&s, 0) : 0;
    *ret_failed = row ? col_int(&s, 1) : 0;
    return PW_OK;
}
