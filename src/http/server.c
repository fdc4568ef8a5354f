/* server.c - opens and closes the server. */
#include "http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "http/exchange.h"
#include "http/guard.h"
#include "http/handler.h"
#include "http/reaper.h"
#include "http/wire.h"

#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

enum {
    POOL_BYTES = 64 * 1024, /* of a connection: header, and a window of the body */
    BACKLOG = 4096,
    DESCRIPTORS = 2 * LIMIT_CONNECTIONS, /* each connection may send a file */
};

static void apply_defaults(struct http_options *o) {
    if (o->event_threads == 0)
        o->event_threads = 2;
    if (o->worker_threads == 0)
        o->worker_threads = 16;
    if (o->header_seconds <= 0)
        o->header_seconds = 15;
    if (o->body_idle_seconds <= 0)
        o->body_idle_seconds = 60;
    if (o->body_bytes_per_second == 0)
        o->body_bytes_per_second = 1024;
    if (o->idle_seconds <= 0)
        o->idle_seconds = 75;
}

/* Best effort: with fewer the library stops accepting at the limit. */
static void raise_descriptors(void) {
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS)
        return;
    limit.rlim_cur = MIN_OF((rlim_t)DESCRIPTORS, limit.rlim_max);
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static pw_code open_socket(const struct http_options *o, int *ret_fd, unsigned *ret_port,
                           struct err *err) {
    struct addrinfo  hints = {.ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *found = NULL;
    union {
        struct sockaddr     any;
        struct sockaddr_in  v4;
        struct sockaddr_in6 v6;
    } bound;
    socklen_t size = sizeof bound;
    int       fd = -1;
    char      port[8];
    int       on = 1;
    pw_code   code = PW_OK;

    memset(&bound, 0, sizeof bound);
    snprintf(port, sizeof port, "%u", o->port);
    if (o->port > 65535 || getaddrinfo(o->address, port, &hints, &found) != 0)
        return err_set(err, PW_INVALID, "\"%s\" port %u is not an address to listen on", o->address,
                       o->port);
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, &bound.any, &size) != 0)
        code = err_errno(err, "cannot listen on %s port %u", o->address, o->port);
    freeaddrinfo(found);
    if (code != PW_OK) {
        fd_close(&fd);
        return code;
    }
    *ret_port = ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
    *ret_fd = fd;
    return PW_OK;
}

/* Every text of ours stays as it is: it is decoded once, in target.c. */
static size_t leave_escaped(void *ctx PW_UNUSED, struct MHD_Connection *mhd PW_UNUSED, char *text) {
    return strlen(text);
}

/* A server that stops ends new connections at once. Not MHD_quiesce_daemon: in 0.9.75 it and an event
 * thread may both take the listening socket out of the epoll set, and the second one aborts. */
static enum MHD_Result accept_policy(void *ctx, const struct sockaddr *peer, socklen_t size) {
    struct http_server *s = ctx;

    (void)peer, (void)size;
    return atomic_load(&s->stopping) ? MHD_NO : MHD_YES;
}

static pw_code start_daemon(struct http_server *s, struct err *err) {
    const struct http_options *o = &s->options;
    unsigned                   idle = (unsigned)(MAX_OF(o->idle_seconds, o->body_idle_seconds) + 1);
    struct MHD_OptionItem      items[] = {
             {MHD_OPTION_LISTEN_SOCKET, s->listen_fd, NULL},
             {MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES, NULL},
             {MHD_OPTION_CONNECTION_LIMIT, LIMIT_CONNECTIONS, NULL},
             {MHD_OPTION_CONNECTION_TIMEOUT, idle, NULL},
             {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave_escaped, NULL},
             {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)exchange_target, s},
             {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)exchange_connection, s},
             {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)exchange_completed, s},
             /* The guard of 0.9.7x sees more when the library lets it pass. */
             {MHD_OPTION_STRICT_FOR_CLIENT, s->sees_layout ? 0 : 1, NULL},
             {o->event_threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, o->event_threads,
              NULL},
             {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem tls[] = {
        /* the library takes pointers to non-const memory, and only reads them */
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)o->tls_certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)o->tls_key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;

    if (s->tls && MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
        return err_set(err, PW_UNSUPPORTED, "this libmicrohttpd was built without TLS");
    s->daemon = MHD_start_daemon(flags | (s->tls ? MHD_USE_TLS : 0), 0, accept_policy, s,
                                 exchange_call, s, MHD_OPTION_ARRAY, s->tls ? tls : &tls[3],
                                 MHD_OPTION_ARRAY, items, MHD_OPTION_END);
    if (s->daemon == NULL && s->tls)
        return err_set(err, PW_INVALID,
                       "cannot start HTTPS on %s port %u: the certificate and its key "
                       "must be PEM texts that belong together",
                       o->address, o->port);
    if (s->daemon == NULL)
        return err_errno(err, "cannot start the HTTP server on %s port %u", o->address, o->port);
    return PW_OK;
}

