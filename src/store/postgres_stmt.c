/* postgres_stmt.c - statements of a PostgreSQL connection. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/limits.h"
#include "store/postgres_conn.h"

/* Object ids of the built-in types (pg_type.dat): fixed for ever. */
enum { OID_BYTEA = 17, OID_INT8 = 20, OID_TEXT = 25, OID_FLOAT8 = 701 };
enum { FETCH_ROWS = 500 };

static const Oid oids[] = {[VALUE_NULL] = 0,
                           [VALUE_INT] = OID_INT8,
                           [VALUE_REAL] = OID_FLOAT8,
                           [VALUE_TEXT] = OID_TEXT,
                           [VALUE_BLOB] = OID_BYTEA};

pw_code postgres_stmt_begin(struct txn *txn, enum sql sql, struct stmt *stmt, struct err *err) {
    struct postgres_conn *conn = txn->conn;
    struct postgres_stmt *own = conn->spare;

    if (own != NULL)
        conn->spare = own->next;
    else
        own = malloc(sizeof *own);
    if (own == NULL)
        return err_set(err, PW_MEMORY, "no memory for a statement");
    own->head.last_param = 0;
    own->conn = conn;
    own->sql = sql;
    own->result = NULL;
    own->row = own->rows = 0;
    own->cursor = 0;
    own->changes = 0;
    own->blob_lengths = NULL;
    memset(own->values, 0, sizeof own->values);
    memset(own->kinds, 0, sizeof own->kinds);
    stmt->handle = own;
    return PW_OK;
}

static void forget_result(struct postgres_stmt *own) {
    PQclear(own->result);
    own->result = NULL;
    free(own->blob_lengths);
    own->blob_lengths = NULL;
}

static void end_run(struct postgres_stmt *own) {
    char text[32];

    if (own->result == NULL)
        return;
    forget_result(own);
    if (own->cursor != 0 && !own->conn->failed) {
        snprintf(text, sizeof text, "CLOSE c%u", own->cursor);
        (void)postgres_conn_exec(own->conn, text, NULL); /* ends with the transaction anyway */
    }
    own->cursor = 0;
}

void postgres_stmt_done(struct stmt *stmt) {
    struct postgres_stmt *own = stmt->handle;

    end_run(own);
    own->next = own->conn->spare;
    own->conn->spare = own;
}

void postgres_stmt_reset(struct stmt *stmt) {
    struct postgres_stmt *own = stmt->handle;

    end_run(own);
    memset(own->values, 0, sizeof own->values);
    memset(own->kinds, 0, sizeof own->kinds);
}

void postgres_stmt_bind(struct stmt *stmt, unsigned index, const struct value *value) {
    struct postgres_stmt *own = stmt->handle;
    unsigned              at = index - 1;

    end_run(own);
    own->kinds[at] = value->kind;
    own->formats[at] = 0;
    own->lengths[at] = 0;
    own->values[at] = own->numbers[at];
    switch (value->kind) {
    case VALUE_NULL:
        own->values[at] = NULL;
        break;
    case VALUE_INT:
        snprintf(own->numbers[at], sizeof own->numbers[at], "%" PRId64, value->as.number);
        break;
    case VALUE_REAL:
        snprintf(own->numbers[at], sizeof own->numbers[at], "%.17g", value->as.real);
        break;
    case VALUE_TEXT:
    case VALUE_BLOB:
        own->formats[at] = 1; /* as they are: no NUL needed, nothing to escape */
        own->values[at] = value->as.bytes.ptr;
        own->lengths[at] = (int)value->as.bytes.len;
        break;
    }
}

/* --- running --- */

static int params_of(const struct postgres_stmt *own) {
    return (int)own->conn->store->statements[own->sql].count;
}

static void types_of(const struct postgres_stmt *own, Oid types[DIALECT_PARAMS]) {
    for (int i = 0; i < params_of(own); i++)
        types[i] = oids[own->kinds[i]];
}

/* With the types of the values of its first run; a NULL leaves the type to the server. */
static pw_code prepare(struct postgres_stmt *own, const char *name, struct err *err) {
    struct postgres_conn *conn = own->conn;
    Oid                   types[DIALECT_PARAMS];
    PGresult             *result;

    types_of(own, types);
    result =
        PQprepare(conn->pg, name, conn->store->statements[own->sql].text, params_of(own), types);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        return postgres_conn_error(conn, result, sql_texts[own->sql].name, err);
    PQclear(result);
    conn->prepared[own->sql] = true;
    return PW_OK;
}

static pw_code keep_result(struct postgres_stmt *own, PGresult *result, struct err *err) {
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        return postgres_conn_error(own->conn, result, sql_texts[own->sql].name, err);
    own->blob_lengths = calloc((size_t)PQnfields(result) + 1, sizeof *own->blob_lengths);
    if (own->blob_lengths == NULL) {
        PQclear(result);
        return err_set(err, PW_MEMORY, "no memory for a result");
    }
    own->result = result;
    own->row = -1;
    own->rows = PQntuples(result);
    own->changes = strtoll(PQcmdTuples(result), NULL, 10);
    if (own->conn->store->statements[own->sql].is_query)
        own->changes = 0;
    return PW_OK;
}

static pw_code execute_prepared(struct postgres_stmt *own, struct err *err) {
    char name[16];

    snprintf(name, sizeof name, "s%d", (int)own->sql);
    if (!own->conn->prepared[own->sql])
        PW_TRY(prepare(own, name, err));
    return keep_result(own,
                       PQexecPrepared(own->conn->pg, name, params_of(own), own->values,
                                      own->lengths, own->formats, 0),
                       err);
}

