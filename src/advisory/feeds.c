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
     .url = "https://secdb.alpinelinux.org",
     .path = "{}.json",
     .parts = alpine_releases,
     .format = &alpine_secdb_format},
    {.name = "osv",
     .title = "OSV: GitHub, PyPA, Go, RustSec and distributions",
     .kind = FEED_KIND_ADVISORIES,
     .interval_seconds = HOURS(6),
     .url = "https://osv-vulnerabilities.storage.googleapis.com",
     .path = "{}/all.zip",
     .parts = osv_ecosystems,
     .format = &osv_format},
    {.name = "nvd",
     .title = "National Vulnerability Database: ratings",
     .kind = FEED_KIND_RATINGS,
     .interval_seconds = HOURS(12),
     .url = "https://nvd.nist.gov/feeds/json/cve/2.0",
     .path = "nvdcve-2.0-{}.json.gz",
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

/* The index-th thing that stands for "{}"; false: no more. */
static bool part_of(const struct feed *feed, size_t index, int this_year, char *out, size_t size) {
    if (feed->first_year != 0) {
        if (index > (size_t)(this_year > feed->first_year ? this_year - feed->first_year : 0))
            return false;
        return snprintf(out, size, "%d", feed->first_year + (int)index) < (int)size;
    }
    for (size_t i = 0; i <= index; i++)
        if (feed->parts[i] == NULL)
            return false;
    return str_copy(str_of(feed->parts[index]), out, size);
}

/* The last part of an address as a file's name; never a path, never hidden. */
static bool name_of(str url, char *out, size_t size) {
    size_t slash = str_rfind_char(url, '/');
    str    name = str_sub(url, slash == STR_NPOS ? 0 : slash + 1, url.len);

    name = str_sub(name, 0, str_find_char(name, '?'));
    if (str_empty(name) || name.ptr[0] == '.')
        name = STR("document");
    return str_copy(name, out, size);
}

bool feed_address(const struct feed *feed, const char *base, size_t index, int this_year,
                  struct feed_address *ret_address) {
    str    root = str_of(base != NULL ? base : feed->url), path = str_of(feed->path);
    char   part[64];
    size_t hole = str_find(path, STR("{}"));

    if (feed->url == NULL || str_empty(root) || (feed->path == NULL && index > 0))
        return false;
    ret_address->part = STR_NONE;
    if (feed->path == NULL)
        return str_copy(root, ret_address->url, FEED_URL_SIZE) &&
               name_of(root, ret_address->file, sizeof ret_address->file);
    if (!part_of(feed, index, this_year, part, sizeof part))
        return false;
    while (root.len > 0 && root.ptr[root.len - 1] == '/')
        root.len--;
    if (feed->parts != NULL)
        ret_address->part = str_of(feed->parts[index]);
    snprintf(ret_address->file, sizeof ret_address->file, STR_FMT "%s%s",
             STR_ARG(str_sub(path, 0, hole)), part, feed->path + hole + 2);
    return snprintf(ret_address->url, FEED_URL_SIZE, STR_FMT "/%s", STR_ARG(root),
                    ret_address->file) < FEED_URL_SIZE;
}
