/* exchange.c - what the event thread does for a request. */
#include "http/exchange.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/guard.h"
#include "http/handler.h"
#include "http/reaper.h"
#include "http/stream.h"
#include "http/wire.h"

/* --- connections --- */

static void peer_text(const struct sockaddr *address, char out[INET6_ADDRSTRLEN]) {
    const void *bytes = NULL;

    out[0] = '\0';
    if (address != NULL && address->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)address)->sin_addr;
    else if (address != NULL && address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)address)->sin6_addr;
    if (bytes != NULL)
        inet_ntop(address->sa_family, bytes, out, INET6_ADDRSTRLEN);
}

static int socket_of(struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info != NULL ? info->connect_fd : -1;
}

static struct connection *connection_new(struct http_server *server, struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct connection *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->server = server;
    c->fd = socket_of(mhd);
    peer_text(info != NULL ? info->client_addr : NULL, c->peer);
    atomic_init(&c->state, CONNECTION_NEW);
    atomic_init(&c->since_ns, clock_mono_ns());
    return c;
}

static void connection_end(struct connection *c) {
    reaper_remove(c->server->reaper, c);
    /* Without a single request: refused by the library for its first line. */
    if (c->linger || atomic_load(&c->state) == CONNECTION_NEW) {
        int fd = fcntl(c->fd, F_DUPFD_CLOEXEC, 3);

        if (fd >= 0)
            reaper_linger(c->server->reaper, fd);
    }
    if (c->request != NULL)
        request_unref(c->request);
    free(c);
}

void exchange_connection(void *server, struct MHD_Connection *mhd, void **connection,
                         enum MHD_ConnectionNotificationCode code) {
    struct http_server *s = server;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct connection *c = connection_new(s, mhd);

        *connection = c;
        if (c == NULL)
            return; /* its requests are refused */
        atomic_fetch_add_explicit(&s->connections_now, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&s->connections_total, 1, memory_order_relaxed);
        reaper_add(s->reaper, c);
    } else if (*connection != NULL) {
        atomic_fetch_sub_explicit(&s->connections_now, 1, memory_order_relaxed);
        connection_end(*connection);
        *connection = NULL;
    }
}

/* The request line was read; the library cuts the target into pieces after this. */
void *exchange_target(void *server, const char *target, struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct connection   *c = info != NULL ? info->socket_context : NULL;
    struct http_request *r;

    if (c == NULL)
        return NULL;
    if (c->request == NULL)
        reaper_set_request(c->server->reaper, c, request_new(server, c->peer));
    r = c->request;
    if (r == NULL)
        return NULL;
    r->connection = c;
    r->target.raw = arena_str(&r->arena, str_of(target != NULL ? target : ""));
    return r;
}

/* --- answers --- */

static void count_answer(struct http_server *s, const struct http_reply *reply, bool head) {
    uint64_t bytes = head || reply->kind == REPLY_STREAM ? 0 : reply_length(reply);

    atomic_fetch_add_explicit(&s->bytes_out, bytes, memory_order_relaxed);
    if (reply->status >= 500)
        atomic_fetch_add_explicit(&s->errors_5xx, 1, memory_order_relaxed);
    else if (reply->status >= 400)
        atomic_fetch_add_explicit(&s->errors_4xx, 1, memory_order_relaxed);
}

/* Makes the response; exchange_call gives it to the library without the request's lock, because
 * the library locks responses while it asks a stream for bytes, and the stream locks the request. */
static enum MHD_Result queue_reply(struct http_request *r) {
    struct http_server *s = r->server;

    r->phase = PHASE_REPLY;
    if (r->abandoned) {
        r->connection->linger = true;
        atomic_fetch_add_explicit(&s->errors_5xx, 1, memory_order_relaxed);
        r->response_status = MHD_HTTP_SERVICE_UNAVAILABLE;
        r->response = s->busy;
        return MHD_YES;
    }
    count_answer(s, &r->reply, r->head);
    r->response_status = (unsigned)r->reply.status;
    r->response = reply_response(&r->reply, r->head, r->close || atomic_load(&s->stopping),
                                 stream_response, r);
    return r->response != NULL ? MHD_YES : MHD_NO;
}

static enum MHD_Result give_response(struct http_server *s, struct MHD_Connection *mhd,
                                     unsigned status, struct MHD_Response *response) {
    enum MHD_Result result = MHD_queue_response(mhd, status, response);

    if (response != s->busy)
        MHD_destroy_response(response); /* the library has its own reference */
    return result;
}

