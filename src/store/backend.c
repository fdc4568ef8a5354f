/* backend.c - what both databases share. */
#include "store/backend.h"

#include <stdlib.h>
#include <time.h>
#include "base/limits.h"

static const struct clock        system_clock = CLOCK_INIT;
static _Thread_local bool        inside_write;
static _Thread_local struct txn *current_read;

pw_code backend_open(const struct store_options *options, const struct backend_schema *schema,
                     struct store **ret_store, struct err *err) {
    if (options->postgres != NULL)
        return postgres_open(options, schema, ret_store, err);
    return sqlite_open(options, schema, ret_store, err);
}

pw_code backend_init(struct store *store, const struct store_options *options,
                     const struct backend_ops *ops, enum dialect dialect, struct err *err) {
    static _Atomic uint64_t last_id;
    pthread_condattr_t      monotonic;

    store->ops = ops;
    store->clock = options->clock != NULL ? options->clock : &system_clock;
    store->id = atomic_fetch_add(&last_id, 1) + 1;
    store->read_only = options->read_only;
    pthread_mutex_init(&store->jobs.mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&store->jobs.changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (int i = 0; i < SQL_COUNT; i++)
        if (dialect_translate(dialect, sql_texts[i].text, &store->statements[i], err) != PW_OK)
            return err_wrap(err, "%s: statement %s", sql_texts[i].file, sql_texts[i].name);
    return PW_OK;
}

void backend_done(struct store *store) {
    for (int i = 0; i < SQL_COUNT; i++)
        dialect_text_done(&store->statements[i]);
    pthread_cond_destroy(&store->jobs.changed);
    pthread_mutex_destroy(&store->jobs.mutex);
}

void backend_txn_init(struct txn *txn, struct store *store, void *conn, bool writes) {
    *txn = (struct txn){
        .store = store, .conn = conn, .now = clock_now(store->clock), .writes = writes};
}

pw_code backend_run(struct txn *txn, store_fn fn, void *arg, struct err *err) {
    struct txn *outer = current_read;
    pw_code     code;

    if (txn->writes)
        inside_write = true;
    else
        current_read = txn;
    code = fn(txn, arg, err);
    if (txn->writes)
        inside_write = false;
    else
        current_read = outer;
    return code;
}

struct txn *backend_current_read(const struct store *store) {
    return current_read != NULL && current_read->store == store ? current_read : NULL;
}

void backend_txn_committed(struct txn *txn) {
    for (size_t i = 0; i < txn->callback_count; i++)
        txn->callbacks[i].fn(txn->callbacks[i].ctx);
    backend_txn_undone(txn);
}

void backend_txn_undone(struct txn *txn) {
    free(txn->callbacks);
    txn->callbacks = NULL;
    txn->callback_count = txn->callback_room = 0;
}

bool backend_inside_write(void) {
    return inside_write;
}

pw_code backend_check_age(const struct txn *txn, struct err *err) {
    if (txn->expires_ns == 0 ||
        (clock_mono_ns() < txn->expires_ns && clock_now(txn->store->clock) < txn->expires_at))
        return PW_OK;
    return err_set(err, PW_TIMEOUT,
                   "this read has taken more than %d seconds: start it again, "
                   "from where it stopped",
                   LIMIT_READ_SECONDS);
}
