#pragma once
/*
 * records.h - sidecar records: what the database says of images and tags, beside the blobs.
 *
 * So that `fsck --rebuild` can restore a lost database from the blob store alone. A push is
 * answered when row and record are both on disk: acknowledged implies recoverable.
 *
 * Names:   "<repository>/_manifests/<digest>" and "<repository>/_tags/<tag>", which the blob store
 *          keeps below "meta/". A part of a repository name begins with a letter or digit, so neither "_manifests" nor "_tags" nor
 *          ".." can be one: the name cuts in one way only and stays in its folder. records_parse_name
 *          applies the grammar again to what it finds.
 * Content: "portwarden manifest 1\n", "media-type: T\n", "pushed-at: SECONDS\n", "\n", then the exact
 *          bytes of the manifest; "portwarden tag 1\n", "digest: D\n", "updated-at: SECONDS\n".
 * Order:   push holds the record's lock until record and row are written; whoever removed a row
 *          settles the record afterwards under the same lock. So record and row agree whenever the
 *          lock is free.
 * Threads: any; these calls block.
 */
#include "base/buf.h"
#include "base/digest.h"
#include "registry/registry_service.h"

enum record_kind { RECORD_MANIFEST, RECORD_TAG };
enum { RECORD_NAME_SIZE = 512 };

struct record_name {
    enum record_kind kind;
    str              repository;
    struct digest    digest; /* RECORD_MANIFEST */
    str              tag;    /* RECORD_TAG */
};

str  records_name(const struct record_name *name, char out[RECORD_NAME_SIZE]);
bool records_parse_name(str text, struct record_name *ret_name); /* borrows from text */

struct record {
    str           media_type, body; /* RECORD_MANIFEST */
    struct digest digest;           /* RECORD_TAG: where it points */
    int64_t       at;
};

/* PW_CORRUPT: not such a record. Borrows from `bytes`. */
pw_code records_parse(enum record_kind kind, str bytes, struct record *ret_record, struct err *err);
pw_code records_put(struct blob_store *blobs, const struct record_name *name,
                    const struct record *record, struct err *err);

/* Locks of several records, taken in one order. */
enum { RECORDS_HELD = 40 };
struct records_hold {
    struct registry_service *service;
    unsigned                 stripes[RECORDS_HELD];
    size_t                   count;
};
void records_lock(struct records_hold *hold, const struct record_name *names, size_t count);
void records_unlock(struct records_hold *hold); /* for AUTO */

/* Makes a record say what its row says, or be absent as it is; takes the lock. */
pw_code records_settle(struct registry_service *service, const struct record_name *name,
                       struct err *err);
/* The same for a caller that holds the lock, or is alone with the store (fsck). */
pw_code records_agree(struct store *store, struct blob_store *blobs, int64_t registry_id,
                      const struct record_name *name, struct err *err);
/* Only looks. The time of a record is not compared: pushing the same again changes the row's alone. */
enum record_state { RECORD_RIGHT, RECORD_WRONG, RECORD_STRAY /* it has no row */ };
pw_code records_compare(struct store *store, struct blob_store *blobs, int64_t registry_id,
                        const struct record_name *name, enum record_state *ret_state,
                        struct err *err);
