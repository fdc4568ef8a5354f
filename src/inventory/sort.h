#pragma once
/*
 * sort.h - sorts 64-bit hashes without libc's qsort, which may ask the system for its memory size
 * and thereby die in the sandbox.
 *
 * Memory:  in place.   Threads: pure.
 */
#include <stddef.h>
#include <stdint.h>

/* Ascending, each value once; *count becomes the number of those. */
void sort_hashes(uint64_t *hashes, size_t *count);
