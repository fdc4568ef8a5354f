/* Hostile archives: names stay below the root, content stays within what an entry says. */
#include <stdlib.h>
#include "base/limits.h"
#include "format/tar.h"

static void check_path(str path) {
    char        again[LIMIT_PATH_BYTES + 1];
    str         same;
    const char *why = path.len > 0 ? tar_normalise(path, again, &same) : NULL;

    if (path.len > 0 && (why != NULL || !str_eq(path, same) || path.ptr[0] == '/'))
        abort();
}

static pw_code walk(struct tar *tar, struct err *err) {
    const struct tar_entry *entry;

    for (;;) {
        AUTO(buf_done) struct buf content = BUF_INIT(KIB(256));

        PW_TRY(tar_next(tar, &entry, err));
        if (entry == NULL)
            return PW_OK;
        if ((entry->type == TAR_BAD) != (entry->why != NULL))
            abort();
        if (entry->type == TAR_BAD)
            continue;
        check_path(entry->path);
        if (entry->type == TAR_HARDLINK)
            check_path(entry->link);
        if (entry->type == TAR_FILE) {
            pw_code code = tar_read_all(tar, KIB(256), &content, err);

            if (code != PW_OK && code != PW_TOO_LARGE)
                return code;
            if (code == PW_OK && content.len > entry->size)
                abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO(inflate_closep) struct inflate *bytes = NULL;
    AUTO(tar_closep) struct tar         *tar = NULL;
    struct err                           err = ERR_NONE;
    str                                  slice = str_make(data, size);

    if (inflate_open(pull_source_of_slice(&slice), (struct inflate_limits){MIB(4), 500}, &bytes,
                     &err) != PW_OK)
        return 0;
    if (tar_open(bytes, &tar, &err) == PW_OK)
        (void)walk(tar, &err); /* an error is an answer */
    return 0;
}
