#pragma once
/*
 * macros.h - the few macros that the whole house uses.
 *
 * AUTO(fn)     the variable is ended by fn(&variable) when its scope ends.
 * EACH(p, a)   a loop over the elements of an array, p points at each.
 * PW_CHECKED   the result must be looked at.
 */
#include <stddef.h>

#define AUTO(fn)                   __attribute__((cleanup(fn)))
#define PW_CHECKED                 __attribute__((warn_unused_result))
#define PW_PRINTF(fmt_at, args_at) __attribute__((format(printf, fmt_at, args_at)))
#define PW_UNUSED                  __attribute__((unused))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define EACH(p, array)  for (__typeof__(&(array)[0]) p = (array); p < (array) + COUNT_OF(array); p++)

#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))
