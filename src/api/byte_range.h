#pragma once
/*
 * byte_range.h - the Content-Range header of an upload's chunk. What is asked for by Range is of
 * http/range.h.
 *
 * Spec:    OCI distribution 1.1 "Pushing a blob in chunks".
 * Memory:  allocates nothing.   Threads: pure.
 */
#include "base/str.h"

/* "a-b"; also "bytes a-b/n", as some clients write. */
bool byte_range_of_chunk(str header, uint64_t *ret_first, uint64_t *ret_last);
