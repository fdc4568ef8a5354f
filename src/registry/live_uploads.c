/* live_uploads.c - which uploads are being written right now. */
#include "registry/live_uploads.h"

#include <stdlib.h>
#include <time.h>
#include "registry/refuse.h"

enum { WAIT_SECONDS = 1 };

void live_uploads_init(struct live_uploads *live) {
    pthread_condattr_t attributes;

    memset(live, 0, sizeof *live);
    pthread_mutex_init(&live->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&live->freed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void live_uploads_done(struct live_uploads *live) {
    while (live->first != NULL) {
        struct live_upload *next = live->first->next;

        free(live->first);
        live->first = next;
    }
    pthread_cond_destroy(&live->freed);
    pthread_mutex_destroy(&live->lock);
}

static struct live_upload *find(struct live_uploads *live, str id) {
    struct live_upload *upload = live->first;

    while (upload != NULL && !str_eq(str_of(upload->id), id))
        upload = upload->next;
    return upload;
}

/* The upload that is free or not there (NULL in *ret_upload); false: still busy. */
static bool wait_free(struct live_uploads *live, str id, struct live_upload **ret_upload) {
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += WAIT_SECONDS;
    for (;;) {
        struct live_upload *upload = find(live, id);

        if (upload == NULL || !upload->busy) {
            *ret_upload = upload;
            return true;
        }
        if (pthread_cond_timedwait(&live->freed, &live->lock, &until) != 0)
            return false;
    }
}

static struct live_upload *add(struct live_uploads *live, str id) {
    struct live_upload *upload = calloc(1, sizeof *upload);

    if (upload == NULL || !str_copy(id, upload->id, sizeof upload->id)) {
        free(upload);
        return NULL;
    }
    upload->next = live->first;
    live->first = upload;
    return upload;
}

pw_code live_uploads_claim(struct live_uploads *live, str id, struct live_upload **ret_upload,
                           struct err *err) {
    struct live_upload *upload = NULL;
    bool                is_free;

    if (id.len == 0 || id.len >= UPLOAD_ID_SIZE)
        return refuse(err, PW_NOT_FOUND, "BLOB_UPLOAD_UNKNOWN", "this upload does not exist");
    pthread_mutex_lock(&live->lock);
    is_free = wait_free(live, id, &upload);
    if (is_free && upload == NULL)
        upload = add(live, id);
    if (is_free && upload != NULL)
        upload->busy = true;
    pthread_mutex_unlock(&live->lock);
    if (!is_free)
        return refuse(err, PW_CONFLICT, "BLOB_UPLOAD_INVALID",
                      "another request is writing to this upload: wait for it to end");
    if (upload == NULL)
        return err_set(err, PW_MEMORY, "no memory for an upload");
    *ret_upload = upload;
    return PW_OK;
}

void live_uploads_release(struct live_uploads *live, struct live_upload *upload) {
    struct live_upload **at = &live->first;

    pthread_mutex_lock(&live->lock);
    upload->busy = false;
    if (upload->watch == NULL && !upload->declined) {
        while (*at != upload)
            at = &(*at)->next;
        *at = upload->next;
        free(upload);
    }
    pthread_cond_broadcast(&live->freed);
    pthread_mutex_unlock(&live->lock);
}

bool live_uploads_progress(struct live_uploads *live, str id, uint64_t *ret_received) {
    struct live_upload *upload;
    bool                busy;

    pthread_mutex_lock(&live->lock);
    upload = find(live, id);
    busy = upload != NULL && upload->busy;
    if (busy)
        *ret_received = upload->received;
    pthread_mutex_unlock(&live->lock);
    return busy;
}

void live_uploads_note(struct live_uploads *live, struct live_upload *upload, uint64_t received) {
    pthread_mutex_lock(&live->lock);
    upload->received = received;
    pthread_mutex_unlock(&live->lock);
}

struct live_upload *live_uploads_claim_watched(struct live_uploads *live) {
    struct live_upload *upload;

    pthread_mutex_lock(&live->lock);
    upload = live->first;
    while (upload != NULL && (upload->busy || upload->watch == NULL))
        upload = upload->next;
    if (upload != NULL)
        upload->busy = true;
    pthread_mutex_unlock(&live->lock);
    return upload;
}
