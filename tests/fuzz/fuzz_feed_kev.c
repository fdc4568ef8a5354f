/* fuzz_feed_kev.c - documents of feed kev. */
#include "fuzz/fuzz_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    return fuzz_feed("kev", bytes, size);
}
