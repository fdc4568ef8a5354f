#pragma once
/*
 * service_state.h - the inside of a registry service, for the files of this folder alone.
 */
#include <pthread.h>
#include "registry/live_uploads.h"
#include "registry/manifest_cache.h"
#include "registry/pulls.h"
#include "registry/registry_service.h"
#include "registry/upload.h"

enum { RECORD_LOCKS = 64 };

struct registry_service {
    struct store          *store;
    struct blob_store     *blobs;
    int64_t                registry_id;
    const struct clock    *clock;
    struct upload_watch    watch; /* begin NULL: nobody watches */
    struct live_uploads    live;
    struct manifest_cache *cache;
    struct pulls           pulls;
    pthread_mutex_t        record_locks[RECORD_LOCKS]; /* registry/records.h */
    pthread_t              keeper;
    bool                   keeper_runs;
    pthread_mutex_t        keeper_lock;
    pthread_cond_t         keeper_wake;
    bool                   stopping;
};
