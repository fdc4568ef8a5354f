/* families.c - is an archive the whole of one ecosystem? */
#include "advisory/format.h"

void families_reset(struct families *families) {
    arena_reset(&families->arena);
    families->count = 0;
    families->any = false;
}

static str family_of(str ecosystem) {
    return str_sub(ecosystem, 0, str_find_char(ecosystem, ':'));
}

static bool names_family(const struct advisory *advisory, str family) {
    for (size_t i = 0; i < advisory->affected_count; i++)
        if (str_eq(family_of(advisory->affected[i].ecosystem), family))
            return true;
    return false;
}

static bool has(const struct families *families, str family) {
    for (size_t i = 0; i < families->count; i++)
        if (str_eq(families->names[i], family))
            return true;
    return false;
}

void families_take(struct families *families, const struct advisory *advisory) {
    size_t kept = 0;

    for (size_t i = 0; !families->any && i < advisory->affected_count; i++) {
        str family = family_of(advisory->affected[i].ecosystem);

        if (families->count == FAMILIES_MOST || has(families, family))
            continue;
        family = arena_str(&families->arena, family);
        if (family.ptr != NULL)
            families->names[families->count++] = family;
    }
    families->any = true;
    for (size_t i = 0; i < families->count; i++)
        if (names_family(advisory, families->names[i]))
            families->names[kept++] = families->names[i];
    families->count = kept;
}

str families_whole(const struct families *families, str folder) {
    if (has(families, folder))
        return folder;
    return families->count == 1 ? families->names[0] : STR_NONE;
}
