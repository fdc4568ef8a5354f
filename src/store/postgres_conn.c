/* postgres_conn.c - one connection: opening, settings, errors. */
#include "store/postgres_conn.h"

#include <stdlib.h>
#include <string.h>

enum { OLDEST_SERVER = 130000 };

/* SQLSTATE or its class, most exact first; what is not here is a bug of ours. */
static const struct {
    const char *state;
    pw_code     code;
} codes[] = {
    {"23505", PW_CONFLICT},                   /* unique */
    {"23503", PW_CONFLICT},                   /* foreign key */
    {"40", PW_BUSY},                          /* serialization failure, deadlock */
    {"53100", PW_NO_SPACE},                   /* disk full */
    {"53200", PW_MEMORY},    {"53", PW_BUSY}, /* too many connections */
    {"55P03", PW_BUSY},                       /* lock not available */
    {"57014", PW_CANCELLED}, {"57", PW_IO},   /* the server is going down, or starting */
    {"58", PW_IO},           {"08", PW_IO},
    {"22021", PW_INVALID}, /* text that is not UTF-8, or has a NUL */
    {"28", PW_DENIED},       {"42501", PW_DENIED},
    {"25006", PW_DENIED}, /* read-only */
    {"54", PW_TOO_LARGE},    {"XX001", PW_CORRUPT},
    {"XX002", PW_CORRUPT},
};

static pw_code code_of(const struct postgres_conn *conn, const char *state) {
    if (state[0] == '\0')
        return PQstatus(conn->pg) == CONNECTION_OK ? PW_INTERNAL : PW_IO;
    EACH (known, codes)
        if (strncmp(state, known->state, strlen(known->state)) == 0)
            return known->code;
    return PW_INTERNAL;
}

pw_code postgres_conn_error(struct postgres_conn *conn, PGresult *result, const char *what,
                            struct err *err) {
    const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *text = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    pw_code     code = code_of(conn, state != NULL ? state : "");
    str         line = str_trim(str_of(text != NULL ? text : PQerrorMessage(conn->pg)));

    conn->failed = true;
    if (state != NULL && (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0))
        conn->must_retry = true;
    if (code == PW_NO_SPACE)
        err_set(err, code, "%s: the disk of the database is full: free space there, then try again",
                what);
    else
        err_set(err, code, "%s: " STR_FMT, what, STR_ARG(line));
    PQclear(result);
    return code;
}

pw_code postgres_conn_exec(struct postgres_conn *conn, const char *sql, struct err *err) {
    PGresult      *result = PQexec(conn->pg, sql);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        return postgres_conn_error(conn, result, "the database", err);
    PQclear(result);
    return PW_OK;
}

pw_code postgres_conn_number(struct postgres_conn *conn, const char *sql, int64_t *ret_number,
                             struct err *err) {
    PGresult *result = PQexec(conn->pg, sql);

    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) == 0)
        return postgres_conn_error(conn, result, sql, err);
    *ret_number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return PW_OK;
}

/* --- opening --- */

static void ignore_notice(void *ctx, const PGresult *result) {
    (void)ctx, (void)result; /* "relation exists already, skipping" */
}

static pw_code set_up(struct postgres_conn *conn, struct err *err) {
    const char *encoding = PQparameterStatus(conn->pg, "server_encoding");

    if (PQserverVersion(conn->pg) < OLDEST_SERVER)
        return err_set(err, PW_UNSUPPORTED,
                       "PostgreSQL %d is too old: version 13 or newer is "
                       "needed",
                       PQserverVersion(conn->pg) / 10000);
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
        return err_set(err, PW_UNSUPPORTED,
                       "the encoding of the PostgreSQL database is %s: create "
                       "it with ENCODING 'UTF8'",
                       encoding != NULL ? encoding : "not known");
    memset(conn->prepared, 0, sizeof conn->prepared);
    conn->cursors = 0;
    /* a commit that was acknowledged is on disk, whatever the server's default says */
    return postgres_conn_exec(conn,
                              "SELECT set_config('synchronous_commit', 'on', false) "
                              "WHERE current_setting('synchronous_commit') = 'off'",
                              err);
}

pw_code postgres_conn_open(struct store *store, const char *conninfo,
                           struct postgres_conn **ret_conn, struct err *err) {
    const char *const keywords[] = {
        "dbname",          "client_encoding", "fallback_application_name",
        "connect_timeout", "options",         NULL};
    const char *const values[] = {
        conninfo, "UTF8", "portwarden", "10", "-c bytea_output=hex -c extra_float_digits=1", NULL};
    struct postgres_conn *conn = calloc(1, sizeof *conn);
    pw_code               code;

    if (conn == NULL)
        return err_set(err, PW_MEMORY, "no memory for a database connection");
    conn->store = store;
    conn->pg = PQconnectdbParams(keywords, values, 1);
    if (PQstatus(conn->pg) != CONNECTION_OK) {
        /* the text of libpq names host and database, never the password */
        code = err_set(err, PW_IO, "cannot reach PostgreSQL: %s", PQerrorMessage(conn->pg));
    } else {
        (void)PQsetNoticeReceiver(conn->pg, ignore_notice, NULL);
        code = set_up(conn, err);
    }
    if (code != PW_OK) {
        postgres_conn_close(conn);
        return code;
    }
    *ret_conn = conn;
    return PW_OK;
}

void postgres_conn_close(struct postgres_conn *conn) {
    if (conn == NULL)
        return;
    while (conn->spare != NULL) {
        struct postgres_stmt *stmt = conn->spare;

        conn->spare = stmt->next;
        free(stmt);
    }
    PQfinish(conn->pg);
    free(conn);
}

pw_code postgres_conn_begin(struct postgres_conn *conn, const char *sql, struct err *err) {
    pw_code code;

    conn->failed = conn->went_on = conn->must_retry = false;
    code = postgres_conn_exec(conn, sql, err);
    if (code != PW_OK && PQstatus(conn->pg) != CONNECTION_OK) {
        PQreset(conn->pg); /* nothing of this transaction was there yet */
        if (PQstatus(conn->pg) != CONNECTION_OK)
            return err_set(err, PW_IO, "cannot reach PostgreSQL: %s", PQerrorMessage(conn->pg));
        PW_TRY(set_up(conn, err));
        conn->failed = conn->went_on = conn->must_retry = false;
        code = postgres_conn_exec(conn, sql, err);
    }
    return code;
}

/* --- checking --- */

/* Without values the server has to guess the types of parameters; where it cannot, the first run,
 * which knows them, decides. */
static bool wants_types(const PGresult *result) {
    static const char *const states[] = {
        "42P18", /* indeterminate type of a parameter */
        "42725", /* ambiguous operator or function */
        "42804", /* type mismatch: INSERT ... SELECT guesses text */
        "42883", /* no such operator for the guess */
    };
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    EACH (known, states)
        if (state != NULL && strcmp(state, *known) == 0)
            return true;
    return false;
}

pw_code postgres_conn_check(struct postgres_conn *conn, struct err *err) {
    for (int i = 0; i < SQL_COUNT; i++) {
        PGresult *result = PQprepare(conn->pg, "", conn->store->statements[i].text, 0, NULL);
        bool      good = PQresultStatus(result) == PGRES_COMMAND_OK || wants_types(result);

        if (!good) {
            pw_code code = postgres_conn_error(conn, result, sql_texts[i].name, err);

            (void)err_wrap(err, "%s: statement", sql_texts[i].file);
            return code;
        }
        PQclear(result);
    }
    return PW_OK;
}
