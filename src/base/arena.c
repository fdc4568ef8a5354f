/* arena.c - memory freed at once. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct arena_block {
    struct arena_block *next;
    size_t              size, used;
    _Alignas(16) char bytes[];
};

enum { FIRST_BLOCK = 4096, LARGEST_STEP = 1 << 20 };

static size_t round_up(size_t size) {
    return (size + 15) & ~(size_t)15;
}

static struct arena_block *block_add(struct arena *arena, size_t need) {
    size_t              size = arena->head != NULL ? arena->head->size * 2 : FIRST_BLOCK;
    struct arena_block *block;

    if (size > LARGEST_STEP)
        size = LARGEST_STEP;
    if (size < need)
        size = need;
    block = malloc(sizeof *block + size);
    if (block == NULL)
        return NULL;
    block->next = arena->head;
    block->size = size;
    block->used = 0;
    arena->head = block;
    return block;
}

void arena_done(struct arena *arena) {
    while (arena->head != NULL) {
        struct arena_block *next = arena->head->next;

        free(arena->head);
        arena->head = next;
    }
    arena->used = 0;
}

void arena_reset(struct arena *arena) {
    struct arena_block *keep = arena->head;

    if (keep == NULL)
        return;
    arena->head = keep->next;
    arena_done(arena);
    keep->next = NULL;
    keep->used = 0;
    arena->head = keep;
}

void *arena_alloc(struct arena *arena, size_t size) {
    struct arena_block *block = arena->head;
    size_t              need;
    void               *out;

    arena->refused =
        size > SIZE_MAX - 15 || size > arena->ceiling || arena->used > arena->ceiling - size;
    if (arena->refused)
        return NULL;
    need = round_up(size ? size : 1);
    if (block == NULL || block->size - block->used < need)
        block = block_add(arena, need);
    if (block == NULL)
        return NULL;
    out = block->bytes + block->used;
    block->used += need;
    arena->used += size;
    return memset(out, 0, need);
}

void *arena_array(struct arena *arena, size_t count, size_t size) {
    size_t total;

    if (__builtin_mul_overflow(count, size, &total))
        total = SIZE_MAX; /* refused as any size past the ceiling is */
    return arena_alloc(arena, total);
}

void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t new_size) {
    struct arena_block *block = arena->head;
    void               *out;

    if (old != NULL && block != NULL && new_size >= old_size &&
        (char *)old + round_up(old_size ? old_size : 1) == block->bytes + block->used) {
        size_t more = round_up(new_size) - round_up(old_size ? old_size : 1);

        if (block->size - block->used >= more &&
            arena->ceiling - arena->used >= new_size - old_size) {
            memset(block->bytes + block->used, 0, more);
            block->used += more;
            arena->used += new_size - old_size;
            return old;
        }
    }
    out = arena_alloc(arena, new_size);
    if (out != NULL && old != NULL)
        memcpy(out, old, old_size < new_size ? old_size : new_size);
    return out;
}

str arena_str(struct arena *arena, str s) {
    char *copy = s.len == SIZE_MAX ? NULL : arena_alloc(arena, s.len + 1);

    if (copy == NULL)
        return STR_NONE;
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    return (str){copy, s.len};
}

str arena_strf(struct arena *arena, const char *fmt, ...) {
    va_list args;
    char   *copy;
    int     need;

    va_start(args, fmt);
    need = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    copy = need < 0 ? NULL : arena_alloc(arena, (size_t)need + 1);
    if (copy == NULL)
        return STR_NONE;
    va_start(args, fmt);
    vsnprintf(copy, (size_t)need + 1, fmt, args);
    va_end(args);
    return (str){copy, (size_t)need};
}

pw_code arena_error(const struct arena *arena, struct err *err) {
    if (arena->refused)
        return err_set(err, PW_TOO_LARGE, "needs more than its %zu bytes of memory",
                       arena->ceiling);
    return err_set(err, PW_MEMORY, "out of memory");
}
