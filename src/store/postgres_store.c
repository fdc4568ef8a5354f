/* postgres_store.c - a store in a PostgreSQL database. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/limits.h"
#include "store/migrate.h"
#include "store/postgres_conn.h"

#define BEGIN_READ  "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
#define BEGIN_WRITE "BEGIN ISOLATION LEVEL SERIALIZABLE"

struct pool {
    pthread_mutex_t       mutex;
    pthread_cond_t        freed;
    struct postgres_conn *idle;
    unsigned              used, limit;
};

struct postgres_store {
    struct store store; /* first */
    char        *conninfo;
    struct pool  reads, writes, long_reads;
};

/* --- the pools --- */

static void pool_init(struct pool *pool, unsigned limit) {
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->freed, NULL);
    pool->limit = limit;
}

static void pool_done(struct pool *pool) {
    while (pool->idle != NULL) {
        struct postgres_conn *conn = pool->idle;

        pool->idle = conn->next;
        postgres_conn_close(conn);
    }
    pthread_cond_destroy(&pool->freed);
    pthread_mutex_destroy(&pool->mutex);
}

static void pool_give(struct pool *pool, struct postgres_conn *conn) {
    pthread_mutex_lock(&pool->mutex);
    if (conn != NULL) {
        conn->next = pool->idle;
        pool->idle = conn;
    }
    pool->used--;
    pthread_cond_broadcast(&pool->freed); /* takers differ in what they leave free */
    pthread_mutex_unlock(&pool->mutex);
}

/* `spare`: connections that this taker leaves to others; `wait` false: PW_BUSY instead. */
static pw_code pool_take(struct postgres_store *own, struct pool *pool, unsigned spare, bool wait,
                         struct postgres_conn **ret_conn, struct err *err) {
    struct postgres_conn *conn = NULL;
    pw_code               code;

    pthread_mutex_lock(&pool->mutex);
    while (wait && pool->used + spare >= pool->limit)
        pthread_cond_wait(&pool->freed, &pool->mutex);
    if (pool->used + spare >= pool->limit) {
        pthread_mutex_unlock(&pool->mutex);
        return err_set(err, PW_BUSY, "%u long reads are under way: try again later", pool->limit);
    }
    pool->used++;
    conn = pool->idle;
    if (conn != NULL)
        pool->idle = conn->next;
    pthread_mutex_unlock(&pool->mutex);
    if (conn == NULL) {
        code = postgres_conn_open(&own->store, own->conninfo, &conn, err);
        if (code != PW_OK) {
            pool_give(pool, NULL);
            return code;
        }
    }
    *ret_conn = conn;
    return PW_OK;
}

/* --- reads --- */

static pw_code begin_read(struct postgres_store *own, struct pool *pool, bool wait,
                          struct postgres_conn **ret_conn, struct err *err) {
    struct postgres_conn *conn = NULL;
    pw_code               code;

    PW_TRY(pool_take(own, pool, 0, wait, &conn, err));
    conn->savepoints = false;
    code = postgres_conn_begin(conn, BEGIN_READ, err);
    if (code != PW_OK) {
        pool_give(pool, conn);
        return code;
    }
    *ret_conn = conn;
    return PW_OK;
}

static pw_code postgres_read(struct store *store, store_fn fn, void *arg, struct err *err) {
    struct postgres_store *own = (struct postgres_store *)store;
    struct postgres_conn  *conn = NULL;
    struct txn             txn;
    pw_code                code;

    PW_TRY(begin_read(own, &own->reads, true, &conn, err));
    backend_txn_init(&txn, store, conn, false);
    code = backend_run(&txn, fn, arg, err);
    (void)postgres_conn_exec(conn, "COMMIT", NULL); /* there is nothing to lose */
    pool_give(&own->reads, conn);
    return code;
}

static pw_code postgres_read_begin(struct store *store, struct txn *txn, struct err *err) {
    struct postgres_store *own = (struct postgres_store *)store;
    struct postgres_conn  *conn = NULL;

    PW_TRY(begin_read(own, &own->long_reads, false, &conn, err));
    backend_txn_init(txn, store, conn, false);
    return PW_OK;
}

static void postgres_read_end(struct txn *txn) {
    (void)postgres_conn_exec(txn->conn, "COMMIT", NULL); /* there is nothing to lose */
    pool_give(&((struct postgres_store *)txn->store)->long_reads, txn->conn);
}

