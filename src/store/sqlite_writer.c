/*
 * sqlite_writer.c - the one writer: callers queue up, many share one commit.
 *
 * A batch is one transaction; each write in it runs inside a savepoint, so that one that fails
 * undoes itself alone. The batch ends when no foreground write waits (there is no timer), or at its
 * ceilings. While the disk is busy with a commit the next batch gathers by itself.
 *
 * A batch of background work alone does not wait for the disk (synchronous=NORMAL): a loss of power may
 * undo its last moments, never a part of one, and its jobs then run again. The next foreground commit
 * brings it to disk with its own.
 */
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include "base/limits.h"
#include "store/sqlite_store.h"

/* Pages of 4 KiB in the log before it is copied into the file: in a quiet moment, between two
 * commits, and with a wait for readers. */
enum {
    CHECKPOINT_IDLE_PAGES = 1000,
    CHECKPOINT_BUSY_PAGES = 8192,
    CHECKPOINT_INSIST_PAGES = 32768,
    CHECKPOINT_IDLE_MS = 200,
    CHECKPOINT_INSIST_MS = 50
};

struct request {
    store_fn        fn;
    void           *arg;
    struct err     *err;
    pw_code         code;
    int64_t         asked_ns;
    struct txn      txn;
    sem_t           answered;
    struct request *next;
};

struct queue {
    struct request *head, **tail;
};

struct sqlite_writer {
    struct sqlite_store *store;
    struct sqlite_conn  *conn;
    pthread_t            thread;
    pthread_mutex_t      mutex;
    pthread_cond_t       added;
    struct queue         queues[2]; /* by enum store_priority */
    bool                 stopping;
    int                  wal_pages; /* in the write-ahead log after the last commit */
    bool                 relaxed;   /* what the connection is set to: commits do not wait */
    _Atomic uint64_t     commits;
};

struct batch {
    struct request *head, **tail;
    unsigned        count;
    bool            has_foreground;
    int64_t         started_ns;
};

static void push(struct queue *queue, struct request *request) {
    request->next = NULL;
    *queue->tail = request;
    queue->tail = &request->next;
}

static struct request *pop(struct queue *queue) {
    struct request *request = queue->head;

    if (request == NULL)
        return NULL;
    queue->head = request->next;
    if (queue->head == NULL)
        queue->tail = &queue->head;
    return request;
}

/* --- choosing, under the mutex --- */

static bool background_is_due(const struct sqlite_writer *w, int64_t now_ns) {
    const struct request *oldest = w->queues[STORE_BACKGROUND].head;

    return oldest != NULL &&
           now_ns - oldest->asked_ns > (int64_t)LIMIT_BACKGROUND_WAIT_MS * 1000000;
}

static struct request *first_of_batch(struct sqlite_writer *w, struct batch *batch) {
    struct request *request = NULL;

    if (!background_is_due(w, batch->started_ns))
        request = pop(&w->queues[STORE_FOREGROUND]);
    batch->has_foreground = request != NULL;
    return request != NULL ? request : pop(&w->queues[STORE_BACKGROUND]);
}

static struct request *next_of_batch(struct sqlite_writer *w, struct batch *batch) {
    int64_t age_ns = clock_mono_ns() - batch->started_ns;

    if (batch->count >= LIMIT_BATCH_WRITES || age_ns > (int64_t)LIMIT_BATCH_MS * 1000000)
        return NULL;
    if (batch->has_foreground)
        return pop(&w->queues[STORE_FOREGROUND]);
    if (w->queues[STORE_FOREGROUND].head != NULL || age_ns > (int64_t)LIMIT_BACKGROUND_MS * 1000000)
        return NULL;
    return pop(&w->queues[STORE_BACKGROUND]);
}

/* --- running --- */

