/* pep503.c - names of Python packages. */
#include "format/pep503.h"

str pep503_normalise(struct arena *arena, str name) {
    char  *out = arena_alloc(arena, name.len + 1);
    size_t n = 0;

    if (out == NULL)
        return STR_NONE;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (c == '_' || c == '.')
            c = '-';
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if (c != '-' || n == 0 || out[n - 1] != '-')
            out[n++] = c;
    }
    out[n] = '\0';
    return (str){out, n};
}
