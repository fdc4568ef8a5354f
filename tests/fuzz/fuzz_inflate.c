/* Hostile compressed bytes: bounded output, an answer for everything, the same in any steps. */
#include <stdlib.h>
#include "base/limits.h"
#include "format/inflate.h"

struct steps {
    str    rest;
    size_t step;
};

static pw_code read_step(void *ctx, void *out, size_t n, size_t *ret_n, struct err *err) {
    struct steps *steps = ctx;

    n = MIN_OF(n, MIN_OF(steps->step, steps->rest.len));
    if (n > 0)
        memcpy(out, steps->rest.ptr, n);
    steps->rest = str_from(steps->rest, n);
    *ret_n = n;
    return PW_OK;
}

/* Hash of what came out, length and code. */
static uint64_t run(str bytes, size_t step) {
    AUTO(inflate_closep) struct inflate *inflate = NULL;
    struct steps                         steps = {bytes, step};
    struct inflate_limits                limits = {MIB(4), 500};
    struct err                           err = ERR_NONE;
    uint64_t                             seen = 0;
    const void                          *out;
    size_t                               n;
    pw_code                              code;

    code = inflate_open((struct pull_source){&steps, read_step}, limits, &inflate, &err);
    if (code != PW_OK)
        return code;
    do {
        code = inflate_next(inflate, &out, &n, &err);
        for (size_t i = 0; code == PW_OK && i < n; i++)
            seen = seen * 31 + ((const unsigned char *)out)[i];
    } while (code == PW_OK && n > 0);
    if (code == PW_OK && inflate_bytes_out(inflate) > limits.max_bytes)
        abort();
    if (code != PW_OK && err_text(&err)[0] == '\0')
        abort();
    return code == PW_OK ? seen : code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    str bytes = str_make(data, size);

    if (run(bytes, SIZE_MAX) != run(bytes, 61))
        abort();
    return 0;
}
