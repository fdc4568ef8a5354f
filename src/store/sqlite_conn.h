#pragma once
/*
 * sqlite_conn.h - one connection to a SQLite file, with its prepared statements.
 *
 * WAL, synchronous=FULL (a commit that returned is on disk), foreign keys on, no extensions, an
 * untrusted schema. Statements are prepared on first use and kept; one that is busy is prepared
 * again, so a statement may run inside a loop over itself.
 *
 * Threads: a connection belongs to one thread at a time.
 */
#include <sqlite3.h>
#include "store/backend.h"

enum sqlite_conn_kind { SQLITE_CONN_WRITER, SQLITE_CONN_READER };

struct sqlite_stmt {
    struct stmt_head    head; /* first: store.c looks here */
    sqlite3_stmt       *prepared;
    struct sqlite_conn *conn;
    enum sql            sql;
    int64_t             changes;
    bool                running;
    struct sqlite_stmt *next; /* idle ones of the same text */
};

struct sqlite_conn {
    sqlite3            *db;
    struct store       *store;
    sqlite3_stmt       *begin, *commit, *rollback, *savepoint, *release, *undo;
    struct sqlite_stmt *idle[SQL_COUNT + 1];
};

pw_code sqlite_conn_open(struct store *store, const char *path, enum sqlite_conn_kind kind,
                         struct sqlite_conn **ret_conn, struct err *err);
void    sqlite_conn_close(struct sqlite_conn *conn); /* accepts NULL */
/* Runs text that gives no rows; for the PRAGMAs and migrations. */
pw_code sqlite_conn_exec(struct sqlite_conn *conn, const char *sql, struct err *err);
pw_code sqlite_conn_number(struct sqlite_conn *conn, const char *sql, int64_t *ret_number,
                           struct err *err);
/* One of begin, commit, ... */
pw_code sqlite_conn_do(struct sqlite_conn *conn, sqlite3_stmt *stmt, struct err *err);
/* Every statement of the build is prepared once; the error names file and statement. */
pw_code sqlite_conn_check(struct sqlite_conn *conn, struct err *err);
/* The code for SQLite's answer, with its text behind ours. */
pw_code sqlite_conn_error(sqlite3 *db, int rc, const char *what, struct err *err);

/* the statement part of backend_ops */
pw_code sqlite_stmt_begin(struct txn *txn, enum sql sql, struct stmt *stmt, struct err *err);
void    sqlite_stmt_done(struct stmt *stmt);
void    sqlite_stmt_bind(struct stmt *stmt, unsigned index, const struct value *value);
pw_code sqlite_stmt_step(struct stmt *stmt, bool *ret_row, struct err *err);
void    sqlite_stmt_reset(struct stmt *stmt);
int64_t sqlite_stmt_changes(const struct stmt *stmt);
int64_t sqlite_stmt_int(const struct stmt *stmt, int column);
double  sqlite_stmt_real(const struct stmt *stmt, int column);
str     sqlite_stmt_str(const struct stmt *stmt, int column);
bool    sqlite_stmt_is_null(const struct stmt *stmt, int column);
