#pragma once
/*
 * pep503.h - names of Python packages in their one normal form.
 *
 * Spec:    PEP 503: lower-case, runs of '-', '_' and '.' become one '-'.
 * Memory:  the result is in the arena; ptr NULL when it is full.   Threads: pure.
 */
#include "base/arena.h"

str pep503_normalise(struct arena *arena, str name);
