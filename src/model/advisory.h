#pragma once
/*
 * advisory.h - the one normal form that every feed is parsed into.
 *
 * Spec: OSV schema 1.6 in shape; other feeds are brought into it. Text is borrowed.
 */
#include "base/str.h"

enum range_type { RANGE_ECOSYSTEM, RANGE_SEMVER, RANGE_GIT };
enum event_kind { EVENT_INTRODUCED, EVENT_FIXED, EVENT_LAST_AFFECTED, EVENT_LIMIT };

struct range_event {
    enum event_kind kind;
    str             version; /* "0" introduced: before everything; "*" limit: no limit */
};

struct range {
    enum range_type     type;
    struct range_event *events;
    size_t              event_count;
};

/* What the publisher says about one package in one release stream. Kept apart, never merged:
 * scanner.md 2.16. Order is not severity. */
enum advisory_status {
    STATUS_AFFECTED,     /* judged by ranges; a fixed event makes it fixable */
    STATUS_OPEN,         /* affected, publisher has no fix */
    STATUS_UNIMPORTANT,  /* affected, publisher says it has no security impact */
    STATUS_END_OF_LIFE,  /* affected or not: publisher no longer looks */
    STATUS_UNDETERMINED, /* publisher does not know yet */
    STATUS_NOT_AFFECTED, /* publisher says no: also overrules others */
};

/* Somebody's judgement how bad it is. */
struct rating {
    str source; /* who rates: "nvd", "nvd/<other publisher>", "ghsa", "pysec", feed name */
    str kind; /* "CVSS_V2", "CVSS_V3", "CVSS_V4" (value is a vector) or "word" (LOW .. CRITICAL) */
    str value;
    bool
        scored; /* a base score is known: computed from the vector where it can be, else published */
    double score;
};

struct affected {
    str                  ecosystem; /* "Debian:12", "Alpine:v3.18", "npm", "PyPI" */
    str                  package;   /* source name for OS streams; normalised for PyPI */
    enum advisory_status status;
    str                  urgency; /* publisher's own word, e.g. "low**", "not yet assigned" */
    str                 *versions;
    size_t               version_count;
    struct range        *ranges;
    size_t               range_count;
    struct rating       *ratings; /* of this package alone; else those of the record count */
    size_t               rating_count;
};

struct advisory {
    str              id;
    str             *aliases; /* same vulnerability: may be grouped */
    size_t           alias_count;
    str             *upstream; /* CVEs that a distribution's record is about */
    size_t           upstream_count;
    str              summary, details;
    int64_t          published_at, modified_at, withdrawn_at; /* 0: not said */
    struct rating   *ratings;
    size_t           rating_count;
    struct affected *affected;
    size_t           affected_count;
    str             *references; /* URLs */
    size_t           reference_count;
};

/* What a source without ranges (NVD) says about one vulnerability. */
struct vulnerability {
    str            id;
    str            description;
    struct rating *ratings;
    size_t         rating_count;
    int64_t        published_at, modified_at; /* 0: not said */
};

/* One line of EPSS and one entry of KEV. */
struct epss_score {
    str    cve;
    double score, percentile; /* 0 .. 1 */
};
struct kev_entry {
    str     cve;
    int64_t added_at, due_at;
    bool    ransomware;
};
