/* fuzz_advisory_body.c - any bytes as a stored record: read or refused, within the arena. */
#include "base/arena.h"
#include "store/advisory_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct arena         arena = ARENA_INIT((size_t)16 << 20);
    str                  body = str_make(bytes, size);
    struct advisory      advisory;
    struct vulnerability vulnerability;
    struct err           err = ERR_NONE;

    (void)advisory_body_read(&arena, body, STR_NONE, STR_NONE, &advisory, &err);
    (void)advisory_body_read(&arena, body, STR("Debian:12"), STR("a"), &advisory, &err);
    (void)vulnerability_body_read(&arena, body, &vulnerability, &err);
    arena_done(&arena);
    return 0;
}
