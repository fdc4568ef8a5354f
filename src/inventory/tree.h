#pragma once
/*
 * tree.h - the layers of an image as one merged tree, as far as facts know it.
 *
 * Spec:    OCI image-spec 1.1 layer.md: a whiteout removes a path of lower layers, an opaque mark
 *          hides a directory's lower content, whatever is no directory replaces what was there.
 *          Marks of a layer never touch that layer's own members.
 * Takes:   normalised paths; layer numbers from 0, the lowest. Facts must outlive the tree.
 * Memory:  in the arena.   Threads: one at a time.
 */
#include "inventory/facts.h"
#include "inventory/inventory.h"

struct tree;

pw_code tree_new(struct arena *arena, const struct layer_input *layers, size_t count,
                 struct tree **ret_tree, struct err *err);
void    tree_free(struct tree *tree); /* accepts NULL; what it gave stays in the arena */
void    tree_freep(struct tree **tree);

/* Does the file that layer `from` wrote at this path still stand in the image? */
bool tree_alive(struct tree *tree, str path, size_t from);
/* Did a layer above `low` and below `high` remove or replace it? */
bool tree_touched_between(const struct tree *tree, str path, size_t low, size_t high);
/* Did a link of a layer above `from` take the place of a folder on the way to the path? */
bool tree_lost_to_link(const struct tree *tree, str path, size_t from);
/* Does any layer's file or link stand at this path? */
bool tree_has_file(struct tree *tree, str path);

/* The path with symbolic links followed inside the image's root: those of its folders, and with
 * `follow_last` the last part too. Past LIMIT_LINKS_FOLLOWED, or too long: the path as given.
 * ptr NULL: out of memory. */
str tree_resolve(struct tree *tree, str path, bool follow_last);
