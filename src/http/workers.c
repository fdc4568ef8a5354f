/* workers.c - threads that may block. */
#include "http/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"

#define WORKER_STACK MIB(2) /* address space; only what is touched is memory */

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t  wake;
    struct work    *head, *tail;
    unsigned        most, count, idle, queued;
    bool            closing;
    char            name[12];
    pthread_t       threads[];
};

static void *worker_main(void *arg) {
    struct workers *w = arg;

    pthread_mutex_lock(&w->lock);
    for (;;) {
        struct work *work = w->head;

        if (work != NULL) {
            w->head = work->next;
            if (w->head == NULL)
                w->tail = NULL;
            w->queued--;
            work->next = NULL;
            pthread_mutex_unlock(&w->lock);
            work->run(work);
            pthread_mutex_lock(&w->lock);
            continue;
        }
        if (w->closing)
            break;
        w->idle++;
        pthread_cond_wait(&w->wake, &w->lock);
        w->idle--;
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Signals are for the main thread. Called with the lock held. */
static bool start_thread(struct workers *w) {
    pthread_attr_t attr;
    sigset_t       all, before;
    int            failed;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, WORKER_STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&w->threads[w->count], &attr, worker_main, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (failed != 0)
        return false;
    pthread_setname_np(w->threads[w->count], w->name);
    w->count++;
    return true;
}

pw_code workers_open(const char *name, unsigned most, struct workers **ret_workers,
                     struct err *err) {
    struct workers *w = calloc(1, sizeof *w + most * sizeof(pthread_t));
    bool            started;

    if (w == NULL)
        return err_set(err, PW_MEMORY, "out of memory");
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    w->most = most;
    str_copy(str_of(name), w->name, sizeof w->name);
    pthread_mutex_lock(&w->lock);
    started = start_thread(w);
    pthread_mutex_unlock(&w->lock);
    if (!started) {
        workers_close(w);
        return err_set(err, PW_MEMORY, "cannot start a worker thread");
    }
    *ret_workers = w;
    return PW_OK;
}

void workers_add(struct workers *w, struct work *work) {
    work->next = NULL;
    work->queued_ns = clock_mono_ns();
    pthread_mutex_lock(&w->lock);
    if (w->tail != NULL)
        w->tail->next = work;
    else
        w->head = work;
    w->tail = work;
    w->queued++;
    if (w->queued > w->idle && w->count < w->most && !w->closing)
        (void)start_thread(w); /* without it the others do the work */
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

bool workers_take(struct workers *w, struct work *work) {
    struct work *before = NULL;
    bool         found = false;

    pthread_mutex_lock(&w->lock);
    for (struct work *at = w->head; at != NULL; before = at, at = at->next) {
        if (at != work)
            continue;
        if (before != NULL)
            before->next = at->next;
        else
            w->head = at->next;
        if (w->tail == at)
            w->tail = before;
        w->queued--;
        at->next = NULL;
        found = true;
        break;
    }
    pthread_mutex_unlock(&w->lock);
    return found;
}

void workers_close(struct workers *w) {
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    w->closing = true;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->count; i++)
        pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
