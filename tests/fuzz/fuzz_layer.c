/* fuzz_layer.c - a whole layer: what is read must encode, decode and stack. */
#include <stdlib.h>
#include "base/limits.h"
#include "inventory/facts.h"
#include "inventory/inventory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static pw_code read_slice(void *ctx, void *out, size_t n, size_t *ret_n, struct err *err) {
    str *slice = ctx;

    n = MIN_OF(n, slice->len);
    if (n > 0)
        memcpy(out, slice->ptr, n);
    *slice = str_from(*slice, n);
    *ret_n = n;
    return PW_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    str                 slice = str_make(data, size);
    struct layer_source source = {&slice, read_slice};
    struct buf          encoded = BUF_INIT(LIMIT_FACTS_BYTES);
    struct arena        arena = ARENA_INIT(GIB(1));
    struct layer_facts *facts = NULL;
    struct inventory    inventory;
    struct err          err = ERR_NONE;

    if (layer_read(&source, &encoded, &err) != PW_OK ||
        facts_decode(&arena, buf_str(&encoded), &facts, &err) != PW_OK)
        abort(); /* content is never an error */
    if (inventory_stack(&arena, &(struct layer_input){STR("a"), facts, STR_NONE}, 1, &inventory,
                        &err) != PW_OK)
        abort();
    arena_done(&arena);
    buf_done(&encoded);
    return 0;
}
