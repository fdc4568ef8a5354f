#pragma once
/*
 * repositories.h - rows of registries and their repositories.
 *
 * Errors:  PW_NOT_FOUND with tag NAME_UNKNOWN for a repository that does not exist.
 * Threads: as the transaction.
 */
#include "store/names.h"

/* The registry of this name; made, with a subscription when there is none yet. */
pw_code repositories_default_registry(struct txn *txn, str name, str login_server,
                                      int64_t *ret_id, struct err *err);
pw_code repositories_find(struct txn *txn, int64_t registry_id, str name, int64_t *ret_id,
                          struct err *err);
pw_code repositories_make(struct txn *txn, int64_t registry_id, str name, int64_t *ret_id,
                          struct err *err); /* found or added */
struct repositories_page {
    int64_t registry_id;
    str     after; /* names behind this one */
    size_t  limit;
};
/* Names of repositories that hold at least one image. */
pw_code repositories_page(struct txn *txn, const struct repositories_page *page,
                          struct arena *arena, struct names *ret_names, struct err *err);
