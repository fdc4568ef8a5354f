#pragma once
/*
 * tags.h - rows of tags and their history.
 *
 * Errors:  PW_NOT_FOUND with tag MANIFEST_UNKNOWN for a tag that is not there.
 * Threads: as the transaction.
 */
#include "base/digest.h"
#include "store/names.h"

struct tag_row {
    int64_t       manifest_id;
    struct digest digest;
    int64_t       updated_at;
};

pw_code tags_find(struct txn *txn, int64_t repository_id, str name, struct tag_row *ret_row,
                  struct err *err);
/* Makes or moves the tag. A change is remembered in the history. */
pw_code tags_set(struct txn *txn, int64_t repository_id, str name, int64_t manifest_id,
                 const struct digest *digest, struct err *err);
/* When the tag was set, for one that is restored. */
pw_code tags_set_time(struct txn *txn, int64_t repository_id, str name, int64_t at,
                      struct err *err);
/* Removes the tag; remembered as a change to no digest. */
pw_code tags_remove(struct txn *txn, int64_t repository_id, str name, struct err *err);

struct tags_page {
    int64_t repository_id;
    int64_t manifest_id; /* not 0: tags of this image only */
    str     after;       /* names behind this one */
    size_t  limit;
};
pw_code tags_page(struct txn *txn, const struct tags_page *page, struct arena *arena,
                  struct names *ret_names, struct err *err);
