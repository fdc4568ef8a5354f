#pragma once
/*
 * request.h - one request and the connection it came on (inside this folder only).
 *
 * A connection has one request object, used again for each of its requests. A worker that has it
 * holds a reference: when the connection dies meanwhile, the object stays until the worker is done
 * and the connection (if it goes on) gets a new one.
 *
 * What happens to a request is its phase:
 *
 *   HEADER ── guard and route refuse ───────────────────────────────────────────► answered, closed
 *     ├─ no body ───────────────► READY_TO_RUN ─ event ─────────────────────────► answered
 *     ├─ small body ── COLLECT ─► READY_TO_RUN ─ worker ─► WAIT ─► REPLY ───────► answered
 *     └─ other body ── OFFERED ── worker reads ─► FLOW ──► WAIT ─► REPLY ───────► answered
 *                         └ ends early ─► REPLY     └ ends early ─► DRAIN ──────► answered
 *                                                                └─ ANSWERED by bytes, closed
 * Threads: `lock` guards phase, suspended, alive and the hand-over of `reply`; the connection is
 * resumed only under it, and suspended only by its event thread under it. Order of locks: reaper's
 * list, then a request, then the ring, then the library's own.
 */
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include "http/reply.h"
#include "http/ring.h"
#include "http/route.h"
#include "http/target.h"
#include "http/workers.h"

enum request_phase {
    PHASE_HEADER,
    PHASE_READY_TO_RUN, /* no body, or all of it is here: the next call runs the handler */
    PHASE_COLLECT,      /* a small body on its way into the arena */
    PHASE_DRAIN,        /* the rest of the body is dropped, then the answer is sent */
    PHASE_OFFERED,      /* a worker may begin; nothing of the body was read */
    PHASE_FLOW,         /* body bytes go through the ring */
    PHASE_WAIT,         /* all is read; the worker has not answered yet */
    PHASE_REPLY,        /* the reply is ready */
    PHASE_ANSWERED,     /* answered by bytes in mid-body: only the end is missing */
};

struct request_header {
    str name, value;
};

struct connection;

struct http_request {
    struct work            work; /* first: run() casts back */
    struct http_server    *server;
    struct connection     *connection; /* event thread only */
    struct MHD_Connection *mhd;
    _Atomic unsigned       refs;

    pthread_mutex_t    lock;
    enum request_phase phase;
    bool               suspended, alive, flowing, replied, abandoned;
    bool               counted; /* in the server's number of running requests */
    int                fd;      /* the socket while alive */
    char               peer[INET6_ADDRSTRLEN];

    struct arena          arena;
    str                   method;
    struct target         target;
    struct route_match    route;
    struct request_header headers[LIMIT_HEADERS];
    unsigned              header_count;
    bool                  head, http_1_0, has_body, expects, close;
    int64_t               body_length;   /* -1: chunked */
    int                   forced_status; /* of a refusal; 0: what the error writer says */
    bool                  refused;
    struct err            refusal;
    struct http_reply     reply;
    struct MHD_Response  *response; /* made, not yet given to the library */
    unsigned              response_status;

    char       *inline_body; /* COLLECT */
    size_t      inline_used;
    bool        inline_given;
    struct ring ring;

    /* for the reaper, under lock */
    uint64_t body_seen, drained;
    int64_t  body_began_ns, last_byte_ns, paused_ns, suspended_ns, answered_ns;
};

enum connection_state { CONNECTION_NEW, CONNECTION_BUSY, CONNECTION_IDLE };

struct connection {
    struct connection   *next, *prev; /* reaper's list */
    struct http_server  *server;
    struct http_request *request;
    int                  fd;
    _Atomic int          state;
    _Atomic int64_t      since_ns;  /* accepted, or idle since */
    int64_t              header_ns; /* reaper: a byte of the next header was seen at */
    bool                 linger;    /* closes with unread bytes: let the client read its answer */
    char                 peer[INET6_ADDRSTRLEN];
};

struct http_request *request_new(struct http_server *server, const char *peer);
void                 request_unref(struct http_request *request);
/* Makes a used object ready for the next request. */
void request_recycle(struct http_request *request);
/* Copies what points into the library's memory: from here a worker may look at it. */
bool request_own(struct http_request *request);
str  request_header_at(const struct http_request *request, str name, size_t n, bool *ret_found);

/* With the lock held. */
void request_suspend(struct http_request *request);
void request_resume(struct http_request *request);