/* PW_OK: the transaction is still whole, whatever became of the request. */
static pw_code run_one(struct sqlite_writer *w, struct request *request, struct err *err) {
    struct sqlite_conn *conn = w->conn;

    PW_TRY(sqlite_conn_do(conn, conn->savepoint, err));
    backend_txn_init(&request->txn, &w->store->store, conn, true);
    request->code = backend_run(&request->txn, request->fn, request->arg, request->err);
    /* a full disk or a broken one makes SQLite undo the whole transaction by itself */
    if (sqlite3_get_autocommit(conn->db))
        return request->code != PW_OK && request->err != NULL
                   ? err_set(err, request->code, "%s", err_text(request->err))
                   : err_set(err, PW_IO, "the database undid the transaction");
    if (request->code != PW_OK) {
        backend_txn_undone(&request->txn);
        PW_TRY(sqlite_conn_do(conn, conn->undo, err));
    }
    return sqlite_conn_do(conn, conn->release, err);
}

static void fail(struct request *request, pw_code code, const struct err *err) {
    backend_txn_undone(&request->txn);
    if (request->code != PW_OK)
        return; /* its own reason is nearer */
    request->code = code;
    if (request->err != NULL)
        *request->err = *err;
}

static pw_code commit(struct sqlite_writer *w, struct err *err) {
    pw_code code = sqlite_conn_do(w->conn, w->conn->commit, err);

    if (code != PW_OK)
        return code;
    atomic_fetch_add(&w->commits, 1);
    return PW_OK;
}

/* Callbacks run before the first answer: who returns from a write finds its workers awake. */
static void answer(struct batch *batch, pw_code code, const struct err *err) {
    struct request *next;

    for (struct request *r = batch->head; r != NULL; r = r->next)
        if (code != PW_OK)
            fail(r, code, err);
        else
            backend_txn_committed(&r->txn);
    for (struct request *r = batch->head; r != NULL; r = next) {
        next = r->next; /* r is gone once it has its answer */
        sem_post(&r->answered);
    }
}

static void add_to(struct batch *batch, struct request *request) {
    request->next = NULL;
    *batch->tail = request;
    batch->tail = &request->next;
    batch->count++;
}

