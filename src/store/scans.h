#pragma once
/*
 * scans.h - images as the scanner and the reports see them.
 *
 * Threads: the transaction's. Text in arena.
 */
#include "base/arena.h"
#include "store/findings.h"

/* --- what a scan job needs --- */
struct scan_reference {
    str      kind, digest, media_type; /* kind: config, layer, child, subject */
    uint64_t size;
    bool     foreign, stored;
    str      key; /* of the blob, when stored */
};
struct scan_subject {
    int64_t                manifest_id;
    str                    digest, kind, artifact_type; /* kind: image, index */
    struct scan_reference *references;
    size_t                 reference_count;
};
pw_code scans_subject(struct txn *txn, struct arena *arena, str digest,
                      struct scan_subject *ret_subject,
                      struct err          *err); /* PW_NOT_FOUND: removed meanwhile */

/* --- what it leaves --- */
struct scan_result {
    int64_t             manifest_id;
    int64_t             inventory_id; /* 0: none */
    enum image_progress progress;
    str                 reason;
    str                 digest, trigger;
    int64_t             asked_at, started_at;
};
/* The image's row and a row of scan history with the feeds' versions of this moment. */
pw_code scans_finish(struct txn *txn, const struct scan_result *result, struct err *err);

/* --- reports --- */
struct image_row {
    int64_t repository_id, manifest_id, registry_id, inventory_id; /* inventory 0: none */
    str     repository, digest, kind, artifact_type, media_type;
    str     subscription, resource_group, registry, login_server;
    int64_t pushed_at, scanned_at;
    enum image_progress progress;
    str                 reason;
};
struct image_list {
    struct image_row *rows;
    size_t            count;
};
struct image_scope {
    str     subscription;                     /* empty: all */
    str     resource_group;                   /* empty: all */
    int64_t registry_id;                      /* 0: all */
    int64_t after_repository, after_manifest; /* cursor: the last row seen */
    size_t  most;
};
pw_code scans_images(struct txn *txn, struct arena *arena, const struct image_scope *scope,
                     struct image_list *ret_list, struct err *err);
pw_code scans_newest(struct txn *txn, struct arena *arena, size_t most, struct image_list *ret_list,
                     struct err *err);
/* `repository` may be empty: any. PW_NOT_FOUND. */
pw_code scans_image(struct txn *txn, struct arena *arena, str repository, str digest,
                    struct image_row *ret_row, struct err *err);
pw_code scans_image_tagged(struct txn *txn, struct arena *arena, str repository, str tag,
                           struct image_row *ret_row, struct err *err); /* PW_NOT_FOUND */
struct text_list {
    str   *items;
    size_t count;
};
pw_code scans_tags(struct txn *txn, struct arena *arena, const struct image_row *image,
                   struct text_list *ret_tags, struct err *err);

struct feed_list {
    struct report_feed *feeds;
    size_t              count;
};
pw_code scans_feeds(struct txn *txn, struct arena *arena, struct feed_list *ret_list,
                    struct err *err);
/* Images (per repository) by progress: index is enum image_progress. */
pw_code scans_totals(struct txn *txn, size_t ret_totals[4], struct err *err);

/* At the start of the one server: jobs that a crash left running are ready again. */
pw_code scans_recover(struct txn *txn, struct err *err);
