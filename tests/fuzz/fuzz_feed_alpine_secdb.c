/* fuzz_feed_alpine_secdb.c - documents of feed alpine-secdb. */
#include "fuzz/fuzz_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    return fuzz_feed("alpine-secdb", bytes, size);
}
