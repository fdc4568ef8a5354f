#pragma once
/*
 * shortfall.h - what keeps an inventory from being complete, gathered and kept readable.
 *
 * Per kind at most LIMIT_GAPS_SHOWN files are named; the rest is one line with their number.
 * Memory:  in the arena; text is borrowed.   Threads: one at a time.
 */
#include "base/arena.h"
#include "model/inventory.h"

enum { SHORTFALL_KINDS = 32 };

struct shortfall {
    struct arena      *arena;
    struct incomplete *list;
    size_t             count, room;
    struct {
        str    kind;
        size_t shown, hidden;
    } kinds[SHORTFALL_KINDS];
    size_t kind_count;
};

pw_code shortfall_add(struct shortfall *all, str path, str kind, str reason, struct err *err);
/* The same with a ceiling on how many of one kind are named. */
pw_code shortfall_gap(struct shortfall *all, str path, str kind, str reason, struct err *err);
/* Adds the "and N more" lines. */
pw_code shortfall_finish(struct shortfall *all, struct err *err);
/* Is a package database of the operating system among it? */
bool shortfall_has_database(const struct shortfall *all);
