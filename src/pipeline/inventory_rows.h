#pragma once
/*
 * inventory_rows.h - an inventory becomes rows: components, their findings, the content-addressed set.
 *
 * Written in steps of a few hundred rows. Components that were never matched are matched before the
 * inventory can be found by anybody.
 */
#include "base/arena.h"
#include "model/inventory.h"
#include "store/store.h"

/* Gives the unpublished or already known inventory's id; *ret_known: it was known. */
struct inventory_rows {
    int64_t id;
    bool    known;
    char    digest[80]; /* "sha256:..." */
};
pw_code inventory_rows_save(struct store *store, const struct inventory *inventory,
                            struct inventory_rows *ret_rows, struct err *err);
/* The digest of everything that makes two inventories the same. */
void inventory_rows_digest(const struct inventory *inventory, char ret_digest[80]);
