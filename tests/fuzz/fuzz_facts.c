/* fuzz_facts.c - stored facts of a layer, decoded and stacked; the checksum is made right first. */
#include <endian.h>
#include <stdlib.h>
#include "base/limits.h"
#include "inventory/facts.h"
#include "inventory/inventory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena        arena = ARENA_INIT(MIB(64));
    struct layer_facts *facts = NULL;
    struct inventory    inventory;
    char               *bytes = malloc(size + 8);
    uint64_t            sum;

    if (bytes == NULL)
        return 0;
    if (size > 0)
        memcpy(bytes, data, size);
    sum = htole64(str_hash(str_make(bytes, size)));
    memcpy(bytes + size, &sum, sizeof sum);
    if (facts_decode(&arena, str_make(bytes, size + 8), &facts, NULL) == PW_OK) {
        struct layer_input layers[2] = {{STR("a"), facts, STR_NONE}, {STR("b"), facts, STR_NONE}};

        (void)inventory_stack(&arena, layers, 2, &inventory, NULL);
    }
    arena_done(&arena);
    free(bytes);
    return 0;
}
