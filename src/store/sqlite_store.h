#pragma once
/*
 * sqlite_store.h - the parts of a store on SQLite: one writer thread, two pools of readers.
 *
 * Threads: the writer connection belongs to the writer thread; a reader to whoever took its slot.
 */
#include "store/sqlite_conn.h"

struct sqlite_writer;

struct reader_slot {
    _Alignas(64) _Atomic bool busy; /* a cache line each: threads poll their own */
    struct sqlite_conn *conn;       /* opened when first taken */
};

struct reader_pool {
    struct reader_slot *slots;
    unsigned            count;
    pthread_mutex_t     mutex;
    pthread_cond_t      freed;
    _Atomic unsigned    waiting;
};

struct sqlite_store {
    struct store          store; /* first */
    char                 *path;
    struct reader_pool    short_reads, long_reads;
    struct sqlite_writer *writer; /* NULL when read-only */
};

/* sqlite_writer.c; takes the connection */
pw_code sqlite_writer_open(struct sqlite_store *store, struct sqlite_conn *conn,
                           struct sqlite_writer **ret_writer, struct err *err);
void    sqlite_writer_close(struct sqlite_writer *writer); /* accepts NULL; drains the queues */
pw_code sqlite_writer_write(struct store *store, enum store_priority priority, store_fn fn,
                            void *arg, struct err *err);
/* For tests and measurements: commits so far. */
uint64_t sqlite_writer_commits(const struct store *store);

/* sqlite_readers.c */
pw_code sqlite_readers_init(struct reader_pool *pool, unsigned count, struct err *err);
void    sqlite_readers_done(struct reader_pool *pool);
/* Without `wait`: PW_BUSY when all are taken. */
pw_code sqlite_readers_take(struct sqlite_store *store, struct reader_pool *pool, bool wait,
                            struct reader_slot **ret_slot, struct err *err);
void    sqlite_readers_give(struct reader_pool *pool, struct reader_slot *slot);

/* sqlite_backup.c */
pw_code sqlite_backup(struct store *store, const char *path, struct err *err);
pw_code sqlite_check(struct store *store, struct err *err);
