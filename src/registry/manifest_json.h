#pragma once
/*
 * manifest_json.h - the JSON of a manifest, read within limits.
 *
 * Takes:   at most LIMIT_MANIFEST_BYTES; the number of values is counted before the parser
 *          builds its tree, so that hostile text cannot grow past the memory that limits.h states.
 * Errors:  PW_INVALID / PW_TOO_LARGE, tag MANIFEST_INVALID. `where` names the place for people,
 *          such as "layers[3].size". Memory: the tree is the caller's (json_endp).
 * Threads: pure.
 */
#include "base/arena.h"
#include "base/digest.h"
#include "format/json.h"

pw_code manifest_json_load(str body, json_t **ret_root, struct err *err);

struct manifest_text {
    const json_t *object;
    const char   *key, *where;
    size_t        ceiling;
};
/* The text of a key, copied; empty when absent or null. PW_INVALID for another type, control
 * characters, or more than `ceiling` bytes. */
pw_code manifest_json_text(struct arena *arena, struct manifest_text wanted, str *ret_text,
                           struct err *err);
/* Verifies a descriptor's embedded "data" (standard base64) against its size and digest. */
pw_code manifest_json_check_data(const json_t *object, const char *where, uint64_t size,
                                 const struct digest *digest, struct err *err);
