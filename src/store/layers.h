#pragma once
/*
 * layers.h - what a layer's bytes told, kept by (layer digest, reader version) for ever.
 *
 * A layer that could not be read is kept too, with its reason: reading it again would fail again.
 * Threads: the transaction's.
 */
#include "base/arena.h"
#include "store/store.h"

struct layer_facts_row {
    bool readable;
    str  reason; /* when it is not */
    str  facts;  /* encoded, as inventory/facts.h decodes them */
};

/* PW_NOT_FOUND: never read by this version. Text in arena. */
pw_code layers_get(struct txn *txn, struct arena *arena, str layer, unsigned version,
                   struct layer_facts_row *ret_row, struct err *err);
pw_code layers_known(struct txn *txn, str layer, unsigned version, bool *ret_known,
                     struct err *err);
/* Replaces; facts of older reader versions are dropped. */
pw_code layers_put(struct txn *txn, str layer, unsigned version, const struct layer_facts_row *row,
                   struct err *err);
