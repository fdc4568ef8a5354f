#pragma once
/*
 * match.h - is a package affected by what the feeds say?
 *
 * Pure. The caller loads the candidate records of (ecosystem, package); match judges and groups.
 * Spec: OSV schema 1.6 evaluation, per-distribution rules in docs/severity.md and docs/matching.md.
 */
#include "base/arena.h"
#include "model/candidate.h"
#include "model/finding.h"

/* Asked for each id of a group; false: nothing known. */
struct vulnerability_lookup {
    void *ctx;
    bool (*get)(void *ctx, str id, struct vulnerability_facts *ret_facts);
};

/* The verdict reads the component key alone (ecosystem, name, version, source, source version,
 * origin, release) and the candidates; path, layer and owned_by play no part: packages whose files
 * another package owns are left out by the caller. Withdrawn records are dropped.
 *
 * The findings of one package, sorted by severity (worst first) then id; at most one per group
 * of aliases. Text lives in the arena or is borrowed from the candidates. */
pw_code match_package(struct arena *arena, const struct package *package,
                      const struct os_release *os, const struct candidate *candidates,
                      size_t candidate_count, const struct vulnerability_lookup *lookup,
                      struct finding **ret_findings, size_t *ret_count, struct err *err);

/* NULL: match_key holds. Otherwise why no advisory can speak of the package, as the end of a
 * sentence: "<package> was not matched: <why>". */
const char *match_unmatched_why(const struct package *package, const struct os_release *os);

/* The ecosystem string and package name under which advisories for this package are filed:
 * ("Debian:12", source) / ("npm", name). False: no advisories can exist for it. */
bool match_key(const struct package *package, const struct os_release *os, str *ret_ecosystem,
               str *ret_name);
