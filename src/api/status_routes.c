/* status_routes.c - the routes of the server's own face. */
#include "api/status_routes.h"

#include "api/api.h"

const struct http_route own_routes[] = {
    {"GET", "/healthz", HTTP_EVENT, FACE_OWN, health_live},
    {"GET", "/readyz", HTTP_WORKER, FACE_OWN, health_ready},
    {"GET", "/metrics", HTTP_WORKER, FACE_OWN, metrics_get},
    {"GET", "/api/v1/images/{repository*}/{digest}/report", HTTP_WORKER, FACE_OWN,
     status_report_get},
    {"GET", "/", HTTP_WORKER, FACE_OWN, status_images_page},
    {"GET", "/images/{digest}", HTTP_WORKER, FACE_OWN, status_image_page},
};
const size_t own_route_count = COUNT_OF(own_routes);
