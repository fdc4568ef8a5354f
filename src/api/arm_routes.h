#pragma once
/*
 * arm_routes.h - the routes of the ARM face. Errors carry the ARM code as their tag.
 */
#include "http/server.h"

extern const struct http_route arm_routes[];
extern const size_t            arm_route_count;

pw_code arm_subassessments_list(struct http_request *request, struct http_reply *reply,
                                struct err *err);
pw_code arm_subassessments_get(struct http_request *request, struct http_reply *reply,
                               struct err *err);
