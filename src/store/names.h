#pragma once
/*
 * names.h - a page of names, in byte order. Memory: the arena of the call that made it.
 */
#include "base/arena.h"
#include "store/store.h"

struct names {
    str   *items;
    size_t count;
};

/* Collects the text of column 0 of every row that is left. */
pw_code names_collect(struct stmt *stmt, size_t limit, struct arena *arena, struct names *ret_names,
                      struct err *err);
