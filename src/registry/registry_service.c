/* registry_service.c - one registry at work. */
#include "registry/registry_service.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include "base/limits.h"
#include "base/log.h"
#include "registry/service_state.h"
#include "store/subscriptions.h"

enum { FLUSH_SECONDS = 5, EXPIRE_EVERY = 60 /* flushes */ };

static pw_code find_default(struct txn *txn, void *arg, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(KIB(64));
    struct subscriptions_default  rows;

    PW_TRY(subscriptions_default(txn, &arena, &rows, err));
    *(int64_t *)arg = rows.registry.id;
    return PW_OK;
}

pw_code registry_service_default(struct store *store, int64_t *ret_registry_id, struct err *err) {
    int64_t id;

    PW_TRY(store_write(store, STORE_FOREGROUND, find_default, &id, err));
    *ret_registry_id = id;
    return PW_OK;
}

pw_code registry_service_flush(struct registry_service *service, struct err *err) {
    pw_code code = pulls_flush(&service->pulls, service->store, err);
    pw_code records = blob_records_sync(service->blobs, code == PW_OK ? err : NULL);

    return code != PW_OK ? code : records; /* neither waits for the other to work */
}

/* --- the keeper: the one thread of this floor, so the one place that logs --- */

/* True: it is time to stop. */
static bool keeper_sleep(struct registry_service *service) {
    struct timespec until;
    bool            stopping;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += FLUSH_SECONDS;
    pthread_mutex_lock(&service->keeper_lock);
    while (!service->stopping &&
           pthread_cond_timedwait(&service->keeper_wake, &service->keeper_lock, &until) == 0)
        ;
    stopping = service->stopping;
    pthread_mutex_unlock(&service->keeper_lock);
    return stopping;
}

static void expire_uploads(struct registry_service *service) {
    struct err err = ERR_NONE;
    size_t     dropped;

    if (upload_expire(service, LIMIT_UPLOAD_IDLE_SECONDS, &dropped, &err) != PW_OK)
        log_err(LOG_WARN, "idle uploads were not dropped", &err);
    else if (dropped > 0)
        log_text(LOG_INFO, "idle uploads dropped", "%zu", dropped);
}

static void *keeper(void *arg) {
    struct registry_service *service = arg;

    for (unsigned round = 1; !keeper_sleep(service); round++) {
        struct err err = ERR_NONE;

        if (registry_service_flush(service, &err) != PW_OK)
            log_err(LOG_WARN, "pulls and leases were not written, they are kept", &err);
        if (round % EXPIRE_EVERY == 1)
            expire_uploads(service);
    }
    return NULL;
}

static pw_code start_keeper(struct registry_service *service, struct err *err) {
    int failed = pthread_create(&service->keeper, NULL, keeper, service);

    if (failed != 0) {
        errno = failed;
        return err_errno(err, "cannot start the registry's thread");
    }
    service->keeper_runs = true;
    return PW_OK;
}

static void stop_keeper(struct registry_service *service) {
    if (!service->keeper_runs)
        return;
    pthread_mutex_lock(&service->keeper_lock);
    service->stopping = true;
    pthread_cond_signal(&service->keeper_wake);
    pthread_mutex_unlock(&service->keeper_lock);
    pthread_join(service->keeper, NULL);
    service->keeper_runs = false;
}

/* --- open, close --- */

static void init_locks(struct registry_service *service) {
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&service->keeper_wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&service->keeper_lock, NULL);
    for (size_t i = 0; i < RECORD_LOCKS; i++)
        pthread_mutex_init(&service->record_locks[i], NULL);
    live_uploads_init(&service->live);
    pulls_init(&service->pulls);
}

pw_code registry_service_open(const struct registry_options *options,
                              struct registry_service **ret_service, struct err *err) {
    struct registry_service *service = calloc(1, sizeof *service);
    pw_code                  code;

    if (service == NULL)
        return err_set(err, PW_MEMORY, "no memory for the registry");
    service->store = options->store;
    service->blobs = options->blobs;
    service->registry_id = options->registry_id;
    service->clock = options->clock;
    if (options->watch != NULL)
        service->watch = *options->watch;
    init_locks(service);
    code = manifest_cache_new(&service->cache, err);
    if (code == PW_OK)
        code = start_keeper(service, err);
    if (code != PW_OK) {
        registry_service_close(service);
        return code;
    }
    *ret_service = service;
    return PW_OK;
}

void registry_service_close(struct registry_service *service) {
    struct err err = ERR_NONE;

    if (service == NULL)
        return;
    stop_keeper(service);
    upload_forget_watched(service);
    if (registry_service_flush(service, &err) != PW_OK)
        log_err(LOG_WARN, "the last pulls were not written", &err);
    manifest_cache_free(service->cache);
    pulls_done(&service->pulls);
    live_uploads_done(&service->live);
    for (size_t i = 0; i < RECORD_LOCKS; i++)
        pthread_mutex_destroy(&service->record_locks[i]);
    pthread_mutex_destroy(&service->keeper_lock);
    pthread_cond_destroy(&service->keeper_wake);
    free(service);
}
