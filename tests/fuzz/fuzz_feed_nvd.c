/* fuzz_feed_nvd.c - documents of feed nvd. */
#include "fuzz/fuzz_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    return fuzz_feed("nvd", bytes, size);
}
