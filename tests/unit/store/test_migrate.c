/* Steps of the schema: each alone, recorded, and safe for what is already there. */
#include <sqlite3.h>
#include <sys/wait.h>
#include "base/limits.h"
#include "store/backend.h"
#include "store/settings.h"
#include "store_fixture.h"

/* --- reading and writing beside the store --- */

static int64_t number_of(struct fixture *f, const char *sql) {
    int64_t number = -1;

    if (f->kind == FIXTURE_POSTGRES) {
        PGconn   *conn = PQconnectdb(f->postgres);
        PGresult *result = PQexec(conn, sql);

        if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0)
            number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        PQclear(result);
        PQfinish(conn);
    } else {
        sqlite3      *db = NULL;
        sqlite3_stmt *stmt = NULL;

        CHECK_EQ(sqlite3_open(f->path, &db), SQLITE_OK);
        if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
            sqlite3_step(stmt) == SQLITE_ROW)
            number = sqlite3_column_int64(stmt, 0);
        sqlite3_finalize(stmt);
        sqlite3_close(db);
    }
    return number;
}

static void run_sql(struct fixture *f, const char *sql) {
    sqlite3 *db = NULL;
    char    *trouble = NULL;

    if (f->kind == FIXTURE_POSTGRES) {
        fixture_sql(strstr(f->postgres, "dbname=") + strlen("dbname="), sql);
        return;
    }
    CHECK_EQ(sqlite3_open(f->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &trouble) != SQLITE_OK)
        fail_msg("%s: %s", sql, trouble);
    sqlite3_close(db);
}

/* --- filling every table --- */

enum { TABLES = 100, COLUMNS = 40 };

struct column {
    char name[64];
    bool is_text, is_blob, is_real;
};

struct table {
    char          name[64];
    struct column columns[COLUMNS];
    int           count;
    bool          filled;
};

static struct table tables[TABLES];
static int          table_count;

static int add_table(void *ctx, int count, char **values, char **names) {
    (void)ctx, (void)count, (void)names;
    snprintf(tables[table_count++].name, 64, "%s", values[0]);
    return 0;
}

static int add_column(void *ctx, int count, char **values, char **names) {
    struct table  *table = ctx;
    struct column *column = &table->columns[table->count++];

    (void)count, (void)names;
    snprintf(column->name, sizeof column->name, "%s", values[0]);
    column->is_text = strcmp(values[1], "TEXT") == 0;
    column->is_blob = strcmp(values[1], "BLOB") == 0;
    column->is_real = strcmp(values[1], "REAL") == 0;
    return 0;
}

/* The tables of a schema as SQLite sees them; both databases have the same. */
static void read_tables(const char *path) {
    sqlite3 *db = NULL;
    char     sql[512];

    memset(tables, 0, sizeof tables);
    table_count = 0;
    CHECK_EQ(sqlite3_open(path, &db), SQLITE_OK);
    CHECK_EQ(sqlite3_exec(db,
                          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "
                          "'sqlite_%' AND name <> 'schema_version' ORDER BY rowid",
                          add_table, NULL, NULL),
             SQLITE_OK);
    for (int i = 0; i < table_count; i++) {
        snprintf(sql, sizeof sql, "SELECT name, type FROM pragma_table_info('%.63s') ORDER BY cid",
                 tables[i].name);
        CHECK_EQ(sqlite3_exec(db, sql, add_column, &tables[i], NULL), SQLITE_OK);
    }
    sqlite3_close(db);
}

