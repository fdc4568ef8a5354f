#pragma once
/*
 * advisory_import.h - the parts of an import under way. Private to store/.
 *
 * advisory_import.c writes rows, import_state.c remembers names, hashes, streams and scopes,
 * import_finish.c ends it.   Threads: one at a time.
 */
#include "base/map.h"
#include "store/feed_lease.h"

/* A record that the feed has, visible or of this import. */
struct known {
    int64_t  id; /* of its row; 0 while pending */
    uint64_t hash;
    str      name;
    bool     seen;    /* in this import */
    bool     fresh;   /* its row is of this import */
    bool     pending; /* in the batch, not written yet */
    bool     retired; /* by an import that died */
};
struct pair {
    str ecosystem, package;
};
/* A record of the batch. Text in the batch's arena. */
struct pending {
    str           name, body;
    uint64_t      hash;
    int64_t       id, replaces; /* replaces: row that it retires, or 0 */
    struct known *known;
    struct pair  *pairs; /* each once */
    size_t        pair_count;
    struct pair  *fresh; /* those that this import has not marked yet */
    size_t        fresh_count;
};
enum { PENDING_MOST = 128 };

struct ids {
    int64_t *items;
    size_t   count, room;
};
struct stream {
    str     ecosystem;
    int64_t records;
};

struct advisory_import {
    struct store         *store;
    struct arena          kept;  /* names, streams, scopes: until the end */
    struct arena          batch; /* reset with each batch */
    struct feed_lease     lease;
    bool                  recover; /* a dead import retired rows that are visible */
    struct map            by_name; /* struct known */
    struct map            marked;  /* "ecosystem\npackage" */
    struct map            streams; /* struct stream */
    struct ids            dead;    /* rows of dead imports and unfinished purges */
    struct ids            retired; /* rows that this import makes invisible */
    struct buf            body;
    struct pending        pending[PENDING_MOST];
    size_t                pending_count, pending_rows, pending_bytes;
    struct import_scope  *scopes;
    size_t                scope_count;
    struct import_outcome outcome;
};

/* import_state.c */
void          import_init(struct advisory_import *import, struct store *store);
void          import_done(struct advisory_import *import);
pw_code       import_note_known(struct advisory_import *import, str name, const struct known *row,
                                struct err *err);
pw_code       import_note_dead(struct advisory_import *import, int64_t id, struct err *err);
pw_code       import_clear_dead(struct advisory_import *import, struct err *err);
struct known *import_find(const struct advisory_import *import, str name);
pw_code       import_count_streams(struct advisory_import *import, const struct advisory *advisory,
                                   struct err *err);
pw_code import_pairs(struct arena *arena, const struct advisory *advisory, struct pair **ret_pairs,
                     size_t *ret_count, struct err *err);
/* Puts import->body into the batch; flushes when it is full. */
pw_code import_queue(struct advisory_import *import, str name, struct known *known, uint64_t hash,
                     const struct advisory *advisory, struct err *err);
pw_code import_batch_written(struct advisory_import *import, struct err *err);
bool    import_ids_add(struct ids *ids, int64_t id);

/* advisory_import.c */
pw_code import_flush(struct advisory_import *import, struct err *err);
pw_code import_delete_rows(struct advisory_import *import, const int64_t *ids, size_t count,
                           struct err *err);
pw_code import_retire_rows(struct advisory_import *import, const int64_t *ids, size_t count,
                           struct err *err);
pw_code import_recover(struct advisory_import *import, const int64_t *ids, size_t count,
                       struct err *err);
