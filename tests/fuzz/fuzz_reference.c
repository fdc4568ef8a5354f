/* Names, references, names and bytes of records, Range and Content-Range headers. */
#include <stdlib.h>
#include "api/byte_range.h"
#include "registry/records.h"
#include "registry/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is accepted is written and read back as the same. */
static void check_record_name(str text) {
    struct record_name name, again;
    char               out[RECORD_NAME_SIZE];

    if (!records_parse_name(text, &name))
        return;
    if (!str_eq(records_name(&name, out), text) || !records_parse_name(str_of(out), &again) ||
        str_find(text, STR("..")) == 0)
        abort();
}

static void check_ranges(str text, uint64_t size) {
    static struct byte_range parts[LIMIT_RANGES];
    size_t                   count = 0;

    if (byte_range_parse(text, size, parts, &count) != BYTE_RANGE_PARTS)
        return;
    for (size_t i = 0; i < count; i++)
        if (parts[i].length == 0 || parts[i].first >= size ||
            parts[i].length > size - parts[i].first)
            abort(); /* outside of the blob */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    str              text = str_make(data, size);
    struct err       err = ERR_NONE;
    struct reference reference;
    struct record    record;
    uint64_t         first, last;

    (void)reference_check_name(text, &err);
    (void)reference_parse(text, &reference, &err);
    check_record_name(text);
    (void)records_parse(RECORD_MANIFEST, text, &record, &err);
    (void)records_parse(RECORD_TAG, text, &record, &err);
    check_ranges(text, 0);
    check_ranges(text, 11);
    check_ranges(text, UINT64_MAX / 2);
    if (byte_range_of_chunk(text, &first, &last) && first > last)
        abort();
    return 0;
}
