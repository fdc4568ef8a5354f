/* What a store promises, on both databases. */
#include <pthread.h>
#include <unistd.h>
#include "base/limits.h"
#include "settings_words.h"

/* --- values --- */

static pw_code delete_setting(struct txn *txn, void *arg, struct err *err) {
    return settings_delete(txn, str_of(arg), err);
}

STORE_TEST(settings_come_and_go) {
    (void)err;
    check_setting(f->store, "colour", NULL);
    put_now(f->store, "colour", "blue");
    check_setting(f->store, "colour", "blue");
    put_now(f->store, "colour", "");
    check_setting(f->store, "colour", "");
    write_ok(f->store, delete_setting, (void *)(uintptr_t) "colour");
    check_setting(f->store, "colour", NULL);
    store_close(f->store);
    fixture_open(f);
    check_setting(f->store, "colour", NULL);
}

struct facts {
    str     bytes;
    int64_t version;
};

static pw_code put_facts(struct txn *txn, void *arg, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    const struct facts         *facts = arg;

    PW_TRY(stmt_begin(txn, SQL_LAYER_FACTS_PUT, &s, err));
    stmt_str(&s, "layer", str_make("layer!", 5)); /* a slice without a NUL */
    stmt_int(&s, "version", facts->version);
    stmt_str(&s, "status", STR_NONE);
    stmt_str(&s, "reason", STR("\xc3\xa4 'quoted' \"twice\" \\x41"));
    stmt_blob(&s, "facts", facts->bytes);
    stmt_int(&s, "now", INT64_MIN);
    return stmt_run(&s, err);
}

static pw_code check_facts(struct txn *txn, void *arg, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    const struct facts         *facts = arg;
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_LAYER_FACTS_GET, &s, err));
    stmt_str(&s, "layer", STR("layer"));
    stmt_int(&s, "version", facts->version);
    PW_TRY(stmt_step(&s, &row, err));
    CHECK(row);
    CHECK_STR(col_str(&s, 0), "");
    CHECK_STR(col_str(&s, 1), "\xc3\xa4 'quoted' \"twice\" \\x41");
    CHECK(str_eq(col_str(&s, 2), facts->bytes));
    CHECK(!col_is_null(&s, 2));
    PW_TRY(stmt_step(&s, &row, err));
    CHECK(!row);
    return PW_OK;
}

STORE_TEST(bytes_and_numbers_come_back_as_they_went) {
    char          all[512];
    const int64_t versions[] = {0, 1, -1, INT64_MAX, INT64_MIN, 1790000000000};

    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)i;
    EACH (version, versions) {
        struct facts facts = {str_make(all, sizeof all), *version};

        write_ok(f->store, put_facts, &facts);
        CHECK_OK(store_read(f->store, check_facts, &facts, &err));
        facts.bytes = STR_NONE;
        write_ok(f->store, put_facts, &facts);
        CHECK_OK(store_read(f->store, check_facts, &facts, &err));
    }
}

/* --- errors --- */

static pw_code add_orphan(struct txn *txn, void *arg, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_REPOSITORY_ADD, &s, err));
    stmt_int(&s, "registry", 4711);
    stmt_str(&s, "name", STR("orphan"));
    stmt_int(&s, "now", txn_now(txn));
    return stmt_run(&s, err);
}

STORE_TEST(what_exists_or_points_nowhere_is_a_conflict) {
    struct pair pair = {"colour", "blue"};

    write_ok(f->store, add, &pair);
    CHECK_EQ(store_write(f->store, STORE_FOREGROUND, add, &pair, &err), PW_CONFLICT);
    CHECK(strstr(err_text(&err), "setting_add: ") != NULL);
    CHECK_EQ(store_write(f->store, STORE_FOREGROUND, add_orphan, NULL, &err), PW_CONFLICT);
    CHECK_EQ(store_write(f->store, STORE_FOREGROUND, add, &pair, NULL), PW_CONFLICT);
    check_setting(f->store, "colour", "blue");
}

/* Goes on after a conflict: only the statement that failed is undone. */
static pw_code add_twice_and_go_on(struct txn *txn, void *arg, struct err *err) {
    int *runs = arg;

    (*runs)++;
    PW_TRY(settings_put(txn, STR("before"), STR("1"), err));
    CHECK_EQ(settings_add(txn, STR("before"), STR("2"), err), PW_CONFLICT);
    PW_TRY(settings_put(txn, STR("after"), STR("3"), err));
    return PW_OK;
}

