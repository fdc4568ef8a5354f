#pragma once
/*
 * judge.h - one group of records becomes at most one finding.
 *
 * Spec:    docs/matching.md, section 3: the records of the lowest authority decide; among them a
 *          denial overrules, then the worst state counts; records that see it otherwise make the
 *          finding disputed.
 * Memory:  arena; texts are borrowed from candidates and facts.   Threads: pure.
 */
#include "match/group.h"
#include "match/verdict.h"

struct matching {
    struct arena                      *arena;
    const struct package              *package;
    const struct version_scheme       *scheme;  /* NULL: no order is known for the ecosystem */
    str                                version; /* held against the ranges */
    const struct candidate            *candidates;
    struct verdict                    *verdicts; /* one for each candidate */
    bool                              *wanted;   /* may lead to a finding */
    size_t                             count;
    const struct vulnerability_lookup *lookup; /* may be NULL */
};

pw_code judge_group(struct matching *m, const struct group *group, struct finding *ret_finding,
                    bool *ret_found, struct err *err);
