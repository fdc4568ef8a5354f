#pragma once
/*
 * target.h - the request target, taken apart once: path segments, decoded path, query.
 *
 * Spec:    RFC 9112 section 3.2: origin-form, and absolute-form whose authority is given back.
 * Takes:   the target as sent, borrowed; everything given back points into it or into the arena.
 * Errors:  PW_INVALID for a bad or forbidden (%00) percent-encoding, a raw control character, a
 *          target that does not start with "/", or more than LIMIT_PATH_SEGMENTS segments.
 * Note:    a segment is split off before it is decoded, so "%2F" never makes a segment.
 * Threads: pure.
 */
#include "base/arena.h"
#include "base/err.h"

struct target {
    str      raw;       /* as sent */
    str      authority; /* of an absolute-form target, else empty */
    str      path;      /* decoded */
    str      query;     /* as sent, without "?" */
    str     *segments;  /* decoded; the last is empty when the path ends with "/" */
    unsigned count;
};

pw_code target_parse(str raw, struct arena *arena, struct target *ret_target, struct err *err);
/* The n-th value of a query parameter, decoded ("+" is a space). */
bool target_query(const struct target *target, str name, size_t n, struct arena *arena,
                  str *ret_value);
/* Segments first..last joined with "/". */
str target_join(const struct target *target, unsigned first, unsigned last, struct arena *arena);