/* Swallows the conflict and does nothing more. */
static pw_code add_twice_and_stop(struct txn *txn, void *arg, struct err *err) {
    (void)arg;
    PW_TRY(settings_put(txn, STR("kept"), STR("1"), err));
    CHECK_EQ(settings_add(txn, STR("kept"), STR("2"), err), PW_CONFLICT);
    return PW_OK;
}

STORE_TEST(a_write_may_go_on_after_a_conflict) {
    int runs = 0;

    (void)err;
    write_ok(f->store, add_twice_and_go_on, &runs);
    CHECK(runs >= 1 && runs <= 2);
    check_setting(f->store, "before", "1");
    check_setting(f->store, "after", "3");
    write_ok(f->store, add_twice_and_stop, NULL);
    check_setting(f->store, "kept", "1");
}

STORE_TEST(an_error_undoes_the_whole_write) {
    CHECK_EQ(store_write(f->store, STORE_FOREGROUND, put_and_fail, &(struct pair){"a", "b"}, &err),
             PW_CANCELLED);
    CHECK_TEXT(err_text(&err), "changed my mind");
    check_setting(f->store, "a", NULL);
}

static pw_code write_within(struct txn *txn, void *arg, struct err *err) {
    return store_write(txn_store(txn), STORE_FOREGROUND, put, arg, err);
}

STORE_TEST(misuse_is_refused) {
    struct pair pair = {"a", "b"};

    CHECK_EQ(store_write(f->store, STORE_FOREGROUND, write_within, &pair, &err), PW_INTERNAL);
    CHECK_EQ(store_read(f->store, put, &pair, &err), PW_DENIED); /* a read cannot write */
    put_now(f->store, "a", "c");
    check_setting(f->store, "a", "c");
}

STORE_TEST(a_store_opened_for_reading_cannot_write) {
    struct store_options options = f->options;
    struct store        *reader;

    put_now(f->store, "a", "b");
    options.read_only = true;
    CHECK_OK(store_open(&options, &reader, &err));
    check_setting(reader, "a", "b");
    CHECK_EQ(store_write(reader, STORE_FOREGROUND, put, &(struct pair){"a", "c"}, &err), PW_DENIED);
    put_now(f->store, "a", "d");
    check_setting(reader, "a", "d");
    store_close(reader);
}

/* --- many writers --- */

enum { THREADS = 8, ROUNDS = 25 };

struct writer {
    struct store *store;
    int           number;
    pw_code       failed;
};

static pw_code increment(struct txn *txn, void *arg, struct err *err) {
    struct lookup lookup = {.key = "counter"};
    char          text[32];

    (void)arg;
    PW_TRY(look_up(txn, &lookup, err));
    snprintf(text, sizeof text, "%d", atoi(lookup.out) + 1);
    return settings_put(txn, STR("counter"), str_of(text), err);
}

static void *increment_often(void *arg) {
    struct writer *writer = arg;

    for (int i = 0; i < ROUNDS && writer->failed == PW_OK; i++)
        writer->failed = store_write(writer->store, STORE_FOREGROUND, increment, NULL, NULL);
    return NULL;
}

static void *put_own_keys(void *arg) {
    struct writer *writer = arg;
    char           key[32];

    for (int i = 0; i < ROUNDS && writer->failed == PW_OK; i++) {
        struct pair pair = {key, "here"};
        bool        fails = i % 3 == 0;
        pw_code     code;

        snprintf(key, sizeof key, "%d/%d", writer->number, i);
        code = store_write(writer->store, i % 2 == 0 ? STORE_FOREGROUND : STORE_BACKGROUND,
                           fails ? put_and_fail : put, &pair, NULL);
        if (code != (fails ? PW_CANCELLED : PW_OK))
            writer->failed = code == PW_OK ? PW_INTERNAL : code;
    }
    return NULL;
}

