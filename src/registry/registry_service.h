#pragma once
/*
 * registry_service.h - one registry at work: its rows, its bytes, and what it keeps in memory.
 *
 * Opened once by the server, shared by all its threads. A thread of its own writes counted pulls and
 * renewed leases every 5 s and drops idle uploads; what is left is written at close.
 */
#include "base/clock.h"
#include "store/blob_store.h"
#include "store/store.h"

struct registry_service;
struct upload_watch; /* registry/upload.h */

struct registry_options {
    struct store              *store;
    struct blob_store         *blobs;
    int64_t                    registry_id;
    const struct clock        *clock; /* NULL: the system's */
    const struct upload_watch *watch; /* copied; NULL: nobody watches */
};

/* The registry for requests that name no other; made when absent (store/subscriptions.h). */
pw_code registry_service_default(struct store *store, int64_t *ret_registry_id, struct err *err);
pw_code registry_service_open(const struct registry_options *options,
                              struct registry_service **ret_service, struct err *err);
void    registry_service_close(struct registry_service *service); /* accepts NULL */
/* Writes counted pulls, renewed leases and damage that was noticed. Every 5 s without being asked. */
pw_code registry_service_flush(struct registry_service *service, struct err *err);
