/* ring.c - the bounded ring. */
#include "http/ring.h"

#include <stdlib.h>
#include <time.h>

/* A worker is woken for this much, or after RING_PATIENCE_NS for less: waking it for every 32 KiB
 * of a fast upload would cost a third of the throughput. */
#define RING_BATCH       KIB(128)
#define RING_PATIENCE_NS 10000000
enum { SPARE_SEGMENTS = 8 }; /* kept for the next upload: 4 MiB */

struct ring_segment {
    struct ring_segment *next;
    size_t               start, end;
    char                 bytes[RING_SEGMENT_BYTES];
};

void ring_pool_init(struct ring_pool *pool, unsigned segments) {
    *pool = (struct ring_pool){.ceiling = segments};
    pthread_mutex_init(&pool->lock, NULL);
}

void ring_pool_done(struct ring_pool *pool) {
    while (pool->spare != NULL) {
        struct ring_segment *next = pool->spare->next;

        free(pool->spare);
        pool->spare = next;
    }
    pthread_mutex_destroy(&pool->lock);
}

/* How many segments a ring may hold now. */
static unsigned fair_share(const struct ring_pool *pool) {
    unsigned share = pool->rings > 0 ? pool->ceiling / pool->rings : RING_SEGMENTS;

    return share < 1 ? 1 : share > RING_SEGMENTS ? RING_SEGMENTS : share;
}

static bool pool_has(struct ring_pool *pool, unsigned held) {
    bool has;

    pthread_mutex_lock(&pool->lock);
    has = pool->in_use < pool->ceiling && held < fair_share(pool);
    pthread_mutex_unlock(&pool->lock);
    return has;
}

static struct ring_segment *pool_take(struct ring_pool *pool, unsigned held) {
    struct ring_segment *segment = NULL;

    pthread_mutex_lock(&pool->lock);
    if (pool->in_use < pool->ceiling && held < fair_share(pool)) {
        segment = pool->spare;
        if (segment != NULL) {
            pool->spare = segment->next;
            pool->spare_count--;
        } else {
            segment = malloc(sizeof *segment);
        }
        pool->in_use += segment != NULL;
    }
    pthread_mutex_unlock(&pool->lock);
    if (segment != NULL) {
        segment->next = NULL;
        segment->start = segment->end = 0;
    }
    return segment;
}

static void pool_give(struct ring_pool *pool, struct ring_segment *segment) {
    pthread_mutex_lock(&pool->lock);
    pool->in_use--;
    if (pool->spare_count < SPARE_SEGMENTS) {
        segment->next = pool->spare;
        pool->spare = segment;
        pool->spare_count++;
        segment = NULL;
    }
    pthread_mutex_unlock(&pool->lock);
    free(segment);
}

void ring_init(struct ring *ring) {
    pthread_condattr_t attr;

    *ring = (struct ring){0};
    pthread_mutex_init(&ring->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&ring->wake, &attr);
    pthread_condattr_destroy(&attr);
}

void ring_done(struct ring *ring) {
    ring_close(ring);
    pthread_cond_destroy(&ring->wake);
    pthread_mutex_destroy(&ring->lock);
}

void ring_open(struct ring *ring, struct ring_pool *pool) {
    pthread_mutex_lock(&ring->lock);
    ring->pool = pool;
    ring->open = true;
    ring->ended = ring->waiting = false;
    ring->failed = PW_OK;
    ring->borrowed = ring->held = 0;
    pthread_mutex_unlock(&ring->lock);
    pthread_mutex_lock(&pool->lock);
    pool->rings++;
    pthread_mutex_unlock(&pool->lock);
}

static void drop_head(struct ring *ring) {
    struct ring_segment *segment = ring->head;

    ring->head = segment->next;
    if (ring->head == NULL)
        ring->tail = NULL;
    ring->count--;
    pool_give(ring->pool, segment);
}

void ring_close(struct ring *ring) {
    bool was_open;

    pthread_mutex_lock(&ring->lock);
    was_open = ring->open;
    while (ring->head != NULL)
        drop_head(ring);
    ring->open = false;
    ring->borrowed = ring->held = 0;
    pthread_mutex_unlock(&ring->lock);
    if (!was_open)
        return;
    pthread_mutex_lock(&ring->pool->lock);
    ring->pool->rings--;
    pthread_mutex_unlock(&ring->pool->lock);
}

