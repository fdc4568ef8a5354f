/* tree.c - see tree.h. */
#include "inventory/tree.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/map.h"

struct tree {
    struct arena             *arena;
    const struct layer_input *layers;
    size_t                    count;
    struct map                cuts;  /* directory -> number of the highest layer that cut it, + 2 */
    struct map                links; /* path -> struct placed_link of the image as it stands */
};

struct placed_link {
    const struct fact_link *link;
    size_t                  layer;
};

enum { NEVER_CUT = 1 }; /* stored values: layer + 2, so that 0 means not asked yet */

static str parent_of(str path) {
    size_t slash = str_rfind_char(path, '/');

    return slash == STR_NPOS ? STR("") : str_sub(path, 0, slash);
}

/* Does this layer remove, hide or replace the directory's lower content? */
static bool layer_cuts(const struct layer_facts *facts, uint64_t directory) {
    return facts != NULL &&
           (hash_set_has(&facts->opaques, directory) ||
            hash_set_has(&facts->whiteouts, directory) || hash_set_has(&facts->files, directory));
}

/* Does this layer remove or replace the file of a lower layer? */
static bool layer_replaces(const struct layer_facts *facts, uint64_t file) {
    return facts != NULL &&
           (hash_set_has(&facts->files, file) || hash_set_has(&facts->whiteouts, file) ||
            hash_set_has(&facts->dirs, file));
}

/* The highest layer that cut this directory or one above it, + 2; NEVER_CUT. */
static uintptr_t cut_of(struct tree *tree, str directory) {
    uintptr_t known = (uintptr_t)map_get(&tree->cuts, directory), found = NEVER_CUT;
    uint64_t  hash = str_hash(directory);
    void    **place;

    if (known != 0)
        return known;
    if (directory.len > 0)
        found = cut_of(tree, parent_of(directory));
    for (size_t i = tree->count; i > 0 && i + 1 > found; i--)
        if (layer_cuts(tree->layers[i - 1].facts, hash)) {
            found = i + 1;
            break;
        }
    place = map_at(&tree->cuts, directory);
    if (place != NULL) /* without memory it is only asked again */
        *place = (void *)found;
    return found;
}

bool tree_alive(struct tree *tree, str path, size_t from) {
    uint64_t hash = str_hash(path);

    if (cut_of(tree, parent_of(path)) > from + 2)
        return false;
    for (size_t i = from + 1; i < tree->count; i++)
        if (layer_replaces(tree->layers[i].facts, hash))
            return false;
    return true;
}

bool tree_touched_between(const struct tree *tree, str path, size_t low, size_t high) {
    uint64_t hash = str_hash(path);

    for (size_t i = low + 1; i < high && i < tree->count; i++)
        if (layer_replaces(tree->layers[i].facts, hash))
            return true;
    while (path.len > 0) {
        path = parent_of(path);
        hash = str_hash(path);
        for (size_t i = low + 1; i < high && i < tree->count; i++)
            if (layer_cuts(tree->layers[i].facts, hash))
                return true;
    }
    return false;
}

bool tree_has_file(struct tree *tree, str path) {
    uint64_t hash = str_hash(path);

    for (size_t i = tree->count; i > 0; i--) {
        const struct layer_facts *facts = tree->layers[i - 1].facts;

        if (facts != NULL && hash_set_has(&facts->files, hash))
            return tree_alive(tree, path, i - 1);
    }
    return false;
}

/* --- links --- */

struct walk {
    char   done[LIMIT_PATH_BYTES * 2 + 2]; /* resolved so far */
    size_t done_len;
    char   rest[LIMIT_PATH_BYTES * 2 + 2]; /* still to do */
    size_t rest_len;
};

static void walk_up(struct walk *walk) {
    walk->done_len = parent_of(str_make(walk->done, walk->done_len)).len;
}

/* The first part of what is left to do leaves it. */
static str walk_next(struct walk *walk, char part[LIMIT_PATH_BYTES + 1]) {
    str    rest = str_make(walk->rest, walk->rest_len), cut = STR_NONE;
    size_t len;

    (void)str_cut(&rest, '/', &cut); /* rest is not empty here */
    len = MIN_OF(cut.len, (size_t)LIMIT_PATH_BYTES);
    memcpy(part, cut.ptr, len);
    walk->rest_len = rest.len;
    if (rest.len > 0)
        memmove(walk->rest, rest.ptr, rest.len);
    return str_make(part, len);
}

