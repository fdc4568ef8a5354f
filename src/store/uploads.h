#pragma once
/*
 * uploads.h - rows of unfinished uploads: how much of them is safe, and the state of the hash.
 *
 * Errors:  PW_NOT_FOUND with tag BLOB_UPLOAD_UNKNOWN. Threads: as the transaction.
 */
#include "store/repositories.h"

struct upload_row {
    uint64_t received;
    str      hash_state; /* as saved; empty: none */
    int64_t  repository_id;
};

pw_code uploads_add(struct txn *txn, str id, int64_t repository_id, struct err *err);
/* Of this repository only. hash_state is copied into the arena. */
pw_code uploads_find(struct txn *txn, const struct repository_key *repository, str id,
                     struct arena *arena, struct upload_row *ret_row, struct err *err);
pw_code uploads_save(struct txn *txn, str id, uint64_t received, str hash_state, struct err *err);
pw_code uploads_remove(struct txn *txn, str id, struct err *err); /* absent: PW_OK */
/* Ids of uploads nobody touched since `before`. */
pw_code uploads_idle(struct txn *txn, int64_t before, size_t limit, struct arena *arena,
                     struct names *ret_ids, struct err *err);
pw_code uploads_remove_idle(struct txn *txn, str id, int64_t before, bool *ret_removed,
                            struct err *err);
