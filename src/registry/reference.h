#pragma once
/*
 * reference.h - names of repositories, tags, and what follows "/manifests/".
 *
 * Spec:    OCI distribution 1.1, "Pulling manifests" (name and reference grammar); a name is at
 *          most LIMIT_NAME_BYTES, a tag at most LIMIT_TAG_BYTES. A reference with ':' is a digest.
 * Takes:   borrowed text. Gives: borrowed text.
 * Errors:  PW_INVALID with tag NAME_INVALID, TAG_INVALID or DIGEST_INVALID; PW_UNSUPPORTED with
 *          DIGEST_INVALID for a digest of an algorithm that is not kept here.
 * Memory:  allocates nothing.   Threads: pure.
 */
#include "base/digest.h"
#include "base/limits.h"

struct reference {
    bool          is_digest;
    str           tag; /* not set for a digest */
    struct digest digest;
};

pw_code reference_check_name(str name, struct err *err);
pw_code reference_check_tag(str tag, struct err *err);
pw_code reference_parse(str text, struct reference *ret_reference, struct err *err);

/* The tag under which clients without the referrers API keep the list of what refers to a digest:
 * "sha256-<hex>"; the encoded part is cut to 64 characters. */
enum { REFERENCE_FALLBACK_SIZE = 8 + 64 };
str reference_fallback_tag(const struct digest *subject, char out[REFERENCE_FALLBACK_SIZE]);
