#pragma once
/*
 * scheme.h - how an ecosystem orders its versions. One file per scheme, one list (schemes.c).
 *
 * Takes:   borrowed text; a version longer than LIMIT_VERSION_BYTES is unknown.
 * Gives:   an order that agrees both ways round, or VERSION_UNKNOWN.
 * Errors:  none; text that breaks its grammar is an answer, VERSION_UNKNOWN.
 * Memory:  allocates nothing.   Threads: pure.
 */
#include "base/str.h"

enum version_order {
    VERSION_LESS = -1,
    VERSION_EQUAL = 0,
    VERSION_GREATER = 1,
    VERSION_UNKNOWN = 2
};

struct version_scheme {
    const char *name; /* "deb", "apk", "semver", "pep440" */
    /* VERSION_UNKNOWN when either text breaks the grammar; never a guess. */
    enum version_order (*compare)(str a, str b);
    bool (*valid)(str version);
};

/* "Debian:12", "Debian", "Alpine:v3.18", "npm", "PyPI" ...; NULL: no scheme known here. */
const struct version_scheme              *version_scheme_of(str ecosystem);
extern const struct version_scheme *const version_schemes[]; /* NULL at the end */
