/* The walk over huge JSON: what jansson accepts is walked, in any steps the same members. */
#include <stdlib.h>
#include "base/limits.h"
#include "format/json.h"
#include "format/json_stream.h"

struct steps {
    str      rest;
    size_t   step;
    uint64_t seen;
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

static pw_code see(void *ctx, const struct json_member *member, struct err *err) {
    struct steps *steps = ctx;

    if (member->text.len == 0)
        abort();
    steps->seen = steps->seen * 31 + str_hash(member->text) + 7 * str_hash(member->key) +
                  11 * str_hash(member->parent);
    return PW_OK;
}

static pw_code walk(str bytes, size_t step, int depth, uint64_t *ret_seen) {
    struct steps steps = {bytes, step, 0};
    struct err   err = ERR_NONE;
    pw_code      code = json_stream_walk((struct pull_source){&steps, read_step}, depth,
                                         (struct json_visitor){&steps, see}, &err);

    *ret_seen = steps.seen;
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO(json_endp) json_t *root = NULL;
    str                     bytes = str_make(data, size);
    struct err              err = ERR_NONE;
    bool                    good = json_parse(bytes, MIB(1), &root, &err) == PW_OK;

    for (int depth = 1; depth <= 2; depth++) {
        uint64_t whole, parts;
        pw_code  code = walk(bytes, SIZE_MAX, depth, &whole);

        if (code != walk(bytes, 1, depth, &parts) || whole != parts)
            abort();
        if (good && code != PW_OK)
            abort();
    }
    return 0;
}