/* Two rows in every table; a table stands behind those it points to, as they were created. */
static void fill_tables(struct fixture *f) {
    for (int i = 0; i < table_count; i++)
        for (int row = 1; row <= 2; row++) {
            AUTO(buf_done) struct buf sql = BUF_INIT(KIB(64));
            const struct table       *table = &tables[i];

            buf_addf(&sql, "INSERT INTO %s (", table->name);
            for (int c = 0; c < table->count; c++)
                buf_addf(&sql, "%s\"%s\"", c > 0 ? ", " : "", table->columns[c].name);
            buf_adds(&sql, ") VALUES (");
            for (int c = 0; c < table->count; c++) {
                const struct column *column = &table->columns[c];

                buf_adds(&sql, c > 0 ? ", " : "");
                if (column->is_text)
                    buf_addf(&sql, "'%d'", row);
                else if (column->is_blob)
                    buf_adds(&sql, f->kind == FIXTURE_POSTGRES ? "'\\x00ff'" : "x'00ff'");
                else
                    buf_addf(&sql, column->is_real ? "%d.5" : "%d", row);
            }
            buf_adds(&sql, ")");
            CHECK(buf_ok(&sql));
            run_sql(f, sql.ptr);
        }
}

static void check_rows(struct fixture *f, int64_t want) {
    for (int i = 0; i < table_count; i++) {
        char    sql[128];
        int64_t got;

        snprintf(sql, sizeof sql, "SELECT count(*) FROM %.63s", tables[i].name);
        got = number_of(f, sql);
        if (got != want)
            fail_msg("table %s has %lld rows", tables[i].name, (long long)got);
    }
}

/* --- the tests --- */

/* Steps that only tests know, behind the build's own: what real ones will look like. */
static struct sql_migration steps[64];

static int build_steps(void) {
    static const struct sql_migration more[] = {
        {9001, "9001_column", "ALTER TABLE job ADD COLUMN colour {TEXT} NOT NULL DEFAULT 'blue';"},
        {9002, "9002_table",
         "CREATE TABLE extra (id {ID}, job_id {INT} NOT NULL REFERENCES job(id)) {TABLE};\n"
         "INSERT INTO extra (id, job_id) SELECT id, id FROM job;"},
    };

    memcpy(steps, sql_migrations, (size_t)sql_migration_count * sizeof *steps);
    memcpy(steps + sql_migration_count, more, sizeof more);
    return sql_migration_count + (int)COUNT_OF(more);
}

static void open_with(struct fixture *f, int count) {
    const struct backend_schema schema = {steps, count, true};
    struct err                  err = ERR_NONE;

    CHECK_OK(backend_open(&f->options, &schema, &f->store, &err));
    store_close(f->store);
    f->store = NULL;
}

/* For each step: a database of the step before with rows in every table is brought forward. */
static void each_step_keeps_what_is_there(enum fixture_kind kind) {
    int last = build_steps();

    for (int n = 1; n < last; n++) {
        struct fixture f, shape;

        if (!fixture_init(&f, kind))
            SKIP("PostgreSQL is not installed (no /usr/lib/postgresql/*/bin/initdb)");
        CHECK(fixture_init(&shape, FIXTURE_SQLITE));
        open_with(&shape, n);
        read_tables(shape.path);
        open_with(&f, n);
        fill_tables(&f);
        for (int next = n; next <= last; next++) {
            open_with(&f, next);
            check_rows(&f, 2);
            CHECK_EQ(number_of(&f, "SELECT count(*) FROM schema_version"), next);
        }
        CHECK_EQ(number_of(&f, "SELECT count(*) FROM job WHERE colour IN ('blue', '1', '2')"), 2);
        CHECK_EQ(number_of(&f, "SELECT count(*) FROM extra"), 2);
        /* what was there before is as it was after a look by the newest */
        open_with(&f, last);
        check_rows(&f, 2);
        fixture_done(&shape);
        fixture_done(&f);
    }
}

TEST(each_step_keeps_what_is_there_on_sqlite) {
    each_step_keeps_what_is_there(FIXTURE_SQLITE);
}

TEST(each_step_keeps_what_is_there_on_postgres) {
    each_step_keeps_what_is_there(FIXTURE_POSTGRES);
}

STORE_TEST(a_populated_store_opens_again_unchanged) {
    (void)err;
    store_close(f->store);
    f->store = NULL;
    if (f->kind == FIXTURE_SQLITE) {
        read_tables(f->path);
        CHECK(table_count >= 30);
    }
    fill_tables(f);
    fixture_open(f);
    check_rows(f, 2);
}

