#pragma once
/*
 * push.h - a manifest is pushed: checked, recorded, then one transaction.
 *
 * The transaction makes the manifest, what it refers to, its membership, its tags with their history
 * and its scan job; so what is stored is scanned. Its blobs and children must be in the repository.
 *
 * Errors:  those of manifest_parse; NAME_INVALID, TAG_INVALID, DIGEST_INVALID (the bytes have
 *          another digest), MANIFEST_BLOB_UNKNOWN, SIZE_INVALID (a descriptor's size is wrong);
 *          PW_CONFLICT with tag PRECONDITION when if_match / if_absent do not hold.
 * Memory:  ret_ text lives in the arena.   Threads: any; blocks.
 */
#include "base/arena.h"
#include "model/manifest.h"
#include "registry/reference.h"
#include "registry/registry_service.h"

struct push {
    str                  repository;
    str                  reference;    /* tag or digest */
    str                  content_type; /* of the request; may be empty */
    str                  body;
    const struct digest *digest; /* NULL, or what a push by tag must have */
    const str           *tags;   /* more tags, at most LIMIT_TAG_PARAMS */
    size_t               tag_count;
    str                  if_match;  /* quoted digest that the tag must have now; empty: any */
    bool                 if_absent; /* the tag must not exist */
};

struct pushed {
    struct manifest manifest;
    int64_t         manifest_id;
};

pw_code push_manifest(struct registry_service *service, struct arena *arena,
                      const struct push *push, struct pushed *ret_pushed, struct err *err);
