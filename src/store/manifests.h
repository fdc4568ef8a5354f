#pragma once
/*
 * manifests.h - rows of manifests, what they refer to, and which repositories hold them.
 *
 * A manifest row exists once per digest as pushed; a repo_manifest row makes it visible in a
 * repository. Unlinking keeps the manifest row: its scan is still right when it is pushed again.
 *
 * Memory:  text and bodies are copied into the arena. Errors: PW_NOT_FOUND with tag MANIFEST_UNKNOWN
 *          or NAME_UNKNOWN. Threads: as the transaction.
 */
#include "base/arena.h"
#include "model/manifest.h"
#include "store/repositories.h"

struct manifest_row {
    int64_t            id, repository_id;
    struct digest      digest;
    str                media_type, body;
    enum manifest_kind kind;
    int64_t            pushed_at;
};

/* Adds the manifest and its references unless the digest is known already. */
pw_code manifests_put(struct txn *txn, const struct manifest *manifest, int64_t *ret_id,
                      struct err *err);
pw_code manifests_link(struct txn *txn, int64_t repository_id, int64_t manifest_id, str media_type,
                       int64_t pushed_at, struct err *err);
pw_code manifests_unlink(struct txn *txn, int64_t repository_id, int64_t manifest_id,
                         struct err *err);
/* Id and size of a manifest that the repository holds. */
pw_code manifests_find_linked(struct txn *txn, int64_t repository_id, const struct digest *digest,
                              int64_t *ret_id, uint64_t *ret_size, struct err *err);
pw_code manifests_by_tag(struct txn *txn, const struct repository_key *repository, str tag,
                         struct arena *arena, struct manifest_row *ret_row, struct err *err);
pw_code manifests_by_digest(struct txn *txn, const struct repository_key *repository,
                            const struct digest *digest, struct arena *arena,
                            struct manifest_row *ret_row, struct err *err);
/* Config first, then layers or children in order. */
pw_code manifests_references(struct txn *txn, int64_t manifest_id, struct arena *arena,
                             struct descriptor **ret_references, size_t *ret_count,
                             struct err *err);
pw_code manifests_count_pulls(struct txn *txn, int64_t repository_id, int64_t manifest_id,
                              int64_t pulls, int64_t last_at, struct err *err);
/* How often it was pulled from this repository, and when last (0: never). */
pw_code manifests_pulls(struct txn *txn, int64_t repository_id, int64_t manifest_id,
                        int64_t *ret_pulls, int64_t *ret_last_at, struct err *err);

struct manifest_place {
    int64_t       repository_id, manifest_id;
    str           repository;
    struct digest digest;
};
struct manifests_page {
    int64_t registry_id;
    int64_t after_repository, after_manifest; /* images behind these ids */
    size_t  limit;
};
/* In order of repository and image. */
pw_code manifests_page(struct txn *txn, const struct manifests_page *page, struct arena *arena,
                       struct manifest_place **ret_places, size_t *ret_count, struct err *err);
pw_code manifests_any(struct txn *txn, bool *ret_any, struct err *err);
