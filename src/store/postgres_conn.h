#pragma once
/*
 * postgres_conn.h - one connection to PostgreSQL, with its prepared statements.
 *
 * Writes run SERIALIZABLE, reads REPEATABLE READ READ ONLY. A statement that fails makes
 * PostgreSQL refuse the rest of the transaction, where SQLite undoes that statement alone. A write
 * that goes on after such a failure is therefore run once more from its start with a savepoint
 * around each statement (`savepoints`); the usual write does not pay for them.
 *
 * Threads: a connection belongs to one thread at a time.
 */
#include <libpq-fe.h>
#include "store/backend.h"

struct postgres_stmt {
    struct stmt_head      head; /* first: store.c looks here */
    struct postgres_conn *conn;
    enum sql              sql;
    enum value_kind       kinds[DIALECT_PARAMS];
    const char           *values[DIALECT_PARAMS];
    int                   lengths[DIALECT_PARAMS], formats[DIALECT_PARAMS];
    char                  numbers[DIALECT_PARAMS][32];
    PGresult             *result;
    int                   row, rows;
    unsigned              cursor; /* not 0: fetched in pieces from cursor c<n> */
    int64_t               changes;
    int                  *blob_lengths; /* of this row's bytea columns, decoded in place */
    struct postgres_stmt *next;         /* unused ones */
};

struct postgres_conn {
    PGconn               *pg;
    struct store         *store;
    bool                  prepared[SQL_COUNT + 1];
    struct postgres_stmt *spare;
    unsigned              cursors;
    /* the transaction under way */
    bool                  savepoints; /* around each statement */
    bool                  failed;     /* a statement failed: the transaction can only be undone */
    bool                  went_on;    /* ... and the write went on: run it again with savepoints */
    bool                  must_retry; /* a serialization failure */
    struct postgres_conn *next;       /* in the pool */
};

pw_code postgres_conn_open(struct store *store, const char *conninfo,
                           struct postgres_conn **ret_conn, struct err *err);
void    postgres_conn_close(struct postgres_conn *conn); /* accepts NULL */
pw_code postgres_conn_exec(struct postgres_conn *conn, const char *sql, struct err *err);
pw_code postgres_conn_number(struct postgres_conn *conn, const char *sql, int64_t *ret_number,
                             struct err *err);
/* Starts a transaction by this text; a connection that died meanwhile is made anew. */
pw_code postgres_conn_begin(struct postgres_conn *conn, const char *sql, struct err *err);
pw_code postgres_conn_check(struct postgres_conn *conn, struct err *err);
/* The code for a result that is not what it should be; remembers what it means for the
 * transaction. Takes the result (NULL: there is none). */
pw_code postgres_conn_error(struct postgres_conn *conn, PGresult *result, const char *what,
                            struct err *err);

/* the statement part of backend_ops */
pw_code postgres_stmt_begin(struct txn *txn, enum sql sql, struct stmt *stmt, struct err *err);
void    postgres_stmt_done(struct stmt *stmt);
void    postgres_stmt_bind(struct stmt *stmt, unsigned index, const struct value *value);
pw_code postgres_stmt_step(struct stmt *stmt, bool *ret_row, struct err *err);
void    postgres_stmt_reset(struct stmt *stmt);
int64_t postgres_stmt_changes(const struct stmt *stmt);
int64_t postgres_stmt_int(const struct stmt *stmt, int column);
double  postgres_stmt_real(const struct stmt *stmt, int column);
str     postgres_stmt_str(const struct stmt *stmt, int column);
bool    postgres_stmt_is_null(const struct stmt *stmt, int column);