/* Answers now and closes: nothing of the body is read. */
static enum MHD_Result answer_and_close(struct http_request *r) {
    r->close = true;
    r->connection->linger = true;
    handler_answer(r);
    return queue_reply(r);
}

static void refuse(struct http_request *r, int status) {
    r->refused = true;
    r->close = r->close || status == 400; /* who sends that may mean more by it than we see */
    if (status != 0)
        r->forced_status = status;
}

/* --- the first call: the header is complete --- */

static void find_route(struct http_request *r) {
    struct err *err = &r->refusal;

    if (target_parse(r->target.raw, &r->arena, &r->target, err) != PW_OK) {
        refuse(r, err->code == PW_INVALID ? 400 : 0);
        return;
    }
    if (r->target.authority.len > 0 &&
        !str_eq_nocase(r->target.authority, http_header(r, "Host"))) {
        err_set(err, PW_INVALID, "the request target names another host than the Host header");
        refuse(r, 400);
        return;
    }
    route_find(r->server->routes, r->method, &r->target, &r->arena, &r->route);
    if (r->route.row != NULL)
        return;
    if (r->route.path_known) {
        err_set(err, PW_UNSUPPORTED, STR_FMT " is not served here, only %s", STR_ARG(r->method),
                r->route.allow);
        refuse(r, 405);
    } else {
        err_set(err, PW_NOT_FOUND, "nothing is served under this path");
        refuse(r, 404);
    }
}

static void begin(struct http_request *r, struct MHD_Connection *mhd, const char *method) {
    struct http_server *s = r->server;

    r->mhd = mhd;
    r->alive = true;
    r->fd = r->connection->fd;
    r->method = str_of(method);
    r->head = str_eq(r->method, STR("HEAD"));
    r->counted = true;
    atomic_fetch_add(&s->running, 1);
    atomic_fetch_add_explicit(&s->requests, 1, memory_order_relaxed);
    atomic_store_explicit(&r->connection->state, CONNECTION_BUSY, memory_order_relaxed);
}

/* What is done about the body of a request that was not refused for its framing. */
static enum MHD_Result plan_body(struct http_request *r) {
    bool small = !r->expects && r->body_length >= 0 && r->body_length <= (int64_t)LIMIT_INLINE_BODY;
    bool worker = !r->refused && r->route.row->where == HTTP_WORKER;

    r->body_began_ns = r->last_byte_ns = clock_mono_ns();
    if (!r->has_body) {
        r->phase = PHASE_READY_TO_RUN;
        return MHD_YES;
    }
    if (!worker) {
        r->phase = PHASE_DRAIN;
        return small ? MHD_YES : answer_and_close(r);
    }
    if (small) {
        r->inline_body = arena_alloc(&r->arena, (size_t)r->body_length);
        r->phase = PHASE_COLLECT;
        return r->inline_body != NULL ? MHD_YES : MHD_NO;
    }
    if (atomic_load(&r->server->forcing) || !request_own(r))
        return MHD_NO;
    r->phase = PHASE_OFFERED;
    request_suspend(r);
    handler_offer(r, true);
    return MHD_YES;
}

static enum MHD_Result first_call(struct http_request *r, const char *url, const char *method,
                                  const char *version) {
    if (r->target.raw.ptr == NULL)
        return MHD_NO;
    if (guard_check(r, url, method, version, &r->refusal) != PW_OK) {
        r->refused = true;
        return answer_and_close(r);
    }
    if (atomic_load(&r->server->stopping)) {
        err_set(&r->refusal, PW_BUSY, "the server is stopping");
        refuse(r, 503);
        return answer_and_close(r);
    }
    find_route(r);
    return plan_body(r);
}

/* --- body bytes --- */

static enum MHD_Result push_body(struct http_request *r, const char *data, size_t *size) {
    size_t done = 0;

    while (done < *size) {
        size_t n = ring_push(&r->ring, data + done, *size - done);

        done += n;
        if (done == *size || (n == 0 && !ring_has_room(&r->ring)))
            break;
    }
    *size -= done;
    if (*size == 0)
        return MHD_YES;
    if (atomic_load(&r->server->forcing))
        return MHD_NO;
    request_suspend(r);
    return MHD_YES;
}

static enum MHD_Result body_call(struct http_request *r, const char *data, size_t *size) {
    size_t          given = *size;
    enum MHD_Result result = MHD_YES;

