#pragma once
/*
 * manifest.h - a manifest as pushed, its parts named.
 */
#include "base/digest.h"

enum manifest_kind { MANIFEST_IMAGE, MANIFEST_INDEX };
enum reference_kind { REFERENCE_CONFIG, REFERENCE_LAYER, REFERENCE_CHILD, REFERENCE_SUBJECT };

struct descriptor {
    enum reference_kind kind;
    str                 media_type;
    struct digest       digest;
    uint64_t            size;
    bool                foreign;  /* non-distributable: the blob need not exist */
    str                 platform; /* children: "linux/amd64", "linux/arm64/v8", "" */
};

struct manifest {
    struct digest      digest;
    str                media_type; /* as pushed, no parameters */
    str                body;       /* exact bytes */
    enum manifest_kind kind;
    str                artifact_type; /* of the manifest, else of the config; "" when absent */
    str                annotations;   /* JSON object text, "" when absent */
    bool               has_subject;
    struct descriptor  subject;
    struct descriptor *references; /* config first, then layers or children in order */
    size_t             reference_count;
};
