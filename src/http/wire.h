#pragma once
/*
 * wire.h - the server object, as the files of this folder see it.
 *
 * Threads: options, routes, pools and daemon are set before the first connection and stay; the
 * counters are atomic.
 */
#include <microhttpd.h>
#include <stdatomic.h>
#include "http/ring.h"
#include "http/route.h"
#include "http/server.h"
#include "http/workers.h"

struct reaper;

struct http_server {
    struct http_options  options;
    struct route_table  *routes;
    struct MHD_Daemon   *daemon;
    struct MHD_Response *busy;    /* the 503 for a request whose worker has not answered in time */
    struct workers      *workers; /* requests without a body, or with all of it in memory */
    struct workers      *uploads; /* requests that read their body through a ring */
    struct ring_pool     rings;
    struct reaper       *reaper;
    int                  listen_fd;
    unsigned             port;
    bool                 sees_layout; /* see guard.h */
    bool                 tls;         /* nothing can be written to a socket past the library */
    _Atomic bool         stopping;    /* http_server_close has begun */
    _Atomic bool         forcing;     /* the grace is over: nothing may be suspended any more */
    _Atomic unsigned     running;     /* requests that began and have not been answered */

    _Atomic uint64_t requests, connections_now, connections_total, bytes_in, bytes_out;
    _Atomic uint64_t errors_4xx, errors_5xx;
};
