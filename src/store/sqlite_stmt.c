/* sqlite_stmt.c - statements of a SQLite connection. */
#include <assert.h>
#include <stdlib.h>
#include "store/sqlite_conn.h"

static pw_code prepare(struct sqlite_conn *conn, enum sql sql, struct sqlite_stmt **ret_stmt,
                       struct err *err) {
    struct sqlite_stmt *stmt = calloc(1, sizeof *stmt);
    int                 rc;

    if (stmt == NULL)
        return err_set(err, PW_MEMORY, "no memory for a statement");
    rc = sqlite3_prepare_v3(conn->db, conn->store->statements[sql].text, -1,
                            SQLITE_PREPARE_PERSISTENT, &stmt->prepared, NULL);
    if (rc != SQLITE_OK) {
        free(stmt);
        return sqlite_conn_error(conn->db, rc, sql_texts[sql].name, err);
    }
    stmt->conn = conn;
    stmt->sql = sql;
    *ret_stmt = stmt;
    return PW_OK;
}

pw_code sqlite_stmt_begin(struct txn *txn, enum sql sql, struct stmt *stmt, struct err *err) {
    struct sqlite_conn *conn = txn->conn;
    struct sqlite_stmt *own = conn->idle[sql];

    if (own != NULL)
        conn->idle[sql] = own->next;
    else
        PW_TRY(prepare(conn, sql, &own, err));
    assert(own != NULL);
    own->head.last_param = 0;
    own->changes = 0;
    stmt->handle = own;
    return PW_OK;
}

static void end_run(struct sqlite_stmt *own) {
    if (!own->running)
        return;
    (void)sqlite3_reset(own->prepared); /* repeats the error that step has reported */
    own->changes = sqlite3_stmt_readonly(own->prepared) ? 0 : sqlite3_changes64(own->conn->db);
    own->running = false;
}

void sqlite_stmt_done(struct stmt *stmt) {
    struct sqlite_stmt *own = stmt->handle;

    end_run(own);
    sqlite3_clear_bindings(own->prepared); /* values are borrowed: none may stay behind */
    own->next = own->conn->idle[own->sql];
    own->conn->idle[own->sql] = own;
}

void sqlite_stmt_bind(struct stmt *stmt, unsigned index, const struct value *value) {
    struct sqlite_stmt *own = stmt->handle;
    int                 at = (int)index;

    end_run(own);
    switch (value->kind) {
    case VALUE_NULL:
        (void)sqlite3_bind_null(own->prepared, at);
        break;
    case VALUE_INT:
        (void)sqlite3_bind_int64(own->prepared, at, value->as.number);
        break;
    case VALUE_REAL:
        (void)sqlite3_bind_double(own->prepared, at, value->as.real);
        break;
    case VALUE_TEXT:
        (void)sqlite3_bind_text64(own->prepared, at, value->as.bytes.ptr, value->as.bytes.len,
                                  SQLITE_STATIC, SQLITE_UTF8);
        break;
    case VALUE_BLOB:
        (void)sqlite3_bind_blob64(own->prepared, at, value->as.bytes.ptr, value->as.bytes.len,
                                  SQLITE_STATIC);
        break;
    }
}

pw_code sqlite_stmt_step(struct stmt *stmt, bool *ret_row, struct err *err) {
    struct sqlite_stmt *own = stmt->handle;
    int                 rc = sqlite3_step(own->prepared);
    pw_code             code;

    own->running = true;
    if (rc == SQLITE_ROW) {
        *ret_row = true;
        return PW_OK;
    }
    if (rc == SQLITE_DONE) {
        end_run(own);
        *ret_row = false;
        return PW_OK;
    }
    code = sqlite_conn_error(own->conn->db, rc, sql_texts[own->sql].name, err);
    (void)sqlite3_reset(own->prepared);
    own->running = false;
    return code;
}

void sqlite_stmt_reset(struct stmt *stmt) {
    struct sqlite_stmt *own = stmt->handle;

    end_run(own);
    sqlite3_clear_bindings(own->prepared);
}

int64_t sqlite_stmt_changes(const struct stmt *stmt) {
    const struct sqlite_stmt *own = stmt->handle;

    return own->changes;
}

int64_t sqlite_stmt_int(const struct stmt *stmt, int column) {
    return sqlite3_column_int64(((struct sqlite_stmt *)stmt->handle)->prepared, column);
}

double sqlite_stmt_real(const struct stmt *stmt, int column) {
    return sqlite3_column_double(((struct sqlite_stmt *)stmt->handle)->prepared, column);
}

str sqlite_stmt_str(const struct stmt *stmt, int column) {
    sqlite3_stmt *prepared = ((struct sqlite_stmt *)stmt->handle)->prepared;
    const void   *bytes = sqlite3_column_blob(prepared, column);

    return str_make(bytes != NULL ? bytes : "", (size_t)sqlite3_column_bytes(prepared, column));
}

bool sqlite_stmt_is_null(const struct stmt *stmt, int column) {
    return sqlite3_column_type(((struct sqlite_stmt *)stmt->handle)->prepared, column) ==
           SQLITE_NULL;
}
