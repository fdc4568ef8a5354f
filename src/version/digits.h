#pragma once
/*
 * digits.h - decimal numbers of any length, compared as text. Shared by the schemes.
 *
 * Takes:  text of ASCII digits (the caller has checked that).
 * Memory: allocates nothing.   Threads: pure.
 */
#include "base/str.h"

static inline bool digits_is(char c) {
    return c >= '0' && c <= '9';
}

static inline bool digits_is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Length of the run of digits at byte `at`. */
static inline size_t digits_run(str s, size_t at) {
    size_t end = at;

    while (end < s.len && digits_is(s.ptr[end]))
        end++;
    return end - at;
}

/* By value: leading zeros do not count, an empty text is zero. <0, 0, >0 */
static inline int digits_cmp(str a, str b) {
    while (a.len > 0 && a.ptr[0] == '0')
        a = str_from(a, 1);
    while (b.len > 0 && b.ptr[0] == '0')
        b = str_from(b, 1);
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len > 0 ? memcmp(a.ptr, b.ptr, a.len) : 0;
}
