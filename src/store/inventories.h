#pragma once
/*
 * inventories.h - content-addressed sets of components; images share them.
 *
 * Written in steps of at most a few hundred rows: inventories_begin makes one that nobody finds,
 * inventories_add fills it, inventories_publish gives it its digest. Leftovers of a crash are dropped
 * by inventories_clean at start.
 * Threads: the transaction's. Text in arena.
 */
#include "base/arena.h"
#include "model/inventory.h"
#include "store/store.h"

/* PW_NOT_FOUND: no such inventory yet. */
pw_code inventories_find(struct txn *txn, str digest, int64_t *ret_id, struct err *err);
pw_code inventories_begin(struct txn *txn, int64_t context_id, const struct inventory *inventory,
                          int64_t *ret_id, struct err *err);
pw_code inventories_add(struct txn *txn, int64_t id, int64_t component_id,
                        const struct package *place, struct err *err);
/* Gives *ret_id: this one's, or that of the same content which another worker published first. */
pw_code inventories_publish(struct txn *txn, int64_t id, str digest, int64_t *ret_id,
                            struct err *err);
pw_code inventories_clean(struct txn *txn, struct err *err);

/* Back as it was: packages sorted, os, incomplete, coverage. ret_component_ids (may be NULL): one per package. */
pw_code inventories_get(struct txn *txn, struct arena *arena, int64_t id,
                        struct inventory *ret_inventory, int64_t **ret_component_ids,
                        struct err *err);
/* The same without packages. */
pw_code inventories_head(struct txn *txn, struct arena *arena, int64_t id,
                         struct inventory *inventory, struct err *err);
/* [{"path","reason","kind"}] in the arena's text. */
pw_code inventories_incomplete_decode(struct arena *arena, str json, struct inventory *inventory,
                                      struct err *err);

/* The ecosystem streams that packages of the inventory ask advisories of. */
struct stream_row {
    str ecosystem, lookup_ecosystem; /* lookup empty: no advisory can exist */
};
struct stream_list {
    struct stream_row *streams;
    size_t             count;
};
pw_code inventories_streams(struct txn *txn, struct arena *arena, int64_t id,
                            struct stream_list *ret_list, struct err *err);
/* Is a package of this stream (a lookup_ecosystem) still to be matched with advisories that are
 * visible already? */
pw_code inventories_waiting(struct txn *txn, int64_t id, str stream, bool *ret_waiting,
                            struct err *err);