static pw_code execute_in_savepoint(struct postgres_stmt *own, struct err *err) {
    pw_code code;

    PW_TRY(postgres_conn_exec(own->conn, "SAVEPOINT one", err));
    code = execute_prepared(own, err);
    if (code == PW_OK)
        return postgres_conn_exec(own->conn, "RELEASE one", err);
    if (own->conn->must_retry ||
        postgres_conn_exec(own->conn, "ROLLBACK TO one; RELEASE one", NULL) != PW_OK)
        return code;
    own->conn->failed = false; /* this statement alone is undone */
    return code;
}

static pw_code fetch(struct postgres_stmt *own, struct err *err) {
    char text[48];

    forget_result(own);
    snprintf(text, sizeof text, "FETCH %d FROM c%u", FETCH_ROWS, own->cursor);
    return keep_result(own, PQexec(own->conn->pg, text), err);
}

/* A long read never has all its rows in memory. */
static pw_code open_cursor(struct postgres_stmt *own, struct err *err) {
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1));
    struct postgres_conn     *conn = own->conn;
    Oid                       types[DIALECT_PARAMS];
    PGresult                 *result;
    str                       sql;

    types_of(own, types);
    buf_addf(&text, "DECLARE c%u NO SCROLL CURSOR FOR %s", ++conn->cursors,
             conn->store->statements[own->sql].text);
    PW_TRY(buf_finish(&text, &sql, err));
    result = PQexecParams(conn->pg, sql.ptr, params_of(own), types, own->values, own->lengths,
                          own->formats, 0);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        return postgres_conn_error(conn, result, sql_texts[own->sql].name, err);
    PQclear(result);
    own->cursor = conn->cursors;
    return fetch(own, err);
}

static pw_code execute(struct postgres_stmt *own, const struct txn *txn, struct err *err) {
    struct postgres_conn *conn = own->conn;

    if (conn->failed) {
        conn->went_on = true;
        return err_set(err, PW_INTERNAL, "%s: an earlier statement of the transaction failed",
                       sql_texts[own->sql].name);
    }
    if (txn->expires_ns != 0 && conn->store->statements[own->sql].is_query)
        return open_cursor(own, err);
    return conn->savepoints ? execute_in_savepoint(own, err) : execute_prepared(own, err);
}

static int hex_digit(char c) {
    return c >= 'a' ? c - 'a' + 10 : c - '0';
}

/* "\x6162" becomes "ab" where it lies: the result is ours until it is cleared. */
static void decode_blobs(struct postgres_stmt *own) {
    assert(own->result != NULL && own->blob_lengths != NULL);
    for (int column = 0; column < PQnfields(own->result); column++) {
        char *text = PQgetvalue(own->result, own->row, column);
        int   n = (PQgetlength(own->result, own->row, column) - 2) / 2;

        if (PQftype(own->result, column) != OID_BYTEA || PQgetisnull(own->result, own->row, column))
            continue;
        for (int i = 0; i < n; i++)
            text[i] = (char)(hex_digit(text[2 * i + 2]) << 4 | hex_digit(text[2 * i + 3]));
        text[n] = '\0';
        own->blob_lengths[column] = n;
    }
}

pw_code postgres_stmt_step(struct stmt *stmt, bool *ret_row, struct err *err) {
    struct postgres_stmt *own = stmt->handle;

    if (own->result == NULL)
        PW_TRY(execute(own, stmt->txn, err));
    own->row++;
    if (own->row >= own->rows && own->cursor != 0 && own->rows == FETCH_ROWS) {
        PW_TRY(fetch(own, err));
        own->row = 0;
    }
    if (own->row < own->rows) {
        decode_blobs(own);
        *ret_row = true;
        return PW_OK;
    }
    end_run(own);
    *ret_row = false;
    return PW_OK;
}

int64_t postgres_stmt_changes(const struct stmt *stmt) {
    return ((struct postgres_stmt *)stmt->handle)->changes;
}

/* --- columns --- */

static const char *value_of(const struct stmt *stmt, int column) {
    const struct postgres_stmt *own = stmt->handle;

    assert(own->result != NULL && own->row < own->rows && column < PQnfields(own->result));
    return PQgetvalue(own->result, own->row, column);
}

int64_t postgres_stmt_int(const struct stmt *stmt, int column) {
    const char *text = value_of(stmt, column);

    return text[0] == 't' ? 1 : strtoll(text, NULL, 10); /* a boolean is "t" or "f" */
}

double postgres_stmt_real(const struct stmt *stmt, int column) {
    return strtod(value_of(stmt, column), NULL); /* the program keeps LC_NUMERIC at "C" */
}

str postgres_stmt_str(const struct stmt *stmt, int column) {
    const struct postgres_stmt *own = stmt->handle;
    const char                 *text = value_of(stmt, column);

    if (PQftype(own->result, column) == OID_BYTEA)
        return str_make(text, (size_t)own->blob_lengths[column]);
    return str_make(text, (size_t)PQgetlength(own->result, own->row, column));
}

bool postgres_stmt_is_null(const struct stmt *stmt, int column) {
    const struct postgres_stmt *own = stmt->handle;

    (void)value_of(stmt, column);
    return PQgetisnull(own->result, own->row, column);
}
