/* feeds.c - the list of feeds. */
#include "advisory/feeds.h"

#include <stdio.h>
#include "advisory/format.h"

#define HOURS(n) ((n) * (int64_t)3600)

/* Ecosystems whose versions can be ordered here, and those whose records are kept for later. */
static const char *const osv_ecosystems[] = {
    "Debian", "Alpine",    "Ubuntu",   "npm",   "PyPI",      "Go", "crates.io",
    "Maven",  "AlmaLinux", "RubyGems", "NuGet", "Packagist", NULL};
static const char *const alpine_releases[] = {
    "edge/main",  "edge/community",  "v3.10/main", "v3.10/community",
    "v3.11/main", "v3.11/community", "v3.12/main", "v3.12/community",
    "v3.13/main", "v3.13/community", "v3.14/main", "v3.14/community",
    "v3.15/main", "v3.15/community", "v3.16/main", "v3.16/community",
    "v3.17/main", "v3.17/community", "v3.18/main", "v3.18/community",
    "v3.19/main", "v3.19/community", "v3.20/main", "v3.20/community",
    "v3.21/main", "v3.21/community", "v3.22/main", "v3.22/community",
    "v3.23/main", "v3.23/community", NULL};

const struct feed feeds[] = {
    {.name = "debian-tracker",
     .title = "Debian security tracker",
     .kind = FEED_KIND_ADVISORIES,
     .interval_seconds = HOURS(6),
     .url = "https://security-tracker.debian.org/tracker/data/json",
     .format = &debian_tracker_format},
    {.name = "alpine-secdb",
     .title = "Alpine security database",
     .kind = FEED_KIND_ADVISORIES,
     .interval_seconds = HOURS(6),
     .url = "https://secdb.alpinelinux.org/{}.json",
     .parts = alpine_releases,
     .format = &alpine_secdb_format},
    {.name = "osv",
     .title = "OSV: GitHub, PyPA, Go, RustSec and distributions",
     .kind = FEED_KIND_ADVISORIES,
     .interval_seconds = HOURS(6),
     .url = "https://storage.googleapis.com/osv-vulnerabilities/{}/all.zip",
     .parts = osv_ecosystems,
     .format = &osv_format},
    {.name = "nvd",
     .title = "National Vulnerability Database: ratings",
     .kind = FEED_KIND_RATINGS,
     .interval_seconds = HOURS(12),
     .url = "https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-{year}.json.gz",
     .first_year = 2002,
     .format = &nvd_format},
    {.name = "kev",
     .title = "CISA: known exploited vulnerabilities",
     .kind = FEED_KIND_EXPLOITED,
     .interval_seconds = HOURS(6),
     .url = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
     .format = &kev_format},
    {.name = "epss",
     .title = "FIRST: exploit prediction scores",
     .kind = FEED_KIND_SCORES,
     .interval_seconds = HOURS(24),
     .url = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
     .format = &epss_format},
    {.name = "sample",
     .title = "the sample that ships with Portwarden",
     .kind = FEED_KIND_ADVISORIES,
     .is_sample = true,
     .format = &sample_format},
    {.name = NULL},
};

const struct feed *feeds_find(str name) {
    for (const struct feed *feed = feeds; feed->name != NULL; feed++)
        if (str_eq(name, str_of(feed->name)))
            return feed;
    return NULL;
}

bool feed_url(const struct feed *feed, size_t index, int this_year, char out[FEED_URL_SIZE]) {
    const char *hole = feed->url != NULL ? strchr(feed->url, '{') : NULL;

    if (feed->url == NULL || (hole == NULL && index > 0))
        return false;
    if (hole == NULL) {
        snprintf(out, FEED_URL_SIZE, "%s", feed->url);
        return true;
    }
    if (feed->first_year != 0) {
        if (index > (size_t)(this_year > feed->first_year ? this_year - feed->first_year : 0))
            return false;
        snprintf(out, FEED_URL_SIZE, "%.*s%d%s", (int)(hole - feed->url), feed->url,
                 feed->first_year + (int)index, strchr(hole, '}') + 1);
        return true;
    }
    for (size_t i = 0; i <= index; i++)
        if (feed->parts[i] == NULL)
            return false;
    snprintf(out, FEED_URL_SIZE, "%.*s%s%s", (int)(hole - feed->url), feed->url, feed->parts[index],
             strchr(hole, '}') + 1);
    return true;
}
