#pragma once
/*
 * group.h - which records speak of the same vulnerability.
 *
 * Spec:    OSV: aliases are symmetric and transitive, so groups are the closure over ids and
 *          aliases (union-find). `upstream` is not an alias: a distribution's record about several
 *          CVEs belongs to the group of each of them. `related` never groups.
 * Gives:   groups in no particular order. Display id: a CVE, else an own id of the ecosystem
 *          (PYSEC, GO, RUSTSEC, ALSA ...), else a GHSA id; every other id is an alias, sorted.
 * Errors:  the arena's ceiling.   Memory: arena; texts are borrowed.   Threads: pure.
 */
#include "match/match.h"

struct group {
    str     id;
    str    *aliases;
    size_t  alias_count;
    size_t *members; /* indexes into the candidates, rising, each once */
    size_t  member_count;
};

struct group_list {
    struct group *groups;
    size_t        count;
};

/* Only groups with a member whose `wanted` is true are built. */
pw_code group_candidates(struct arena *arena, const struct candidate *candidates, size_t count,
                         const bool *wanted, struct group_list *ret_list, struct err *err);