/* --- writes --- */

enum outcome { OUTCOME_FINAL, OUTCOME_RETRY, OUTCOME_WITH_SAVEPOINTS };

static enum outcome try_write(struct postgres_conn *conn, struct txn *txn, store_fn fn, void *arg,
                              pw_code *code, struct err *err) {
    *code = postgres_conn_begin(conn, BEGIN_WRITE, err);
    if (*code != PW_OK)
        return OUTCOME_FINAL;
    *code = backend_run(txn, fn, arg, err);
    /* what fn made of a conflict does not count */
    if (!conn->must_retry && !conn->failed && *code == PW_OK)
        *code = postgres_conn_exec(conn, "COMMIT", err);
    if (*code == PW_OK && !conn->failed)
        return OUTCOME_FINAL;
    if (PQtransactionStatus(conn->pg) != PQTRANS_IDLE)
        (void)postgres_conn_exec(conn, "ROLLBACK", NULL); /* the first error is reported */
    if (conn->must_retry)
        return OUTCOME_RETRY;
    if (!conn->savepoints && conn->failed && (conn->went_on || *code == PW_OK))
        return OUTCOME_WITH_SAVEPOINTS;
    if (*code == PW_OK)
        *code = err_set(err, PW_INTERNAL, "a write went on after its transaction had failed");
    return OUTCOME_FINAL;
}

/* Doubles up to 64 ms, with chance in it so that two that collided part. */
static void back_off(unsigned attempt) {
    uint64_t        most_us = 1000u << MIN_OF(attempt, 6u);
    uint64_t        us = most_us / 2 + (uint64_t)clock_mono_ns() / 64 % (most_us / 2);
    struct timespec pause = {0, (long)us * 1000};

    nanosleep(&pause, NULL);
}

static pw_code write_on(struct postgres_conn *conn, store_fn fn, void *arg, struct err *err) {
    pw_code code = PW_OK;

    conn->savepoints = false;
    for (unsigned attempt = 0; attempt < LIMIT_SERIALIZATION_TRIES; attempt++) {
        struct txn   txn;
        enum outcome outcome;

        backend_txn_init(&txn, conn->store, conn, true);
        outcome = try_write(conn, &txn, fn, arg, &code, err);
        if (outcome == OUTCOME_FINAL && code == PW_OK) {
            backend_txn_committed(&txn);
            return PW_OK;
        }
        backend_txn_undone(&txn);
        if (outcome == OUTCOME_FINAL)
            return code;
        if (outcome == OUTCOME_WITH_SAVEPOINTS)
            conn->savepoints = true;
        else
            back_off(attempt);
    }
    return err_set(err, PW_BUSY, "the change collided with others %d times: try again later",
                   LIMIT_SERIALIZATION_TRIES);
}

static pw_code postgres_write(struct store *store, enum store_priority priority, store_fn fn,
                              void *arg, struct err *err) {
    struct postgres_store *own = (struct postgres_store *)store;
    struct postgres_conn  *conn = NULL;
    unsigned               spare = priority == STORE_BACKGROUND ? 1 : 0;
    pw_code                code;

    PW_TRY(pool_take(own, &own->writes, spare, true, &conn, err));
    code = write_on(conn, fn, arg, err);
    pool_give(&own->writes, conn);
    return code;
}

/* --- care --- */

static pw_code postgres_backup(struct store *store, const char *path, struct err *err) {
    (void)store, (void)path;
    return err_set(err, PW_UNSUPPORTED,
                   "a PostgreSQL database is backed up by its own tools: run "
                   "pg_dump --format=custom, and keep it with the blobs");
}

/* Reads every page of every table (so that checksums are looked at) and asks for indexes and
 * constraints that the server itself holds to be incomplete. */
