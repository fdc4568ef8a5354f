#pragma once
/*
 * feed_import.h - a feed from a path or an address into the store.
 *
 * Takes a file, a zip, a folder of such, each also compressed (gzip, xz, zstd, bzip2; told from the
 * content). Everything found is one import: it becomes visible at once, or, after an error, not at
 * all (NVD, EPSS and KEV rows are replaced one by one and keep what was written).
 *
 * What counts as the whole of something, so that missing records are retired: an EPSS, KEV or
 * Debian tracker document; a secdb file for its release and repository; a zip of OSV records, or a
 * folder named as an ecosystem, whose records all name one ecosystem; the sample. Single OSV records
 * only add and replace.
 *
 * After an import that changed something: a job FEEDS_REMATCH_JOB of the feed's name is ready, and
 * feeds_changes_each (store/feeds.h) gives the packages and vulnerabilities concerned.
 * Threads: any; one import of a feed at a time (PW_BUSY). feed_import_url needs a folder of its own.
 */
#include <stdatomic.h>
#include "advisory/feeds.h"
#include "base/limits.h"
#include "store/advisories.h"

struct feed_import_options {
    struct store      *store;
    const struct feed *feed;
    bool               force;  /* believe a feed that lost most of its records */
    const atomic_bool *cancel; /* may be NULL; looked at between records: PW_CANCELLED */
};

struct feed_import_bad {
    char record[128], what[160];
};
struct feed_import_report {
    struct import_outcome  outcome;
    size_t                 documents, read; /* files or zip members; records read */
    size_t                 bad;             /* records that were skipped, the first of them here */
    struct feed_import_bad shown[LIMIT_FEED_BAD_SHOWN];
    size_t                 shown_count;
    char                   version[64]; /* what the data says of itself, may be empty */
};

struct feed_fetch {
    const char *address; /* a mirror: what stands for the official address; NULL: that */
    const char *folder;  /* scratch: made when missing, emptied before and after */
    const char *ca_file; /* further certificates to trust; NULL: the system's */
    /* Which parts ("npm", "v3.18/main") are fetched; NULL: all. */
    bool (*wants)(void *ctx, str part);
    /* About once a second; false ends the fetch with PW_CANCELLED. May be NULL. */
    bool (*progress)(void *ctx, const char *url, uint64_t received, uint64_t total_or_0);
    void *ctx;
};
struct feed_fetch_report {
    size_t   fetched, unchanged; /* documents */
    size_t   absent;             /* 404: not published (yet, or any more) */
    size_t   failed;             /* the first reason is here */
    char     failure[256];
    uint64_t bytes;
};

/* A failure is kept with the feed (feeds status) as well as returned. */
pw_code feed_import_path(const struct feed_import_options *options, const char *path,
                         struct feed_import_report *ret_report, struct err *err);

/* Fetches what changed since the last time (If-None-Match, If-Modified-Since) and imports it. PW_OK
 * when something was imported or everything was unchanged; documents that failed beside others are in
 * the report and kept with the feed. */
pw_code feed_import_url(const struct feed_import_options *options, const struct feed_fetch *fetch,
                        struct feed_import_report *ret_report,
                        struct feed_fetch_report *ret_fetched, struct err *err);
