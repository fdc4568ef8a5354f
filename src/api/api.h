#pragma once
/*
 * api.h - what handlers work with, and the faces that requests arrive at.
 *
 * One context for the process, made by the server, borrowed by every handler: http_app(request).
 * Threads: read-only after start; what it points at is shared by design.
 */
#include "base/clock.h"
#include "http/server.h"

struct store;
struct blob_store;
struct registry_service;

/* Decides how errors look; given to http_route.face. */
enum face {
    FACE_OCI, /* /v2/...: the distribution protocol */
    FACE_ACR, /* /acr/v1/..., /oauth2/... */
    FACE_ARM, /* /subscriptions/..., /providers/... */
    FACE_OWN, /* health, metrics, dashboard */
};

struct api_context {
    struct store            *store;
    struct blob_store       *blobs;
    struct registry_service *registry; /* the default one */
    const struct clock      *clock;    /* NULL: the system's */
};

static inline struct api_context *api_of(const struct http_request *request) {
    return http_app(request);
}
