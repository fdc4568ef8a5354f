/* names.c - a page of names. */
#include "store/names.h"

pw_code names_collect(struct stmt *stmt, size_t limit, struct arena *arena, struct names *ret_names,
                      struct err *err) {
    struct names out = {0};
    size_t       room = 0;
    bool         row;

    for (;;) {
        PW_TRY(stmt_step(stmt, &row, err));
        if (!row || out.count == limit)
            break;
        if (out.count == room) {
            size_t more = MIN_OF(room == 0 ? 64 : room * 2, limit);
            str   *items = arena_grow(arena, out.items, room * sizeof *items, more * sizeof *items);

            if (items == NULL)
                return arena_error(arena, err);
            out.items = items;
            room = more;
        }
        out.items[out.count] = arena_str(arena, col_str(stmt, 0));
        if (out.items[out.count].ptr == NULL)
            return arena_error(arena, err);
        out.count++;
    }
    *ret_names = out;
    return PW_OK;
}
