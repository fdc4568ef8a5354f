#pragma once
/*
 * routes.h - the routes of all faces in one table, as the HTTP server wants it.
 */
#include "http/server.h"

struct routes {
    struct http_route *rows;
    size_t             count;
};
pw_code routes_gather(struct routes *ret_routes, struct err *err);
void    routes_done(struct routes *routes);
