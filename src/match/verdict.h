#pragma once
/*
 * verdict.h - what one record says about one version, and which version would be free.
 *
 * Spec:    docs/matching.md, section 2.
 * Memory:  texts are borrowed from the candidate.   Threads: pure.
 */
#include "match/match.h"
#include "version/scheme.h"

enum verdict_kind {
    VERDICT_CLEAR,    /* the record does not touch this version */
    VERDICT_AFFECTED, /* it does; `state` says how the publisher looks at it */
    VERDICT_UNKNOWN,  /* cannot be decided: `unorderable`, or the publisher has not decided */
    VERDICT_DENIED,   /* the publisher says: not affected, whatever others say */
};

struct verdict {
    enum verdict_kind  kind;
    enum finding_state state;       /* of VERDICT_AFFECTED; FINDING_FIXED stands for "by ranges" */
    str                unorderable; /* of VERDICT_UNKNOWN; empty: the publisher has not decided */
};

struct verdict verdict_of(const struct version_scheme *scheme, const struct affected *affected,
                          str version);

/* The lowest fixed version above `version` that none of the records calls affected; empty: none
 * is known. At most LIMIT_FIX_TRIES versions are tried. */
str verdict_fixed_version(const struct version_scheme  *scheme,
                          const struct affected *const *affected, size_t count, str version);
