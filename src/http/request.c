/* request.c - what a handler sees of a request. */
#include "http/request.h"

#include <stdlib.h>

#include "base/clock.h"
#include "http/wire.h"

enum { KEPT_ARENA = 16384 }; /* an idle connection keeps at most about this much */

struct http_request *request_new(struct http_server *server, const char *peer) {
    struct http_request *r = calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    r->server = server;
    atomic_init(&r->refs, 1);
    pthread_mutex_init(&r->lock, NULL);
    ring_init(&r->ring);
    r->arena = (struct arena)ARENA_INIT(LIMIT_REQUEST_MEMORY);
    r->fd = -1;
    str_copy(str_of(peer), r->peer, sizeof r->peer);
    reply_init(&r->reply, &r->arena);
    return r;
}

void request_unref(struct http_request *r) {
    if (atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
        return;
    reply_reset(&r->reply);
    ring_done(&r->ring);
    arena_done(&r->arena);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

void request_recycle(struct http_request *r) {
    reply_reset(&r->reply);
    ring_close(&r->ring);
    if (r->arena.used > KEPT_ARENA)
        arena_done(&r->arena);
    else
        arena_reset(&r->arena);
    pthread_mutex_lock(&r->lock); /* the reaper may look at any time */
    r->mhd = NULL;
    r->phase = PHASE_HEADER;
    r->suspended = r->alive = r->flowing = r->replied = r->abandoned = false;
    r->fd = -1;
    r->method = STR_NONE;
    r->target = (struct target){0};
    r->route.row = NULL;
    r->route.param_count = 0;
    r->header_count = 0;
    r->head = r->http_1_0 = r->has_body = r->expects = r->close = false;
    r->body_length = 0;
    r->forced_status = 0;
    r->refused = false;
    r->inline_body = NULL;
    r->inline_used = 0;
    r->inline_given = false;
    r->body_seen = r->drained = 0;
    r->body_began_ns = r->last_byte_ns = r->paused_ns = r->suspended_ns = r->answered_ns = 0;
    pthread_mutex_unlock(&r->lock);
}

bool request_own(struct http_request *r) {
    r->method = arena_str(&r->arena, r->method);
    if (r->method.ptr == NULL)
        return false;
    for (unsigned i = 0; i < r->header_count; i++) {
        struct request_header *h = &r->headers[i];

        h->name = arena_str(&r->arena, h->name);
        h->value = arena_str(&r->arena, h->value);
        if (h->name.ptr == NULL || h->value.ptr == NULL)
            return false;
    }
    return true;
}

void request_suspend(struct http_request *r) {
    r->suspended = true;
    r->suspended_ns = clock_mono_ns();
    MHD_suspend_connection(r->mhd);
}

void request_resume(struct http_request *r) {
    int64_t now;

    if (!r->suspended || !r->alive)
        return;
    now = clock_mono_ns();
    r->suspended = false;
    r->paused_ns += now - r->suspended_ns;
    r->last_byte_ns = now; /* it was us who did not read */
    MHD_resume_connection(r->mhd);
}

str request_header_at(const struct http_request *r, str name, size_t n, bool *ret_found) {
    for (unsigned i = 0; i < r->header_count; i++) {
        if (!str_eq_nocase(r->headers[i].name, name) || n-- > 0)
            continue;
        *ret_found = true;
        return r->headers[i].value;
    }
    *ret_found = false;
    return STR_NONE;
}

str http_peer(const struct http_request *r) {
    return str_of(r->peer);
}

void *http_app(const struct http_request *r) {
    return r->server->options.app;
}

struct arena *http_arena(struct http_request *r) {
    return &r->arena;
}

str http_method(const struct http_request *r) {
    return r->method;
}

str http_path(const struct http_request *r) {
    return r->target.path;
}

str http_target(const struct http_request *r) {
    return r->target.raw;
}

bool http_is_head(const struct http_request *r) {
    return r->head;
}

str http_param(const struct http_request *r, const char *name) {
    for (unsigned i = 0; i < r->route.param_count; i++)
        if (str_eq(r->route.params[i].name, str_of(name)))
            return r->route.params[i].value;
    return STR_NONE;
}

/* Decoding goes into the request's arena, which is no part of what "const" promises. */
bool http_query_at(const struct http_request *r, const char *name, size_t n, str *ret_value) {
    return target_query(&r->target, str_of(name), n, (struct arena *)(uintptr_t)&r->arena,
                        ret_value);
}

bool http_query(const struct http_request *r, const char *name, str *ret_value) {
    return http_query_at(r, name, 0, ret_value);
}

str http_header(const struct http_request *r, const char *name) {
    bool found;

    return request_header_at(r, str_of(name), 0, &found);
}

bool http_header_at(const struct http_request *r, const char *name, size_t n, str *ret_value) {
    bool found;
    str  value = request_header_at(r, str_of(name), n, &found);

    if (found)
        *ret_value = value;
    return found;
}

const char *http_route_pattern(const struct http_request *r) {
    return r->route.row != NULL ? r->route.row->pattern : "";
}

bool http_stopping(const struct http_request *r) {
    return atomic_load(&r->server->stopping);
}

int64_t http_body_length(const struct http_request *r) {
    return r->body_length;
}
