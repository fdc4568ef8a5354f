/* upload.c - how blobs arrive. */
#include "registry/upload.h"

#include <stdio.h>
#include "base/file.h"
#include "base/limits.h"
#include "registry/reference.h"
#include "registry/refuse.h"
#include "registry/upload_session.h"
#include "store/repositories.h"
#include "store/uploads.h"

enum { EXPIRE_BATCH = 100 };

static pw_code make_id(char out[UPLOAD_ID_SIZE], struct err *err) {
    char hex[33];

    PW_TRY(random_hex(16, hex, err));
    snprintf(out, UPLOAD_ID_SIZE, "%.8s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 8, hex + 13, hex + 17,
             hex + 20);
    return PW_OK;
}

struct row_call { /* arguments of the small transactions below */
    struct registry_service *service;
    str                      repository, id, from;
    const struct digest     *digest;
    struct arena             arena;
    struct upload_row        row;
    struct blob_row          blob;
};

/* --- start, status --- */

static pw_code add_row(struct txn *txn, void *arg, struct err *err) {
    struct row_call *call = arg;
    int64_t          repository_id;

    PW_TRY(
        repositories_make(txn, call->service->registry_id, call->repository, &repository_id, err));
    return uploads_add(txn, call->id, repository_id, err);
}

pw_code upload_start(struct registry_service *service, str repository,
                     struct upload_state *ret_state, struct err *err) {
    struct upload_state state = {.received = 0};
    struct row_call     call = {.service = service, .repository = repository};

    PW_TRY(reference_check_name(repository, err));
    PW_TRY(make_id(state.id, err));
    call.id = str_of(state.id);
    PW_TRY(store_write(service->store, STORE_FOREGROUND, add_row, &call, err));
    *ret_state = state;
    return PW_OK;
}

static pw_code find_row(struct txn *txn, void *arg, struct err *err) {
    struct row_call      *call = arg;
    struct repository_key key = {call->service->registry_id, call->repository};

    return uploads_find(txn, &key, call->id, &call->arena, &call->row, err);
}

static pw_code read_row(struct registry_service *service, str repository, str id,
                        uint64_t *ret_received, struct err *err) {
    struct row_call call = {
        .service = service, .repository = repository, .id = id, .arena = ARENA_INIT(4096)};
    pw_code code = store_read(service->store, find_row, &call, err);

    arena_done(&call.arena);
    if (code == PW_OK)
        *ret_received = call.row.received;
    return code;
}

pw_code upload_status(struct registry_service *service, str repository, str id,
                      struct upload_state *ret_state, struct err *err) {
    struct upload_state state;
    uint64_t            live = 0;

    PW_TRY(read_row(service, repository, id, &state.received, err));
    (void)str_copy(id, state.id, sizeof state.id); /* its row was found: it fits */
    if (live_uploads_progress(&service->live, id, &live))
        state.received = MAX_OF(state.received, live);
    *ret_state = state;
    return PW_OK;
}

/* --- bytes --- */

static pw_code check_range(const struct upload_session *session, const struct upload_chunk *chunk,
                           struct err *err) {
    uint64_t at = upload_session_offset(session);
    uint64_t length = chunk->last - chunk->first + 1;

    if (!chunk->has_range)
        return PW_OK;
    if (chunk->first != at)
        return refuse(err, PW_RANGE, "BLOB_UPLOAD_INVALID",
                      "the chunk begins at byte %llu, the upload goes on at byte %llu",
                      (unsigned long long)chunk->first, (unsigned long long)at);
    if (chunk->body.length >= 0 && (uint64_t)chunk->body.length != length)
        return refuse(err, PW_INVALID, "SIZE_INVALID",
                      "Content-Range speaks of %llu bytes, Content-Length of %lld",
                      (unsigned long long)length, (long long)chunk->body.length);
    return PW_OK;
}

