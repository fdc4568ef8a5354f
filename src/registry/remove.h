#pragma once
/*
 * remove.h - tags, manifests and blobs leave a repository.
 *
 * Each is one transaction, then the sidecar records are removed. A manifest takes its tags of this
 * repository with it; what it referred to stays until nobody needs it.
 *
 * Errors:  PW_NOT_FOUND (NAME_UNKNOWN, MANIFEST_UNKNOWN, BLOB_UNKNOWN); PW_UNSUPPORTED with tag
 *          UNSUPPORTED when an image of the repository still refers to the blob.
 * Threads: any; blocks.
 */
#include "base/digest.h"
#include "registry/registry_service.h"

/* By tag: the tag alone; by digest: the manifest and all its tags. */
pw_code remove_reference(struct registry_service *service, str repository, str reference,
                         struct err *err);
pw_code remove_blob(struct registry_service *service, str repository, const struct digest *digest,
                    struct err *err);
