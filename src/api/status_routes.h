#pragma once
/*
 * status_routes.h - the server's own face: health, metrics, reports, and pages for people.
 *
 *   /healthz  /readyz  /metrics
 *   /api/v1/images/{repository*}/{digest}/report   the JSON of `portwarden scan`
 *   /  /images/{digest}                            pages that need no script
 */
#include "http/server.h"

extern const struct http_route own_routes[];
extern const size_t            own_route_count;

pw_code health_live(struct http_request *request, struct http_reply *reply, struct err *err);
pw_code health_ready(struct http_request *request, struct http_reply *reply, struct err *err);
pw_code metrics_get(struct http_request *request, struct http_reply *reply, struct err *err);
pw_code status_report_get(struct http_request *request, struct http_reply *reply, struct err *err);
pw_code status_images_page(struct http_request *request, struct http_reply *reply, struct err *err);
pw_code status_image_page(struct http_request *request, struct http_reply *reply, struct err *err);
