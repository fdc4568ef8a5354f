/* key.c - where the advisories for a package are filed. */
#include "match/key.h"

#include "base/macros.h"
#include "match/match.h"

/* Distributions: how their records name packages. Rebuilt from docs/matching.md, section 1. */
static const struct {
    str  family;
    bool by_source; /* records name source packages; else the binary ones */
} distributions[] = {
    {STR_INIT("Debian"), true},       {STR_INIT("Ubuntu"), true},
    {STR_INIT("Alpine"), true},       {STR_INIT("Wolfi"), true},
    {STR_INIT("Chainguard"), true},   {STR_INIT("Azure Linux"), true},
    {STR_INIT("Mageia"), true},       {STR_INIT("openEuler"), true},
    {STR_INIT("Photon OS"), false},   {STR_INIT("AlmaLinux"), false},
    {STR_INIT("Rocky Linux"), false}, {STR_INIT("Red Hat"), false},
    {STR_INIT("SUSE"), false},        {STR_INIT("openSUSE"), false},
    {STR_INIT("Amazon"), false},      {STR_INIT("Oracle Linux"), false},
    {STR_INIT("CentOS"), false},      {STR_INIT("Fedora"), false},
};

static str family_of(str ecosystem) {
    size_t colon = str_find_char(ecosystem, ':');

    return colon == STR_NPOS ? ecosystem : str_sub(ecosystem, 0, colon);
}

enum key_kind key_kind_of(str ecosystem) {
    str family = family_of(ecosystem);

    EACH (row, distributions)
        if (str_eq(row->family, family))
            return row->by_source ? KEY_SOURCE : KEY_BINARY;
    return KEY_LANGUAGE;
}

str key_version(const struct package *package) {
    if (key_kind_of(package->ecosystem) == KEY_SOURCE && !str_empty(package->source_version))
        return package->source_version;
    return package->version;
}

static str key_name(const struct package *package, enum key_kind kind) {
    return kind == KEY_SOURCE && !str_empty(package->source) ? package->source : package->name;
}

const char *match_unmatched_why(const struct package *package, const struct os_release *os) {
    enum key_kind kind = key_kind_of(package->ecosystem);

    if (str_empty(package->ecosystem) || str_empty(package->name))
        return "it has no ecosystem or no name";
    if (kind == KEY_LANGUAGE)
        return NULL;
    if (!str_empty(package->origin))
        return "it is not built by the distribution, whose advisories do not speak of it";
    if (os == NULL || str_empty(os->ecosystem))
        return "the distribution or its release is not known";
    if (!str_eq(family_of(os->ecosystem), family_of(package->ecosystem)))
        return "it belongs to another distribution than the image";
    return NULL;
}

bool match_key(const struct package *package, const struct os_release *os, str *ret_ecosystem,
               str *ret_name) {
    enum key_kind kind = key_kind_of(package->ecosystem);

    if (match_unmatched_why(package, os) != NULL)
        return false;
    *ret_ecosystem = kind == KEY_LANGUAGE ? package->ecosystem : os->ecosystem;
    *ret_name = key_name(package, kind);
    return true;
}
