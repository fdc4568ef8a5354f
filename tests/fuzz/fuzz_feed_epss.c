/* fuzz_feed_epss.c - documents of feed epss. */
#include "fuzz/fuzz_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    return fuzz_feed("epss", bytes, size);
}
