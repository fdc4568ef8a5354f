/* group.c - union-find over ids. */
#include "match/group.h"

#include <stdlib.h>
#include "base/map.h"

/* A record, or one CVE of a record that is about several. */
struct node {
    size_t candidate;
    str    upstream; /* empty: the record itself, with its aliases */
    size_t parent;
};

struct grouping {
    struct arena           *arena;
    const struct candidate *candidates;
    struct node            *nodes;
    size_t                  node_count;
    struct map              by_id; /* id -> node index + 1 */
    const bool             *wanted;
    struct group_list       list;
};

static bool is_cve(str id) {
    return str_starts(id, STR("CVE-"));
}

static size_t root_of(struct node *nodes, size_t i) {
    while (nodes[i].parent != i) {
        nodes[i].parent = nodes[nodes[i].parent].parent;
        i = nodes[i].parent;
    }
    return i;
}

static bool join(struct grouping *g, str id, size_t node) {
    void **place = map_at(&g->by_id, id);

    if (place == NULL)
        return false;
    if (*place == NULL) {
        *place = (void *)(uintptr_t)(node + 1);
        return true;
    }
    size_t a = root_of(g->nodes, (size_t)(uintptr_t)*place - 1), b = root_of(g->nodes, node);
    /* the lower index wins, so that groups keep the order of the candidates */
    g->nodes[a > b ? a : b].parent = a < b ? a : b;
    return true;
}

static bool has_cve_upstream(const struct advisory *advisory) {
    for (size_t i = 0; i < advisory->upstream_count; i++)
        if (is_cve(advisory->upstream[i]))
            return true;
    return false;
}

static pw_code make_nodes(struct grouping *g, size_t count, struct err *err) {
    size_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += MAX_OF(g->candidates[i].advisory->upstream_count, (size_t)1);
    g->nodes = arena_array(g->arena, total, sizeof *g->nodes);
    if (g->nodes == NULL)
        return arena_error(g->arena, err);
    for (size_t i = 0; i < count; i++) {
        const struct advisory *advisory = g->candidates[i].advisory;
        bool                   cves_only = has_cve_upstream(advisory);

        for (size_t u = 0; u < advisory->upstream_count; u++)
            if (!cves_only || is_cve(advisory->upstream[u])) {
                g->nodes[g->node_count] = (struct node){i, advisory->upstream[u], g->node_count};
                g->node_count++;
            }
        if (advisory->upstream_count == 0) {
            g->nodes[g->node_count] = (struct node){i, STR_NONE, g->node_count};
            g->node_count++;
        }
    }
    return PW_OK;
}

static bool join_all(struct grouping *g) {
    for (size_t n = 0; n < g->node_count; n++) {
        const struct advisory *advisory = g->candidates[g->nodes[n].candidate].advisory;
        bool                   whole = str_empty(g->nodes[n].upstream);

        if (!join(g, whole ? advisory->id : g->nodes[n].upstream, n))
            return false;
        for (size_t a = 0; whole && a < advisory->alias_count; a++)
            if (!join(g, advisory->aliases[a], n))
                return false;
    }
    return true;
}

/* --- ids of a group --- */

struct named {
    str id;
    int rank; /* CVE 0, own id 1, GHSA 2, an alias that no record here bears 3 */
};

static int by_text(const void *a, const void *b) {
    const struct named *x = a, *y = b;
    int                 order = str_cmp(x->id, y->id);

    return order != 0 ? order : x->rank - y->rank;
}

static int by_rank(const void *a, const void *b) {
    const struct named *x = a, *y = b;

    return x->rank != y->rank ? x->rank - y->rank : str_cmp(x->id, y->id);
}

static struct named named(str id, bool own) {
    if (is_cve(id))
        return (struct named){id, 0};
    if (str_starts(id, STR("GHSA-")))
        return (struct named){id, 2};
    return (struct named){id, own ? 1 : 3};
}

