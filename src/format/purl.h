#pragma once
/*
 * purl.h - package URLs: pkg:type/namespace/name@version?qualifiers#subpath
 *
 * Spec:    package-url/purl-spec. Written canonically: lower-case type, names normalised as their
 *          type asks (deb, apk, pypi, github, bitbucket, golang lower-case; pypi '_' is '-'), sorted
 *          qualifiers, UTF-8 percent-encoded but for A-Z a-z 0-9 . - _ ~ and ':'.
 * Takes:   borrowed text. A name may carry its namespace ("@scope/name", "github.com/x/y"): it is
 *          split at the last '/' when namespace_ is empty.
 * Errors:  purl_parse: PW_INVALID with the part that is wrong; PW_TOO_LARGE.
 * Memory:  the parsed parts live in the caller's arena.   Threads: pure.
 */
#include "base/arena.h"
#include "base/buf.h"

enum { PURL_QUALIFIERS = 16 };

struct purl_qualifier {
    str key, value;
};

struct purl {
    str                   type, namespace_, name, version;
    struct purl_qualifier qualifiers[PURL_QUALIFIERS]; /* empty values are left out */
    size_t                qualifier_count;
    str                   subpath;
};

/* Room is there for PURL_QUALIFIERS; an empty value or one past the room is ignored. */
void purl_add_qualifier(struct purl *purl, str key, str value);
void purl_write(struct buf *out, const struct purl *purl);
/* Names come out normalised, as purl_write would write them. */
pw_code purl_parse(struct arena *arena, str text, struct purl *ret_purl, struct err *err);
