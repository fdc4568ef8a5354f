/* Pushed manifests: any bytes, any content type. The first byte chooses the type. */
#include <stdlib.h>
#include "base/limits.h"
#include "registry/manifest_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const types[] = {
        "", "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json; x=y", "application/json", "text/plain",
    };
    struct arena    arena = ARENA_INIT(LIMIT_MANIFEST_MEMORY);
    struct err      err = ERR_NONE;
    struct manifest m;

    if (size == 0)
        return 0;
    if (manifest_parse(&arena, str_make(data + 1, size - 1),
                       str_of(types[data[0] % COUNT_OF(types)]), DIGEST_SHA256, &m, &err) == PW_OK)
        for (size_t i = 0; i < m.reference_count; i++)
            if (m.references[i].digest.algorithm == DIGEST_NONE)
                abort(); /* a reference without a digest could not be checked */
    arena_done(&arena);
    return 0;
}