STORE_TEST(a_newer_schema_is_refused) {
    char want[256];

    store_close(f->store);
    f->store = NULL;
    run_sql(f, "INSERT INTO schema_version VALUES (9999, '9999_future', 0)");
    CHECK_EQ(store_open(&f->options, &f->store, &err), PW_UNSUPPORTED);
    snprintf(want, sizeof want,
             "the database has schema 9999, written by a newer Portwarden; this build knows schema "
             "%d: run the newer build, or restore a backup of this one",
             store_schema_version());
    CHECK_TEXT(err_text(&err), want);
    CHECK(f->store == NULL);
}

STORE_TEST(a_step_that_fails_leaves_nothing) {
    struct backend_schema schema = {steps, build_steps(), true};

    store_close(f->store);
    f->store = NULL;
    steps[schema.count - 1].text = "CREATE TABLE half (id {ID}) {TABLE}; CREATE TABLE nonsense;";
    CHECK_EQ(backend_open(&f->options, &schema, &f->store, &err), PW_INTERNAL);
    CHECK(str_starts(str_of(err_text(&err)), STR("migration 9002_table: ")));
    CHECK_EQ(number_of(f, "SELECT count(*) FROM half"), -1); /* there is no such table */
    CHECK_EQ(number_of(f, "SELECT max(version) FROM schema_version"), 9001);
    build_steps();
    open_with(f, schema.count); /* goes on where it stopped */
    CHECK_EQ(number_of(f, "SELECT max(version) FROM schema_version"), 9002);
}

STORE_TEST(an_older_schema_is_not_changed_by_a_reader) {
    const struct backend_schema schema = {steps, build_steps(), true};
    struct store_options        options = f->options;

    options.read_only = true;
    CHECK_EQ(backend_open(&options, &schema, &f->store, &err), PW_UNSUPPORTED);
    CHECK(strstr(err_text(&err), "run \"portwarden migrate\" first") != NULL);
    CHECK_EQ(number_of(f, "SELECT max(version) FROM schema_version"), store_schema_version());
}

static void start_together(struct fixture *f, const struct backend_schema *schema) {
    pid_t children[4];
    int   status;

    EACH (child, children) {
        *child = fork();
        if (*child == 0) {
            struct store *store;

            _exit(backend_open(&f->options, schema, &store, NULL) == PW_OK ? 0 : 1);
        }
    }
    EACH (child, children) {
        waitpid(*child, &status, 0);
        CHECK_EQ(status, 0);
    }
    CHECK_EQ(number_of(f, "SELECT count(*) FROM schema_version"), schema->count);
}

/* Several processes start at once: each step is taken by one of them. */
STORE_TEST(starting_together_is_safe) {
    const struct backend_schema schema = {steps, build_steps(), true};
    struct fixture              empty;

    (void)err;
    store_close(f->store);
    f->store = NULL;
    start_together(f, &schema);
    for (int i = 0; i < 5; i++) {
        CHECK(fixture_init(&empty, f->kind));
        start_together(&empty, &schema);
        fixture_done(&empty);
    }
}

/* A statement that the database does not understand is found at start, by file and name. */
STORE_TEST(statements_are_checked_at_start) {
    const struct sql_migration  no_tables[] = {{1, "0001_empty", "SELECT 1"}};
    const struct backend_schema schema = {no_tables, 1, false};
    struct fixture              other;

    CHECK(fixture_init(&other, f->kind));
    CHECK_EQ(backend_open(&other.options, &schema, &other.store, &err), PW_INTERNAL);
    CHECK(strstr(err_text(&err), ".sql: statement") != NULL);
    fixture_done(&other);
}

RUN_TESTS(UNIT(each_step_keeps_what_is_there_on_sqlite),
          UNIT(each_step_keeps_what_is_there_on_postgres),
          STORE_UNITS(a_populated_store_opens_again_unchanged),
          STORE_UNITS(a_newer_schema_is_refused), STORE_UNITS(a_step_that_fails_leaves_nothing),
          STORE_UNITS(an_older_schema_is_not_changed_by_a_reader),
          STORE_UNITS(starting_together_is_safe), STORE_UNITS(statements_are_checked_at_start))
