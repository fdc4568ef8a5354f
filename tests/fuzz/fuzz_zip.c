/* Hostile zip archives in memory: entries within their ceilings. */
#include <stdlib.h>
#include "base/limits.h"
#include "format/zip_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct zip_reader_limits                   limits = {MIB(1), MIB(4), 500};
    AUTO(zip_reader_closep) struct zip_reader *zip = NULL;
    const struct zip_reader_entry             *entry;
    struct err                                 err = ERR_NONE;

    if (size == 0 || zip_reader_open_memory(str_make(data, size), limits, &zip, &err) != PW_OK)
        return 0;
    for (;;) {
        AUTO(buf_done) struct buf content = BUF_INIT(MIB(2));

        if (zip_reader_next(zip, &entry, &err) != PW_OK)
            continue; /* an entry that cannot be read does not end the walk */
        if (entry == NULL)
            return 0;
        (void)pull_source_read_all(zip_reader_as_source(zip), &content, &err); /* likewise */
        if (content.len > limits.max_entry_bytes)
            abort();
    }
}
