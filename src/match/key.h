#pragma once
/*
 * key.h - by which name and version an ecosystem's records speak of a package.
 *
 * Spec:    docs/matching.md, section 1.   Threads: pure.
 */
#include "model/package.h"

enum key_kind {
    KEY_LANGUAGE, /* name and version as installed; the release plays no part */
    KEY_SOURCE,   /* distribution: source package and its version */
    KEY_BINARY,   /* distribution: binary package and its version */
};

enum key_kind key_kind_of(str ecosystem);       /* with or without ":release" */
str key_version(const struct package *package); /* the version that ranges are held against */
