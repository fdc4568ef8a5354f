/* suggest.c - optimal string alignment distance over short words. */
#include "base/suggest.h"

#include "base/macros.h"

enum { WORD_MAX = 64 };

unsigned suggest_distance(str a, str b) {
    unsigned char rows[3][WORD_MAX + 1];

    if (a.len > WORD_MAX || b.len > WORD_MAX)
        return WORD_MAX;
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = (unsigned char)j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned char *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

        now[0] = (unsigned char)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned cost = a.ptr[i - 1] != b.ptr[j - 1];
            unsigned best = MIN_OF(MIN_OF(last[j] + 1U, now[j - 1] + 1U), last[j - 1] + cost);

            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                best = MIN_OF(best, before[j - 2] + 1U);
            now[j] = (unsigned char)best;
        }
    }
    return rows[a.len % 3][b.len];
}

void suggest_offer(struct suggestion *suggestion, str known) {
    unsigned distance = suggest_distance(suggestion->wanted, known);
    size_t   longer = MAX_OF(suggestion->wanted.len, known.len);
    unsigned allowed = (unsigned)MAX_OF(longer / 3, (size_t)1);

    if (distance > allowed || (suggestion->best.len > 0 && distance >= suggestion->best_distance))
        return;
    suggestion->best = known;
    suggestion->best_distance = distance;
}
