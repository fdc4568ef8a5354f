/* shortfall.c - see shortfall.h. */
#include "inventory/shortfall.h"

#include "base/limits.h"

pw_code shortfall_add(struct shortfall *all, str path, str kind, str reason, struct err *err) {
    if (all->count == all->room) {
        size_t             room = MAX_OF(all->room * 2, (size_t)32);
        struct incomplete *list =
            arena_grow(all->arena, all->list, all->room * sizeof *list, room * sizeof *list);

        if (list == NULL)
            return arena_error(all->arena, err);
        all->list = list;
        all->room = room;
    }
    all->list[all->count++] = (struct incomplete){.path = path, .kind = kind, .reason = reason};
    return PW_OK;
}

pw_code shortfall_gap(struct shortfall *all, str path, str kind, str reason, struct err *err) {
    size_t i = 0;

    while (i < all->kind_count && !str_eq(all->kinds[i].kind, kind))
        i++;
    if (i == SHORTFALL_KINDS)
        i--; /* more kinds than readers know: counted with the last */
    if (i == all->kind_count) {
        all->kinds[i].kind = kind;
        all->kind_count++;
    }
    if (all->kinds[i].shown == LIMIT_GAPS_SHOWN) {
        all->kinds[i].hidden++;
        return PW_OK;
    }
    all->kinds[i].shown++;
    return shortfall_add(all, path, kind, reason, err);
}

pw_code shortfall_finish(struct shortfall *all, struct err *err) {
    for (size_t i = 0; i < all->kind_count; i++) {
        str reason;

        if (all->kinds[i].hidden == 0)
            continue;
        reason = arena_strf(all->arena, "and %zu more like these", all->kinds[i].hidden);
        if (reason.ptr == NULL)
            return arena_error(all->arena, err);
        PW_TRY(shortfall_add(all, STR_NONE, all->kinds[i].kind, reason, err));
    }
    return PW_OK;
}

bool shortfall_has_database(const struct shortfall *all) {
    for (size_t i = 0; i < all->count; i++)
        if (str_ends(all->list[i].kind, STR("-database")))
            return true;
    return false;
}
