/* feed_lease.c - one import of a feed at a time. */
#include "store/feed_lease.h"

#include "base/file.h"
#include "base/limits.h"
#include "store/feeds.h"
#include "store/jobs.h"

static pw_code take(struct txn *txn, void *arg, struct err *err) {
    AUTO(stmt_done) struct stmt make = {0}, lock = {0}, look = {0};
    struct feed_lease          *lease = arg;
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_FEED_MAKE, &make, err));
    stmt_str(&make, "feed", lease->feed);
    stmt_int(&make, "is_sample", lease->is_sample);
    PW_TRY(stmt_run(&make, err));
    PW_TRY(stmt_begin(txn, SQL_FEED_LOCK, &lock, err));
    stmt_str(&lock, "feed", lease->feed);
    stmt_str(&lock, "token", str_of(lease->token));
    stmt_int(&lock, "now", txn_now(txn));
    stmt_int(&lock, "until", txn_now(txn) + LIMIT_IMPORT_LEASE_SECONDS);
    PW_TRY(stmt_run(&lock, err));
    if (stmt_changes(&lock) == 0)
        return err_set(err, PW_BUSY, "another import of feed " STR_FMT " is under way",
                       STR_ARG(lease->feed));
    PW_TRY(stmt_begin(txn, SQL_FEED_GENERATION, &look, err));
    stmt_str(&look, "feed", lease->feed);
    PW_TRY(stmt_step(&look, &row, err));
    lease->next = col_int(&look, 0) + 1;
    return PW_OK;
}

pw_code feed_lease_take(struct store *store, struct feed_lease *lease, struct err *err) {
    PW_TRY(random_hex(8, lease->token, err));
    PW_TRY(store_write(store, STORE_BACKGROUND, take, lease, err));
    lease->taken = true;
    return PW_OK;
}

pw_code feed_lease_hold(struct txn *txn, const struct feed_lease *lease, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_FEED_HOLD, &s, err));
    stmt_str(&s, "feed", lease->feed);
    stmt_str(&s, "token", str_of(lease->token));
    stmt_int(&s, "until", txn_now(txn) + LIMIT_IMPORT_LEASE_SECONDS);
    PW_TRY(stmt_run(&s, err));
    if (stmt_changes(&s) == 0)
        return err_set(err, PW_CONFLICT,
                       "this import of feed " STR_FMT
                       " was idle for %d seconds and another took over",
                       STR_ARG(lease->feed), LIMIT_IMPORT_LEASE_SECONDS);
    return PW_OK;
}

static pw_code drop(struct txn *txn, void *arg, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    const struct feed_lease    *lease = arg;

    PW_TRY(stmt_begin(txn, SQL_FEED_UNLOCK, &s, err));
    stmt_str(&s, "feed", lease->feed);
    stmt_str(&s, "token", str_of(lease->token));
    return stmt_run(&s, err);
}

void feed_lease_drop(struct store *store, struct feed_lease *lease) {
    if (lease->taken) /* failing, the lease runs out by itself */
        (void)store_write(store, STORE_BACKGROUND, drop, lease, NULL);
    lease->taken = false;
}

pw_code feed_lease_marks(struct txn *txn, const struct feed_lease *lease, int64_t generation,
                         bool *ret_any, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_FEED_CHANGE_ANY, &s, err));
    stmt_str(&s, "feed", lease->feed);
    stmt_int(&s, "generation", generation);
    PW_TRY(stmt_step(&s, &row, err));
    *ret_any = col_int(&s, 0) != 0;
    return PW_OK;
}

pw_code feed_lease_switch(struct txn *txn, const struct feed_lease *lease,
                          const struct feed_switch *how, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    int64_t                     generation = how->changed ? lease->next : lease->next - 1;
    bool                        waiting;

    PW_TRY(stmt_begin(txn, SQL_FEED_SWITCH, &s, err));
    stmt_str(&s, "feed", lease->feed);
    stmt_str(&s, "token", str_of(lease->token));
    stmt_int(&s, "generation", generation);
    stmt_int(&s, "records", (int64_t)how->records);
    stmt_str(&s, "source", how->label->source);
    stmt_str(&s, "version", how->label->version);
    stmt_int(&s, "changed", how->changed);
    stmt_int(&s, "now", txn_now(txn));
    PW_TRY(stmt_run(&s, err));
    if (stmt_changes(&s) == 0)
        return err_set(err, PW_CONFLICT, "another import of feed " STR_FMT " took over",
                       STR_ARG(lease->feed));
    PW_TRY(feed_lease_marks(txn, lease, generation, &waiting, err));
    if (!how->changed && !waiting) /* marks whose job failed are taken up again */
        return PW_OK;
    return jobs_add(txn, STR(FEEDS_REMATCH_JOB), lease->feed, JOB_LATER, STR("advisories"), err);
}

pw_code feed_lease_mark(struct stmt *stmt, const struct feed_lease *lease, str ecosystem,
                        str subject, struct err *err) {
    stmt_str(stmt, "feed", lease->feed);
    stmt_str(stmt, "ecosystem", ecosystem);
    stmt_str(stmt, "subject", subject);
    stmt_int(stmt, "generation", lease->next);
    PW_TRY(stmt_run(stmt, err));
    stmt_reset(stmt);
    return PW_OK;
}
