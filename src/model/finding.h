#pragma once
/*
 * finding.h - a vulnerability in a package.
 */
#include "model/advisory.h"
#include "model/package.h"

enum severity {
    SEVERITY_UNRATED,
    SEVERITY_NONE,
    SEVERITY_LOW,
    SEVERITY_MEDIUM,
    SEVERITY_HIGH,
    SEVERITY_CRITICAL
};

/* How a finding stands; the words are shown to people and stored. */
enum finding_state {
    FINDING_FIXED,        /* affected, a fixed version exists */
    FINDING_OPEN,         /* affected, no fix */
    FINDING_UNIMPORTANT,  /* affected, publisher says it does not matter */
    FINDING_END_OF_LIFE,  /* publisher no longer looks at this release */
    FINDING_UNDETERMINED, /* not known, or a version that cannot be ordered */
    FINDING_NOT_AFFECTED, /* kept only where it overrules another source */
};

struct cvss_rating {
    str    version; /* "2.0", "3.0", "3.1", "4.0" */
    str    vector;
    double score; /* computed by us for 3.x; negative: not computed */
};

struct finding {
    str                id;      /* CVE when there is one, else the ecosystem's id, else GHSA */
    str               *aliases; /* every other id of the group */
    size_t             alias_count;
    enum finding_state state;
    str                why; /* for FINDING_UNDETERMINED: the reason */
    str fixed_version;      /* the lowest version above the installed one that is not affected */
    str title, description;
    enum severity       severity;
    str                 severity_source; /* "nvd", "ghsa", "debian urgency", ...; empty: unrated */
    struct cvss_rating *cvss;
    size_t              cvss_count;
    double              epss, epss_percentile; /* negative: not scored */
    int64_t             kev_added_at;          /* 0: not in the catalogue */
    int64_t             published_at;
    str                *references;
    size_t              reference_count;
    str                 feed;      /* feed whose record decided */
    bool                disputed;  /* sources disagree */
    const struct package *package; /* may be NULL when the finding speaks of a component */
};

const char *severity_word(enum severity severity); /* "unrated", "none", "low" .. "critical" */
const char *finding_state_word(enum finding_state state); /* "fixed", "open", ... */
bool        finding_state_parse(str word, enum finding_state *ret_state);
