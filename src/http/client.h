#pragma once
/*
 * client.h - one HTTP request to somebody else, and its answer.
 *
 * For downloads (feeds), webhooks and other registries. Any complete answer is PW_OK with its
 * status: 304 and 404 are answers. Redirects are followed, at most five, http and https only; an
 * Authorization header is not sent to another host. A proxy is taken from the environment
 * (https_proxy, no_proxy, ...). "User-Agent: portwarden/VERSION".
 * Errors:  PW_INVALID: no http(s) URL. PW_TIMEOUT: a deadline, or slower than the low-speed limit.
 *          PW_TOO_LARGE: the body passed the ceiling. PW_CANCELLED: progress said so. PW_NO_SPACE,
 *          PW_IO: the text says whether name, connection, TLS or disk. Texts name the URL without
 *          user, password and query.
 * Memory:  texts of the answer live in the caller's arena.
 * Threads: any, at the same time; blocks.
 */
#include "base/arena.h"
#include "base/buf.h"

struct client_header {
    const char *name, *value;
};

struct client_request {
    const char                 *url;
    const char                 *method; /* NULL: GET, or POST when there is a body */
    str                         body;   /* borrowed */
    const struct client_header *headers;
    size_t                      header_count;
    const char *etag, *last_modified; /* of what the caller has: asks for 304; NULL: not said */

    int         fd;      /* a 2xx body is written here; -1: into `out` */
    struct buf *out;     /* NULL and fd -1: dropped */
    uint64_t    ceiling; /* bytes of a 2xx body; 0: LIMIT_FEED_BYTES */

    double      connect_seconds;      /* 0: 15 */
    double      total_seconds;        /* 0: 3600 */
    unsigned    low_bytes_per_second; /* slower for low_seconds is PW_TIMEOUT; 0: 1024 */
    unsigned    low_seconds;          /* 0: 60 */
    const char *ca_file;              /* further certificates to trust; NULL: the system's */

    /* Called about once a second and at each piece; false ends with PW_CANCELLED. */
    bool (*progress)(void *ctx, uint64_t received, uint64_t total_or_0);
    void *ctx;
};

struct client_answer {
    int      status;
    uint64_t bytes; /* of the 2xx body */
    str      etag, last_modified, content_type;
    str      url;        /* after redirects */
    str      headers;    /* all lines of the last answer */
    str      error_text; /* the beginning of a body that is not 2xx */
};

#define CLIENT_REQUEST_INIT                                                                        \
    { .fd = -1 }

pw_code client_do(const struct client_request *request, struct arena *arena,
                  struct client_answer *ret_answer, struct err *err);
/* A header of the answer, empty when absent. */
str client_header(const struct client_answer *answer, const char *name);
