#pragma once
/*
 * store.h - the one database: SQLite by default, PostgreSQL when one machine is not enough.
 *
 * Reads see one consistent state and never wait for a writer. Writes run one at a time on SQLite
 * (a writer thread that commits when its queue is empty, foreground before background; many
 * callers share one commit) and SERIALIZABLE with bounded retry on PostgreSQL. store_write returns
 * when the change is durable; background work on SQLite returns when it is visible, and is durable
 * with the next foreground write: a loss of power may undo its end, so it must be work that runs again.
 *
 * SQL lives in sql/<domain>.sql as named statements; the build turns them into `enum sql` and a
 * table, typed functions in store/<domain>.c are the only callers.
 *
 * Errors: a unique or foreign key violation is PW_CONFLICT, a full disk PW_NO_SPACE (nothing of the
 *         write stays, the store goes on), a second process that holds the file for 10 s or a write
 *         that collides too often PW_BUSY, a write in a read or in a store opened for reading
 *         PW_DENIED, a damaged file PW_CORRUPT. A statement that fails undoes itself alone: the
 *         write may go on (on PostgreSQL it is then run again with savepoints).
 *
 * Threads: a store is shared by all; a txn belongs to the function it was given to.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "store/sql_names.h" /* generated: enum sql { SQL_TAG_GET, ... } */

struct store;
struct txn;

struct store_options {
    const char         *path;     /* SQLite: file of the database; folder must exist */
    const char         *postgres; /* not NULL: connection string, path is ignored */
    const struct clock *clock;    /* NULL: the system's; borrowed */
    bool                read_only;
    unsigned            readers; /* connections kept; 0: 8 */
};

/* Opens, creates when missing, and migrates step by step to this build's schema. PW_UNSUPPORTED:
 * written by a newer build. */
pw_code store_open(const struct store_options *options, struct store **ret_store, struct err *err);
void    store_close(struct store *store); /* accepts NULL; waits for writes under way */

const struct clock *store_clock(const struct store *store);
int                 store_schema_version(void);

typedef pw_code (*store_fn)(struct txn *txn, void *arg, struct err *err);
enum store_priority { STORE_FOREGROUND, STORE_BACKGROUND };

/* Runs fn in a write transaction, and again from the start after a serialization conflict: fn may
 * touch nothing outside `arg` that a second run would spoil. An error from fn undoes its changes
 * alone. Background work keeps to 500 rows or 5 ms per call. */
pw_code store_write(struct store *store, enum store_priority priority, store_fn fn, void *arg,
                    struct err *err);
/* Runs fn in a read transaction; inside another read of this thread, in that one. Short: when all
 * reader connections are taken the next read waits. */
pw_code store_read(struct store *store, store_fn fn, void *arg, struct err *err);

/* Long reads by cursor: a transaction that the caller ends. Refused (PW_TIMEOUT at the next step)
 * when older than 60 s, so that the write-ahead log stays bounded. PW_BUSY: 16 are under way. On
 * PostgreSQL its queries are fetched in pieces, never whole. */
pw_code read_txn_begin(struct store *store, struct txn **ret_txn, struct err *err);
void    read_txn_end(struct txn **txn); /* for AUTO */

struct store *txn_store(struct txn *txn);
int64_t       txn_now(struct txn *txn); /* the store's clock, one value per transaction */
/* Called once after this write transaction is durable (wakes workers); not after an undo. */
pw_code txn_after_commit(struct txn *txn, void (*fn)(void *ctx), void *ctx, struct err *err);

/* --- statements --- */
struct stmt {
    struct txn *txn;
    void       *handle;
    enum sql    sql;
    /* back ends keep more behind handle */
};
/* AUTO(stmt_done) struct stmt s = {0}; PW_TRY(stmt_begin(txn, SQL_TAG_GET, &s, err)); */
pw_code stmt_begin(struct txn *txn, enum sql sql, struct stmt *stmt, struct err *err);
void    stmt_done(struct stmt *stmt);
/* Binds by the name behind ':' in the statement. Values are borrowed until the next stmt_reset or
 * stmt_done. A name that the statement lacks is a bug (assert). */
void stmt_int(struct stmt *stmt, const char *name, int64_t value);
void stmt_real(struct stmt *stmt, const char *name, double value);
void stmt_str(struct stmt *stmt, const char *name,
              str value); /* text; ptr NULL is the empty text */
void stmt_blob(struct stmt *stmt, const char *name, str value);
void stmt_null(struct stmt *stmt, const char *name);
/* *ret_row: a row is there. A unique or foreign key violation is PW_CONFLICT. */
pw_code stmt_step(struct stmt *stmt, bool *ret_row, struct err *err);
pw_code stmt_run(struct stmt *stmt, struct err *err); /* steps to the end */
void    stmt_reset(struct stmt *stmt);                /* bindings are gone: run it again */
int64_t stmt_changes(const struct stmt *stmt);        /* rows the last run touched */
/* Columns from 0. Text and blobs are borrowed until the next step. */
int64_t col_int(const struct stmt *stmt, int column);
double  col_real(const struct stmt *stmt, int column);
str     col_str(const struct stmt *stmt, int column);
bool    col_is_null(const struct stmt *stmt, int column);

/* A consistent copy of a running SQLite store, durable at `path` (which must not exist). */
pw_code store_backup(struct store *store, const char *path, struct err *err);
/* The database's own integrity check and our foreign keys; PW_CORRUPT names the first trouble. */
pw_code store_check(struct store *store, struct err *err);