    switch (r->phase) {
    case PHASE_COLLECT:
        if (given > (size_t)r->body_length - r->inline_used)
            return MHD_NO;
        memcpy(r->inline_body + r->inline_used, data, given);
        r->inline_used += given;
        *size = 0;
        break;
    case PHASE_DRAIN:
        r->drained += given;
        if (r->drained > LIMIT_LINGER_BYTES)
            return MHD_NO;
        *size = 0;
        break;
    case PHASE_FLOW:
        result = push_body(r, data, size);
        break;
    default:
        return MHD_NO; /* answered already, in the middle of the body */
    }
    given -= *size;
    if (given > 0) {
        r->body_seen += given;
        r->last_byte_ns = clock_mono_ns();
        atomic_fetch_add_explicit(&r->server->bytes_in, given, memory_order_relaxed);
    }
    return result;
}

/* --- calls without bytes: all was read, or the connection was resumed --- */

static enum MHD_Result run(struct http_request *r) {
    if (r->refused || r->route.row->where == HTTP_EVENT) {
        handler_answer(r);
        return queue_reply(r);
    }
    if (atomic_load(&r->server->forcing)) {
        r->abandoned = true;
        return queue_reply(r);
    }
    if (!request_own(r))
        return MHD_NO;
    r->phase = PHASE_WAIT;
    request_suspend(r);
    handler_offer(r, false);
    return MHD_YES;
}

static enum MHD_Result final_call(struct http_request *r) {
    if (r->phase == PHASE_FLOW && !r->flowing) {
        r->flowing = true; /* resumed before the body: now it may come */
        return MHD_YES;
    }
    switch (r->phase) {
    case PHASE_READY_TO_RUN:
    case PHASE_COLLECT:
        return run(r);
    case PHASE_DRAIN:
        if (!r->replied)
            return run(r);
        return queue_reply(r);
    case PHASE_FLOW:
        ring_end(&r->ring);
        r->phase = PHASE_WAIT;
        if (atomic_load(&r->server->forcing)) {
            r->abandoned = true;
            return queue_reply(r);
        }
        request_suspend(r);
        return MHD_YES;
    case PHASE_REPLY:
        if (!r->flowing && r->has_body && r->inline_body == NULL) {
            r->close = true; /* answered before the body */
            r->connection->linger = true;
        }
        return queue_reply(r);
    default:
        return MHD_NO;
    }
}

enum MHD_Result exchange_call(void *server, struct MHD_Connection *mhd, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **request) {
    struct http_request *r = *request;
    struct MHD_Response *response;
    enum MHD_Result      result;
    unsigned             status;

    if (r == NULL)
        return MHD_NO;
    pthread_mutex_lock(&r->lock);
    if (r->phase == PHASE_HEADER) {
        begin(r, mhd, method);
        result = first_call(r, url, method, version);
    } else if (*size > 0) {
        result = body_call(r, data, size);
    } else {
        result = final_call(r);
    }
    response = r->response;
    status = r->response_status;
    r->response = NULL;
    pthread_mutex_unlock(&r->lock);
    return response != NULL ? give_response(server, mhd, status, response) : result;
}

/* The library, or we, ended the connection while the client may still be sending. */
static bool ended_by_us(enum MHD_RequestTerminationCode code) {
    return code == MHD_REQUEST_TERMINATED_WITH_ERROR ||
           code == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED;
}

void exchange_completed(void *server, struct MHD_Connection *mhd PW_UNUSED, void **request,
                        enum MHD_RequestTerminationCode code) {
    struct http_request *r = *request;
    struct http_server  *s = server;
    struct connection   *c;

    *request = NULL;
    if (r == NULL)
        return;
    c = r->connection;
    pthread_mutex_lock(&r->lock);
    if (r->phase == PHASE_FLOW || r->phase == PHASE_OFFERED)
        ring_fail(&r->ring, PW_CANCELLED);
    r->alive = false;
    r->connection = NULL;
    r->fd = -1;
    if (r->counted)
        atomic_fetch_sub(&s->running, 1);
    r->counted = false;
    pthread_mutex_unlock(&r->lock);
    c->linger = c->linger || ended_by_us(code);
    atomic_store_explicit(&c->since_ns, clock_mono_ns(), memory_order_relaxed);
    atomic_store_explicit(&c->state, CONNECTION_IDLE, memory_order_release);
    if (atomic_load_explicit(&r->refs, memory_order_acquire) == 1) {
        request_recycle(r);
        return;
    }
    reaper_set_request(s->reaper, c, NULL); /* a worker still has it */
    request_unref(r);
}
