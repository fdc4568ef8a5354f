/* Names, references, names and bytes of records, Content-Range headers. */
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
    if (byte_range_of_chunk(text, &first, &last) && first > last)
        abort();
    return 0;
}
