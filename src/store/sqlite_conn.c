/* sqlite_conn.c - one connection: opening, settings, errors. */
#include "store/sqlite_conn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/limits.h"

static const struct {
    int     rc;
    pw_code code;
} codes[] = {
    /* extended codes first; the rest is decided by the low byte */
    {SQLITE_CONSTRAINT_UNIQUE, PW_CONFLICT},
    {SQLITE_CONSTRAINT_PRIMARYKEY, PW_CONFLICT},
    {SQLITE_CONSTRAINT_ROWID, PW_CONFLICT},
    {SQLITE_CONSTRAINT_FOREIGNKEY, PW_CONFLICT},
    {SQLITE_FULL, PW_NO_SPACE},
    {SQLITE_CORRUPT, PW_CORRUPT},
    {SQLITE_NOTADB, PW_CORRUPT},
    {SQLITE_BUSY, PW_BUSY},
    {SQLITE_LOCKED, PW_BUSY},
    {SQLITE_NOMEM, PW_MEMORY},
    {SQLITE_INTERRUPT, PW_CANCELLED},
    {SQLITE_TOOBIG, PW_TOO_LARGE},
    {SQLITE_IOERR, PW_IO},
    {SQLITE_CANTOPEN, PW_IO},
    {SQLITE_READONLY, PW_DENIED},
};

pw_code sqlite_conn_error(sqlite3 *db, int rc, const char *what, struct err *err) {
    pw_code     code = PW_INTERNAL;
    const char *text = db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
    int         cause = db != NULL ? sqlite3_system_errno(db) : 0;

    if (db != NULL && (rc & 0xff) == (sqlite3_errcode(db) & 0xff))
        rc = sqlite3_extended_errcode(db);
    EACH (known, codes)
        if (known->rc == rc || (known->rc < 256 && known->rc == (rc & 0xff))) {
            code = known->code;
            break;
        }
    if ((rc & 0xff) == SQLITE_IOERR && (cause == ENOSPC || cause == EDQUOT))
        code = PW_NO_SPACE;
    if (code == PW_NO_SPACE)
        return err_set(err, code,
                       "%s: the disk of the database is full: free space there, then "
                       "try again",
                       what);
    return err_set(err, code, "%s: %s", what, text);
}

