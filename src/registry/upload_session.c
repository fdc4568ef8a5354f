/* upload_session.c - one request's hold on an upload. */
#include "registry/upload_session.h"

#include <fcntl.h>
#include <unistd.h>
#include "base/file.h"
#include "base/limits.h"
#include "registry/refuse.h"
#include "registry/upload_commit.h"
#include "store/uploads.h"

enum { SAVE_EVERY = 64 << 20, REREAD_SIZE = 1 << 20 };

/* --- the saved state of the hash ---
 * One byte: were the bytes on disk when it was saved? The boot it was saved in: bytes that were not
 * survive a crash of ours in the page cache, but no crash of the machine. Then the state. */
enum { BOOT_ID_SIZE = 36, STATE_SIZE = 1 + BOOT_ID_SIZE + HASHER_SAVED_SIZE };

static void boot_id(char out[BOOT_ID_SIZE]) {
    AUTO(buf_done) struct buf text = BUF_INIT(KIB(128));
    struct err                ignored = ERR_NONE;

    memset(out, '?', BOOT_ID_SIZE); /* never equal to a saved one, which says '-' here */
    if (file_read("/proc/sys/kernel/random/boot_id", 4096, &text, &ignored) == PW_OK &&
        text.len >= BOOT_ID_SIZE)
        memcpy(out, text.ptr, BOOT_ID_SIZE);
}

static void save_state(const struct hasher *hasher, bool durable, char out[STATE_SIZE]) {
    out[0] = durable ? 'D' : 'V';
    boot_id(out + 1);
    if (out[1] == '?')
        memset(out + 1, '-', BOOT_ID_SIZE);
    hasher_save(hasher, (unsigned char *)out + 1 + BOOT_ID_SIZE);
}

static bool load_state(str saved, struct hasher *hasher) {
    char now[BOOT_ID_SIZE];

    if (saved.len != STATE_SIZE)
        return false;
    boot_id(now);
    if (saved.ptr[0] != 'D' && memcmp(saved.ptr + 1, now, BOOT_ID_SIZE) != 0)
        return false;
    return hasher_load(hasher, str_from(saved, 1 + BOOT_ID_SIZE)) &&
           hasher->algorithm == DIGEST_SHA256;
}

/* --- hashing what is already in the file --- */

static pw_code hash_file(int fd, uint64_t length, struct hasher *hasher, struct err *err) {
    AUTO(buf_done) struct buf room = BUF_INIT(REREAD_SIZE + 1);
    char                     *bytes = buf_room(&room, REREAD_SIZE);
    size_t                    n;

    if (bytes == NULL)
        return err_set(err, PW_MEMORY, "no memory to hash an upload");
    for (uint64_t at = 0; at < length; at += n) {
        PW_TRY(fd_pread_all(fd, bytes, MIN_OF(length - at, (uint64_t)REREAD_SIZE), (off_t)at, &n,
                            err));
        if (n == 0)
            return err_set(err, PW_CORRUPT, "the bytes of an upload are gone");
        hasher_add(hasher, bytes, n);
    }
    return PW_OK;
}

static pw_code rehash(struct upload_session *session, enum digest_algorithm algorithm,
                      struct hasher *hasher, struct err *err) {
    AUTO(fd_close) int fd = -1;

    hasher_init(hasher, algorithm);
    if (upload_session_offset(session) == 0)
        return PW_OK;
    PW_TRY(blob_writer_reader(session->writer, &fd, err));
    return hash_file(fd, upload_session_offset(session), hasher, err);
}

/* --- watching --- */

static void end_watch(struct upload_session *session, const struct digest *digest,
                      uint64_t length) {
    void *handle = session->live->watch;

    session->live->watch = NULL;
    session->live->declined = false;
    session->live->shown = 0;
    if (handle != NULL)
        session->service->watch.end(handle, digest, length);
}

static void begin_watch(struct upload_session *session, uint64_t length, bool complete) {
    AUTO(fd_close) int fd = -1;
    struct err         ignored = ERR_NONE; /* without a watcher the layer is read later */

    if (blob_writer_reader(session->writer, &fd, &ignored) == PW_OK)
        session->live->watch =
            session->service->watch.begin(session->service->watch.ctx, fd, length, complete);
    session->live->declined = session->live->watch == NULL;
}

