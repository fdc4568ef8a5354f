/* fuzz_feed_osv.c - documents of feed osv. */
#include "fuzz/fuzz_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    return fuzz_feed("osv", bytes, size);
}
