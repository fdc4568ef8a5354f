#pragma once
/*
 * workers.h - a pool of threads that may block.
 *
 * Threads are made when work waits and nobody is idle, up to the ceiling; one is there from the
 * start, so that work added is always done. Work is intrusive: whoever adds it owns the memory and
 * may free it inside run().
 * Threads: all calls are safe from any thread; workers_close joins and comes last.
 */
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct work {
    struct work *next;
    void (*run)(struct work *work);
    int64_t queued_ns; /* when it was added */
};

struct workers;

pw_code workers_open(const char *name, unsigned most, struct workers **ret_workers,
                     struct err *err);
void    workers_add(struct workers *workers, struct work *work);
/* Takes work back that nobody began; false: it runs, or ran. */
bool workers_take(struct workers *workers, struct work *work);
/* Does what is queued, then ends the threads. Accepts NULL. */
void workers_close(struct workers *workers);
