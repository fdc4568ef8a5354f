#pragma once
/*
 * repositories.h - rows of the repositories of a registry.
 *
 * Errors:  PW_NOT_FOUND with tag NAME_UNKNOWN for a repository that does not exist.
 * Threads: as the transaction.
 */
#include "store/names.h"

/* A repository as requests name it. */
struct repository_key {
    int64_t registry_id;
    str     name;
};

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
