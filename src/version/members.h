#pragma once
/*
 * members.h - the schemes that schemes.c lists; one file each. Used inside this folder only.
 */
#include "version/scheme.h"

extern const struct version_scheme deb_scheme;
extern const struct version_scheme apk_scheme;
extern const struct version_scheme semver_scheme;
extern const struct version_scheme pep440_scheme;

/* <0, 0, >0 as the order that says the same. */
static inline enum version_order version_order_of(int difference) {
    return difference < 0 ? VERSION_LESS : difference > 0 ? VERSION_GREATER : VERSION_EQUAL;
}
