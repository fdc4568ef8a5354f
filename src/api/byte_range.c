/* byte_range.c - the Content-Range header of an upload. */
#include "api/byte_range.h"

bool byte_range_of_chunk(str header, uint64_t *ret_first, uint64_t *ret_last) {
    str      rest = str_trim(header), first, last;
    uint64_t a, b;

    if (str_starts(rest, STR("bytes ")) || str_starts(rest, STR("bytes=")))
        rest = str_trim(str_from(rest, 6));
    if (!str_cut(&rest, '-', &first) || !str_cut(&rest, '/', &last))
        return false;
    if (!str_to_u64(str_trim(first), INT64_MAX, &a) || !str_to_u64(str_trim(last), INT64_MAX, &b) ||
        b < a)
        return false;
    *ret_first = a;
    *ret_last = b;
    return true;
}
