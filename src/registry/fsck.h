#pragma once
/*
 * fsck.h - do rows, bytes and sidecar records agree? And: rows again from bytes and records alone.
 *
 * Check:   every blob row has its copy with the right size (deep: with the right digest), every key
 *          has its row, uploads are not older than a limit, images refer to what is there, records
 *          say what rows say. Repair marks damaged copies bad (the next push of the same bytes
 *          heals them), drops orphans and old uploads, and rewrites records. Beside a running
 *          server (not `offline`) records and keys younger than an hour are left alone: they may
 *          belong to a push that is under way.
 * Rebuild: into an empty database, no server running: blobs by their keys (deep: verified), then
 *          manifests whose bytes have their digest and whose parts are there, then tags. A scan of
 *          each image is queued.
 * Errors:  findings are not errors; PW_CONFLICT: a rebuild into a database that is not empty.
 * Threads: any; long.
 */
#include "base/clock.h"
#include "store/blob_store.h"
#include "store/store.h"

enum fsck_kind {
    FSCK_BLOB_DAMAGED,   /* gone, or the wrong size or digest */
    FSCK_BLOB_HEALTHY,   /* was marked bad, and is good */
    FSCK_KEY_ORPHAN,     /* bytes that no row knows */
    FSCK_UPLOAD_OLD,     /* unfinished for too long */
    FSCK_REFERENCE_LOST, /* an image refers to what is not there */
    FSCK_RECORD_WRONG,   /* a sidecar record did not say what its row says */
    FSCK_UNUSABLE,       /* rebuild: could not be restored */
    FSCK_KIND_COUNT
};

struct fsck_finding {
    enum fsck_kind kind;
    bool           repaired;
    const char    *name; /* digest, key, upload, image or record */
    const char    *text; /* what is wrong with it */
};

struct fsck_options {
    struct store       *store;
    struct blob_store  *blobs;
    int64_t             registry_id;
    const struct clock *clock; /* NULL: the system's */
    bool                deep, repair;
    bool                offline;            /* no server works on this store */
    int64_t             upload_age_seconds; /* 0: LIMIT_UPLOAD_IDLE_SECONDS */
    void               *ctx;
    void (*found)(void *ctx, const struct fsck_finding *finding); /* may be NULL */
    /* A sign of life: what is being looked at, and how many so far. May be NULL. */
    void (*progress)(void *ctx, const char *what, uint64_t done);
};

struct fsck_report {
    uint64_t blobs, bytes, keys, uploads, manifests, tags, records; /* looked at, or restored */
    uint64_t found[FSCK_KIND_COUNT], repaired[FSCK_KIND_COUNT];
};

const char *fsck_kind_name(enum fsck_kind kind); /* "blob damaged" */
pw_code     fsck_check(const struct fsck_options *options, struct fsck_report *ret_report,
                       struct err *err);
pw_code     fsck_rebuild(const struct fsck_options *options, struct fsck_report *ret_report,
                         struct err *err);
