/* live.c - upload_watch over the sandbox. */
#include "pipeline/live.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "pipeline/reading.h"

enum { HEAD_BYTES = 512 };

struct live_reading {
    struct live         *live;
    struct reading      *reading;
    char                 digest[DIGEST_TEXT_SIZE]; /* known once the upload has ended */
    struct live_reading *next;                     /* while it is being ended */
};

struct live {
    struct store        *store;
    struct sandbox      *sandbox;
    pthread_mutex_t      lock;
    pthread_cond_t       changed;
    struct live_reading *ending;
};

bool live_is_archive(const unsigned char *head, size_t n) {
    static const struct {
        size_t      at;
        const char *magic;
        size_t      len;
    } magics[] = {{0, "\x1f\x8b", 2},
                  {0, "\x28\xb5\x2f\xfd", 4},
                  {0,
                   "\xfd"
                   "7zXZ",
                   5},
                  {0, "BZh", 3},
                  {257, "ustar", 5}};

    EACH (m, magics)
        if (n >= m->at + m->len && memcmp(head + m->at, m->magic, m->len) == 0)
            return true;
    return false;
}

static void *begin(void *ctx, int fd, uint64_t length, bool complete) {
    struct live         *live = ctx;
    struct live_reading *r;
    unsigned char        head[HEAD_BYTES];
    struct err           err = ERR_NONE;
    ssize_t              n = pread(fd, head, sizeof head, 0);

    if (n <= 0 || !live_is_archive(head, (size_t)n))
        return NULL;
    r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->live = live;
    if (sandbox_begin(live->sandbox, fd, length, complete, &r->reading, &err) != PW_OK) {
        free(r); /* no child is free: the scan job reads it */
        return NULL;
    }
    return r;
}

static void grew(void *handle, uint64_t length) {
    reading_grew(((struct live_reading *)handle)->reading, length);
}

static void keep(struct live_reading *r) {
    AUTO(buf_done) struct buf facts = BUF_INIT(LIMIT_FACTS_BYTES);
    struct err                err = ERR_NONE;
    pw_code                   code = reading_finish(r->reading, &facts, &err);

    if (code == PW_OK)
        code = reading_keep(r->live->store, str_of(r->digest), buf_str(&facts), PW_OK, NULL, &err);
    if (code != PW_OK)
        log_event(LOG_INFO, "layer will be read from storage", {"layer", str_of(r->digest)},
                  {"why", str_of(err_text(&err))});
}

static void *end_reading(void *arg) {
    struct live_reading *r = arg, **place;
    struct live         *live = r->live;

    keep(r);
    pthread_mutex_lock(&live->lock);
    for (place = &live->ending; *place != r; place = &(*place)->next)
        ;
    *place = r->next;
    pthread_cond_broadcast(&live->changed);
    pthread_mutex_unlock(&live->lock);
    free(r);
    return NULL;
}

static void forget(struct live_reading *r) {
    reading_cancel(r->reading);
    free(r);
}

/* The digest is announced before this returns, so that no scan can miss it. */
static void end(void *handle, const struct digest *digest, uint64_t length) {
    struct live_reading *r = handle;
    struct live         *live = r->live;
    pthread_attr_t       attributes;
    pthread_t            thread;
    bool                 started;

    if (digest == NULL) {
        forget(r);
        return;
    }
    reading_complete(r->reading, length);
    digest_format(digest, r->digest);
    pthread_mutex_lock(&live->lock);
    r->next = live->ending;
    live->ending = r;
    pthread_mutex_unlock(&live->lock);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    started = pthread_create(&thread, &attributes, end_reading, r) == 0;
    pthread_attr_destroy(&attributes);
    if (!started)
        (void)end_reading(r); /* no thread to be had: this push waits for once */
}

struct upload_watch live_watch(struct live *live) {
    return (struct upload_watch){.ctx = live, .begin = begin, .grew = grew, .end = end};
}

static bool is_ending(const struct live *live, str digest) {
    for (const struct live_reading *r = live->ending; r != NULL; r = r->next)
        if (str_eq(str_of(r->digest), digest))
            return true;
    return false;
}

void live_wait(struct live *live, str digest, int64_t deadline_ns) {
    struct timespec until;
    int64_t         left = deadline_ns - clock_mono_ns();

    clock_gettime(CLOCK_REALTIME, &until);
    left = MAX_OF(left, 0);
    until.tv_sec += left / 1000000000;
    until.tv_nsec += left % 1000000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&live->lock);
    while (is_ending(live, digest) &&
           pthread_cond_timedwait(&live->changed, &live->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&live->lock);
}

pw_code live_open(struct store *store, struct sandbox *sandbox, struct live **ret_live,
                  struct err *err) {
    struct live *live = calloc(1, sizeof *live);

    if (live == NULL)
        return err_set(err, PW_MEMORY, "no memory for reading uploads");
    live->store = store;
    live->sandbox = sandbox;
    pthread_mutex_init(&live->lock, NULL);
    pthread_cond_init(&live->changed, NULL);
    *ret_live = live;
    return PW_OK;
}

void live_close(struct live *live) {
    if (live == NULL)
        return;
    pthread_mutex_lock(&live->lock);
    while (live->ending != NULL)
        pthread_cond_wait(&live->changed, &live->lock);
    pthread_mutex_unlock(&live->lock);
    pthread_cond_destroy(&live->changed);
    pthread_mutex_destroy(&live->lock);
    free(live);
}