pw_code sqlite_conn_exec(struct sqlite_conn *conn, const char *sql, struct err *err) {
    int rc = sqlite3_exec(conn->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? PW_OK : sqlite_conn_error(conn->db, rc, "the database", err);
}

pw_code sqlite_conn_number(struct sqlite_conn *conn, const char *sql, int64_t *ret_number,
                           struct err *err) {
    sqlite3_stmt *stmt = NULL;
    int           rc = sqlite3_prepare_v2(conn->db, sql, -1, &stmt, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW) {
        pw_code code = sqlite_conn_error(conn->db, rc, sql, err);

        sqlite3_finalize(stmt);
        return code;
    }
    *ret_number = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return PW_OK;
}

pw_code sqlite_conn_do(struct sqlite_conn *conn, sqlite3_stmt *stmt, struct err *err) {
    int rc = sqlite3_step(stmt);

    if (rc == SQLITE_DONE) {
        sqlite3_reset(stmt);
        return PW_OK;
    }
    (void)sqlite_conn_error(conn->db, rc, sqlite3_sql(stmt), err);
    rc = sqlite3_reset(stmt);
    return err != NULL ? err->code : sqlite_conn_error(conn->db, rc, "", NULL);
}

static pw_code prepare_all(struct sqlite_conn *conn, enum sqlite_conn_kind kind, struct err *err) {
    const struct {
        sqlite3_stmt **slot;
        const char    *text;
    } texts[] = {
        {&conn->begin, kind == SQLITE_CONN_WRITER ? "BEGIN IMMEDIATE" : "BEGIN"},
        {&conn->commit, "COMMIT"},
        {&conn->rollback, "ROLLBACK"},
        {&conn->savepoint, "SAVEPOINT one"},
        {&conn->release, "RELEASE one"},
        {&conn->undo, "ROLLBACK TO one"},
    };

    EACH (t, texts) {
        int rc =
            sqlite3_prepare_v3(conn->db, t->text, -1, SQLITE_PREPARE_PERSISTENT, t->slot, NULL);

        if (rc != SQLITE_OK)
            return sqlite_conn_error(conn->db, rc, t->text, err);
    }
    return PW_OK;
}

/* The switch to WAL asks for the whole file at once and does not wait for it by itself. */
static pw_code switch_to_wal(struct sqlite_conn *conn, struct err *err) {
    int64_t deadline = clock_deadline(LIMIT_DATABASE_BUSY_MS / 1000.0);
    int     rc;

    do {
        rc = sqlite3_exec(conn->db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
        if (rc == SQLITE_OK)
            return PW_OK;
        usleep(5000);
    } while ((rc & 0xff) == SQLITE_BUSY && clock_mono_ns() < deadline);
    return sqlite_conn_error(conn->db, rc, "the database", err);
}

static pw_code set_up(struct sqlite_conn *conn, enum sqlite_conn_kind kind, struct err *err) {
    bool writes = kind == SQLITE_CONN_WRITER && !conn->store->read_only;

    sqlite3_extended_result_codes(conn->db, 1);
    sqlite3_busy_timeout(conn->db, LIMIT_DATABASE_BUSY_MS);
    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (writes)
        PW_TRY(switch_to_wal(conn, err));
    if (writes)
        PW_TRY(sqlite_conn_exec(conn,
                                "PRAGMA synchronous=FULL;"
                                "PRAGMA foreign_keys=ON; PRAGMA cache_size=-8192;"
                                "PRAGMA journal_size_limit=67108864; PRAGMA temp_store=MEMORY",
                                err));
    else
        PW_TRY(sqlite_conn_exec(conn,
                                "PRAGMA query_only=ON; PRAGMA cache_size=-2048;"
                                "PRAGMA temp_store=MEMORY",
                                err));
    return prepare_all(conn, writes ? SQLITE_CONN_WRITER : SQLITE_CONN_READER, err);
}

/* The file holds password hashes: nobody else may read it. SQLite gives the WAL the same mode. One
 * that exists is not touched: closing a second descriptor would drop SQLite's locks on it. */
static pw_code create_private(const char *path, struct err *err) {
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 && errno != EEXIST)
        return err_errno(err, "cannot create the database %s", path);
    if (fd >= 0)
        close(fd);
    return PW_OK;
}

pw_code sqlite_conn_open(struct store *store, const char *path, enum sqlite_conn_kind kind,
                         struct sqlite_conn **ret_conn, struct err *err) {
    struct sqlite_conn *conn;
    bool                writes = kind == SQLITE_CONN_WRITER && !store->read_only;
    int                 flags = SQLITE_OPEN_NOMUTEX;
    int                 rc;
    pw_code             code;

    if (writes)
        PW_TRY(create_private(path, err));
    conn = calloc(1, sizeof *conn);
    if (conn == NULL)
        return err_set(err, PW_MEMORY, "no memory for a database connection");
    conn->store = store;
    /* a reader of a store that may be written has to be able to make the shared index of the WAL */
    flags |= store->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    rc = sqlite3_open_v2(path, &conn->db, flags, NULL);
    code = rc == SQLITE_OK ? set_up(conn, kind, err) : sqlite_conn_error(conn->db, rc, path, err);
    if (code != PW_OK) {
        sqlite_conn_close(conn);
        return code;
    }
    *ret_conn = conn;
    return PW_OK;
}

void sqlite_conn_close(struct sqlite_conn *conn) {
    if (conn == NULL)
        return;
    for (int i = 0; i < SQL_COUNT; i++)
        while (conn->idle[i] != NULL) {
            struct sqlite_stmt *stmt = conn->idle[i];

            conn->idle[i] = stmt->next;
            sqlite3_finalize(stmt->prepared);
            free(stmt);
        }
    sqlite3_finalize(conn->begin);
    sqlite3_finalize(conn->commit);
    sqlite3_finalize(conn->rollback);
    sqlite3_finalize(conn->savepoint);
    sqlite3_finalize(conn->release);
    sqlite3_finalize(conn->undo);
    sqlite3_close_v2(conn->db);
    free(conn);
}

pw_code sqlite_conn_check(struct sqlite_conn *conn, struct err *err) {
    for (int i = 0; i < SQL_COUNT; i++) {
        sqlite3_stmt *stmt = NULL;
        int rc = sqlite3_prepare_v2(conn->db, conn->store->statements[i].text, -1, &stmt, NULL);

        sqlite3_finalize(stmt);
        if (rc != SQLITE_OK) {
            pw_code code = sqlite_conn_error(conn->db, rc, sql_texts[i].name, err);

            (void)err_wrap(err, "%s: statement", sql_texts[i].file);
            return code;
        }
    }
    return PW_OK;
}
