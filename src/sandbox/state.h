#pragma once
/*
 * state.h - the parent's side of the sandbox, shared by sandbox.c, monitor.c and spawn.c only.
 *
 * One monitor thread talks with the zygote and drains all result pipes; callers touch readings
 * under `lock` and wait on `changed`. Everything below is guarded by `lock` unless it says not.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>
#include "sandbox/answer.h"
#include "sandbox/sandbox.h"

#define PAUSE_FIRST_NS 100000000LL /* between a zygote's death and the next; doubles up to */
#define PAUSE_LAST_NS  5000000000LL

enum reading_end { END_NONE, END_STARVED, END_TOO_SLOW, END_NONSENSE, END_ZYGOTE_DIED, END_CLOSED };

struct reading {
    struct reading  *next;
    struct sandbox  *sandbox; /* holds one reference */
    uint64_t         id;
    int              growth;   /* eventfd; written without the lock */
    int              result;   /* read end of the child's pipe; -1 at its end */
    _Atomic uint64_t told;     /* length the child was told; without the lock */
    _Atomic bool     complete; /* without the lock */
    struct answer    answer;
    struct err       nonsense;     /* why the answer was refused */
#define PAUSE_FIRST_NS 100000000LL /* between a zygote's death and the next; doubles up to */
#define PAUSE_LAST_NS  5000000000LL

    enum reading_end why;           /* ended by us */
    int64_t          idle_deadline; /* 0: not waiting */
    int64_t          wall_deadline;
    bool             ended;     /* the child is gone and its pipe is drained */
    bool             abandoned; /* cancelled: the monitor frees it */
    struct report    report;    /* how the child ended */
};

struct sandbox {
    pthread_mutex_t        lock;
    pthread_cond_t         changed;
    pthread_t              monitor;
    struct sandbox_options limits;     /* constant after open */
    unsigned               references; /* the opener and every reading */
    int                    socket;     /* to the zygote; -1: down */
    pid_t                  zygote;
    int                    wake;    /* eventfd: the monitor looks again; constant */
    bool                   greeted; /* the zygote said hello */
    bool                   closing;
    struct report          hello;
    unsigned               restarts;
    int64_t                respawn_at; /* monotonic; when down */
    int64_t                respawn_pause;
    unsigned               active; /* children under way */
    uint64_t               next_id;
    struct reading        *readings;
};

/* spawn.c: starts this program again as a zygote. */
pw_code spawn_zygote(int *ret_socket, pid_t *ret_pid, struct err *err);

/* monitor.c */
void *monitor_run(void *sandbox);
void  monitor_wake(struct sandbox *sandbox);
void  monitor_kill(struct sandbox *sandbox, const struct reading *reading); /* asks the zygote */

/* sandbox.c: with the lock held */
void reading_unlink(struct reading *reading);
void reading_free(struct reading *reading); /* unlinked already */
