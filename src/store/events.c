/* events.c - news as rows. */
#include "store/events.h"

static pw_code take_turn(struct txn *txn, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_EVENT_TURN, &s, err));
    return stmt_run(&s, err);
}

pw_code events_add(struct txn *txn, str kind, str subject, str body, int64_t *ret_id,
                   struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        row;

    PW_TRY(take_turn(txn, err));
    PW_TRY(stmt_begin(txn, SQL_EVENT_ADD, &s, err));
    stmt_str(&s, "kind", kind);
    stmt_str(&s, "subject", subject);
    stmt_str(&s, "body", body);
    stmt_int(&s, "now", txn_now(txn));
    PW_TRY(stmt_step(&s, &row, err));
    if (!row)
        return err_set(err, PW_INTERNAL, "an event was added without an id");
    if (ret_id != NULL)
        *ret_id = col_int(&s, 0);
    return PW_OK;
}

pw_code events_after(struct txn *txn, int64_t after, int64_t count, events_visit visit, void *ctx,
                     struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_EVENT_AFTER, &s, err));
    stmt_int(&s, "after", after);
    stmt_int(&s, "count", count);
    for (;;) {
        struct event event;

        PW_TRY(stmt_step(&s, &row, err));
        if (!row)
            return PW_OK;
        event = (struct event){col_int(&s, 0), col_str(&s, 1), col_str(&s, 2), col_str(&s, 3),
                               col_int(&s, 4)};
        PW_TRY(visit(ctx, &event, err));
    }
}

pw_code events_last(struct txn *txn, int64_t *ret_id, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_EVENT_LAST, &s, err));
    PW_TRY(stmt_step(&s, &row, err));
    *ret_id = row ? col_int(&s, 0) : 0;
    return PW_OK;
}

pw_code events_prune(struct txn *txn, int64_t upto, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_EVENT_PRUNE, &s, err));
    stmt_int(&s, "upto", upto);
    return stmt_run(&s, err);
}
