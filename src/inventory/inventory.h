#pragma once
/*
 * inventory.h (inventory/) - from the facts of layers to the packages of an image.
 *
 * Spec: OCI image-spec 1.1 layer.md (whiteouts, opaque directories); rules of docs/architecture.md.
 * Pure: no system calls beyond reading the stream it is given.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "model/inventory.h"

/* Raised when any reader's answers change: stored facts of an older version are read again. */
extern const unsigned inventory_reader_version;

/* --- one layer: runs in the sandbox child --- */

/* Where a layer's bytes come from. Gives up to `n` bytes, 0 at the end; may block. */
struct layer_source {
    void *ctx;
    pw_code (*read)(void *ctx, void *out, size_t n, size_t *ret_n, struct err *err);
};
/* Reads a whole layer (gzip, zstd, xz, bzip2 or plain tar; sniffed) and writes its encoded facts.
 * Content problems are facts ("incomplete"), not errors: only a failing source is an error. */
pw_code layer_read(const struct layer_source *source, struct buf *ret_facts, struct err *err);
/* Touches every library once, so that nothing is opened after lock-down. */
pw_code layer_read_warm_up(struct err *err);

/* --- many layers: runs in the parent; decoding treats bytes as hostile --- */

struct layer_facts; /* inventory/facts.h */

pw_code facts_decode(struct arena *arena, str encoded, struct layer_facts **ret_facts,
                     struct err *err);

struct layer_input {
    str                       digest; /* text */
    const struct layer_facts *facts;  /* NULL: this layer could not be read */
    str                       why;    /* when facts is NULL */
};
/* Lowest layer first. The inventory and all its text live in `arena` or in the facts. */
pw_code inventory_stack(struct arena *arena, const struct layer_input *layers, size_t count,
                        struct inventory *ret_inventory, struct err *err);
