#pragma once
/*
 * ring.h - body bytes on their way from an event thread to one worker, bounded.
 *
 * A ring holds up to RING_SEGMENTS segments of RING_SEGMENT_BYTES, taken from a pool when bytes
 * arrive and given back when they were read; an upload that sends nothing holds nothing. While more
 * than LIMIT_RINGS rings are open each gets fewer segments, so that all of them fit.
 * Threads: one producer, one consumer; ring_fail from anywhere.
 */
#include <pthread.h>
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

#define RING_SEGMENT_BYTES KIB(512)
enum { RING_SEGMENTS = 4 };

struct ring_segment;
struct ring_pool {
    pthread_mutex_t      lock;
    struct ring_segment *spare;
    unsigned             spare_count, in_use, ceiling, rings;
};

struct ring {
    pthread_mutex_t      lock;
    pthread_cond_t       wake;
    struct ring_pool    *pool;
    struct ring_segment *head, *tail; /* read from the head, written at the tail */
    unsigned             count;
    size_t               borrowed; /* bytes of the head that the consumer still looks at */
    size_t               held;     /* bytes in all segments */
    bool                 open, ended, waiting, idle;
    pw_code              failed;
};

void ring_pool_init(struct ring_pool *pool, unsigned segments);
void ring_pool_done(struct ring_pool *pool); /* every ring is closed by then */

void ring_init(struct ring *ring);
void ring_done(struct ring *ring);
void ring_open(struct ring *ring, struct ring_pool *pool);
void ring_close(struct ring *ring); /* gives everything back; accepts one that is not open */

/* Copies what fits and returns how much that was. After a failure everything "fits". */
size_t ring_push(struct ring *ring, const char *bytes, size_t n);
bool   ring_has_room(struct ring *ring);
void   ring_end(struct ring *ring);
/* The consumer gets this code instead of further bytes. The first failure stays. */
void    ring_fail(struct ring *ring, pw_code code);
pw_code ring_failed(struct ring *ring);
/* What ring_next gave is no longer needed. True: a producer that waits may go on. */
bool ring_release(struct ring *ring);
/* Waits for bytes; empty at the end. Borrowed until ring_release. */
pw_code ring_next(struct ring *ring, str *ret_chunk);
