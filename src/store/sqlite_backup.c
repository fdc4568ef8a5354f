/* sqlite_backup.c - a copy while the store runs, and the database's own checks. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "base/limits.h"
#include "store/sqlite_store.h"

/* One read transaction covers the copy, so writers go on and the copy is of one moment. */
static pw_code copy_all(struct sqlite_conn *from, sqlite3 *to, struct err *err) {
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from->db, "main");
    int             rc;

    if (backup == NULL)
        return sqlite_conn_error(to, sqlite3_errcode(to), "the backup", err);
    do {
        rc = sqlite3_backup_step(backup, 4096);
    } while (rc == SQLITE_OK);
    (void)sqlite3_backup_finish(backup);
    return rc == SQLITE_DONE ? PW_OK : sqlite_conn_error(to, rc, "the backup", err);
}

static pw_code copy_to(struct sqlite_store *own, const char *path, struct err *err) {
    struct reader_slot *slot;
    sqlite3            *to = NULL;
    int64_t             rows;
    int                 rc;
    pw_code             code;

    PW_TRY(sqlite_readers_take(own, &own->long_reads, true, &slot, err));
    rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, NULL);
    code = rc == SQLITE_OK ? PW_OK : sqlite_conn_error(to, rc, "the backup", err);
    if (code == PW_OK)
        code = sqlite_conn_do(slot->conn, slot->conn->begin, err);
    if (code == PW_OK) {
        /* the first read fixes the moment that is copied */
        code = sqlite_conn_number(slot->conn, "SELECT count(*) FROM sqlite_master", &rows, err);
        if (code == PW_OK)
            code = copy_all(slot->conn, to, err);
        (void)sqlite_conn_do(slot->conn, slot->conn->commit, NULL); /* nothing was changed */
    }
    if (sqlite3_close(to) != SQLITE_OK && code == PW_OK)
        code = err_set(err, PW_IO, "the backup cannot be closed");
    sqlite_readers_give(&own->long_reads, slot);
    return code;
}

static pw_code sync_both(const char *path, struct err *err) {
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    char               folder[PATH_MAX];
    const char        *slash = strrchr(path, '/');

    if (fd < 0)
        return err_errno(err, "cannot open the backup %s", path);
    PW_TRY(fd_sync(fd, path, err));
    snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1,
             slash == NULL ? "." : path);
    return dir_sync(folder, err);
}

pw_code sqlite_backup(struct store *store, const char *path, struct err *err) {
    int     fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    pw_code code;

    if (fd < 0 && errno == EEXIST)
        return err_set(err, PW_CONFLICT, "%s exists already: a backup never replaces a file", path);
    if (fd < 0)
        return err_errno(err, "cannot create the backup %s", path);
    close(fd);
    code = copy_to((struct sqlite_store *)store, path, err);
    if (code == PW_OK)
        code = sync_both(path, err);
    if (code != PW_OK)
        (void)unlink(path); /* half a backup is worse than none */
    return code;
}

static pw_code check_pragma(struct sqlite_conn *conn, const char *sql, const char *fine,
                            struct err *err) {
    sqlite3_stmt *stmt = NULL;
    int           rc = sqlite3_prepare_v2(conn->db, sql, -1, &stmt, NULL);
    const char   *text;
    pw_code       code = PW_OK;

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        code = sqlite_conn_error(conn->db, rc, "the check of the database", err);
    else if (rc == SQLITE_ROW && (text == NULL || strcmp(text, fine) != 0))
        code = err_set(err, PW_CORRUPT, "the database is damaged: %s: restore a backup",
                       text != NULL ? text : "no text");
    sqlite3_finalize(stmt);
    return code;
}

pw_code sqlite_check(struct store *store, struct err *err) {
    struct sqlite_store *own = (struct sqlite_store *)store;
    struct reader_slot  *slot;
    pw_code              code;

    PW_TRY(sqlite_readers_take(own, &own->long_reads, true, &slot, err));
    code = check_pragma(slot->conn, "PRAGMA integrity_check(1)", "ok", err);
    if (code == PW_OK)
        code = check_pragma(slot->conn,
                            "SELECT 'a row of ' || \"table\" || ' points at a row of ' || parent ||"
                            " ' that is gone' FROM pragma_foreign_key_check LIMIT 1",
                            "", err);
    sqlite_readers_give(&own->long_reads, slot);
    return code;
}
