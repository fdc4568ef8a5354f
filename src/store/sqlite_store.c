/* sqlite_store.c - a store in one SQLite file. */
#include "store/sqlite_store.h"

#include <stdlib.h>
#include <string.h>
#include "base/limits.h"
#include "store/migrate.h"

/* --- reads --- */

static pw_code begin_read(struct sqlite_store *own, struct reader_pool *pool, bool wait,
                          struct reader_slot **ret_slot, struct err *err) {
    struct reader_slot *slot;
    pw_code             code;

    PW_TRY(sqlite_readers_take(own, pool, wait, &slot, err));
    code = sqlite_conn_do(slot->conn, slot->conn->begin, err);
    if (code != PW_OK) {
        sqlite_readers_give(pool, slot);
        return code;
    }
    *ret_slot = slot;
    return PW_OK;
}

static void end_read(struct reader_pool *pool, struct reader_slot *slot) {
    if (sqlite_conn_do(slot->conn, slot->conn->commit, NULL) != PW_OK)
        (void)sqlite_conn_do(slot->conn, slot->conn->rollback, NULL); /* there is nothing to lose */
    sqlite_readers_give(pool, slot);
}

static pw_code sqlite_read(struct store *store, store_fn fn, void *arg, struct err *err) {
    struct sqlite_store *own = (struct sqlite_store *)store;
    struct reader_slot  *slot;
    struct txn           txn;
    pw_code              code;

    PW_TRY(begin_read(own, &own->short_reads, true, &slot, err));
    backend_txn_init(&txn, store, slot->conn, false);
    code = backend_run(&txn, fn, arg, err);
    end_read(&own->short_reads, slot);
    return code;
}

static pw_code sqlite_read_begin(struct store *store, struct txn *txn, struct err *err) {
    struct sqlite_store *own = (struct sqlite_store *)store;
    struct reader_slot  *slot;

    PW_TRY(begin_read(own, &own->long_reads, false, &slot, err));
    backend_txn_init(txn, store, slot->conn, false);
    txn->slot = slot;
    return PW_OK;
}

static void sqlite_read_end(struct txn *txn) {
    end_read(&((struct sqlite_store *)txn->store)->long_reads, txn->slot);
}

/* --- opening and closing --- */

static void sqlite_close(struct store *store) {
    struct sqlite_store *own = (struct sqlite_store *)store;

    sqlite_writer_close(own->writer);
    sqlite_readers_done(&own->short_reads);
    sqlite_readers_done(&own->long_reads);
    backend_done(store);
    free(own->path);
    free(own);
}

static const struct backend_ops sqlite_ops = {
    .write = sqlite_writer_write,
    .read = sqlite_read,
    .read_begin = sqlite_read_begin,
    .read_end = sqlite_read_end,
    .close = sqlite_close,
    .backup = sqlite_backup,
    .check = sqlite_check,
    .begin = sqlite_stmt_begin,
    .done = sqlite_stmt_done,
    .bind = sqlite_stmt_bind,
    .step = sqlite_stmt_step,
    .reset = sqlite_stmt_reset,
    .changes = sqlite_stmt_changes,
    .col_int = sqlite_stmt_int,
    .col_real = sqlite_stmt_real,
    .col_str = sqlite_stmt_str,
    .col_is_null = sqlite_stmt_is_null,
};

static pw_code migrate_exec(void *ctx, const char *sql, struct err *err) {
    return sqlite_conn_exec(ctx, sql, err);
}

static pw_code migrate_number(void *ctx, const char *sql, int64_t *ret_number, struct err *err) {
    return sqlite_conn_number(ctx, sql, ret_number, err);
}

static pw_code migrate(struct sqlite_conn *conn, const struct backend_schema *schema,
                       struct err *err) {
    const struct migrate_db db = {
        .ctx = conn,
        .dialect = DIALECT_SQLITE,
        .read_only = conn->store->read_only,
        .begin = "BEGIN IMMEDIATE",
        .exists = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND "
                  "name = 'schema_version'",
        .exec = migrate_exec,
        .number = migrate_number,
    };
    int64_t broken = 0;
    int     steps;

    /* a step may rebuild a table that others point at: their rows are looked at afterwards */
    PW_TRY(sqlite_conn_exec(conn, "PRAGMA foreign_keys=OFF", err));
    PW_TRY(migrate_run(&db, schema, clock_now(conn->store->clock), &steps, err));
    if (steps > 0)
        PW_TRY(sqlite_conn_number(conn, "SELECT count(*) FROM pragma_foreign_key_check", &broken,
                                  err));
    if (broken > 0)
        return err_set(err, PW_CORRUPT,
                       "%lld rows point at rows that are gone after the migration: "
                       "restore the backup made before it",
                       (long long)broken);
    return sqlite_conn_exec(conn, "PRAGMA foreign_keys=ON", err);
}

static void configure(void) {
    /* without statistics allocation takes no process-wide lock; refused when SQLite is in use
       already, which is harmless */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static pw_code open_parts(struct sqlite_store *own, const struct store_options *options,
                          const struct backend_schema *schema, struct err *err) {
    struct sqlite_conn *conn = NULL;
    unsigned            readers = options->readers != 0 ? options->readers : 8;
    pw_code             code;

    PW_TRY(sqlite_readers_init(&own->short_reads, MIN_OF(readers, LIMIT_READERS), err));
    PW_TRY(sqlite_readers_init(&own->long_reads, LIMIT_LONG_READS, err));
    PW_TRY(backend_init(&own->store, options, &sqlite_ops, DIALECT_SQLITE, err));
    own->path = strdup(options->path);
    if (own->path == NULL)
        return err_set(err, PW_MEMORY, "no memory for the store");
    PW_TRY(sqlite_conn_open(&own->store, own->path, SQLITE_CONN_WRITER, &conn, err));
    code = migrate(conn, schema, err);
    if (code == PW_OK && !schema->skip_check)
        code = sqlite_conn_check(conn, err);
    if (code == PW_OK && !options->read_only)
        return sqlite_writer_open(own, conn, &own->writer, err);
    sqlite_conn_close(conn);
    return code;
}

pw_code sqlite_open(const struct store_options *options, const struct backend_schema *schema,
                    struct store **ret_store, struct err *err) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct sqlite_store  *own = calloc(1, sizeof *own);
    pw_code               code;

    if (own == NULL)
        return err_set(err, PW_MEMORY, "no memory for the store");
    pthread_once(&once, configure);
    code = open_parts(own, options, schema, err);
    if (code != PW_OK) {
        sqlite_close(&own->store);
        return code;
    }
    *ret_store = &own->store;
    return PW_OK;
}
