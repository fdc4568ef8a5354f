#pragma once
/*
 * components.h - distinct package versions, shared by all images that contain them.
 *
 * Everything that a verdict may read is in a component's key, so it is matched once for all images.
 * Packages of an operating system belong to a context (distribution and release); language packages
 * to the empty one. matched_at 0: never matched.
 * Threads: the transaction's. Text in arena.
 */
#include "base/arena.h"
#include "model/package.h"
#include "store/store.h"

struct component_row {
    int64_t           id;
    struct package    package; /* no path, layer or owner: those belong to an image */
    struct os_release os;      /* id, version_id, ecosystem */
    str               lookup_ecosystem, lookup_name; /* empty: no advisory can name it */
    int64_t           matched_at;
};

pw_code components_context(struct txn *txn, const struct os_release *os, int64_t *ret_id,
                           struct err *err);
/* Finds or adds. */
pw_code components_put(struct txn *txn, const struct component_row *component, int64_t context_id,
                       int64_t *ret_id, int64_t *ret_matched_at, struct err *err);
pw_code components_get(struct txn *txn, struct arena *arena, int64_t id,
                       struct component_row *ret_row, struct err *err);
pw_code components_set_matched(struct txn *txn, int64_t id, int64_t at, struct err *err);
/* Components filed under the key of an advisory; "Debian" names all its releases. */
struct component_ids {
    int64_t *ids;
    size_t   count;
};
pw_code components_by_lookup(struct txn *txn, struct arena *arena, str ecosystem, str name,
                             struct component_ids *ret_ids, struct err *err);
/* Components with a finding of this id. */
pw_code components_by_vulnerability(struct txn *txn, struct arena *arena, str id,
                                    struct component_ids *ret_ids, struct err *err);
/* A number that changes whenever a feed becomes visible in another state. */
pw_code components_feed_generations(struct txn *txn, int64_t *ret_sum, struct err *err);
