/* str.c - borrowed slices of text. */
#include "base/str.h"

static char lower_ascii(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool str_eq_nocase(str a, str b) {
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower_ascii(a.ptr[i]) != lower_ascii(b.ptr[i]))
            return false;
    return true;
}

int str_cmp(str a, str b) {
    size_t n = a.len < b.len ? a.len : b.len;
    int    order = n ? memcmp(a.ptr, b.ptr, n) : 0;

    if (order != 0)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

bool str_starts(str s, str prefix) {
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

bool str_ends(str s, str suffix) {
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

str str_from(str s, size_t at) {
    return at >= s.len ? (str){s.ptr != NULL ? s.ptr + s.len : NULL, 0}
                       : (str){s.ptr + at, s.len - at};
}

str str_sub(str s, size_t at, size_t n) {
    str rest = str_from(s, at);

    rest.len = rest.len < n ? rest.len : n;
    return rest;
}

str str_trim(str s) {
    while (s.len > 0 && is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

size_t str_find_char(str s, char c) {
    const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;

    return at != NULL ? (size_t)(at - s.ptr) : STR_NPOS;
}

size_t str_rfind_char(str s, char c) {
    const char *at = s.len ? memrchr(s.ptr, c, s.len) : NULL;

    return at != NULL ? (size_t)(at - s.ptr) : STR_NPOS;
}

size_t str_find(str s, str needle) {
    const char *at;

    if (needle.len == 0)
        return 0;
    at = s.len ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
    return at != NULL ? (size_t)(at - s.ptr) : STR_NPOS;
}

bool str_cut(str *s, char c, str *ret_part) {
    size_t at;

    if (s->ptr == NULL)
        return false;
    at = str_find_char(*s, c);
    if (at == STR_NPOS) {
        *ret_part = *s;
        *s = STR_NONE;
        return true;
    }
    *ret_part = (str){s->ptr, at};
    *s = (str){s->ptr + at + 1, s->len - at - 1};
    return true;
}

bool str_line(str *s, str *ret_line) {
    if (s->len == 0)
        return false;
    if (!str_cut(s, '\n', ret_line))
        return false;
    if (ret_line->len > 0 && ret_line->ptr[ret_line->len - 1] == '\r')
        ret_line->len--;
    return true;
}

bool str_to_u64(str s, uint64_t max, uint64_t *ret_value) {
    uint64_t value = 0;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned char)s.ptr[i] - (unsigned)'0';

        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value) || value > max)
            return false;
    }
    *ret_value = value;
    return true;
}

bool str_copy(str s, char *out, size_t size) {
    if (s.len >= size) {
        if (size > 0)
            out[0] = '\0';
        return false;
    }
    if (s.len > 0)
        memcpy(out, s.ptr, s.len);
    out[s.len] = '\0';
    return true;
}

/* Length of the well-formed sequence at p, 0 when there is none (Unicode 15, table 3-7). */
static size_t utf8_sequence(const unsigned char *p, size_t left) {
    unsigned char low = 0x80, high = 0xBF;
    size_t        more;

    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        more = 1;
    else if (p[0] >= 0xE0 && p[0] <= 0xEF)
        more = 2;
    else if (p[0] >= 0xF0 && p[0] <= 0xF4)
        more = 3;
    else
        return 0;
    if (left <= more)
        return 0;
    if (p[0] == 0xE0)
        low = 0xA0;
    else if (p[0] == 0xED)
        high = 0x9F;
    else if (p[0] == 0xF0)
        low = 0x90;
    else if (p[0] == 0xF4)
        high = 0x8F;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i <= more; i++)
        if (p[i] < 0x80 || p[i] > 0xBF)
            return 0;
    return more + 1;
}

bool str_is_utf8(str s) {
    const unsigned char *p = (const unsigned char *)s.ptr;

    for (size_t at = 0; at < s.len;) {
        size_t n = utf8_sequence(p + at, s.len - at);

        if (n == 0)
            return false;
        at += n;
    }
    return true;
}

/* FNV-1a with a final mix: stored beside layers, so it may never change. */
uint64_t str_hash(str s) {
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < s.len; i++) {
        h ^= (unsigned char)s.ptr[i];
        h *= 0x100000001b3u;
    }
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    return h;
}