/* What becomes of the session when the bytes of a request did not arrive as they should. */
static void settle(struct upload_session *session, pw_code code) {
    struct err ignored = ERR_NONE; /* the first error is the one to report */

    switch (code) {
    case PW_CANCELLED:
    case PW_TIMEOUT:
    case PW_BUSY: /* the client, or we, stop here: it can go on later */
        (void)upload_session_pause(session, &ignored);
        return;
    case PW_NO_SPACE:
    case PW_IO:
    case PW_TOO_LARGE:
        upload_session_drop(session);
        return;
    default:
        upload_session_undo(session);
    }
}

static pw_code feed(struct upload_session *session, const struct upload_chunk *chunk,
                    struct err *err) {
    uint64_t before = upload_session_offset(session);
    uint64_t most = chunk->has_range ? chunk->last - chunk->first + 1 : UINT64_MAX;
    pw_code  code = upload_session_feed(session, &chunk->body, most, err);

    if (code == PW_OK && chunk->has_range && upload_session_offset(session) - before != most)
        code = refuse(err, PW_INVALID, "SIZE_INVALID",
                      "the chunk is shorter than its Content-Range says");
    if (code != PW_OK)
        settle(session, code);
    return code;
}

pw_code upload_append(struct registry_service *service, const struct upload_chunk *chunk,
                      struct upload_state *ret_state, struct err *err) {
    AUTO(upload_session_close) struct upload_session session = {0};
    struct upload_state                              state;

    PW_TRY(upload_session_open(service, chunk, &session, err));
    PW_TRY(check_range(&session, chunk, err));
    PW_TRY(feed(&session, chunk, err));
    state.received = upload_session_offset(&session);
    memcpy(state.id, session.live->id, sizeof state.id);
    PW_TRY(upload_session_pause(&session, err));
    *ret_state = state;
    return PW_OK;
}

static pw_code find_blob(struct txn *txn, void *arg, struct err *err) {
    struct row_call *call = arg;

    return blobs_find_in(txn, call->service->registry_id, call->repository, call->digest,
                         &call->blob, err);
}

/* The session is gone, but was it this PUT that ended it? */
static pw_code check_finished(struct registry_service *service, const struct upload_chunk *chunk,
                              const struct digest *digest) {
    struct row_call call = {.service = service, .repository = chunk->repository, .digest = digest};
    struct err      ignored = ERR_NONE;

    return store_read(service->store, find_blob, &call, &ignored) == PW_OK && !call.blob.bad
               ? PW_OK
               : PW_NOT_FOUND;
}

pw_code upload_finish(struct registry_service *service, const struct upload_chunk *chunk,
                      const struct digest *digest, struct err *err) {
    AUTO(upload_session_close) struct upload_session session = {0};
    pw_code code = upload_session_open(service, chunk, &session, err);

    if (code == PW_NOT_FOUND && check_finished(service, chunk, digest) == PW_OK)
        return PW_OK;
    if (code != PW_OK)
        return code;
    if (chunk->body.length != 0 || chunk->has_range) {
        PW_TRY(check_range(&session, chunk, err));
        PW_TRY(feed(&session, chunk, err));
    }
    return upload_session_commit(&session, chunk->repository, digest, err);
}

pw_code upload_whole(struct registry_service *service, str repository,
                     const struct upload_body *body, const struct digest *digest, struct err *err) {
    AUTO(upload_session_close) struct upload_session session = {0};
    char                                             id[UPLOAD_ID_SIZE];
    pw_code                                          code;

    PW_TRY(reference_check_name(repository, err));
    PW_TRY(make_id(id, err));
    PW_TRY(upload_session_begin(service, str_of(id), body->length > 0 ? (uint64_t)body->length : 0,
                                &session, err));
    code = upload_session_feed(&session, body, UINT64_MAX, err);
    if (code != PW_OK) {
        upload_session_drop(&session); /* nobody knows its id */
        return code;
    }
    return upload_session_commit(&session, repository, digest, err);
}

/* --- other ends --- */

pw_code upload_cancel(struct registry_service *service, str repository, str id, struct err *err) {
    AUTO(upload_session_close) struct upload_session session = {0};
    struct upload_chunk                              chunk = {.repository = repository, .id = id};

    PW_TRY(upload_session_open(service, &chunk, &session, err));
    upload_session_drop(&session);
    return PW_OK;
}