static size_t add_ids(struct named *ids, size_t count, const struct node *node,
                      const struct advisory *advisory) {
    ids[count++] = named(advisory->id, true);
    if (!str_empty(node->upstream))
        ids[count++] = named(node->upstream, true);
    for (size_t i = 0; i < advisory->alias_count; i++)
        ids[count++] = named(advisory->aliases[i], false);
    return count;
}

static pw_code name_group(struct grouping *g, const size_t *nodes, size_t node_count,
                          struct group *out, struct err *err) {
    size_t        room = 0, count = 0, kept = 0;
    struct named *ids;

    for (size_t i = 0; i < node_count; i++)
        room += 2 + g->candidates[g->nodes[nodes[i]].candidate].advisory->alias_count;
    ids = arena_array(g->arena, room, sizeof *ids);
    out->aliases = arena_array(g->arena, room, sizeof *out->aliases);
    if (ids == NULL || out->aliases == NULL)
        return arena_error(g->arena, err);
    for (size_t i = 0; i < node_count; i++)
        count = add_ids(ids, count, &g->nodes[nodes[i]],
                        g->candidates[g->nodes[nodes[i]].candidate].advisory);
    qsort(ids, count, sizeof *ids, by_text);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !str_eq(ids[i].id, ids[kept - 1].id))
            ids[kept++] = ids[i];
    qsort(ids, kept, sizeof *ids, by_rank);
    out->id = ids[0].id;
    for (size_t i = 1; i < kept; i++)
        out->aliases[out->alias_count++] = ids[i].id;
    return PW_OK;
}

/* --- from roots to groups --- */

struct chained {
    size_t root, node;
};

static int by_root(const void *a, const void *b) {
    const struct chained *x = a, *y = b;

    if (x->root != y->root)
        return x->root < y->root ? -1 : 1;
    return x->node < y->node ? -1 : x->node > y->node;
}

static pw_code build_group(struct grouping *g, const struct chained *chain, size_t length,
                           struct err *err) {
    struct group out = {0};
    size_t      *nodes = arena_array(g->arena, length, sizeof *nodes);
    bool         keep = false;

    out.members = arena_array(g->arena, length, sizeof *out.members);
    if (nodes == NULL || out.members == NULL)
        return arena_error(g->arena, err);
    for (size_t i = 0; i < length; i++) {
        size_t candidate = g->nodes[chain[i].node].candidate;

        nodes[i] = chain[i].node;
        keep = keep || g->wanted[candidate];
        if (out.member_count == 0 || out.members[out.member_count - 1] != candidate)
            out.members[out.member_count++] = candidate;
    }
    if (!keep)
        return PW_OK;
    PW_TRY(name_group(g, nodes, length, &out, err));
    g->list.groups[g->list.count++] = out;
    return PW_OK;
}

static pw_code build_groups(struct grouping *g, struct err *err) {
    struct chained *chain = arena_array(g->arena, g->node_count, sizeof *chain);

    g->list.groups = arena_array(g->arena, g->node_count, sizeof *g->list.groups);
    if (chain == NULL || g->list.groups == NULL)
        return arena_error(g->arena, err);
    for (size_t i = 0; i < g->node_count; i++)
        chain[i] = (struct chained){root_of(g->nodes, i), i};
    qsort(chain, g->node_count, sizeof *chain, by_root);
    for (size_t at = 0, end; at < g->node_count; at = end) {
        for (end = at; end < g->node_count && chain[end].root == chain[at].root; end++)
            continue;
        PW_TRY(build_group(g, chain + at, end - at, err));
    }
    return PW_OK;
}

pw_code group_candidates(struct arena *arena, const struct candidate *candidates, size_t count,
                         const bool *wanted, struct group_list *ret_list, struct err *err) {
    struct grouping g = {
        .arena = arena, .candidates = candidates, .by_id = MAP_INIT, .wanted = wanted};
    pw_code code = make_nodes(&g, count, err);

    if (code == PW_OK && !join_all(&g))
        code = err_set(err, PW_MEMORY, "out of memory");
    if (code == PW_OK)
        code = build_groups(&g, err);
    if (code == PW_OK)
        *ret_list = g.list;
    map_done(&g.by_id);
    return code;
}
