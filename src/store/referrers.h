#pragma once
/*
 * referrers.h - manifests of a repository whose subject is a digest.
 *
 * Memory:  text is copied into the arena. Threads: as the transaction.
 */
#include "base/arena.h"
#include "base/digest.h"
#include "store/store.h"

struct referrer {
    int64_t       manifest_id;
    struct digest digest;
    str           media_type, artifact_type;
    str           subject;     /* digest text, "" when it has none */
    str           annotations; /* JSON object text, "" when there are none */
    uint64_t      size;
};

struct referrers_page {
    int64_t              repository_id;
    const struct digest *subject;
    str                  artifact_type; /* "": all */
    int64_t              after;         /* manifest ids behind this one */
    size_t               limit;
    size_t               bytes; /* the page ends with the one whose annotations pass this */
};
pw_code referrers_page(struct txn *txn, const struct referrers_page *page, struct arena *arena,
                       struct referrer **ret_referrers, size_t *ret_count, struct err *err);
/* One manifest of the repository as a referrer would be listed; PW_NOT_FOUND: not there. */
pw_code referrers_find(struct txn *txn, int64_t repository_id, const struct digest *digest,
                       struct arena *arena, struct referrer *ret_referrer, struct err *err);
