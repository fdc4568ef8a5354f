#pragma once
/*
 * ownership.h - which OS package owns a path of the image.
 *
 * Only packages that are installed and the distribution's own count: a third-party package is not
 * judged by the distribution's advisories, so what it ships has to be judged by itself.
 * Memory:  on the heap, bounded by the facts; names are borrowed.   Threads: one at a time.
 */
#include "inventory/facts.h"

struct ownership_index;

pw_code ownership_new(const struct package *packages, size_t count,
                      struct ownership_index **ret_index, struct err *err);
void    ownership_free(struct ownership_index *index); /* accepts NULL */
pw_code ownership_add(struct ownership_index *index, const struct ownership *owner,
                      struct err *err);
void    ownership_ready(struct ownership_index *index); /* after the last add, before asking */
str     ownership_of(const struct ownership_index *index, str path); /* empty: nobody */
