/* What only a server can do to us: be gone, be the wrong one, collide. */
#include "settings_words.h"
#include "store/postgres_conn.h"

static void on_server(struct fixture *f, const char *sql) {
    fixture_sql(strstr(f->postgres, "dbname=") + strlen("dbname="), sql);
}

static bool open_postgres(struct fixture *f) {
    if (!fixture_init(f, FIXTURE_POSTGRES))
        return false;
    fixture_open(f);
    return true;
}

#define END_OTHERS                                                                                 \
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = "               \
    "current_database() AND pid <> pg_backend_pid()"

TEST(connections_that_were_ended_are_made_anew) {
    struct fixture f;

    if (!open_postgres(&f))
        SKIP("PostgreSQL is not installed");
    put_now(f.store, "a", "1");
    check_setting(f.store, "a", "1");
    on_server(&f, END_OTHERS);
    usleep(50000);
    check_setting(f.store, "a", "1"); /* idle when it happened: nobody notices */
    put_now(f.store, "a", "2");
    check_setting(f.store, "a", "2");
    fixture_done(&f);
}

static pw_code lose_the_server(struct txn *txn, void *arg, struct err *err) {
    PW_TRY(settings_put(txn, STR("lost"), STR("yes"), err));
    on_server(arg, END_OTHERS);
    usleep(50000);
    return settings_put(txn, STR("lost"), STR("twice"), err);
}

TEST(a_write_whose_connection_is_lost_fails_and_leaves_nothing) {
    struct fixture f;
    struct err     err = ERR_NONE;

    if (!open_postgres(&f))
        SKIP("PostgreSQL is not installed");
    CHECK_EQ(store_write(f.store, STORE_FOREGROUND, lose_the_server, &f, &err), PW_IO);
    check_setting(f.store, "lost", NULL);
    put_now(f.store, "lost", "no");
    check_setting(f.store, "lost", "no");
    fixture_done(&f);
}

TEST(a_wrong_server_is_named) {
    struct fixture f;
    struct err     err = ERR_NONE;
    char           text[300];

    if (!fixture_init(&f, FIXTURE_POSTGRES))
        SKIP("PostgreSQL is not installed");
    f.options.postgres = "host=/nowhere dbname=x user=y password=secret";
    CHECK_EQ(store_open(&f.options, &f.store, &err), PW_IO);
    CHECK(str_starts(str_of(err_text(&err)), STR("cannot reach PostgreSQL: ")));
    CHECK(strstr(err_text(&err), "secret") == NULL);
    fixture_sql("postgres",
                "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    snprintf(text, sizeof text, "host=%s user=portwarden dbname=latin", fixture_server.folder);
    f.options.postgres = text;
    CHECK_EQ(store_open(&f.options, &f.store, &err), PW_UNSUPPORTED);
    CHECK_TEXT(err_text(&err), "the encoding of the PostgreSQL database is LATIN1: create it with "
                               "ENCODING 'UTF8'");
    f.store = NULL;
    fixture_done(&f);
}

/* Names sort by their bytes on both databases, whatever the server's language. */
TEST(commits_are_durable_and_text_sorts_by_bytes) {
    struct postgres_conn *conn;
    struct fixture        f;
    struct err            err = ERR_NONE;
    int64_t               on = 0;

    if (!open_postgres(&f))
        SKIP("PostgreSQL is not installed");
    on_server(&f, "ALTER ROLE portwarden SET synchronous_commit = off");
    CHECK_OK(postgres_conn_open(f.store, f.postgres, &conn, &err));
    CHECK_OK(postgres_conn_number(conn,
                                  "SELECT CASE current_setting('synchronous_commit') WHEN 'on' "
                                  "THEN 1 ELSE 0 END",
                                  &on, &err));
    CHECK_EQ(on, 1);
    postgres_conn_close(conn);
    put_now(f.store, "b", "1");
    put_now(f.store, "B", "1");
    on_server(&f, "DO $$ BEGIN ASSERT (SELECT min(key) FROM setting) = 'B'; END $$");
    on_server(&f, "ALTER ROLE portwarden RESET synchronous_commit");
    fixture_done(&f);
}

/* --- collisions --- */

struct collision {
    struct fixture *f;
    int             runs, collide;
};

/* Reads, then lets another write what it read, then writes: as often as it is told. */
static pw_code collide(struct txn *txn, void *arg, struct err *err) {
    struct collision *collision = arg;
    struct lookup     lookup = {.key = "counter"};
    char              text[32];

    PW_TRY(look_up(txn, &lookup, err));
    if (++collision->runs <= collision->collide)
        on_server(collision->f, "BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE setting SET value = "
                                "(value::int + 100)::text WHERE key = 'counter'; COMMIT");
    snprintf(text, sizeof text, "%d", atoi(lookup.out) + 1);
    return settings_put(txn, STR("counter"), str_of(text), err);
}

TEST(a_collision_is_run_again) {
    struct fixture   f;
    struct collision three = {&f, 0, 3}, always = {&f, 0, 1000};
    struct err       err = ERR_NONE;
    char             want[64];

    if (!open_postgres(&f))
        SKIP("PostgreSQL is not installed");
    put_now(f.store, "counter", "0");
    CHECK_OK(store_write(f.store, STORE_FOREGROUND, collide, &three, &err));
    CHECK_EQ(three.runs, 4);
    check_setting(f.store, "counter", "301");
    CHECK_EQ(store_write(f.store, STORE_FOREGROUND, collide, &always, &err), PW_BUSY);
    CHECK_EQ(always.runs, LIMIT_SERIALIZATION_TRIES);
    snprintf(want, sizeof want, "the change collided with others %d times: try again later",
             LIMIT_SERIALIZATION_TRIES);
    CHECK_TEXT(err_text(&err), want);
    fixture_done(&f);
}

RUN_TESTS(UNIT(connections_that_were_ended_are_made_anew),
          UNIT(a_write_whose_connection_is_lost_fails_and_leaves_nothing),
          UNIT(a_wrong_server_is_named), UNIT(commits_are_durable_and_text_sorts_by_bytes),
          UNIT(a_collision_is_run_again))