static void server_free(struct http_server *s) {
    workers_close(s->uploads);
    workers_close(s->workers);
    reaper_close(s->reaper);
    if (s->busy != NULL)
        MHD_destroy_response(s->busy);
    fd_close(&s->listen_fd);
    route_table_free(s->routes);
    ring_pool_done(&s->rings);
    free(s);
}

static pw_code open_parts(struct http_server *s, struct err *err) {
    const struct http_options *o = &s->options;

    if ((o->tls_certificate == NULL) != (o->tls_key == NULL))
        return err_set(err, PW_INVALID, "HTTPS needs both a certificate and its key");
    s->tls = o->tls_key != NULL;
    PW_TRY(route_table_new(o->routes, o->route_count, &s->routes, err));
    s->busy = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (s->busy == NULL)
        return err_set(err, PW_MEMORY, "out of memory");
    MHD_add_response_header(s->busy, "Retry-After", "1");
    MHD_add_response_header(s->busy, "Connection", "close");
    MHD_add_response_header(s->busy, "X-Content-Type-Options", "nosniff");
    PW_TRY(workers_open("http-worker", o->worker_threads, &s->workers, err));
    PW_TRY(workers_open("http-upload", LIMIT_UPLOADS, &s->uploads, err));
    PW_TRY(reaper_open(s, &s->reaper, err));
    PW_TRY(open_socket(o, &s->listen_fd, &s->port, err));
    return start_daemon(s, err);
}

pw_code http_server_open(const struct http_options *options, struct http_server **ret_server,
                         struct err *err) {
    struct http_server *s = calloc(1, sizeof *s);
    pw_code             code;

    if (s == NULL)
        return err_set(err, PW_MEMORY, "out of memory");
    s->options = *options;
    s->listen_fd = -1;
    s->sees_layout = guard_sees_layout();
    apply_defaults(&s->options);
    ring_pool_init(&s->rings, LIMIT_RINGS * RING_SEGMENTS);
    raise_descriptors();
    code = open_parts(s, err);
    if (code != PW_OK) {
        server_free(s);
        return code;
    }
    *ret_server = s;
    return PW_OK;
}

unsigned http_server_port(const struct http_server *server) {
    return server->port;
}

static bool wait_until_quiet(struct http_server *s, double seconds) {
    const struct timespec step = {0, 2000000};
    int64_t               until = clock_deadline(seconds);

    while (atomic_load(&s->running) > 0) {
        if (clock_mono_ns() >= until)
            return false;
        nanosleep(&step, NULL);
    }
    return true;
}

static void cancel_body(struct http_request *r) {
    ring_fail(&r->ring, PW_CANCELLED);
}

void http_server_close(struct http_server *s, double grace_seconds) {
    const double last_words = 1; /* for handlers that see PW_CANCELLED, and for answers to leave */

    if (s == NULL)
        return;
    atomic_store(&s->stopping, true); /* accept_policy takes no more connections */
    if (!wait_until_quiet(s, grace_seconds)) {
        reaper_each(s->reaper, cancel_body);
        if (!wait_until_quiet(s, last_words)) {
            atomic_store(&s->forcing, true);
            reaper_each(s->reaper, handler_abandon);
            (void)wait_until_quiet(s, last_words);
        }
    }
    atomic_store(&s->forcing, true);
    reaper_each(s->reaper, handler_abandon);
    MHD_stop_daemon(s->daemon);
    s->listen_fd = -1; /* closed with the daemon */
    server_free(s);
}

void http_server_stats(const struct http_server *s, struct http_stats *ret_stats) {
    *ret_stats = (struct http_stats){
        .requests = atomic_load_explicit(&s->requests, memory_order_relaxed),
        .connections_now = atomic_load_explicit(&s->connections_now, memory_order_relaxed),
        .connections_total = atomic_load_explicit(&s->connections_total, memory_order_relaxed),
        .bytes_in = atomic_load_explicit(&s->bytes_in, memory_order_relaxed),
        .bytes_out = atomic_load_explicit(&s->bytes_out, memory_order_relaxed),
        .errors_4xx = atomic_load_explicit(&s->errors_4xx, memory_order_relaxed),
        .errors_5xx = atomic_load_explicit(&s->errors_5xx, memory_order_relaxed),
    };
}
