#pragma once
/*
 * collect.h - facts of one layer under construction.
 *
 * An analyzer calls collect_package, collect_owned and their like; the walk opens and closes the
 * evidence file around it. Text is borrowed by the call and copied.
 * Errors:  PW_TOO_LARGE or PW_MEMORY when a ceiling is reached: the walk then notes it once and
 *          stops asking analyzers. Notes (collect_incomplete, collect_gap) never fail: their
 *          memory is reserved, and past their ceiling they are counted.
 * Memory:  LIMIT_READER_MEMORY, and 16 bytes per path.   Threads: one at a time.
 */
#include "base/map.h"
#include "inventory/facts.h"

/* A growing array of hashes on the heap. */
struct hash_list {
    uint64_t *hashes;
    size_t    count, room;
};

enum { COLLECT_KINDS = 32 };

struct collect_kind {
    str    kind;
    size_t named, unnamed;
};

struct collect {
    struct arena       arena, notes;
    struct layer_facts facts;
    struct map         evidence_of; /* path -> place in facts.evidence + 1; 0: replaced */
    size_t             evidence_room;
    size_t             packages; /* in all */
    /* the evidence file that is open */
    struct evidence  open;
    size_t           package_room, owner_room;
    struct hash_list owned;
    /* every path */
    struct hash_list    files, dirs, whiteouts, opaques;
    size_t              gap_room, incomplete_room, link_room, os_file_room;
    struct collect_kind gap_kinds[COLLECT_KINDS], incomplete_kinds[COLLECT_KINDS];
};

void collect_init(struct collect *collect);
void collect_done(struct collect *collect);

/* --- for analyzers --- */
pw_code collect_package(struct collect *collect, const struct package *package, struct err *err);
/* From here on, collect_owned speaks of this package. */
pw_code collect_owner(struct collect *collect, str package, struct err *err);
/* A path without leading slash; paths that no reader cares for are dropped. */
pw_code collect_owned(struct collect *collect, str path, struct err *err);
pw_code collect_os_file(struct collect *collect, const struct os_file *file, struct err *err);
void    collect_gap(struct collect *collect, const char *kind, str path, const char *reason);
void    collect_incomplete(struct collect *collect, const char *kind, str path, str reason);

/* --- for the walk --- */
void collect_open(struct collect *collect, enum evidence_role role, const char *analyzer, str path);
pw_code collect_close(struct collect *collect, struct err *err); /* keeps what has content */
void    collect_abandon(struct collect *collect);
/* A later member of the same name: what the earlier one said does not count. */
void collect_replace(struct collect *collect, str path);
/* A hard link to a file read before; false: nothing is known of the target. */
bool    collect_same(struct collect *collect, str target, str path, struct err *err);
pw_code collect_link(struct collect *collect, str path, str target, struct err *err);
pw_code collect_hash(struct hash_list *list, str path, struct err *err);
/* Sorts and hands over; the facts borrow from the collect. */
const struct layer_facts *collect_finish(struct collect *collect);
