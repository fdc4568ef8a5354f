#pragma once
/*
 * match.h - is a package affected by what the feeds say?
 *
 * Pure. The caller loads the candidate records of (ecosystem, package); match judges and groups.
 * Spec: OSV schema 1.6 evaluation, per-distribution rules in docs/severity.md and docs/matching.md.
 */
#include "base/arena.h"
#include "model/finding.h"

/* One record that names the package, with what is known about its vulnerability elsewhere. */
struct candidate {
    const struct advisory *advisory;
    const struct affected *affected;
    str                    feed;      /* feed name */
    unsigned               authority; /* lower decides over higher for the same package */
    bool                   sample;
};

/* What other sources know about one vulnerability id (usually a CVE). */
struct vulnerability_facts {
    str            id;
    struct rating *ratings;
    size_t         rating_count;
    double         epss, epss_percentile; /* negative: none */
    int64_t        kev_added_at, published_at;
    str            title;
    str            description;
};
/* Asked for each id of a group; false: nothing known. */
struct vulnerability_lookup {
    void *ctx;
    bool (*get)(void *ctx, str id, struct vulnerability_facts *ret_facts);
};

/* The findings of one package, sorted by severity (worst first) then id; at most one per group
 * of aliases. Text lives in the arena or is borrowed from the candidates. */
pw_code match_package(struct arena *arena, const struct package *package, const struct os_release *os,
                      const struct candidate *candidates, size_t candidate_count,
                      const struct vulnerability_lookup *lookup, struct finding **ret_findings,
                      size_t *ret_count, struct err *err);

/* The ecosystem string and package name under which advisories for this package are filed:
 * ("Debian:12", source) / ("npm", name). False: no advisories can exist for it. */
bool match_key(const struct package *package, const struct os_release *os, str *ret_ecosystem,
               str *ret_name);
