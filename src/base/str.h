#pragma once
/*
 * str.h - a borrowed slice of text.
 *
 * A str owns nothing and may lack a NUL; a zero str is the empty text and means "not said".
 * Memory: allocates nothing. Threads: pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct str {
    const char *ptr;
    size_t      len;
} str;

#define STR_INIT(literal)                                                                          \
    { (literal), sizeof(literal) - 1 }
#define STR(literal) ((str)STR_INIT(literal))
#define STR_NONE     ((str){NULL, 0})
/* For printf: STR_FMT in the format, STR_ARG(s) in the arguments. */
#define STR_FMT    "%.*s"
#define STR_ARG(s) (int)(s).len, ((s).len ? (s).ptr : "")

static inline str str_of(const char *text) {
    return text != NULL ? (str){text, strlen(text)} : STR_NONE;
}
static inline str str_make(const void *ptr, size_t len) {
    return (str){(const char *)ptr, len};
}
static inline bool str_empty(str s) {
    return s.len == 0;
}
static inline bool str_eq(str a, str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_eq_nocase(str a, str b); /* ASCII only */
int  str_cmp(str a, str b);       /* bytewise; shorter first: <0, 0, >0 */
bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
str  str_from(str s, size_t at);          /* the rest from byte `at`, empty past the end */
str  str_sub(str s, size_t at, size_t n); /* at most n bytes from `at` */
str  str_trim(str s);                     /* without leading and trailing space, tab, CR, LF */

#define STR_NPOS ((size_t)-1)
size_t str_find_char(str s, char c);  /* first position, or STR_NPOS */
size_t str_rfind_char(str s, char c); /* last position, or STR_NPOS */
size_t str_find(str s, str needle);   /* first position, or STR_NPOS */

/* Cuts *s at the first `c`: gives the part before it and leaves the part behind it in *s. Without
 * a `c` it gives all of *s and leaves it empty. False when *s was already used up (ptr NULL). */
bool str_cut(str *s, char c, str *ret_part);
/* The next line without its LF or CRLF; false at the end. */
bool str_line(str *s, str *ret_line);

/* Decimal digits only, at most `max`; false for anything else. */
bool str_to_u64(str s, uint64_t max, uint64_t *ret_value);
/* Copies into `out` with a NUL, false when it does not fit (out is then empty). */
bool str_copy(str s, char *out, size_t size);
bool str_is_utf8(str s);

uint64_t str_hash(str s); /* 64-bit, stable across runs and machines (it is stored); not keyed */
