#pragma once
/*
 * feed_update.h - a feed from its addresses into the store.
 *
 * Every document is fetched into a folder of its own below `folder` first; only when all are there the
 * folder is imported, as one import. A document that the feed lacks (404: a year that has not begun, a
 * release that is gone) is passed over, unless it is the only one.
 * Threads: any; blocks for as long as the network takes.
 */
#include "http/client.h"
#include "pipeline/feed_import.h"

struct feed_update_options {
    struct feed_import_options import;
    const char                *folder; /* must exist; emptied again */
    str                        base;   /* a mirror of it; empty: the official address */
    int                        this_year;
    bool                       quick; /* the newest year alone, where documents are years */
    bool (*progress)(void *ctx, const char *url, uint64_t received,
                     uint64_t total); /* may be NULL */
    void *ctx;
};
pw_code feed_update(const struct feed_update_options *options,
                    struct feed_import_report *ret_report, struct err *err);