static bool tail_has_room(const struct ring *ring) {
    return ring->tail != NULL && ring->tail->end < RING_SEGMENT_BYTES;
}

static bool add_segment(struct ring *ring) {
    struct ring_segment *segment = pool_take(ring->pool, ring->count);

    if (segment == NULL)
        return false;
    if (ring->tail != NULL)
        ring->tail->next = segment;
    else
        ring->head = segment;
    ring->tail = segment;
    ring->count++;
    return true;
}

size_t ring_push(struct ring *ring, const char *bytes, size_t n) {
    size_t done = 0;

    pthread_mutex_lock(&ring->lock);
    if (!ring->open || ring->failed != PW_OK)
        done = n; /* nobody will read it */
    while (done < n && (tail_has_room(ring) || add_segment(ring))) {
        struct ring_segment *tail = ring->tail;
        size_t               step = RING_SEGMENT_BYTES - tail->end;

        if (step > n - done)
            step = n - done;
        memcpy(tail->bytes + tail->end, bytes + done, step);
        tail->end += step;
        ring->held += step;
        done += step;
    }
    if (ring->waiting && (ring->held >= RING_BATCH || ring->idle || done < n))
        pthread_cond_signal(&ring->wake);
    pthread_mutex_unlock(&ring->lock);
    return done;
}

bool ring_has_room(struct ring *ring) {
    bool room;

    pthread_mutex_lock(&ring->lock);
    room = !ring->open || ring->failed != PW_OK || tail_has_room(ring) ||
           pool_has(ring->pool, ring->count);
    pthread_mutex_unlock(&ring->lock);
    return room;
}

void ring_end(struct ring *ring) {
    pthread_mutex_lock(&ring->lock);
    ring->ended = true;
    pthread_cond_signal(&ring->wake);
    pthread_mutex_unlock(&ring->lock);
}

void ring_fail(struct ring *ring, pw_code code) {
    pthread_mutex_lock(&ring->lock);
    if (ring->failed == PW_OK)
        ring->failed = code;
    pthread_cond_signal(&ring->wake);
    pthread_mutex_unlock(&ring->lock);
}

pw_code ring_failed(struct ring *ring) {
    pw_code code;

    pthread_mutex_lock(&ring->lock);
    code = ring->failed;
    pthread_mutex_unlock(&ring->lock);
    return code;
}

bool ring_release(struct ring *ring) {
    bool go_on;

    pthread_mutex_lock(&ring->lock);
    if (ring->head != NULL) {
        ring->head->start += ring->borrowed;
        ring->held -= ring->borrowed;
        if (ring->head->start == ring->head->end)
            drop_head(ring);
    }
    ring->borrowed = 0;
    /* A producer that was stopped goes on when half of the ring is free, not at every step. */
    go_on = ring->count <= RING_SEGMENTS / 2;
    pthread_mutex_unlock(&ring->lock);
    return go_on;
}

static struct timespec patience(void) {
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += RING_PATIENCE_NS;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

pw_code ring_next(struct ring *ring, str *ret_chunk) {
    pw_code code;

    pthread_mutex_lock(&ring->lock);
    while (ring->failed == PW_OK && !ring->ended && ring->held < RING_BATCH) {
        struct timespec until = patience();

        ring->waiting = true;
        ring->idle = ring->held == 0; /* the first byte starts the patience */
        if (ring->idle)
            pthread_cond_wait(&ring->wake, &ring->lock);
        else if (pthread_cond_timedwait(&ring->wake, &ring->lock, &until) != 0)
            break;
    }
    ring->waiting = false;
    code = ring->failed;
    if (code == PW_OK && ring->held > 0) {
        ring->borrowed = ring->head->end - ring->head->start;
        *ret_chunk = str_make(ring->head->bytes + ring->head->start, ring->borrowed);
    } else if (code == PW_OK) {
        *ret_chunk = STR("");
    }
    pthread_mutex_unlock(&ring->lock);
    return code;
}