/* Cannot change inside a transaction, so it is decided before one begins. */
static pw_code set_relaxed(struct sqlite_writer *w, bool relaxed, struct err *err) {
    if (w->relaxed == relaxed)
        return PW_OK;
    PW_TRY(sqlite_conn_exec(
        w->conn, relaxed ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL", err));
    w->relaxed = relaxed;
    return PW_OK;
}

static void run_batch(struct sqlite_writer *w, struct batch *batch, struct request *request) {
    struct err err = ERR_NONE;
    pw_code    code = set_relaxed(w, !batch->has_foreground, &err);

    if (code == PW_OK)
        code = sqlite_conn_do(w->conn, w->conn->begin, &err);
    if (code != PW_OK)
        add_to(batch, request);
    while (code == PW_OK && request != NULL) {
        add_to(batch, request);
        code = run_one(w, request, &err);
        pthread_mutex_lock(&w->mutex);
        request = code == PW_OK ? next_of_batch(w, batch) : NULL;
        pthread_mutex_unlock(&w->mutex);
    }
    if (code == PW_OK)
        code = commit(w, &err);
    if (code != PW_OK && !sqlite3_get_autocommit(w->conn->db))
        (void)sqlite_conn_do(w->conn, w->conn->rollback, NULL); /* the first error is reported */
    answer(batch, code, &err);
}

/* --- the write-ahead log --- */

static int count_pages(void *ctx, sqlite3 *db, const char *schema, int pages) {
    struct sqlite_writer *w = ctx;

    (void)db, (void)schema;
    w->wal_pages = pages;
    return SQLITE_OK;
}

/* Best effort: what is not copied now is copied next time. A log that keeps growing, because there
 * is always a reader in it, is worth a short wait for them. */
static void checkpoint(struct sqlite_writer *w) {
    bool insist = w->wal_pages >= CHECKPOINT_INSIST_PAGES;

    if (insist)
        sqlite3_busy_timeout(w->conn->db, CHECKPOINT_INSIST_MS);
    (void)sqlite3_wal_checkpoint_v2(w->conn->db, NULL,
                                    insist ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE,
                                    NULL, NULL);
    if (insist)
        sqlite3_busy_timeout(w->conn->db, LIMIT_DATABASE_BUSY_MS);
    w->wal_pages = 0;
}

/* Waits for work; a quiet moment is used to copy the log into the file. Under the mutex. */
static void wait_for_work(struct sqlite_writer *w) {
    struct timespec until;

    while (!w->stopping && w->queues[0].head == NULL && w->queues[1].head == NULL) {
        if (w->wal_pages < CHECKPOINT_IDLE_PAGES) {
            pthread_cond_wait(&w->added, &w->mutex);
            continue;
        }
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += CHECKPOINT_IDLE_MS * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        if (pthread_cond_timedwait(&w->added, &w->mutex, &until) == 0)
            continue;
        pthread_mutex_unlock(&w->mutex);
        checkpoint(w);
        pthread_mutex_lock(&w->mutex);
    }
}

static void *writer_main(void *ctx) {
    struct sqlite_writer *w = ctx;
    sigset_t              all;

    sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, NULL); /* signals are for the threads that expect them */
    (void)pthread_setname_np(pthread_self(), "store-writer");
    for (;;) {
        struct batch    batch = {.tail = &batch.head};
        struct request *first;

        pthread_mutex_lock(&w->mutex);
        wait_for_work(w);
        batch.started_ns = clock_mono_ns();
        first = first_of_batch(w, &batch);
        pthread_mutex_unlock(&w->mutex);
        if (first == NULL)
            return NULL; /* stopping, and all are answered */
        run_batch(w, &batch, first);
        if (w->wal_pages >= CHECKPOINT_BUSY_PAGES)
            checkpoint(w);
    }
}

/* --- the outside --- */

pw_code sqlite_writer_write(struct store *store, enum store_priority priority, store_fn fn,
                            void *arg, struct err *err) {
    struct sqlite_writer *w = ((struct sqlite_store *)store)->writer;
    struct request        request = {.fn = fn, .arg = arg, .err = err, .asked_ns = clock_mono_ns()};

    sem_init(&request.answered, 0, 0);
    pthread_mutex_lock(&w->mutex);
    push(&w->queues[priority], &request);
    pthread_cond_signal(&w->added);
    pthread_mutex_unlock(&w->mutex);
    while (sem_wait(&request.answered) != 0) {
    } /* only a signal interrupts it */
    sem_destroy(&request.answered);
    return request.code;
}

uint64_t sqlite_writer_commits(const struct store *store) {
    return atomic_load(&((const struct sqlite_store *)store)->writer->commits);
}

pw_code sqlite_writer_open(struct sqlite_store *store, struct sqlite_conn *conn,
                           struct sqlite_writer **ret_writer, struct err *err) {
    struct sqlite_writer *w = calloc(1, sizeof *w);
    pthread_condattr_t    monotonic;

    if (w == NULL) {
        sqlite_conn_close(conn);
        return err_set(err, PW_MEMORY, "no memory for the writer");
    }
    w->store = store;
    w->conn = conn;
    w->queues[0].tail = &w->queues[0].head;
    w->queues[1].tail = &w->queues[1].head;
    sqlite3_wal_hook(conn->db, count_pages, w); /* takes the place of automatic checkpoints */
    pthread_mutex_init(&w->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->added, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&w->thread, NULL, writer_main, w) != 0) {
        sqlite_conn_close(conn);
        free(w);
        return err_set(err, PW_MEMORY, "the writer's thread cannot be started");
    }
    *ret_writer = w;
    return PW_OK;
}

void sqlite_writer_close(struct sqlite_writer *w) {
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->mutex);
    w->stopping = true;
    pthread_cond_signal(&w->added);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    sqlite_conn_close(w->conn);
    pthread_cond_destroy(&w->added);
    pthread_mutex_destroy(&w->mutex);
    free(w);
}