static bool walk_down(struct walk *walk, str part) {
    if (walk->done_len + part.len + 1 > LIMIT_PATH_BYTES)
        return false;
    if (walk->done_len > 0)
        walk->done[walk->done_len++] = '/';
    memcpy(walk->done + walk->done_len, part.ptr, part.len);
    walk->done_len += part.len;
    return true;
}

/* Puts a link's target before what is left to do. */
static bool walk_follow(struct walk *walk, str target) {
    if (target.len > LIMIT_PATH_BYTES || target.len + 1 + walk->rest_len > sizeof walk->rest)
        return false;
    if (str_starts(target, STR("/")))
        walk->done_len = 0;
    else
        walk_up(walk);
    memmove(walk->rest + target.len + 1, walk->rest, walk->rest_len);
    memcpy(walk->rest, target.ptr, target.len);
    walk->rest[target.len] = '/';
    walk->rest_len += target.len + 1;
    return true;
}

static bool resolve(struct tree *tree, struct walk *walk, bool follow_last) {
    char     part[LIMIT_PATH_BYTES + 1];
    unsigned followed = 0;

    while (walk->rest_len > 0) {
        str                       name = walk_next(walk, part);
        const struct placed_link *placed;

        if (name.len == 0 || str_eq(name, STR(".")))
            continue;
        if (str_eq(name, STR(".."))) {
            walk_up(walk);
            continue;
        }
        if (!walk_down(walk, name))
            return false;
        if (walk->rest_len == 0 && !follow_last)
            return true;
        placed = map_get(&tree->links, str_make(walk->done, walk->done_len));
        if (placed != NULL &&
            (++followed > LIMIT_LINKS_FOLLOWED || !walk_follow(walk, placed->link->target)))
            return false;
    }
    return true;
}

str tree_resolve(struct tree *tree, str path, bool follow_last) {
    struct walk walk;
    str         done;

    if (tree->links.count == 0 || path.len > LIMIT_PATH_BYTES)
        return path;
    walk.done_len = 0;
    walk.rest_len = path.len;
    if (path.len > 0)
        memcpy(walk.rest, path.ptr, path.len);
    if (!resolve(tree, &walk, follow_last))
        return path;
    done = str_make(walk.done, walk.done_len);
    return str_eq(done, path) ? path : arena_str(tree->arena, done);
}

bool tree_lost_to_link(const struct tree *tree, str path, size_t from) {
    while (path.len > 0) {
        const struct placed_link *placed;

        path = parent_of(path);
        placed = map_get(&tree->links, path);
        if (placed != NULL && placed->layer > from)
            return true;
    }
    return false;
}

static pw_code collect_links(struct tree *tree, struct err *err) {
    for (size_t i = 0; i < tree->count; i++) {
        const struct layer_facts *facts = tree->layers[i].facts;

        for (size_t k = 0; facts != NULL && k < facts->link_count; k++) {
            struct placed_link *placed;
            void              **place;

            if (!tree_alive(tree, facts->links[k].path, i))
                continue;
            placed = arena_new(tree->arena, struct placed_link);
            if (placed == NULL)
                return arena_error(tree->arena, err);
            place = map_at(&tree->links, facts->links[k].path);
            if (place == NULL)
                return err_set(err, PW_MEMORY, "no memory for the image's links");
            *placed = (struct placed_link){&facts->links[k], i};
            *place = placed;
        }
    }
    return PW_OK;
}

/* --- life --- */

void tree_free(struct tree *tree) {
    if (tree == NULL)
        return;
    map_done(&tree->cuts);
    map_done(&tree->links);
    free(tree);
}

void tree_freep(struct tree **tree) {
    tree_free(*tree);
    *tree = NULL;
}

pw_code tree_new(struct arena *arena, const struct layer_input *layers, size_t count,
                 struct tree **ret_tree, struct err *err) {
    struct tree *tree = calloc(1, sizeof *tree);
    pw_code      code;

    if (tree == NULL)
        return err_set(err, PW_MEMORY, "no memory for the image's tree");
    tree->arena = arena;
    tree->layers = layers;
    tree->count = count;
    code = collect_links(tree, err);
    if (code != PW_OK) {
        tree_free(tree);
        return code;
    }
    *ret_tree = tree;
    return PW_OK;
}
