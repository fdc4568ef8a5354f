/* fuzz_feed_debian_tracker.c - documents of feed debian-tracker. */
#include "fuzz/fuzz_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    return fuzz_feed("debian-tracker", bytes, size);
}
