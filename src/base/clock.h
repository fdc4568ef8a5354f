#pragma once
/*
 * clock.h - what time it is; tests bring their own.
 *
 * Wall time is UTC seconds since 1970 (`*_at`), monotonic time nanoseconds since boot. A clock is
 * passed in, never asked globally, so that a test can move it. Threads: clock_now is safe from
 * all threads; clock_move may run beside it.
 */
#include <stdatomic.h>
#include "base/str.h"

struct clock {
    _Atomic int64_t offset_seconds; /* added to the system's time */
    _Atomic int64_t fixed_at;       /* not 0: time stands still here (plus the offset) */
};

#define CLOCK_INIT                                                                                 \
    { 0 }

int64_t clock_now(const struct clock *clock); /* NULL: the system's clock */
void    clock_move(struct clock *clock, int64_t seconds);
int64_t clock_mono_ns(void);
/* Absolute monotonic deadline in nanoseconds, `seconds` from now. */
int64_t clock_deadline(double seconds);

enum { TIME_TEXT_SIZE = 32 };
/* "2026-11-21T18:00:00Z" */
str time_format(int64_t at, char out[TIME_TEXT_SIZE]);
/* RFC 3339 (fraction and offset allowed) or a bare date; false for anything else. */
bool time_parse(str text, int64_t *ret_at);
