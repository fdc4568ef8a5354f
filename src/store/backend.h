#pragma once
/*
 * backend.h - what store.c asks of a database. Only files of src/store include it.
 *
 * A back end embeds `struct store` as the first member of its own store and answers through one
 * table of functions. Statement handles begin with `struct stmt_head`.
 */
#include <pthread.h>
#include <stdatomic.h>
#include "store/dialect.h"
#include "store/store.h"

enum value_kind { VALUE_NULL, VALUE_INT, VALUE_REAL, VALUE_TEXT, VALUE_BLOB };

struct value {
    enum value_kind kind;
    union {
        int64_t number;
        double  real;
        str     bytes; /* VALUE_TEXT and VALUE_BLOB, ptr never NULL */
    } as;
};

struct backend_ops {
    pw_code (*write)(struct store *store, enum store_priority priority, store_fn fn, void *arg,
                     struct err *err);
    pw_code (*read)(struct store *store, store_fn fn, void *arg, struct err *err);
    pw_code (*read_begin)(struct store *store, struct txn *txn, struct err *err);
    void (*read_end)(struct txn *txn);
    void (*close)(struct store *store);
    pw_code (*backup)(struct store *store, const char *path, struct err *err);
    pw_code (*check)(struct store *store, struct err *err);
    /* statements; bind's index starts at 1 */
    pw_code (*begin)(struct txn *txn, enum sql sql, struct stmt *stmt, struct err *err);
    void (*done)(struct stmt *stmt);
    void (*bind)(struct stmt *stmt, unsigned index, const struct value *value);
    pw_code (*step)(struct stmt *stmt, bool *ret_row, struct err *err);
    void (*reset)(struct stmt *stmt);
    int64_t (*changes)(const struct stmt *stmt);
    int64_t (*col_int)(const struct stmt *stmt, int column);
    double (*col_real)(const struct stmt *stmt, int column);
    str (*col_str)(const struct stmt *stmt, int column);
    bool (*col_is_null)(const struct stmt *stmt, int column);
};

struct store {
    const struct backend_ops *ops;
    const struct clock       *clock;
    uint64_t                  id; /* of this open store in this process: never used again */
    bool                      read_only;
    struct dialect_text       statements[SQL_COUNT + 1];
    struct {
        pthread_mutex_t  mutex;
        pthread_cond_t   changed;
        _Atomic uint64_t generation; /* raised whenever a job may have become ready */
    } jobs;
};

struct txn_callback {
    void (*fn)(void *ctx);
    void *ctx;
};

struct txn {
    struct store        *store;
    void                *conn, *slot; /* of the back end */
    int64_t              now;
    int64_t              expires_ns; /* monotonic; 0: no age limit */
    int64_t              expires_at; /* by the store's clock */
    bool                 writes;
    struct txn_callback *callbacks;
    size_t               callback_count, callback_room;
};

struct stmt_head {
    unsigned last_param; /* where the next bind by name looks first */
};

/* The steps that a database may have to take; tests bring their own lists. */
struct backend_schema {
    const struct sql_migration *steps;
    int                         count;
    bool skip_check; /* statements are not checked: an old or foreign schema */
};

pw_code backend_open(const struct store_options *options, const struct backend_schema *schema,
                     struct store **ret_store, struct err *err);

/* For back ends: the common part of a store, a transaction's start and end. */
pw_code backend_init(struct store *store, const struct store_options *options,
                     const struct backend_ops *ops, enum dialect dialect, struct err *err);
void    backend_done(struct store *store);
void    backend_txn_init(struct txn *txn, struct store *store, void *conn, bool writes);
/* Runs fn, refusing a write that waits for itself. */
pw_code backend_run(struct txn *txn, store_fn fn, void *arg, struct err *err);
bool    backend_inside_write(void); /* on this thread */
/* The read of this store that this thread is in; NULL: none. */
struct txn *backend_current_read(const struct store *store);
void        backend_txn_committed(struct txn *txn); /* runs what waits for it, and forgets it */
void        backend_txn_undone(struct txn *txn);
pw_code     backend_check_age(const struct txn *txn, struct err *err);

pw_code sqlite_open(const struct store_options *options, const struct backend_schema *schema,
                    struct store **ret_store, struct err *err);
pw_code postgres_open(const struct store_options *options, const struct backend_schema *schema,
                      struct store **ret_store, struct err *err);
