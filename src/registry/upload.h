#pragma once
/*
 * upload.h - how blobs arrive: sessions, chunks, one-request uploads, mounts.
 *
 * Spec:    OCI distribution 1.1 "Pushing blobs". A session is a row and a growing file; it survives
 *          restarts and continues at the last byte that is safe. Its hash is computed while it is
 *          written, its state saved at the end of each request and every 64 MiB.
 * Order:   bytes durable under a key of their own, then one transaction (blob, membership with a
 *          lease, session gone), then the session's file is dropped. A second push of stored bytes
 *          puts its fresh copy in the place of the stored one, unless that is seconds old.
 * Errors:  NAME_INVALID, BLOB_UPLOAD_UNKNOWN (PW_NOT_FOUND), BLOB_UPLOAD_INVALID (PW_RANGE: a chunk
 *          does not begin where the upload ends, the session stays; PW_CONFLICT: another request
 *          is writing), SIZE_INVALID, DIGEST_INVALID (the session is gone); PW_NO_SPACE: the disk is
 *          full, the session is gone and its bytes are free again. PW_CANCELLED, PW_TIMEOUT of the
 *          body: what arrived is kept.
 * Threads: any; these calls block (workers only).
 */
#include "base/digest.h"
#include "registry/live_uploads.h"
#include "registry/registry_service.h"

enum { UPLOAD_WATCH_FROM = 8 << 20 }; /* bytes; smaller uploads are shown once complete */

/*
 * Someone who reads uploads while they arrive. Never waited for, never asked twice about one upload.
 * All calls come from the worker that writes the upload.
 */
struct upload_watch {
    void *ctx;
    /* An upload has reached UPLOAD_WATCH_FROM bytes, or its end (complete). `fd` is read-only and
     * the callee's only after dup. NULL: nobody wants it. */
    void *(*begin)(void *ctx, int fd, uint64_t length, bool complete);
    void (*grew)(void *handle, uint64_t length);
    /* Once for each handle. The digest is NULL when the upload was cancelled or failed, else it is
     * verified and its blob row is committed. */
    void (*end)(void *handle, const struct digest *digest, uint64_t length);
};

/* Where the bytes of a request come from: the next ones, empty at the end. */
struct upload_body {
    void   *ctx;
    int64_t length; /* -1: not known */
    pw_code (*next)(void *ctx, str *ret_chunk, struct err *err);
};

struct upload_chunk {
    str                repository, id;
    bool               has_range; /* else it goes on where the upload ends */
    uint64_t           first, last;
    struct upload_body body;
};

struct upload_state {
    char     id[UPLOAD_ID_SIZE];
    uint64_t received;
};

pw_code upload_start(struct registry_service *service, str repository,
                     struct upload_state *ret_state, struct err *err);
pw_code upload_status(struct registry_service *service, str repository, str id,
                      struct upload_state *ret_state, struct err *err);
pw_code upload_append(struct registry_service *service, const struct upload_chunk *chunk,
                      struct upload_state *ret_state, struct err *err);
/* An optional last chunk, then the digest. Again after a lost answer: PW_OK when the blob is there. */
pw_code upload_finish(struct registry_service *service, const struct upload_chunk *chunk,
                      const struct digest *digest, struct err *err);
/* All in one request, without a session. */
pw_code upload_whole(struct registry_service *service, str repository,
                     const struct upload_body *body, const struct digest *digest, struct err *err);
pw_code upload_cancel(struct registry_service *service, str repository, str id, struct err *err);
/* Makes a blob of repository `from` (empty: of any) usable in `repository`; PW_NOT_FOUND: push it. */
pw_code upload_mount(struct registry_service *service, str repository, const struct digest *digest,
                     str from, struct err *err);
/* Drops sessions that nobody touched for so long. */
pw_code upload_expire(struct registry_service *service, int64_t idle_seconds, size_t *ret_dropped,
                      struct err *err);
/* Ends what is watched, as cancelled; before the service closes. */
void upload_forget_watched(struct registry_service *service);
