/* upload_commit.c - verified bytes of an upload become a blob of a repository. */
#include "registry/upload_commit.h"

#include <stdio.h>
#include "base/file.h"
#include "base/limits.h"
#include "store/repositories.h"
#include "store/uploads.h"

/* A stored copy this young comes from a push beside ours: ours is dropped. An older one is replaced,
 * which repairs whatever may have happened to it. */
enum { YOUNG_SECONDS = 5 };

struct commit {
    const struct upload_session *session;
    const struct digest         *digest;
    str                          repository;
    uint64_t                     size;
    char                         key[BLOB_KEY_SIZE];     /* ours */
    char                         damaged[BLOB_KEY_SIZE]; /* was looked at, and is not good */
    char                         loser[BLOB_KEY_SIZE];   /* out: to be deleted afterwards */
};

static pw_code place_blob(struct txn *txn, struct commit *commit, int64_t *ret_id,
                          struct err *err) {
    struct blob_row row;
    str             key = str_of(commit->key);
    pw_code         code = blobs_find(txn, commit->digest, &row, err);

    commit->loser[0] = '\0';
    if (code == PW_NOT_FOUND)
        return blobs_add(txn, commit->digest, commit->size, key, ret_id, err);
    if (code != PW_OK)
        return code;
    *ret_id = row.id;
    if (!row.bad && row.created_at >= txn_now(txn) - YOUNG_SECONDS &&
        strcmp(row.key, commit->damaged) != 0) {
        memcpy(commit->loser, commit->key, sizeof commit->loser);
        return PW_OK;
    }
    memcpy(commit->loser, row.key, sizeof commit->loser);
    return blobs_swap(txn, row.id, commit->size, key, err);
}

static pw_code commit_rows(struct txn *txn, void *arg, struct err *err) {
    struct commit               *commit = arg;
    const struct upload_session *session = commit->session;
    int64_t                      blob_id, repository_id;

    PW_TRY(place_blob(txn, commit, &blob_id, err));
    PW_TRY(repositories_make(txn, session->service->registry_id, commit->repository, &repository_id,
                             err));
    PW_TRY(blobs_link(txn, repository_id, blob_id, txn_now(txn) + LIMIT_BLOB_LEASE_SECONDS, err));
    if (!session->has_row)
        return PW_OK;
    return uploads_remove(txn, str_of(session->live->id), err);
}

static pw_code find_stored(struct txn *txn, void *arg, struct err *err) {
    struct commit  *commit = arg;
    struct blob_row row;
    int             fd = -1;
    struct err      ignored = ERR_NONE;

    PW_TRY(blobs_find(txn, commit->digest, &row, err));
    if (blob_open(commit->session->service->blobs, row.key, row.size, &fd, &ignored) == PW_OK)
        fd_close(&fd);
    else
        memcpy(commit->damaged, row.key, sizeof commit->damaged);
    return PW_OK;
}

pw_code upload_commit(struct upload_session *session, str repository, const struct digest *digest,
                      struct err *err) {
    struct registry_service *service = session->service;
    struct commit            commit = {.session = session,
                                       .digest = digest,
                                       .repository = repository,
                                       .size = upload_session_offset(session)};
    struct blob_writer      *writer = session->writer;
    struct err               ignored = ERR_NONE;
    pw_code                  code = store_read(service->store, find_stored, &commit, err);

    if (code != PW_OK && code != PW_NOT_FOUND)
        return code;
    session->writer = NULL; /* closed whatever happens */
    PW_TRY(blob_writer_finish(writer, digest, commit.key, err));
    code = store_write(service->store, STORE_FOREGROUND, commit_rows, &commit, err);
    /* What is not dropped is an orphan that fsck removes. After PW_IO nobody knows whether the row
     * was committed: then it names our copy, for other repositories too. */
    if (code != PW_OK && code != PW_IO)
        (void)blob_delete(service->blobs, commit.key, &ignored);
    else if (code == PW_OK && commit.loser[0] != '\0')
        (void)blob_delete(service->blobs, commit.loser, &ignored);
    (void)blob_upload_drop(service->blobs, str_of(session->live->id), &ignored);
    return code;
}
