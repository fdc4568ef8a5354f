#pragma once
/*
 * gaps.h - files that hold packages which no reader here understands.
 *
 * "Unknown is an answer": each becomes a visible reason why the inventory is not complete.
 * Threads: pure. Memory: none.
 */
#include "base/str.h"

struct gap_rule {
    const char *kind;   /* "rpm-database", "jar", "unread-language", ... */
    const char *reason; /* a sentence for people */
};

/* By name alone; NULL: no gap. */
const struct gap_rule *gaps_of_path(str path);

/* A program looked at while its bytes pass by. */
struct program {
    uint64_t at;     /* bytes seen */
    uint64_t loaded; /* where loaded content ends: names of sections lie behind */
    bool     is_elf, is_go, is_rust;
    char     carry[8];
    size_t   carry_len;
};

void program_feed(struct program *program, const void *bytes, size_t n);
/* Worth feeding on? False once it is known not to be ELF. */
bool                   program_goes_on(const struct program *program);
const struct gap_rule *program_gap(const struct program *program); /* NULL: none */