static void show(struct upload_session *session, bool complete) {
    struct live_upload *live = session->live;
    uint64_t            length = upload_session_offset(session);

    if (session->service->watch.begin == NULL || live->declined)
        return;
    if (live->watch == NULL) {
        if (complete || length >= UPLOAD_WATCH_FROM)
            begin_watch(session, length, complete);
    } else if (length > live->shown) {
        session->service->watch.grew(live->watch, length);
    }
    live->shown = length;
}

/* --- the row --- */

struct save {
    str      id, state;
    uint64_t received;
};

static pw_code save_row(struct txn *txn, void *arg, struct err *err) {
    const struct save *save = arg;

    return uploads_save(txn, save->id, save->received, save->state, err);
}

static pw_code save(struct upload_session *session, uint64_t received, bool durable,
                    struct err *err) {
    char        state[STATE_SIZE];
    struct save row = {
        .id = str_of(session->live->id), .received = received, .state = {state, sizeof state}};

    if (!session->has_row)
        return PW_OK;
    save_state(&session->hasher, durable, state);
    PW_TRY(store_write(session->service->store, STORE_FOREGROUND, save_row, &row, err));
    session->saved = received;
    return PW_OK;
}

/* --- opening --- */

struct load {
    struct registry_service *service;
    str                      repository, id;
    struct arena             arena;
    struct upload_row        row;
};

static pw_code load_row(struct txn *txn, void *arg, struct err *err) {
    struct load          *load = arg;
    struct repository_key key = {load->service->registry_id, load->repository};

    return uploads_find(txn, &key, load->id, &load->arena, &load->row, err);
}

/* The file at the row's offset; an upload whose file is gone begins again at 0. */
static pw_code open_writer(struct upload_session *session, str id, uint64_t offset,
                           uint64_t expected, struct err *err) {
    struct blob_store *blobs = session->service->blobs;
    pw_code            code = blob_writer_open(blobs, id, offset, expected, &session->writer, err);

    if (offset > 0 && (code == PW_NOT_FOUND || code == PW_CORRUPT || code == PW_RANGE))
        code = blob_writer_open(blobs, id, 0, expected, &session->writer, err);
    return code;
}

static pw_code resume(struct upload_session *session, const struct load *load, uint64_t expected,
                      struct err *err) {
    PW_TRY(open_writer(session, load->id, load->row.received,
                       expected > 0 ? load->row.received + expected : 0, err));
    session->repository_id = load->row.repository_id;
    session->has_row = true;
    session->saved = upload_session_offset(session);
    if (session->live->shown > session->saved)
        end_watch(session, NULL, 0); /* it saw bytes that are gone */
    if (session->saved == load->row.received && load_state(load->row.hash_state, &session->hasher))
        return PW_OK;
    PW_TRY(rehash(session, DIGEST_SHA256, &session->hasher, err));
    /* begun again: who asks where to go on must not be told of bytes that are gone */
    return session->saved != load->row.received ? save(session, session->saved, true, err) : PW_OK;
}

/* From the variable that a failure would close. */
static void hand_over(struct upload_session *from, struct upload_session *to) {
    *to = *from;
    *from = (struct upload_session){0};
}

pw_code upload_session_open(struct registry_service *service, const struct upload_chunk *chunk,
                            struct upload_session *ret_session, struct err *err) {
    AUTO(upload_session_close) struct upload_session session = {.service = service};
    struct load                                      load = {.service = service,
                                                             .repository = chunk->repository,
                                                             .id = chunk->id,
                                                             .arena = ARENA_INIT(4096)};
    uint64_t expected = chunk->body.length > 0 ? (uint64_t)chunk->body.length : 0;
    pw_code  code;

    PW_TRY(live_uploads_claim(&service->live, chunk->id, &session.live, err));
    code = store_read(service->store, load_row, &load, err);
    if (code == PW_OK)
        code = resume(&session, &load, expected, err);
    arena_done(&load.arena);
    if (code != PW_OK)
        return code;
    live_uploads_note(&service->live, session.live, session.saved);
    hand_over(&session, ret_session);
    return PW_OK;
}

pw_code upload_session_begin(struct registry_service *service, str id, uint64_t expected,
                             struct upload_session *ret_session, struct err *err) {
    AUTO(upload_session_close) struct upload_session session = {.service = service};

    hasher_init(&session.hasher, DIGEST_SHA256);
    PW_TRY(live_uploads_claim(&service->live, id, &session.live, err));
    PW_TRY(blob_writer_open(service->blobs, id, 0, expected, &session.writer, err));
    hand_over(&session, ret_session);
    return PW_OK;
}

