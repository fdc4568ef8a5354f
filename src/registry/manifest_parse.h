#pragma once
/*
 * manifest_parse.h - pushed bytes and their content type become a struct manifest, or a clear no.
 *
 * Spec:    OCI image-spec 1.1 "Image Manifest", "Image Index", "Descriptor"; Docker image manifest
 *          version 2 schema 2. Schema 1 is refused. A document that is both an image and an index is
 *          refused (CVE-2021-41190), so are duplicate keys, nesting past LIMIT_JSON_DEPTH, more than
 *          LIMIT_MANIFEST_ENTRIES entries and more than LIMIT_MANIFEST_VALUES values.
 * Takes:   `body` borrowed: ret_manifest->body points at it; all else is copied into the arena.
 *          An absent content type, or application/json, falls back to the body's mediaType, else
 *          to an OCI image manifest. `algorithm` is the one of the digest it is pushed under.
 * Errors:  PW_INVALID with tag MANIFEST_INVALID, PW_TOO_LARGE with MANIFEST_INVALID or SIZE_INVALID.
 * Threads: pure.
 */
#include "base/arena.h"
#include "model/manifest.h"

pw_code manifest_parse(struct arena *arena, str body, str content_type,
                       enum digest_algorithm algorithm, struct manifest *ret_manifest,
                       struct err *err);

/* The media types that are stored, without parameters; false: another one. */
bool manifest_parse_kind(str media_type, enum manifest_kind *ret_kind);
