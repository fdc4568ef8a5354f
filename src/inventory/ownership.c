/* ownership.c - a sorted array of (path hash, owner). */
#include "inventory/ownership.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/map.h"

struct owned_path {
    uint64_t path;
    str      owner;
};

struct ownership_index {
    struct map         installed; /* names of packages whose ownership counts */
    struct owned_path *paths;
    size_t             count, room;
};

pw_code ownership_new(const struct package *packages, size_t count,
                      struct ownership_index **ret_index, struct err *err) {
    struct ownership_index *index = calloc(1, sizeof *index);

    for (size_t i = 0; index != NULL && i < count; i++) {
        void **place =
            str_empty(packages[i].origin) ? map_at(&index->installed, packages[i].name) : NULL;

        if (place != NULL)
            *place = index;
    }
    if (index == NULL)
        return err_set(err, PW_MEMORY, "no memory for the owners of files");
    *ret_index = index;
    return PW_OK;
}

void ownership_free(struct ownership_index *index) {
    if (index == NULL)
        return;
    map_done(&index->installed);
    free(index->paths);
    free(index);
}

pw_code ownership_add(struct ownership_index *index, const struct ownership *owner,
                      struct err *err) {
    size_t need = index->count + owner->path_count;

    if (!map_has(&index->installed, owner->package))
        return PW_OK;
    if (need > index->room) {
        size_t             room = MAX_OF(index->room * 2, MAX_OF(need, (size_t)1024));
        struct owned_path *paths = reallocarray(index->paths, room, sizeof *paths);

        if (paths == NULL)
            return err_set(err, PW_MEMORY, "no memory for the owners of files");
        index->paths = paths;
        index->room = room;
    }
    for (size_t i = 0; i < owner->path_count; i++)
        index->paths[index->count++] = (struct owned_path){owner->paths[i], owner->package};
    return PW_OK;
}

static int compare(const void *left, const void *right) {
    const struct owned_path *a = left, *b = right;

    if (a->path != b->path)
        return a->path < b->path ? -1 : 1;
    return str_cmp(a->owner, b->owner); /* several owners: always the same answer */
}

void ownership_ready(struct ownership_index *index) {
    if (index->count > 1)
        qsort(index->paths, index->count, sizeof *index->paths, compare);
}

str ownership_of(const struct ownership_index *index, str path) {
    uint64_t hash = str_hash(path);
    size_t   low = 0, high = index->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (index->paths[middle].path < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low < index->count && index->paths[low].path == hash ? index->paths[low].owner
                                                                : STR_NONE;
}
