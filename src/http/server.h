#pragma once
/*
 * server.h - the wire: a small face over libmicrohttpd. Knows no resource.
 *
 * A route's handler runs either on the event thread (HTTP_EVENT: bounded point reads, no body, no
 * fsync, no lists) or on a worker thread (HTTP_WORKER: may block and read the body). Request bodies
 * go through a bounded ring (4 x 512 KiB) from the event thread to the worker; the connection is
 * suspended only while the ring is full.
 *
 * A request and its arena live until the answer was sent. A handler fills `reply` and returns PW_OK,
 * or returns a code with `err` set: then the face's error writer makes the body.
 */
#include "base/arena.h"
#include "base/buf.h"

struct http_server;
struct http_request;
struct http_reply;

typedef pw_code (*http_handler)(struct http_request *request, struct http_reply *reply,
                                struct err *err);

enum http_where { HTTP_EVENT, HTTP_WORKER };

struct http_route {
    const char *method; /* "GET" also serves HEAD (headers only) unless a HEAD row exists */
    /* Segments; "{name}" is one segment, "{name*}" one or more (as many as possible: the LAST
     * keyword counts). Percent-decoded. A trailing slash matters. */
    const char     *pattern;
    enum http_where where;
    int             face; /* given to http_error_writer */
    http_handler    handler;
};

/* Fills reply (status, body, headers) for an error; status comes from the code. */
typedef void (*http_error_writer)(int face, struct http_request *request, pw_code code,
                                  const struct err *err, struct http_reply *reply);

struct http_options {
    const char              *address; /* "127.0.0.1", "::1" */
    unsigned                 port;    /* 0: any free port */
    const struct http_route *routes;
    size_t                   route_count;
    void                    *app; /* http_app() */
    http_error_writer        error;
    int                      default_face;          /* for requests that match no route */
    unsigned                 event_threads;         /* 0: 2 */
    unsigned                 worker_threads;        /* 0: 16 */
    double                   header_seconds;        /* absolute deadline for the header; 0: 15 */
    double                   body_idle_seconds;     /* no body byte for so long; 0: 60 */
    uint64_t                 body_bytes_per_second; /* least average after 30 s; 0: 1024 */
    double                   idle_seconds; /* nothing sent nor received for so long; 0: 75 */
    const char *tls_certificate;           /* PEM texts, the chain and its key; both or neither */
    const char *tls_key;
};

pw_code  http_server_open(const struct http_options *options, struct http_server **ret_server,
                          struct err *err);
unsigned http_server_port(const struct http_server *server);
/* Stops accepting, finishes what is running within grace_seconds, then ends the rest: every
 * suspended connection is answered first (503). */
void http_server_close(struct http_server *server, double grace_seconds);
/* True once http_server_close has begun: long handlers look and end early. */
bool http_stopping(const struct http_request *request);

struct http_stats { /* for /metrics */
    uint64_t requests, connections_now, connections_total, bytes_in, bytes_out, errors_4xx,
        errors_5xx;
};
void http_server_stats(const struct http_server *server, struct http_stats *ret_stats);

/* --- request --- */
void         *http_app(const struct http_request *request);
struct arena *http_arena(struct http_request *request);
str           http_method(const struct http_request *request);
str           http_path(const struct http_request *request);   /* decoded */
str           http_target(const struct http_request *request); /* as sent, with query */
str           http_param(const struct http_request *request, const char *name); /* of the pattern */
bool          http_query(const struct http_request *request, const char *name, str *ret_value);
/* The n-th value of a repeated query parameter. */
bool http_query_at(const struct http_request *request, const char *name, size_t n, str *ret_value);
str  http_header(const struct http_request *request, const char *name); /* empty: absent */
bool http_header_at(const struct http_request *request, const char *name, size_t n, str *ret_value);
str  http_peer(const struct http_request *request); /* address text without port */
const char *http_route_pattern(const struct http_request *request);
bool        http_is_head(const struct http_request *request);

/* Body, workers only. -1: chunked, length not known. */
int64_t http_body_length(const struct http_request *request);
/* The next bytes, borrowed until the next call; empty at the end. PW_CANCELLED: the client died;
 * PW_TIMEOUT: it stalled. */
pw_code http_body_next(struct http_request *request, str *ret_chunk, struct err *err);
/* The whole body in the request's arena; PW_TOO_LARGE past the ceiling (before reading it when
 * Content-Length says so). */
pw_code http_body_all(struct http_request *request, size_t ceiling, str *ret_body, struct err *err);

/* --- reply: everything is copied unless said otherwise --- */
void http_reply_status(struct http_reply *reply, int status);
void http_reply_header(struct http_reply *reply, const char *name, const char *fmt, ...)
    PW_PRINTF(3, 4);
void http_reply_body(struct http_reply *reply, const char *media_type, str bytes);
/* Bytes that live as long as the process or the request's arena: not copied. */
void http_reply_borrow(struct http_reply *reply, const char *media_type, str bytes);
/* A part of a file by sendfile; fd becomes the reply's. */
void http_reply_file(struct http_reply *reply, const char *media_type, int fd, uint64_t offset,
                     uint64_t length);
/* Bytes made while sending: `next` fills up to room bytes, 0 ends; runs where it may block
 * (length unknown: chunked). `end` is always called once. */
struct http_stream {
    void *ctx;
    pw_code (*next)(void *ctx, char *out, size_t room, size_t *ret_n, struct err *err);
    void (*end)(void *ctx);
};
void http_reply_stream(struct http_reply *reply, const char *media_type, struct http_stream stream);
/* Content-Length of a HEAD answer whose body is not built. */
void http_reply_length(struct http_reply *reply, uint64_t length);
