#pragma once
/*
 * rows.h - arrays of rows that grow in an arena. Private to store/.
 */
#include "base/arena.h"
#include "store/store.h"

struct rows {
    void  *items;
    size_t count, room, size; /* size: bytes of one item */
};

#define ROWS_OF(type)                                                                              \
    { .size = sizeof(type) }

/* The next item, zeroed; NULL with err set when the arena is full. */
static inline void *rows_next(struct rows *rows, struct arena *arena, struct err *err) {
    if (rows->count == rows->room) {
        size_t room = rows->room > 0 ? rows->room * 2 : 16;
        void  *grown = arena_grow(arena, rows->items, rows->room * rows->size, room * rows->size);

        if (grown == NULL) {
            (void)arena_error(arena, err);
            return NULL;
        }
        rows->items = grown;
        rows->room = room;
    }
    return memset((char *)rows->items + rows->count++ * rows->size, 0, rows->size);
}

/* A column's text, copied. False with err set when the arena is full. */
static inline bool rows_text(struct stmt *stmt, int column, struct arena *arena, str *ret_text,
                             struct err *err) {
    str text = col_str(stmt, column), copy = STR("");

    if (text.len > 0) {
        copy = arena_str(arena, text);
        if (copy.ptr == NULL) {
            (void)arena_error(arena, err);
            return false;
        }
    }
    *ret_text = copy;
    return true;
}
