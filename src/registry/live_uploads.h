#pragma once
/*
 * live_uploads.h - which uploads are being written right now, and who watches them.
 *
 * One request at a time writes to an upload: live_uploads_claim waits up to a second for the one
 * before (a client that reconnects is often faster than the end of its old connection), then says
 * PW_CONFLICT. A claim that is given back is forgotten unless a watch handle hangs on it.
 *
 * Threads: any.
 */
#include <pthread.h>
#include "base/err.h"
#include "base/str.h"

enum { UPLOAD_ID_SIZE = 40 };

struct live_upload {
    char                id[UPLOAD_ID_SIZE];
    bool                busy;
    bool                declined; /* nobody wanted to watch it */
    void               *watch;    /* handle of upload_watch.begin */
    uint64_t            shown;    /* bytes that the watcher was told of */
    uint64_t            received; /* for status while busy */
    struct live_upload *next;
};

struct live_uploads {
    pthread_mutex_t     lock;
    pthread_cond_t      freed;
    struct live_upload *first;
};

void    live_uploads_init(struct live_uploads *live);
void    live_uploads_done(struct live_uploads *live); /* no claim may be left */
pw_code live_uploads_claim(struct live_uploads *live, str id, struct live_upload **ret_upload,
                           struct err *err);
void    live_uploads_release(struct live_uploads *live, struct live_upload *upload);
/* Bytes received so far when a request is writing to it. */
bool live_uploads_progress(struct live_uploads *live, str id, uint64_t *ret_received);
void live_uploads_note(struct live_uploads *live, struct live_upload *upload, uint64_t received);
/* Any upload that is not busy and has a watch handle, claimed; NULL: none is left. */
struct live_upload *live_uploads_claim_watched(struct live_uploads *live);
