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
 * Threads: any; one import of a feed at a time (PW_BUSY).
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

/* A failure is kept with the feed (feeds status) as well as returned. */
pw_code feed_import_path(const struct feed_import_options *options, const char *path,
                         struct feed_import_report *ret_report, struct err *err);
