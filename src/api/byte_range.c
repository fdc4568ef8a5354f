/* byte_range.c - the Range header. */
#include "api/byte_range.h"

#include "base/macros.h"

enum part { PART_BAD, PART_OUTSIDE, PART_GOOD };

static enum part clip(uint64_t first, uint64_t last, uint64_t size, struct byte_range *out) {
    if (first >= size)
        return PART_OUTSIDE;
    out->first = first;
    out->length = MIN_OF(last, size - 1) - first + 1;
    return PART_GOOD;
}

static enum part parse_part(str text, uint64_t size, struct byte_range *out) {
    str      rest = str_trim(text), before;
    uint64_t first, last = UINT64_MAX - 1;

    if (str_find_char(rest, '-') == STR_NPOS || !str_cut(&rest, '-', &before))
        return PART_BAD;
    if (str_empty(before)) { /* the last n bytes */
        if (!str_to_u64(rest, UINT64_MAX, &last))
            return PART_BAD;
        if (last == 0 || size == 0)
            return PART_OUTSIDE;
        return clip(size - MIN_OF(last, size), size - 1, size, out);
    }
    if (!str_to_u64(before, UINT64_MAX - 1, &first) ||
        (!str_empty(rest) && !str_to_u64(rest, UINT64_MAX - 1, &last)))
        return PART_BAD;
    return last < first ? PART_OUTSIDE : clip(first, last, size, out);
}

enum byte_range_answer byte_range_parse(str header, uint64_t size, struct byte_range *ret_parts,
                                        size_t *ret_count) {
    str      rest = str_trim(header), text;
    size_t   count = 0, seen = 0;
    uint64_t total = 0;

    if (!str_starts(rest, STR("bytes=")))
        return BYTE_RANGE_WHOLE;
    rest = str_from(rest, 6);
    while (str_cut(&rest, ',', &text)) {
        struct byte_range part;

        if (str_empty(str_trim(text)))
            continue; /* empty list elements are allowed */
        if (++seen > LIMIT_RANGES)
            return BYTE_RANGE_WHOLE;
        switch (parse_part(text, size, &part)) {
        case PART_BAD:
            return BYTE_RANGE_WHOLE;
        case PART_OUTSIDE:
            continue;
        case PART_GOOD:
            break;
        }
        ret_parts[count++] = part;
        total += part.length;
        if (total / 2 > size)
            return BYTE_RANGE_WHOLE;
    }
    *ret_count = count;
    if (count > 0)
        return BYTE_RANGE_PARTS;
    return seen > 0 ? BYTE_RANGE_NONE : BYTE_RANGE_WHOLE;
}

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