static pw_code link_blob(struct txn *txn, void *arg, struct err *err) {
    struct row_call *call = arg;
    int64_t          registry_id = call->service->registry_id, repository_id;

    PW_TRY(str_empty(call->from)
               ? blobs_find_anywhere(txn, registry_id, call->digest, &call->blob, err)
               : blobs_find_in(txn, registry_id, call->from, call->digest, &call->blob, err));
    if (call->blob.bad)
        return err_set(err, PW_NOT_FOUND, "the stored copy is damaged");
    PW_TRY(repositories_make(txn, registry_id, call->repository, &repository_id, err));
    return blobs_link(txn, repository_id, call->blob.id, txn_now(txn) + LIMIT_BLOB_LEASE_SECONDS,
                      err);
}

/* Reading first keeps refusals, which clients provoke by guessing, off the writer. */
static pw_code probe_blob(struct txn *txn, void *arg, struct err *err) {
    struct row_call *call = arg;
    int64_t          registry_id = call->service->registry_id;
    int              fd = -1;

    PW_TRY(str_empty(call->from)
               ? blobs_find_anywhere(txn, registry_id, call->digest, &call->blob, err)
               : blobs_find_in(txn, registry_id, call->from, call->digest, &call->blob, err));
    if (blob_open(call->service->blobs, call->blob.key, call->blob.size, &fd, err) != PW_OK)
        return err_set(err, PW_NOT_FOUND, "the stored copy is damaged");
    fd_close(&fd);
    return PW_OK;
}

pw_code upload_mount(struct registry_service *service, str repository, const struct digest *digest,
                     str from, struct err *err) {
    struct row_call call = {
        .service = service, .repository = repository, .digest = digest, .from = from};

    PW_TRY(reference_check_name(repository, err));
    PW_TRY(store_read(service->store, probe_blob, &call, err));
    return store_write(service->store, STORE_FOREGROUND, link_blob, &call, err);
}

struct expire {
    int64_t      before;
    struct arena arena;
    struct names ids;
    str          id;
    bool         removed;
};

static pw_code find_idle(struct txn *txn, void *arg, struct err *err) {
    struct expire *expire = arg;

    return uploads_idle(txn, expire->before, EXPIRE_BATCH, &expire->arena, &expire->ids, err);
}

static pw_code remove_idle(struct txn *txn, void *arg, struct err *err) {
    struct expire *expire = arg;

    return uploads_remove_idle(txn, expire->id, expire->before, &expire->removed, err);
}

static pw_code expire_one(struct registry_service *service, struct expire *expire,
                          struct err *err) {
    struct upload_session session = {.service = service};
    pw_code               code;

    PW_TRY(live_uploads_claim(&service->live, expire->id, &session.live, err));
    code = store_write(service->store, STORE_BACKGROUND, remove_idle, expire, err);
    if (code == PW_OK && expire->removed)
        upload_session_drop(&session);
    upload_session_close(&session);
    return code;
}

pw_code upload_expire(struct registry_service *service, int64_t idle_seconds, size_t *ret_dropped,
                      struct err *err) {
    struct expire expire = {.before = clock_now(service->clock) - idle_seconds,
                            .arena = ARENA_INIT(KIB(64))};
    size_t        dropped = 0;
    pw_code       code = store_read(service->store, find_idle, &expire, err);

    for (size_t i = 0; code == PW_OK && i < expire.ids.count; i++) {
        expire.id = expire.ids.items[i];
        code = expire_one(service, &expire, err);
        if (code == PW_CONFLICT)
            code = PW_OK; /* somebody goes on with it: not idle */
        dropped += code == PW_OK && expire.removed;
    }
    arena_done(&expire.arena);
    if (code == PW_OK)
        *ret_dropped = dropped;
    return code;
}

void upload_forget_watched(struct registry_service *service) {
    struct live_upload *upload;

    while ((upload = live_uploads_claim_watched(&service->live)) != NULL) {
        void *handle = upload->watch;

        upload->watch = NULL;
        upload->declined = false;
        service->watch.end(handle, NULL, 0);
        live_uploads_release(&service->live, upload);
    }
}