static void run_writers(struct store *store, void *(*body)(void *)) {
    struct writer writers[THREADS];
    pthread_t     threads[THREADS];

    for (int i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){store, i, PW_OK};
        CHECK_EQ(pthread_create(&threads[i], NULL, body, &writers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_EQ(writers[i].failed, PW_OK);
    }
}

STORE_TEST(read_then_write_loses_no_update) {
    char want[16];

    (void)err;
    run_writers(f->store, increment_often);
    snprintf(want, sizeof want, "%d", THREADS * ROUNDS);
    check_setting(f->store, "counter", want);
}

STORE_TEST(a_write_that_fails_takes_no_other_with_it) {
    char key[32];

    (void)err;
    run_writers(f->store, put_own_keys);
    for (int number = 0; number < THREADS; number++)
        for (int i = 0; i < ROUNDS; i++) {
            snprintf(key, sizeof key, "%d/%d", number, i);
            check_setting(f->store, key, i % 3 == 0 ? NULL : "here");
        }
}

/* --- what follows a commit --- */

static void count_call(void *ctx) {
    ++*(int *)ctx;
}

struct calls {
    int     first, second;
    pw_code end;
};

static pw_code ask_for_calls(struct txn *txn, void *arg, struct err *err) {
    struct calls *calls = arg;

    PW_TRY(settings_put(txn, STR("called"), STR("yes"), err));
    for (int i = 0; i < 10; i++)
        PW_TRY(txn_after_commit(txn, count_call, &calls->first, err));
    PW_TRY(txn_after_commit(txn, count_call, &calls->second, err));
    return calls->end == PW_OK ? PW_OK : err_set(err, calls->end, "no");
}

STORE_TEST(what_follows_a_commit_runs_once_and_not_after_an_undo) {
    struct calls calls = {0, 0, PW_OK}, undone = {0, 0, PW_CANCELLED};

    write_ok(f->store, ask_for_calls, &calls);
    CHECK_EQ(calls.first, 1);
    CHECK_EQ(calls.second, 1);
    CHECK_EQ(store_write(f->store, STORE_FOREGROUND, ask_for_calls, &undone, &err), PW_CANCELLED);
    CHECK_EQ(undone.first, 0);
    CHECK_EQ(store_read(f->store, ask_for_calls, &undone, &err), PW_DENIED);
}

/* --- changes, time, care --- */

static pw_code count_changes(struct txn *txn, void *arg, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_SETTING_DELETE, &s, err));
    stmt_str(&s, "key", STR("a"));
    PW_TRY(stmt_run(&s, err));
    CHECK_EQ(stmt_changes(&s), 1);
    stmt_reset(&s);
    stmt_str(&s, "key", STR("a"));
    PW_TRY(stmt_run(&s, err));
    CHECK_EQ(stmt_changes(&s), 0);
    return PW_OK;
}

STORE_TEST(changes_are_counted) {
    (void)err;
    put_now(f->store, "a", "b");
    write_ok(f->store, count_changes, NULL);
}

static pw_code read_clock(struct txn *txn, void *arg, struct err *err) {
    (void)err;
    *(int64_t *)arg = txn_now(txn);
    return PW_OK;
}

STORE_TEST(time_is_the_stores_clock) {
    int64_t before, after;

    CHECK_OK(store_read(f->store, read_clock, &before, &err));
    clock_move(&f->clock, 1000000);
    write_ok(f->store, read_clock, &after);
    CHECK(after - before >= 1000000 && after - before < 1000100);
    CHECK(store_clock(f->store) == &f->clock);
}

STORE_TEST(a_sound_store_passes_its_check) {
    pw_code code;
    char    path[128];

    put_now(f->store, "a", "b");
    CHECK_OK(store_check(f->store, &err));
    snprintf(path, sizeof path, "%s/copy.db", f->folder);
    code = store_backup(f->store, path, &err);
    CHECK_EQ(code, f->kind == FIXTURE_POSTGRES ? PW_UNSUPPORTED : PW_OK);
    if (f->kind == FIXTURE_POSTGRES)
        CHECK(strstr(err_text(&err), "pg_dump") != NULL);
}

RUN_TESTS(STORE_UNITS(settings_come_and_go), STORE_UNITS(bytes_and_numbers_come_back_as_they_went),
          STORE_UNITS(what_exists_or_points_nowhere_is_a_conflict),
          STORE_UNITS(a_write_may_go_on_after_a_conflict),
          STORE_UNITS(an_error_undoes_the_whole_write), STORE_UNITS(misuse_is_refused),
          STORE_UNITS(a_store_opened_for_reading_cannot_write),
          STORE_UNITS(read_then_write_loses_no_update),
          STORE_UNITS(a_write_that_fails_takes_no_other_with_it),
          STORE_UNITS(what_follows_a_commit_runs_once_and_not_after_an_undo),
          STORE_UNITS(changes_are_counted), STORE_UNITS(time_is_the_stores_clock),
          STORE_UNITS(a_sound_store_passes_its_check))
