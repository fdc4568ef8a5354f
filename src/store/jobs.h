#pragma once
/*
 * jobs.h - work that must happen, as rows: added in the transaction that makes it necessary.
 *
 * At least once, in order of priority then age; a job is unique by (kind, subject), adding it again
 * makes it ready again and keeps the better priority. A taken job is leased; a lease that runs out
 * (crash) makes it ready again. Threads: any.
 */
#include "base/arena.h"
#include "store/store.h"

enum job_priority { JOB_URGENT = 0, JOB_NORMAL = 5, JOB_LATER = 9 };

struct job {
    int64_t id;
    str     kind;     /* "scan", "match" ... */
    str     subject;  /* manifest digest, component id ... */
    str     trigger;  /* "push", "import", "pull", "advisories", "demand" */
    int     attempts; /* this one included */
    int64_t created_at;
};

/* Wakes jobs_wait once the transaction is durable. */
pw_code jobs_add(struct txn *txn, str kind, str subject, enum job_priority priority, str trigger,
                 struct err *err);
/* Leases the next ready job of `kind` for lease_seconds; PW_NOT_FOUND: none is ready. Text in arena. */
pw_code jobs_take(struct store *store, str kind, int64_t lease_seconds, struct arena *arena,
                  struct job *ret_job, struct err *err);
pw_code jobs_done(struct txn *txn, int64_t id,
                  struct err *err); /* removes it, unless it was added again meanwhile */
/* Ready again at not_before; the reason is kept for people. */
pw_code jobs_retry(struct txn *txn, int64_t id, int64_t not_before, str reason, struct err *err);
/* Ended for good, kept with its reason as state 'failed'. */
pw_code jobs_fail(struct txn *txn, int64_t id, str reason, struct err *err);
/* Counts of jobs of a kind that are ready or running, and failed. */
pw_code jobs_count(struct txn *txn, str kind, int64_t *ret_waiting, int64_t *ret_failed,
                   struct err *err);

/* Waits until a job may be ready: one was added, or `seconds` passed, or jobs_wake_all was called. */
void jobs_wait(struct store *store, double seconds);
void jobs_wake_all(struct store *store); /* at shutdown */
