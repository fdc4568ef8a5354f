#pragma once
/*
 * arena.h - memory of one request or one scan, freed at once.
 *
 * The ceiling comes first: an arena that would grow past it answers NULL (arena_alloc) and stays
 * usable. Memory is zeroed and aligned to 16 bytes. Threads: one at a time.
 */
#include "base/err.h"
#include "base/str.h"

struct arena_block;
struct arena {
    struct arena_block *head;
    size_t              used;    /* bytes handed out */
    size_t              ceiling; /* bytes that may be handed out */
    bool                refused; /* the last NULL was the ceiling's, not the system's */
};

#define ARENA_INIT(ceiling_bytes)                                                                  \
    { .ceiling = (ceiling_bytes) }

void arena_done(struct arena *arena);  /* accepts a zeroed one */
void arena_reset(struct arena *arena); /* everything handed out is gone; keeps one block */

void *arena_alloc(struct arena *arena, size_t size); /* NULL: the ceiling, or no memory */
void *arena_array(struct arena *arena, size_t count, size_t size); /* checked multiplication */
/* Grows an array that lives in the arena: copies it when it cannot grow in place. */
void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t new_size);
str   arena_str(struct arena *arena, str s); /* a copy with a NUL; ptr NULL when out of memory */
str   arena_strf(struct arena *arena, const char *fmt, ...) PW_PRINTF(2, 3);

/* The error for a NULL: PW_TOO_LARGE when the ceiling was the reason, else PW_MEMORY. */
pw_code arena_error(const struct arena *arena, struct err *err);

#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
