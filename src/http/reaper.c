/* reaper.c - deadlines. */
#include "http/reaper.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/handler.h"
#include "http/wire.h"

#define REAPER_TICK_NS        50000000
#define SECOND_NS             1000000000.0
#define AVERAGE_AFTER_SECONDS 30  /* a slow start is no attack */
#define ANSWERED_SECONDS      1   /* for the library to notice that the exchange is over */
#define CLOSE_SECONDS         0.3 /* what lingers when the server closes */
/* Bytes dropped in one tick, from one client and from all: the list is locked meanwhile. */
#define DRAIN_ONE MIB(1)
#define DRAIN_ALL MIB(16)
enum {
    IDLE_LOOK_EVERY = 10,                   /* ticks between looks at idle sockets */
    MOST_LINGERING = LIMIT_CONNECTIONS / 4, /* descriptors; further ones are just closed */
};

struct lingering {
    struct lingering *next;
    int               fd;
    int64_t           until_ns;
    size_t            left;
};

struct reaper {
    struct http_server *server;
    pthread_mutex_t     lock;
    pthread_cond_t      wake;
    struct connection  *connections;
    struct lingering   *lingering;
    bool                closing;
    int64_t             close_until_ns;
    unsigned            lingering_count;
    unsigned            tick;
    pthread_t           thread;
};

static double seconds_since(int64_t now, int64_t then) {
    return (double)(now - then) / SECOND_NS;
}

/* --- headers --- */

/* When did the last byte come in? Monotonic ns, as exact as the kernel's clock tick. */
static int64_t last_received_ns(int fd, int64_t now) {
    struct tcp_info info;
    socklen_t       size = sizeof info;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return 0;
    return now - (int64_t)info.tcpi_last_data_recv * 1000000;
}

static void look_at_header(struct reaper *reaper, struct connection *c, int state, int64_t now) {
    double  most = reaper->server->options.header_seconds;
    int64_t since = atomic_load_explicit(&c->since_ns, memory_order_relaxed);

    if (state == CONNECTION_NEW) {
        if (seconds_since(now, since) > most)
            shutdown(c->fd, SHUT_RDWR);
        return;
    }
    /* Between requests the library says nothing before a whole line was read. Bytes that came in
     * clearly after the last answer are the beginning of a header. */
    if (reaper->tick % IDLE_LOOK_EVERY != 0 && c->header_ns == 0)
        return;
    if (c->header_ns < since)
        c->header_ns = 0;
    if (c->header_ns == 0) {
        int64_t received = last_received_ns(c->fd, now);

        if (received > since + 20000000)
            c->header_ns = received;
    } else if (seconds_since(now, c->header_ns) > most) {
        shutdown(c->fd, SHUT_RDWR);
    }
}

/* --- bodies --- */

static bool is_stalled(const struct http_request *r, int64_t now) {
    const struct http_options *o = &r->server->options;
    double                     active = seconds_since(now, r->body_began_ns + r->paused_ns);

    if (seconds_since(now, r->last_byte_ns) > o->body_idle_seconds)
        return true;
    return active > AVERAGE_AFTER_SECONDS &&
           (double)r->body_seen / active < (double)o->body_bytes_per_second;
}

/* No worker was free for this body in time. */
static void give_up_waiting(struct http_request *r) {
    r->abandoned = true;
    r->phase = PHASE_REPLY;
    request_resume(r);
}

/* With the request's lock held. Gives true when the reference of the queue is to be dropped. */
static bool look_at_body(struct http_request *r, int64_t now) {
    switch (r->phase) {
    case PHASE_OFFERED:
        if (seconds_since(now, r->suspended_ns) > LIMIT_UPLOAD_WAIT_SECONDS &&
            workers_take(r->server->uploads, &r->work)) {
            give_up_waiting(r);
            return true;
        }
        break;
    case PHASE_FLOW:
        /* Rings that shared the segments may have closed since. */
        if (r->suspended && ring_has_room(&r->ring))
            request_resume(r);
        else if (!r->suspended && is_stalled(r, now))
            ring_fail(&r->ring, PW_TIMEOUT);
        break;
    case PHASE_COLLECT:
    case PHASE_DRAIN:
        if (!r->suspended && is_stalled(r, now))
            shutdown(r->fd, SHUT_RDWR);
        break;
    case PHASE_ANSWERED:
        /* A client that sends nothing gives the library no reason to look. */
        if (seconds_since(now, r->answered_ns) > ANSWERED_SECONDS)
            shutdown(r->fd, SHUT_RD);
        break;
    default:
        break;
    }
    return false;
}

static void look_at_request(struct http_request *r, int64_t now) {
    bool drop = false;

    if (pthread_mutex_trylock(&r->lock) != 0)
        return; /* somebody is at work on it; the list must not wait for a handler */
    if (r->alive && r->has_body)
        drop = look_at_body(r, now);
    pthread_mutex_unlock(&r->lock);
    if (drop)
        request_unref(r);
}

/* --- the rest of bodies that were answered --- */

