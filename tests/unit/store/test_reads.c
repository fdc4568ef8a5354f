/* Reads: one state, no waiting, bounded; events by cursor. */
#include "store/events.h"
#include "settings_words.h"

/* --- reads --- */

struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t  changed;
    int             stage;
};

#define GATE_INIT                                                                                  \
    { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 }

static void gate_set(struct gate *gate, int stage) {
    pthread_mutex_lock(&gate->mutex);
    gate->stage = stage;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

static void gate_wait(struct gate *gate, int stage) {
    pthread_mutex_lock(&gate->mutex);
    while (gate->stage < stage)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

struct slow {
    struct store *store;
    struct gate   gate;
};

static pw_code write_slowly(struct txn *txn, void *arg, struct err *err) {
    struct slow *slow = arg;

    PW_TRY(settings_put(txn, STR("state"), STR("new"), err));
    gate_set(&slow->gate, 1);
    gate_wait(&slow->gate, 2);
    return PW_OK;
}

static void *run_slow_write(void *arg) {
    struct slow *slow = arg;

    (void)store_write(slow->store, STORE_FOREGROUND, write_slowly, slow, NULL); /* seen by reads */
    return NULL;
}

STORE_TEST(reads_go_on_during_a_write_and_see_one_state) {
    struct slow   slow = {f->store, GATE_INIT};
    struct lookup lookup = {.key = "state"};
    struct txn   *before = NULL;
    pthread_t     thread;

    put_now(f->store, "state", "old");
    CHECK_EQ(pthread_create(&thread, NULL, run_slow_write, &slow), 0);
    gate_wait(&slow.gate, 1);
    check_setting(f->store, "state", "old"); /* the write is under way: it would wait for us */
    CHECK_OK(read_txn_begin(f->store, &before, &err));
    CHECK_OK(look_up(before, &lookup, &err));
    CHECK_TEXT(lookup.out, "old");
    gate_set(&slow.gate, 2);
    pthread_join(thread, NULL);
    check_setting(f->store, "state", "new");
    CHECK_OK(look_up(before, &lookup, &err)); /* its state has not moved */
    CHECK_TEXT(lookup.out, "old");
    read_txn_end(&before);
    CHECK(before == NULL);
    read_txn_end(&before);
}

static pw_code read_within(struct txn *txn, void *arg, struct err *err) {
    return store_read(txn_store(txn), look_up, arg, err);
}

STORE_TEST(reads_may_nest) {
    struct lookup lookup = {.key = "a"};

    store_close(f->store);
    f->options.readers = 1; /* the inner read does not wait for a second connection */
    fixture_open(f);
    put_now(f->store, "a", "b");
    CHECK_OK(store_read(f->store, read_within, &lookup, &err));
    CHECK_TEXT(lookup.out, "b");
}

STORE_TEST(a_read_that_takes_too_long_is_ended) {
    AUTO(read_txn_end) struct txn *txn = NULL;
    struct lookup                  lookup = {.key = "a"};

    CHECK_OK(read_txn_begin(f->store, &txn, &err));
    clock_move(&f->clock, LIMIT_READ_SECONDS - 1);
    CHECK_OK(look_up(txn, &lookup, &err));
    clock_move(&f->clock, 1);
    CHECK_EQ(look_up(txn, &lookup, &err), PW_TIMEOUT);
    CHECK_TEXT(err_text(&err), "this read has taken more than 60 seconds: start it again, from "
                               "where it stopped");
}

STORE_TEST(long_reads_are_counted) {
    struct txn *txns[LIMIT_LONG_READS] = {NULL}, *more;

    EACH (txn, txns)
        CHECK_OK(read_txn_begin(f->store, txn, &err));
    CHECK_EQ(read_txn_begin(f->store, &more, &err), PW_BUSY);
    put_now(f->store, "a", "b"); /* nobody else is held up */
    check_setting(f->store, "a", "b");
    EACH (txn, txns)
        read_txn_end(txn);
    CHECK_OK(read_txn_begin(f->store, &more, &err));
    read_txn_end(&more);
}

/* --- events --- */

enum { EVENTS = 1234 };

static pw_code add_events(struct txn *txn, void *arg, struct err *err) {
    int64_t *last = arg;

    for (int i = 0; i < EVENTS; i++) {
        char body[32];

        snprintf(body, sizeof body, "{\"n\":%d}", i);
        PW_TRY(events_add(txn, STR("pushed"), STR("library/nginx"), str_of(body), last, err));
    }
    return PW_OK;
}

struct seen {
    struct txn *txn;
    int64_t     last;
    int         count;
};

static pw_code see(void *ctx, const struct event *event, struct err *err) {
    struct seen  *seen = ctx;
    struct lookup lookup = {.key = "inner"};
    char          want[32];

    snprintf(want, sizeof want, "{\"n\":%d}", seen->count);
    CHECK_STR(event->body, want);
    CHECK_STR(event->kind, "pushed");
    CHECK(event->id > seen->last);
    seen->last = event->id;
    seen->count++;
    PW_TRY(look_up(seen->txn, &lookup, err)); /* another statement between two rows */
    CHECK_TEXT(lookup.out, "yes");
    return PW_OK;
}

STORE_TEST(a_cursor_walks_many_rows_with_other_reads_between) {
    AUTO(read_txn_end) struct txn *txn = NULL;
    struct seen                    seen = {0};
    int64_t                        last = 0;

    put_now(f->store, "inner", "yes");
    write_ok(f->store, add_events, &last);
    CHECK_OK(read_txn_begin(f->store, &txn, &err));
    seen.txn = txn;
    CHECK_OK(events_after(txn, 0, 1000000, see, &seen, &err));
    CHECK_EQ(seen.count, EVENTS);
    CHECK_EQ(seen.last, last);
    seen.count = EVENTS - 4;
    seen.last = last - 4;
    CHECK_OK(events_after(txn, last - 4, 3, see, &seen, &err));
    CHECK_EQ(seen.last, last - 1);
}

static pw_code prune(struct txn *txn, void *arg, struct err *err) {
    return events_prune(txn, *(int64_t *)arg, err);
}

static pw_code last_event(struct txn *txn, void *arg, struct err *err) {
    return events_last(txn, arg, err);
}

static pw_code add_one(struct txn *txn, void *arg, struct err *err) {
    return events_add(txn, STR("pushed"), STR("a"), STR("{}"), arg, err);
}

STORE_TEST(ids_of_events_are_never_used_again) {
    int64_t first, second, last = -1;

    write_ok(f->store, add_one, &first);
    write_ok(f->store, prune, &first);
    CHECK_OK(store_read(f->store, last_event, &last, &err));
    CHECK_EQ(last, 0);
    write_ok(f->store, add_one, &second);
    CHECK(second > first);
}

/* A statement inside a loop over itself. */
static pw_code nest(struct txn *txn, void *arg, struct err *err) {
    AUTO(stmt_done) struct stmt outer = {0};
    int                        *pairs = arg;
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_EVENT_AFTER, &outer, err));
    stmt_int(&outer, "after", 0);
    stmt_int(&outer, "count", 5);
    for (;;) {
        AUTO(stmt_done) struct stmt inner = {0};

        PW_TRY(stmt_step(&outer, &row, err));
        if (!row)
            return PW_OK;
        PW_TRY(stmt_begin(txn, SQL_EVENT_AFTER, &inner, err));
        stmt_int(&inner, "count", 5);
        stmt_int(&inner, "after", col_int(&outer, 0));
        for (;;) {
            PW_TRY(stmt_step(&inner, &row, err));
            if (!row)
                break;
            ++*pairs;
        }
    }
}

STORE_TEST(a_statement_may_run_inside_itself) {
    int64_t last;
    int     pairs = 0;

    write_ok(f->store, add_events, &last);
    CHECK_OK(store_read(f->store, nest, &pairs, &err));
    CHECK_EQ(pairs, 25);
}

RUN_TESTS(STORE_UNITS(reads_go_on_during_a_write_and_see_one_state), STORE_UNITS(reads_may_nest),
          STORE_UNITS(a_read_that_takes_too_long_is_ended), STORE_UNITS(long_reads_are_counted),
          STORE_UNITS(a_cursor_walks_many_rows_with_other_reads_between),
          STORE_UNITS(ids_of_events_are_never_used_again),
          STORE_UNITS(a_statement_may_run_inside_itself))
