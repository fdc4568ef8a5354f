/* handler.c - runs handlers. */
#include "http/handler.h"

#include <sys/socket.h>

#include "base/clock.h"
#include "http/stream.h"
#include "http/wire.h"

/* Used when the application brings no error writer, or when memory ran out. */
static void plain_error(struct http_reply *reply, pw_code code, const struct err *err) {
    static const int statuses[PW_CODE_COUNT] = {
        [PW_INVALID] = 400,      [PW_NOT_FOUND] = 404, [PW_CONFLICT] = 409,    [PW_DENIED] = 403,
        [PW_UNAUTHORIZED] = 401, [PW_TOO_LARGE] = 413, [PW_UNSUPPORTED] = 400, [PW_RANGE] = 416,
        [PW_BUSY] = 503,         [PW_NO_SPACE] = 507,  [PW_CORRUPT] = 500,     [PW_TIMEOUT] = 408,
        [PW_CANCELLED] = 503,
    };

    http_reply_status(reply, statuses[code] != 0 ? statuses[code] : 500);
    http_reply_body(reply, "text/plain",
                    str_of(reply->status < 500 ? err_text(err) : pw_code_name(code)));
}

static void write_error(struct http_request *r, pw_code code, const struct err *err) {
    const struct http_options *o = &r->server->options;
    int                        face = r->route.row != NULL ? r->route.row->face : o->default_face;

    reply_reset(&r->reply);
    if (o->error != NULL)
        o->error(face, r, code, err, &r->reply);
    else
        plain_error(&r->reply, code, err);
    if (code == PW_BUSY && !reply_has_header(&r->reply, "Retry-After"))
        http_reply_header(&r->reply, "Retry-After", "1");
}

void handler_refuse(struct http_request *r, pw_code code, const struct err *err, int status) {
    write_error(r, code, err);
    if (status != 0)
        http_reply_status(&r->reply, status);
    if (status == 405)
        http_reply_header(&r->reply, "Allow", "%s", r->route.allow);
}

static void out_of_memory(struct http_request *r) {
    reply_reset(&r->reply);
    r->reply.broken = false;
    http_reply_status(&r->reply, 500);
    http_reply_borrow(&r->reply, "text/plain", STR("the answer needs too much memory\n"));
}

void handler_answer(struct http_request *r) {
    struct err err;
    pw_code    code;

    if (r->refused) {
        handler_refuse(r, r->refusal.code, &r->refusal, r->forced_status);
    } else {
        err.code = PW_OK;
        err.tag[0] = err.text[0] = '\0';
        code = r->route.row->handler(r, &r->reply, &err);
        if (code != PW_OK)
            write_error(r, code, &err);
    }
    if (r->reply.broken)
        out_of_memory(r);
}

/* Bytes for the socket, in the middle of a body: the library cannot answer there. It sends nothing
 * itself meanwhile (its "100 Continue" went out before the first byte came in). */
static void send_bytes(struct http_request *r, str bytes) {
    if (!r->server->tls)
        (void)!send(r->fd, bytes.ptr, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL); /* gone: so be it */
    r->phase = PHASE_ANSWERED;
    r->answered_ns = clock_mono_ns();
    r->connection->linger = true;
    request_resume(r);
}

/* The rest of the body is short, or the answer cannot be sent as bytes: read on, answer then. */
static bool better_drained(struct http_request *r) {
    if (r->server->tls || r->reply.kind == REPLY_FILE || r->reply.kind == REPLY_STREAM)
        return true;
    return r->body_length >= 0 && (uint64_t)r->body_length - r->body_seen <= LIMIT_DRAIN_BYTES &&
           ring_failed(&r->ring) == PW_OK;
}

static void count_answer(struct http_request *r, size_t bytes) {
    struct http_server *s = r->server;

    atomic_fetch_add_explicit(&s->bytes_out, bytes, memory_order_relaxed);
    if (r->reply.status >= 500)
        atomic_fetch_add_explicit(&s->errors_5xx, 1, memory_order_relaxed);
    else if (r->reply.status >= 400)
        atomic_fetch_add_explicit(&s->errors_4xx, 1, memory_order_relaxed);
}

static void answer_in_body(struct http_request *r) {
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1));

    if (better_drained(r) || !reply_text(&r->reply, r->head, &text)) {
        r->phase = PHASE_DRAIN;
        request_resume(r);
        return;
    }
    count_answer(r, text.len);
    send_bytes(r, buf_str(&text));
}

