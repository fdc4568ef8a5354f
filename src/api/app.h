#pragma once
/*
 * app.h - what the handlers of all faces work with: http_app() gives a struct app.
 *
 * Filled by the server before it listens; constant afterwards, shared by all threads.
 */
#include "api/api.h"
#include "store/reports.h"

/* Asked by /readyz and /metrics; the server knows the sandbox, the faces do not. */
struct app_health {
    bool        sandbox_alive;
    unsigned    sandbox_children, sandbox_restarts;
    const char *isolation; /* "namespaces", or why there are none */
};

struct app {
    struct api_context  api; /* first: api_of() is the same pointer */
    struct report_rules rules;
    void               *health_ctx;
    void (*health)(void *ctx, struct app_health *ret_health);
    struct http_server *http; /* set once it listens; NULL before */
};

static inline const struct app *app_of(const struct http_request *request) {
    return http_app(request);
}
