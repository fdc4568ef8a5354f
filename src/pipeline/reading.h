#pragma once
/*
 * reading.h - from the bytes of layers to the packages of an image, in the sandbox.
 *
 * A layer's facts are taken from the store when this version of the readers has read it before;
 * only the others are opened. As many are read at once as the sandbox has children. A layer whose
 * child died or never ended is kept as unreadable with its reason: reading it again would end the
 * same way.
 *
 * Errors:  the system's and the store's; PW_TIMEOUT past the deadline; PW_CANCELLED when the sandbox
 *          broke down (try again). Content problems are facts of the inventory, not errors.
 * Memory:  everything in the arena.   Threads: any; one image per thread.
 */
#include "base/arena.h"
#include "inventory/inventory.h"
#include "sandbox/sandbox.h"
#include "store/store.h"

struct reading_layer {
    str  digest; /* empty: facts are neither looked up nor kept */
    bool absent; /* foreign or not stored: named as unread */
};

struct reading_source {
    void                       *ctx;
    const struct reading_layer *layers; /* lowest first */
    size_t                      count;
    /* The descriptor becomes the callee's. */
    pw_code (*open)(void *ctx, size_t layer, int *ret_fd, uint64_t *ret_size, struct err *err);
    /* NULL, or compares the bytes with the digest while the child reads them. */
    pw_code (*verify)(void *ctx, size_t layer, int fd, uint64_t size, struct err *err);
    void (*progress)(void *ctx, size_t done, size_t count); /* may be NULL */
};

struct reading_tools {
    struct store   *store; /* NULL: facts are neither looked up nor kept */
    bool            keep;  /* write new facts to the store */
    struct sandbox *sandbox;
    struct live    *live;        /* NULL, or uploads that are being read right now */
    int64_t         deadline_ns; /* monotonic */
};

pw_code reading_inventory(const struct reading_tools *tools, const struct reading_source *source,
                          struct arena *arena, struct inventory *ret_inventory, size_t *ret_read,
                          struct err *err);
/* Keeps the answer of one reading: checks the facts by decoding them. `failure` PW_OK: facts hold. */
pw_code reading_keep(struct store *store, str digest, str facts, pw_code failure,
                     const struct err *why, struct err *err);
/* Facts or reason of one layer, whatever came of its reading; PW_CANCELLED and system errors pass. */
bool reading_is_final(pw_code code);
