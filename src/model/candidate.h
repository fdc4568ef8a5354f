#pragma once
/*
 * candidate.h - what is loaded for judging one package: records that name it, and what sources
 * without ranges know about their vulnerabilities. Text is borrowed from the loader's arena.
 */
#include "model/advisory.h"

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