static void work_done(struct http_request *r) {
    pthread_mutex_lock(&r->lock);
    ring_close(&r->ring);
    r->replied = true;
    if (r->alive && !r->abandoned) {
        if (r->phase == PHASE_FLOW && r->flowing) {
            answer_in_body(r);
        } else if (r->phase != PHASE_ANSWERED) {
            r->phase = PHASE_REPLY;
            request_resume(r);
        }
    }
    pthread_mutex_unlock(&r->lock);
    request_unref(r);
}

static void run_work(struct work *work) {
    struct http_request *r = (struct http_request *)work;

    handler_answer(r);
    work_done(r);
}

void handler_offer(struct http_request *r, bool uploads) {
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    r->work.run = run_work;
    workers_add(uploads ? r->server->uploads : r->server->workers, &r->work);
}

void handler_abandon(struct http_request *r) {
    static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
                               "Retry-After: 1\r\nContent-Length: 0\r\n\r\n";

    ring_fail(&r->ring, PW_CANCELLED);
    if (!r->alive)
        return;
    switch (r->phase) {
    case PHASE_OFFERED:
    case PHASE_WAIT:
        r->abandoned = true;
        r->phase = PHASE_REPLY;
        request_resume(r);
        break;
    case PHASE_FLOW:
        r->abandoned = true;
        if (r->flowing)
            send_bytes(r, str_of(busy));
        else
            r->phase = PHASE_REPLY;
        break;
    default:
        request_resume(r); /* a stream that waits for its worker: ends with an error */
        break;
    }
}

/* --- the body, from the worker's side --- */

/* The first read lets the body flow (and "100 Continue" go out). */
static void begin_flow(struct http_request *r) {
    pthread_mutex_lock(&r->lock);
    if (r->phase == PHASE_OFFERED) {
        r->phase = PHASE_FLOW;
        r->body_began_ns = r->last_byte_ns = clock_mono_ns();
        ring_open(&r->ring, &r->server->rings);
        request_resume(r);
        r->paused_ns = 0;
    }
    pthread_mutex_unlock(&r->lock);
}

static void let_go_on(struct http_request *r) {
    pthread_mutex_lock(&r->lock);
    if (r->phase == PHASE_FLOW && r->suspended && ring_has_room(&r->ring))
        request_resume(r);
    pthread_mutex_unlock(&r->lock);
}

pw_code http_body_next(struct http_request *r, str *ret_chunk, struct err *err) {
    pw_code code;

    if (!r->has_body || r->inline_given) {
        *ret_chunk = STR("");
        return PW_OK;
    }
    if (r->inline_body != NULL) {
        r->inline_given = true;
        *ret_chunk = str_make(r->inline_body, r->inline_used);
        return PW_OK;
    }
    if (r->route.row == NULL || r->route.row->where != HTTP_WORKER)
        return err_set(err, PW_INTERNAL, "a handler on the event thread cannot read a body");
    begin_flow(r);
    if (ring_release(&r->ring))
        let_go_on(r);
    code = ring_next(&r->ring, ret_chunk);
    if (code == PW_TIMEOUT)
        return err_set(err, code, "the client sent its body too slowly");
    if (code != PW_OK)
        return err_set(err, code, "the request body ended early");
    return PW_OK;
}

pw_code http_body_all(struct http_request *r, size_t ceiling, str *ret_body, struct err *err) {
    char  *all = NULL;
    size_t used = 0, room = 0;
    str    chunk = STR_NONE;

    if (r->body_length > 0 && (uint64_t)r->body_length > ceiling)
        return err_set(err, PW_TOO_LARGE,
                       "the request body has %lld bytes, at most %zu are allowed",
                       (long long)r->body_length, ceiling);
    for (;;) {
        PW_TRY(http_body_next(r, &chunk, err));
        if (chunk.len == 0)
            break;
        if (r->inline_given && chunk.len <= ceiling) {
            *ret_body = chunk; /* in the arena already */
            return PW_OK;
        }
        if (chunk.len > ceiling - used)
            return err_set(err, PW_TOO_LARGE,
                           "the request body has more than the %zu bytes allowed", ceiling);
        if (chunk.len > room - used) {
            size_t more = r->body_length > 0 ? (size_t)r->body_length : (used + chunk.len) * 2;

            all = arena_grow(&r->arena, all, room, more);
            if (all == NULL)
                return arena_error(&r->arena, err);
            room = more;
        }
        memcpy(all + used, chunk.ptr, chunk.len);
        used += chunk.len;
    }
    *ret_body = str_make(all != NULL ? all : "", used);
    return PW_OK;
}
