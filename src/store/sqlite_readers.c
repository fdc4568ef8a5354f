/* sqlite_readers.c - connections for reading, taken by a flag: a free one costs one atomic step. */
#include <stdlib.h>
#include "base/limits.h"
#include "store/sqlite_store.h"

/* Where this thread looks first: threads keep to their own slot, and so to a warm cache. */
static _Thread_local unsigned home;
static _Atomic unsigned       threads_seen;

pw_code sqlite_readers_init(struct reader_pool *pool, unsigned count, struct err *err) {
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->freed, NULL);
    pool->slots = aligned_alloc(64, count * sizeof *pool->slots);
    if (pool->slots == NULL)
        return err_set(err, PW_MEMORY, "no memory for %u readers", count);
    for (unsigned i = 0; i < count; i++)
        pool->slots[i] = (struct reader_slot){0};
    pool->count = count;
    return PW_OK;
}

void sqlite_readers_done(struct reader_pool *pool) {
    for (unsigned i = 0; i < pool->count; i++)
        sqlite_conn_close(pool->slots[i].conn);
    free(pool->slots);
    pthread_cond_destroy(&pool->freed);
    pthread_mutex_destroy(&pool->mutex);
}

static struct reader_slot *take_free(struct reader_pool *pool) {
    if (home == 0)
        home = atomic_fetch_add(&threads_seen, 1) + 1;
    for (unsigned i = 0; i < pool->count; i++) {
        struct reader_slot *slot = &pool->slots[(home + i) % pool->count];
        bool                taken = false;

        if (atomic_compare_exchange_strong(&slot->busy, &taken, true))
            return slot;
    }
    return NULL;
}

static struct reader_slot *wait_for_free(struct reader_pool *pool) {
    struct reader_slot *slot;

    atomic_fetch_add(&pool->waiting, 1);
    pthread_mutex_lock(&pool->mutex);
    while ((slot = take_free(pool)) == NULL)
        pthread_cond_wait(&pool->freed, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
    atomic_fetch_sub(&pool->waiting, 1);
    return slot;
}

pw_code sqlite_readers_take(struct sqlite_store *store, struct reader_pool *pool, bool wait,
                            struct reader_slot **ret_slot, struct err *err) {
    struct reader_slot *slot = take_free(pool);

    if (slot == NULL && !wait)
        return err_set(err, PW_BUSY, "%u long reads are under way: try again later", pool->count);
    if (slot == NULL)
        slot = wait_for_free(pool);
    if (slot->conn == NULL) {
        pw_code code =
            sqlite_conn_open(&store->store, store->path, SQLITE_CONN_READER, &slot->conn, err);

        if (code != PW_OK) {
            sqlite_readers_give(pool, slot);
            return code;
        }
    }
    *ret_slot = slot;
    return PW_OK;
}

void sqlite_readers_give(struct reader_pool *pool, struct reader_slot *slot) {
    atomic_store(&slot->busy, false);
    if (atomic_load(&pool->waiting) == 0)
        return;
    pthread_mutex_lock(&pool->mutex); /* a waiter is either before its look or in its wait */
    pthread_cond_signal(&pool->freed);
    pthread_mutex_unlock(&pool->mutex);
}
