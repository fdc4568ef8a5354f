#pragma once
/*
 * blobs.h - rows of blobs and of their membership in repositories.
 *
 * A blob row maps a digest to the key of its stored copy; a repo_blob row says that a repository may
 * use it, at least until the lease ends (for ever while an image of the repository refers to it).
 * State 'bad' marks a copy that was found damaged: it counts as missing until it is pushed again.
 *
 * Errors:  PW_NOT_FOUND with tag BLOB_UNKNOWN. Threads: as the transaction.
 */
#include "base/digest.h"
#include "store/blob_store.h"
#include "store/store.h"

struct blob_row {
    int64_t       id;
    struct digest digest;
    uint64_t      size;
    char          key[BLOB_KEY_SIZE];
    bool          bad;
    int64_t       created_at;    /* when the stored copy was made */
    int64_t       lease_until;   /* blobs_find_in and blobs_find_linked only */
    int64_t       repository_id; /* the same */
};

pw_code blobs_find(struct txn *txn, const struct digest *digest, struct blob_row *ret_row,
                   struct err *err);
/* Linked in this repository: by name (of a registry), or by id. */
pw_code blobs_find_in(struct txn *txn, int64_t registry_id, str repository,
                      const struct digest *digest, struct blob_row *ret_row, struct err *err);
pw_code blobs_find_linked(struct txn *txn, int64_t repository_id, const struct digest *digest,
                          struct blob_row *ret_row, struct err *err);
/* Linked in any repository of the registry. */
pw_code blobs_find_anywhere(struct txn *txn, int64_t registry_id, const struct digest *digest,
                            struct blob_row *ret_row, struct err *err);
pw_code blobs_has_key(struct txn *txn, str key, bool *ret_has, struct err *err);

pw_code blobs_add(struct txn *txn, const struct digest *digest, uint64_t size, str key,
                  int64_t *ret_id, struct err *err);
/* The row points at another copy from now on, and is good. */
pw_code blobs_swap(struct txn *txn, int64_t id, uint64_t size, str key, struct err *err);
/* Marks the copy good or bad, unless it was swapped since `key` was looked at. */
pw_code blobs_mark(struct txn *txn, int64_t id, str key, bool bad, struct err *err);

/* The lease is never shortened. */
pw_code blobs_link(struct txn *txn, int64_t repository_id, int64_t blob_id, int64_t lease_until,
                   struct err *err);
pw_code blobs_renew(struct txn *txn, int64_t repository_id, int64_t blob_id, int64_t lease_until,
                    struct err *err); /* when it is linked and no image refers to it */
pw_code blobs_unlink(struct txn *txn, int64_t repository_id, int64_t blob_id, struct err *err);
/* An image of the repository that refers to the blob; PW_NOT_FOUND: none. */
pw_code blobs_user(struct txn *txn, int64_t repository_id, const struct digest *digest,
                   struct digest *ret_manifest, struct err *err);
/* At most `room` rows with id > after, in order of id. */
pw_code blobs_page(struct txn *txn, int64_t after, struct blob_row *rows, size_t room,
                   size_t *ret_count, struct err *err);
