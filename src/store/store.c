/* store.c - the front of the store: the same words for both databases. */
#include "store/store.h"

#include <assert.h>
#include <stdlib.h>
#include "base/limits.h"
#include "store/backend.h"

int store_schema_version(void) {
    return sql_migration_count > 0 ? sql_migrations[sql_migration_count - 1].number : 0;
}

pw_code store_open(const struct store_options *options, struct store **ret_store, struct err *err) {
    const struct backend_schema schema = {sql_migrations, sql_migration_count, false};

    return backend_open(options, &schema, ret_store, err);
}

void store_close(struct store *store) {
    if (store != NULL)
        store->ops->close(store);
}

/* --- transactions --- */

const struct clock *store_clock(const struct store *store) {
    return store->clock;
}

pw_code store_write(struct store *store, enum store_priority priority, store_fn fn, void *arg,
                    struct err *err) {
    if (store->read_only)
        return err_set(err, PW_DENIED, "the database was opened for reading only");
    if (backend_inside_write())
        return err_set(err, PW_INTERNAL, "a write inside a write would wait for itself");
    return store->ops->write(store, priority, fn, arg, err);
}

pw_code store_read(struct store *store, store_fn fn, void *arg, struct err *err) {
    struct txn *outer = backend_current_read(store);

    /* a read inside a read sees the same state, and does not wait for a second connection that
       others, who wait likewise, might never give back */
    return outer != NULL ? fn(outer, arg, err) : store->ops->read(store, fn, arg, err);
}

pw_code read_txn_begin(struct store *store, struct txn **ret_txn, struct err *err) {
    struct txn *txn = calloc(1, sizeof *txn);
    pw_code     code;

    if (txn == NULL)
        return err_set(err, PW_MEMORY, "no memory for a read");
    code = store->ops->read_begin(store, txn, err);
    if (code != PW_OK) {
        free(txn);
        return code;
    }
    txn->expires_ns = clock_deadline(LIMIT_READ_SECONDS);
    txn->expires_at = txn->now + LIMIT_READ_SECONDS;
    *ret_txn = txn;
    return PW_OK;
}

void read_txn_end(struct txn **txn) {
    if (*txn == NULL)
        return;
    (*txn)->store->ops->read_end(*txn);
    free(*txn);
    *txn = NULL;
}

struct store *txn_store(struct txn *txn) {
    return txn->store;
}

int64_t txn_now(struct txn *txn) {
    return txn->now;
}

pw_code txn_after_commit(struct txn *txn, void (*fn)(void *ctx), void *ctx, struct err *err) {
    if (!txn->writes)
        return err_set(err, PW_INTERNAL, "a read has no commit to wait for");
    for (size_t i = 0; i < txn->callback_count; i++)
        if (txn->callbacks[i].fn == fn && txn->callbacks[i].ctx == ctx)
            return PW_OK; /* once is enough: a thousand jobs wake the workers once */
    if (txn->callback_count == txn->callback_room) {
        size_t               room = txn->callback_room * 2 + 4;
        struct txn_callback *more = realloc(txn->callbacks, room * sizeof *more);

        if (more == NULL)
            return err_set(err, PW_MEMORY, "no memory for what follows a commit");
        txn->callbacks = more;
        txn->callback_room = room;
    }
    txn->callbacks[txn->callback_count++] = (struct txn_callback){fn, ctx};
    return PW_OK;
}

/* --- statements --- */

pw_code stmt_begin(struct txn *txn, enum sql sql, struct stmt *stmt, struct err *err) {
    assert((int)sql >= 0 && (int)sql < SQL_COUNT);
    *stmt = (struct stmt){.txn = txn, .sql = sql};
    return txn->store->ops->begin(txn, sql, stmt, err);
}

void stmt_done(struct stmt *stmt) {
    if (stmt->handle != NULL)
        stmt->txn->store->ops->done(stmt);
    stmt->handle = NULL;
}

static void bind(struct stmt *stmt, const char *name, const struct value *value) {
    struct store     *store = stmt->txn->store;
    struct stmt_head *head = stmt->handle;
    unsigned          index = dialect_param(&store->statements[stmt->sql], name, head->last_param);

    assert(index != 0 && "the statement lacks this parameter");
    head->last_param = index;
    store->ops->bind(stmt, index, value);
}

void stmt_int(struct stmt *stmt, const char *name, int64_t value) {
    bind(stmt, name, &(struct value){VALUE_INT, {.number = value}});
}

void stmt_real(struct stmt *stmt, const char *name, double value) {
    bind(stmt, name, &(struct value){VALUE_REAL, {.real = value}});
}

void stmt_str(struct stmt *stmt, const char *name, str value) {
    bind(stmt, name, &(struct value){VALUE_TEXT, {.bytes = value.ptr != NULL ? value : STR("")}});
}

void stmt_blob(struct stmt *stmt, const char *name, str value) {
    bind(stmt, name, &(struct value){VALUE_BLOB, {.bytes = value.ptr != NULL ? value : STR("")}});
}

void stmt_null(struct stmt *stmt, const char *name) {
    bind(stmt, name, &(struct value){.kind = VALUE_NULL});
}

pw_code stmt_step(struct stmt *stmt, bool *ret_row, struct err *err) {
    PW_TRY(backend_check_age(stmt->txn, err));
    return stmt->txn->store->ops->step(stmt, ret_row, err);
}

pw_code stmt_run(struct stmt *stmt, struct err *err) {
    for (bool row = true; row;)
        PW_TRY(stmt_step(stmt, &row, err));
    return PW_OK;
}

void stmt_reset(struct stmt *stmt) {
    ((struct stmt_head *)stmt->handle)->last_param = 0;
    stmt->txn->store->ops->reset(stmt);
}

int64_t stmt_changes(const struct stmt *stmt) {
    return stmt->txn->store->ops->changes(stmt);
}

int64_t col_int(const struct stmt *stmt, int column) {
    return stmt->txn->store->ops->col_int(stmt, column);
}

double col_real(const struct stmt *stmt, int column) {
    return stmt->txn->store->ops->col_real(stmt, column);
}

str col_str(const struct stmt *stmt, int column) {
    return stmt->txn->store->ops->col_str(stmt, column);
}

bool col_is_null(const struct stmt *stmt, int column) {
    return stmt->txn->store->ops->col_is_null(stmt, column);
}

pw_code store_backup(struct store *store, const char *path, struct err *err) {
    return store->ops->backup(store, path, err);
}

pw_code store_check(struct store *store, struct err *err) {
    return store->ops->check(store, err);
}