void upload_session_close(struct upload_session *session) {
    struct err ignored = ERR_NONE; /* the row still says what is safe */

    if (session->live == NULL)
        return;
    if (session->writer != NULL)
        (void)blob_writer_pause(session->writer, &ignored);
    live_uploads_release(&session->service->live, session->live);
    *session = (struct upload_session){0};
}

uint64_t upload_session_offset(const struct upload_session *session) {
    return blob_writer_offset(session->writer);
}

/* --- writing --- */

static pw_code write_chunk(struct upload_session *session, str chunk, struct err *err) {
    uint64_t received;

    hasher_add(&session->hasher, chunk.ptr, chunk.len);
    PW_TRY(blob_writer_add(session->writer, chunk, err));
    received = upload_session_offset(session);
    live_uploads_note(&session->service->live, session->live, received);
    show(session, false);
    return received - session->saved >= SAVE_EVERY ? save(session, received, false, err) : PW_OK;
}

pw_code upload_session_feed(struct upload_session *session, const struct upload_body *body,
                            uint64_t most, struct err *err) {
    uint64_t fed = 0;
    str      chunk;

    for (;;) {
        PW_TRY(body->next(body->ctx, &chunk, err));
        if (chunk.len == 0)
            return PW_OK;
        fed += chunk.len;
        if (fed > most)
            return refuse(err, PW_INVALID, "SIZE_INVALID",
                          "the chunk is longer than its Content-Range says");
        if (upload_session_offset(session) + chunk.len > LIMIT_BLOB_BYTES)
            return refuse(err, PW_TOO_LARGE, "SIZE_INVALID", "a blob may have at most %zu bytes",
                          LIMIT_BLOB_BYTES);
        PW_TRY(write_chunk(session, chunk, err));
    }
}

/* --- ends --- */

pw_code upload_session_pause(struct upload_session *session, struct err *err) {
    uint64_t            received = upload_session_offset(session);
    struct blob_writer *writer = session->writer;

    session->writer = NULL;
    PW_TRY(blob_writer_pause(writer, err));
    return save(session, received, true, err);
}

void upload_session_undo(struct upload_session *session) {
    if (session->live->shown > session->saved)
        end_watch(session, NULL, 0);
}

static pw_code remove_row(struct txn *txn, void *arg, struct err *err) {
    return uploads_remove(txn, *(str *)arg, err);
}

void upload_session_drop(struct upload_session *session) {
    str        id = str_of(session->live->id);
    struct err ignored = ERR_NONE; /* what stays behind is dropped when it is idle */

    end_watch(session, NULL, 0);
    if (session->writer != NULL)
        blob_writer_abort(session->writer);
    else
        (void)blob_upload_drop(session->service->blobs, id, &ignored);
    session->writer = NULL;
    if (session->has_row)
        (void)store_write(session->service->store, STORE_FOREGROUND, remove_row, &id, &ignored);
}

static pw_code verify(struct upload_session *session, const struct digest *digest,
                      struct err *err) {
    struct hasher other;
    struct digest actual;
    char          text[DIGEST_TEXT_SIZE], wanted[DIGEST_TEXT_SIZE];

    if (digest->algorithm == DIGEST_SHA256) {
        hasher_digest(&session->hasher, &actual);
    } else { /* known only now: the bytes are read again, mostly from the page cache */
        PW_TRY(rehash(session, digest->algorithm, &other, err));
        hasher_digest(&other, &actual);
    }
    if (digest_eq(&actual, digest))
        return PW_OK;
    digest_format(&actual, text);
    digest_format(digest, wanted);
    return refuse(err, PW_INVALID, "DIGEST_INVALID",
                  "the %llu bytes that arrived have digest %s, not %s",
                  (unsigned long long)upload_session_offset(session), text, wanted);
}

pw_code upload_session_commit(struct upload_session *session, str repository,
                              const struct digest *digest, struct err *err) {
    uint64_t length = upload_session_offset(session);
    pw_code  code = verify(session, digest, err);

    if (code == PW_OK) {
        show(session, true);
        code = upload_commit(session, repository, digest, err);
    }
    if (code != PW_OK) {
        upload_session_drop(session);
        return code;
    }
    end_watch(session, digest, length);
    return PW_OK;
}
