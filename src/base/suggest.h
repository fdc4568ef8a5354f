#pragma once
/*
 * suggest.h - the known word that a mistyped one probably meant.
 *
 * Distance: insertions, deletions, replacements and swaps of neighbours count one each; a word is
 * suggested when at most a third of it (at least one letter) differs.
 * Memory: allocates nothing. Threads: pure.
 */
#include "base/str.h"

struct suggestion {
    str      wanted;
    str      best; /* empty: nothing is near */
    unsigned best_distance;
};

#define SUGGESTION(word)                                                                           \
    { .wanted = (word) }

void     suggest_offer(struct suggestion *suggestion, str known);
unsigned suggest_distance(str a, str b); /* words past 64 bytes: 64 */
