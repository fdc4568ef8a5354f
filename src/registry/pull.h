#pragma once
/*
 * pull.h - manifests and blobs are found for reading.
 *
 * Bounded point reads, made for the event thread: at most one short read transaction, a manifest that
 * was asked for lately comes from memory. Nothing is written: counts and leases are noted
 * (registry/pulls.h).
 *
 * Errors:  PW_NOT_FOUND with NAME_UNKNOWN, MANIFEST_UNKNOWN or BLOB_UNKNOWN; NAME_INVALID,
 *          DIGEST_INVALID. A stored blob that is gone or has the wrong size is BLOB_UNKNOWN, and
 *          its row is marked bad until it is pushed again.
 * Memory:  text in the arena; the blob's descriptor is the caller's. Threads: any.
 */
#include "base/arena.h"
#include "model/manifest.h"
#include "registry/registry_service.h"

struct pulled_manifest {
    struct digest digest;
    str           media_type, body;
    int64_t       repository_id, manifest_id;
};

struct pulled_blob {
    uint64_t size;
    int      fd; /* at 0, read-only */
};

pw_code pull_manifest(struct registry_service *service, struct arena *arena, str repository,
                      str reference, struct pulled_manifest *ret_manifest, struct err *err);
/* Counts a pull: for an answer that carried the manifest to somebody who is not the scanner. */
void pull_count(struct registry_service *service, const struct pulled_manifest *manifest);
/* `promise`: the client is told that the blob exists, so it must stay usable (HEAD). */
pw_code pull_blob(struct registry_service *service, str repository, const struct digest *digest,
                  bool promise, struct pulled_blob *ret_blob, struct err *err);
/* A blob by digest, whatever repository holds it: for the scanner's own reads. */
pw_code pull_blob_anywhere(struct registry_service *service, const struct digest *digest,
                           struct pulled_blob *ret_blob, struct err *err);
