#pragma once
/*
 * upload_session.h - one request's hold on an upload: its writer, its hash, its watcher.
 *
 * Opened, fed, then ended by exactly one of pause, drop or commit; close gives the hold back
 * (and pauses when none of them was called). For the upload files of this folder alone.
 * Threads: one.
 */
#include "base/digest.h"
#include "registry/service_state.h"
#include "registry/upload.h"

struct upload_session {
    struct registry_service *service;
    struct live_upload      *live;
    struct blob_writer      *writer;
    struct hasher            hasher; /* sha256 of everything written */
    uint64_t                 saved;  /* bytes that the row knows of */
    int64_t                  repository_id;
    bool                     has_row;
};

/* Goes on with a session; `expected`: bytes that will follow, 0 when not known. */
pw_code upload_session_open(struct registry_service *service, const struct upload_chunk *chunk,
                            struct upload_session *ret_session, struct err *err);
/* A fresh one under this id; has_row: its row exists already. */
pw_code upload_session_begin(struct registry_service *service, str id, uint64_t expected,
                             struct upload_session *ret_session, struct err *err);
void    upload_session_close(struct upload_session *session); /* for AUTO */

uint64_t upload_session_offset(const struct upload_session *session);
/* Writes the body to its end. `most`: more bytes than this are PW_INVALID (SIZE_INVALID). */
pw_code upload_session_feed(struct upload_session *session, const struct upload_body *body,
                            uint64_t most, struct err *err);
/* What was written is safe and stays. */
pw_code upload_session_pause(struct upload_session *session, struct err *err);
/* Back to what the row says: the bytes of this request never happened. */
void upload_session_undo(struct upload_session *session);
/* Bytes and row are gone. */
void upload_session_drop(struct upload_session *session);
/* Verifies the digest, then makes the blob; a wrong digest drops the session. */
pw_code upload_session_commit(struct upload_session *session, str repository,
                              const struct digest *digest, struct err *err);