static pw_code check_with(struct postgres_conn *conn, struct err *err) {
    int64_t broken = 0, rows;

    PW_TRY(postgres_conn_number(
        conn,
        "SELECT (SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
        "WHERE c.relnamespace = current_schema()::regnamespace AND NOT i.indisvalid) + "
        "(SELECT count(*) FROM pg_constraint WHERE connamespace = current_schema()::regnamespace "
        "AND NOT convalidated)",
        &broken, err));
    if (broken > 0)
        return err_set(err, PW_CORRUPT,
                       "the database has %lld indexes or constraints that are not "
                       "valid: rebuild them (REINDEX, VALIDATE CONSTRAINT)",
                       (long long)broken);
    return postgres_conn_number(
        conn,
        "SELECT coalesce(sum((xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n "
        "FROM %I', relname), false, true, '')))[1]::text::bigint), 0) FROM pg_class WHERE "
        "relkind = 'r' AND relnamespace = current_schema()::regnamespace",
        &rows, err);
}

static pw_code postgres_check(struct store *store, struct err *err) {
    struct postgres_store *own = (struct postgres_store *)store;
    struct postgres_conn  *conn = NULL;
    pw_code                code;

    PW_TRY(begin_read(own, &own->long_reads, true, &conn, err));
    code = check_with(conn, err);
    (void)postgres_conn_exec(conn, "ROLLBACK", NULL); /* there is nothing to lose */
    pool_give(&own->long_reads, conn);
    return code;
}

/* --- opening and closing --- */

static void postgres_close(struct store *store) {
    struct postgres_store *own = (struct postgres_store *)store;

    pool_done(&own->reads);
    pool_done(&own->writes);
    pool_done(&own->long_reads);
    backend_done(store);
    free(own->conninfo);
    free(own);
}

static const struct backend_ops postgres_ops = {
    .write = postgres_write,
    .read = postgres_read,
    .read_begin = postgres_read_begin,
    .read_end = postgres_read_end,
    .close = postgres_close,
    .backup = postgres_backup,
    .check = postgres_check,
    .begin = postgres_stmt_begin,
    .done = postgres_stmt_done,
    .bind = postgres_stmt_bind,
    .step = postgres_stmt_step,
    .reset = postgres_stmt_reset,
    .changes = postgres_stmt_changes,
    .col_int = postgres_stmt_int,
    .col_real = postgres_stmt_real,
    .col_str = postgres_stmt_str,
    .col_is_null = postgres_stmt_is_null,
};

static pw_code migrate_exec(void *ctx, const char *sql, struct err *err) {
    return postgres_conn_exec(ctx, sql, err);
}

static pw_code migrate_number(void *ctx, const char *sql, int64_t *ret_number, struct err *err) {
    return postgres_conn_number(ctx, sql, ret_number, err);
}

static pw_code open_parts(struct postgres_store *own, const struct store_options *options,
                          const struct backend_schema *schema, struct err *err) {
    struct postgres_conn *conn = NULL;
    struct migrate_db     db = {
            .dialect = DIALECT_POSTGRES,
            .read_only = options->read_only,
            .begin = "BEGIN; SELECT pg_advisory_xact_lock(1886875491)",
            .exists = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('schema_version')",
            .exec = migrate_exec,
            .number = migrate_number,
    };
    int     steps;
    pw_code code;

    PW_TRY(backend_init(&own->store, options, &postgres_ops, DIALECT_POSTGRES, err));
    own->conninfo = strdup(options->postgres);
    if (own->conninfo == NULL)
        return err_set(err, PW_MEMORY, "no memory for the store");
    PW_TRY(pool_take(own, &own->reads, 0, true, &conn, err));
    db.ctx = conn;
    code = migrate_run(&db, schema, clock_now(own->store.clock), &steps, err);
    if (code == PW_OK && !schema->skip_check)
        code = postgres_conn_check(conn, err);
    pool_give(&own->reads, conn);
    return code;
}

pw_code postgres_open(const struct store_options *options, const struct backend_schema *schema,
                      struct store **ret_store, struct err *err) {
    struct postgres_store *own = calloc(1, sizeof *own);
    unsigned               readers = options->readers != 0 ? options->readers : 8;
    pw_code                code;

    if (own == NULL)
        return err_set(err, PW_MEMORY, "no memory for the store");
    pool_init(&own->reads, MIN_OF(readers, LIMIT_READERS));
    pool_init(&own->writes, LIMIT_POSTGRES_WRITERS);
    pool_init(&own->long_reads, LIMIT_LONG_READS);
    code = open_parts(own, options, schema, err);
    if (code != PW_OK) {
        postgres_close(&own->store);
        return code;
    }
    *ret_store = &own->store;
    return PW_OK;
}
