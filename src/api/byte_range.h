#pragma once
/*
 * byte_range.h - the Range header of a request, against the size of what is asked for.
 *
 * Spec:    RFC 9110 section 14: "bytes=a-b, c-, -n". Parts are kept in the order asked for. A header
 *          that is not understood, asks for more than LIMIT_RANGES parts or for more than twice the
 *          whole is as good as absent. Parts behind the end are left out.
 * Memory:  allocates nothing.   Threads: pure.
 */
#include "base/limits.h"
#include "base/str.h"

struct byte_range {
    uint64_t first, length;
};

enum byte_range_answer {
    BYTE_RANGE_WHOLE, /* 200 */
    BYTE_RANGE_PARTS, /* 206 */
    BYTE_RANGE_NONE,  /* 416: nothing that was asked for exists */
};

/* `ret_parts` has room for LIMIT_RANGES. */
enum byte_range_answer byte_range_parse(str header, uint64_t size, struct byte_range *ret_parts,
                                        size_t *ret_count);
/* "a-b" of an upload's Content-Range; also "bytes a-b/n", as some clients write. */
bool byte_range_of_chunk(str header, uint64_t *ret_first, uint64_t *ret_last);