/* Drops up to `most` bytes, counts them in *dropped. True: finished with this client. */
static bool drain(struct lingering *l, size_t most, size_t *dropped, int64_t now) {
    char    bytes[16384];
    ssize_t n = 0;

    for (size_t done = 0; done < most; done += (size_t)n) {
        n = recv(l->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n <= 0)
            break;
        if ((size_t)n >= l->left)
            return true;
        l->left -= (size_t)n;
        *dropped += (size_t)n;
    }
    if (n == 0 && most > 0)
        return true;
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        return true;
    return now > l->until_ns;
}

static void drain_all(struct reaper *reaper, int64_t now) {
    struct lingering **at = &reaper->lingering;
    size_t             dropped = 0;

    while (*at != NULL) {
        struct lingering *l = *at;

        if (!drain(l, dropped < DRAIN_ALL ? DRAIN_ONE : 0, &dropped, now)) {
            at = &l->next;
            continue;
        }
        *at = l->next;
        reaper->lingering_count--;
        close(l->fd);
        free(l);
    }
}

/* --- the thread --- */

static void look_at_all(struct reaper *reaper) {
    int64_t now = clock_mono_ns();

    for (struct connection *c = reaper->connections; c != NULL; c = c->next) {
        int state = atomic_load_explicit(&c->state, memory_order_acquire);

        if (state != CONNECTION_BUSY)
            look_at_header(reaper, c, state, now);
        else if (c->request != NULL)
            look_at_request(c->request, now);
    }
    drain_all(reaper, now);
    reaper->tick++;
}

static void *reaper_main(void *arg) {
    struct reaper *reaper = arg;

    pthread_mutex_lock(&reaper->lock);
    while (!reaper->closing ||
           (reaper->lingering != NULL && clock_mono_ns() < reaper->close_until_ns)) {
        struct timespec until;
        int64_t         at = clock_mono_ns() + REAPER_TICK_NS;

        until.tv_sec = at / 1000000000;
        until.tv_nsec = at % 1000000000;
        pthread_cond_timedwait(&reaper->wake, &reaper->lock, &until);
        look_at_all(reaper);
    }
    drain_all(reaper, INT64_MAX);
    pthread_mutex_unlock(&reaper->lock);
    return NULL;
}

pw_code reaper_open(struct http_server *server, struct reaper **ret_reaper, struct err *err) {
    struct reaper     *reaper = calloc(1, sizeof *reaper);
    pthread_condattr_t attr;

    if (reaper == NULL)
        return err_set(err, PW_MEMORY, "out of memory");
    reaper->server = server;
    pthread_mutex_init(&reaper->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&reaper->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&reaper->thread, NULL, reaper_main, reaper) != 0) {
        pthread_cond_destroy(&reaper->wake);
        pthread_mutex_destroy(&reaper->lock);
        free(reaper);
        return err_set(err, PW_MEMORY, "cannot start the reaper thread");
    }
    pthread_setname_np(reaper->thread, "http-reaper");
    *ret_reaper = reaper;
    return PW_OK;
}

void reaper_close(struct reaper *reaper) {
    if (reaper == NULL)
        return;
    pthread_mutex_lock(&reaper->lock);
    reaper->closing = true;
    reaper->close_until_ns = clock_deadline(CLOSE_SECONDS);
    pthread_cond_signal(&reaper->wake);
    pthread_mutex_unlock(&reaper->lock);
    pthread_join(reaper->thread, NULL);
    pthread_cond_destroy(&reaper->wake);
    pthread_mutex_destroy(&reaper->lock);
    free(reaper);
}

void reaper_add(struct reaper *reaper, struct connection *c) {
    pthread_mutex_lock(&reaper->lock);
    c->prev = NULL;
    c->next = reaper->connections;
    if (c->next != NULL)
        c->next->prev = c;
    reaper->connections = c;
    pthread_mutex_unlock(&reaper->lock);
}

void reaper_remove(struct reaper *reaper, struct connection *c) {
    pthread_mutex_lock(&reaper->lock);
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        reaper->connections = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    pthread_mutex_unlock(&reaper->lock);
}

void reaper_set_request(struct reaper *reaper, struct connection *c, struct http_request *request) {
    pthread_mutex_lock(&reaper->lock);
    c->request = request;
    pthread_mutex_unlock(&reaper->lock);
}

void reaper_linger(struct reaper *reaper, int fd) {
    struct lingering *l = malloc(sizeof *l);
    size_t            dropped = 0;

    if (l == NULL) {
        close(fd);
        return;
    }
    l->fd = fd;
    l->left = LIMIT_LINGER_BYTES;
    l->until_ns = clock_deadline(LIMIT_LINGER_SECONDS);
    pthread_mutex_lock(&reaper->lock);
    if (reaper->lingering_count == MOST_LINGERING || drain(l, DRAIN_ONE, &dropped, 0)) {
        close(fd);
        free(l);
    } else {
        l->next = reaper->lingering;
        reaper->lingering = l;
        reaper->lingering_count++;
    }
    pthread_mutex_unlock(&reaper->lock);
}

void reaper_each(struct reaper *reaper, void (*each)(struct http_request *request)) {
    pthread_mutex_lock(&reaper->lock);
    for (struct connection *c = reaper->connections; c != NULL; c = c->next) {
        if (c->request == NULL)
            continue;
        pthread_mutex_lock(&c->request->lock);
        each(c->request);
        pthread_mutex_unlock(&c->request->lock);
    }
    pthread_mutex_unlock(&reaper->lock);
}
