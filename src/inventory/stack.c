/*
 * stack.c - the layers' facts become one image's inventory (inventory_stack).
 *
 * Evidence of all layers is filed by its path with links followed; per path the newest counts,
 * if nothing above removed it. Older versions of the same file, as long as nothing touched it in
 * between, tell since which layer a package is there.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/map.h"
#include "inventory/distro.h"
#include "inventory/inventory.h"
#include "inventory/ownership.h"
#include "inventory/shortfall.h"
#include "inventory/tree.h"

/* One version of one evidence file. */
struct version_of_file {
    const struct evidence  *evidence;
    str                     path; /* links followed */
    size_t                  layer;
    struct version_of_file *older; /* the version below, in a lower layer */
    struct version_of_file *next;  /* the next path, on the newest version only */
};

struct stack {
    struct arena             *arena;
    const struct layer_input *layers;
    size_t                    count;
    struct tree              *tree;
    struct map                by_path;      /* path -> newest version_of_file */
    struct version_of_file   *first, *last; /* newest versions in order of first appearance */
    struct ownership_index   *owners;
    struct shortfall          shortfall;
    struct inventory          out;
    size_t                    room; /* of out.packages */
    size_t                    os_packages;
};

static void stack_done(struct stack *stack) {
    map_done(&stack->by_path);
    tree_free(stack->tree);
    ownership_free(stack->owners);
}

/* --- evidence by path --- */

static pw_code file_evidence(struct stack *stack, const struct evidence *evidence, size_t layer,
                             struct err *err) {
    struct version_of_file *version = arena_new(stack->arena, struct version_of_file);
    str                     path = tree_resolve(stack->tree, evidence->path, false);
    void                  **place;

    if (version == NULL || path.ptr == NULL)
        return arena_error(stack->arena, err);
    *version = (struct version_of_file){.evidence = evidence, .path = path, .layer = layer};
    place = map_at(&stack->by_path, path);
    if (place == NULL)
        return err_set(err, PW_MEMORY, "no memory for the image's evidence");
    version->older = *place;
    *place = version;
    if (version->older == NULL) {
        /* The list holds paths; its elements are replaced by their newest version below. */
        if (stack->last != NULL)
            stack->last->next = version;
        else
            stack->first = version;
        stack->last = version;
    }
    return PW_OK;
}

static pw_code file_all_evidence(struct stack *stack, struct err *err) {
    for (size_t i = 0; i < stack->count; i++) {
        const struct layer_facts *facts = stack->layers[i].facts;

        for (size_t k = 0; facts != NULL && k < facts->evidence_count; k++)
            PW_TRY(file_evidence(stack, &facts->evidence[k], i, err));
    }
    return PW_OK;
}

static bool is_alive(struct stack *stack, const struct version_of_file *version) {
    return tree_alive(stack->tree, version->evidence->path, version->layer) &&
           (str_eq(version->path, version->evidence->path) ||
            tree_alive(stack->tree, version->path, version->layer));
}

/* What the image really shows of this file; NULL: it is gone. A version whose folder a later link
 * replaced never stood where that link leads: it hides nothing there. */
static const struct version_of_file *standing(struct stack                 *stack,
                                              const struct version_of_file *any) {
    const struct version_of_file *at = map_get(&stack->by_path, any->path);

    for (; at != NULL; at = at->older) {
        if (is_alive(stack, at))
            return at;
        if (!tree_lost_to_link(stack->tree, at->evidence->path, at->layer))
            return NULL;
    }
    return NULL;
}

/* --- packages --- */

static bool same_package(const struct package *a, const struct package *b) {
    return str_eq(a->name, b->name) && str_eq(a->version, b->version) && str_eq(a->arch, b->arch) &&
           str_eq(a->ecosystem, b->ecosystem);
}

static str package_key(struct arena *arena, const struct package *package) {
    return arena_strf(arena, STR_FMT "\x1f" STR_FMT "\x1f" STR_FMT, STR_ARG(package->name),
                      STR_ARG(package->version), STR_ARG(package->arch));
}

/* Keys of every package of an evidence file; PW_MEMORY without room. */
static pw_code index_packages(struct arena *arena, const struct evidence *evidence,
                              struct map *keys, struct err *err) {
    for (size_t i = 0; i < evidence->package_count; i++) {
        str    key = package_key(arena, &evidence->packages[i]);
        void **place = key.ptr != NULL ? map_at(keys, key) : NULL;

        if (place == NULL)
            return err_set(err, PW_MEMORY, "no memory for an older package database");
        *place = (void *)evidence;
    }
    return PW_OK;
}

/* Moves packages[i].layer_index down to `layer` where the older file holds the same package. */
static pw_code attribute_step(const struct evidence *older, size_t layer, size_t above,
                              struct package *packages, size_t count, struct err *err) {
    AUTO(arena_done) struct arena scratch = ARENA_INIT(MIB(256));
    AUTO(map_done) struct map     keys = MAP_INIT;

    if (older->package_count == 1 && count == 1) {
        if (packages->layer_index == above && same_package(packages, &older->packages[0]))
            packages->layer_index = (unsigned)layer;
        return PW_OK;
    }
    PW_TRY(index_packages(&scratch, older, &keys, err));
    for (size_t i = 0; i < count; i++) {
        str key = package_key(&scratch, &packages[i]);

        if (key.ptr == NULL)
            return arena_error(&scratch, err);
        if (packages[i].layer_index == above && map_has(&keys, key))
            packages[i].layer_index = (unsigned)layer;
    }
    return PW_OK;
}

/* The layer of a package: the first from which on it stayed in this file up to the top. */
static pw_code attribute(struct stack *stack, const struct version_of_file *top,
                         struct package *packages, size_t count, struct err *err) {
    for (size_t i = 0; i < count; i++)
        packages[i].layer_index = (unsigned)top->layer;
    for (const struct version_of_file *at = top; at->older != NULL; at = at->older) {
        const struct version_of_file *older = at->older;

        if (tree_touched_between(stack->tree, older->evidence->path, older->layer, at->layer))
            break;
        PW_TRY(attribute_step(older->evidence, older->layer, at->layer, packages, count, err));
    }
    for (size_t i = 0; i < count; i++)
        packages[i].layer = stack->layers[packages[i].layer_index].digest;
    return PW_OK;
}

static pw_code make_room(struct stack *stack, size_t more, struct err *err) {
    size_t          need = stack->out.package_count + more;
    size_t          room = MAX_OF(stack->room * 2, MAX_OF(need, (size_t)256));
    struct package *list;

    if (need <= stack->room)
        return PW_OK;
    list = arena_grow(stack->arena, stack->out.packages, stack->room * sizeof *list,
                      room * sizeof *list);
    if (list == NULL)
        return arena_error(stack->arena, err);
    stack->out.packages = list;
    stack->room = room;
    return PW_OK;
}

/* Copies the packages of a standing file to the end of the inventory; gives the first of them. */
static pw_code add_packages(struct stack *stack, const struct version_of_file *top,
                            struct package **ret_added, struct err *err) {
    const struct evidence *evidence = top->evidence;
    struct package        *added;

    PW_TRY(make_room(stack, evidence->package_count, err));
    added = stack->out.packages + stack->out.package_count;
    for (size_t i = 0; i < evidence->package_count; i++) {
        added[i] = evidence->packages[i];
        added[i].path = top->path;
    }
    PW_TRY(attribute(stack, top, added, evidence->package_count, err));
    stack->out.package_count += evidence->package_count;
    *ret_added = added;
    return PW_OK;
}

/* --- the operating system --- */

static const struct os_file *find_os_file(struct stack *stack, const char *path,
                                          enum os_file_kind kind) {
    str want = tree_resolve(stack->tree, str_of(path), true);

    for (size_t i = stack->count; want.ptr != NULL && i > 0; i--) {
        const struct layer_facts *facts = stack->layers[i - 1].facts;

        for (size_t k = 0; facts != NULL && k < facts->os_file_count; k++) {
            const struct os_file *file = &facts->os_files[k];

            if (file->kind == kind && tree_alive(stack->tree, file->path, i - 1) &&
                str_eq(tree_resolve(stack->tree, file->path, false), want))
                return file;
        }
    }
    return NULL;
}

static pw_code identify(struct stack *stack, struct err *err) {
    struct distro_files files = {
        .release = find_os_file(stack, "etc/os-release", OS_FILE_RELEASE),
        .alpine_release = find_os_file(stack, "etc/alpine-release", OS_FILE_ALPINE_RELEASE),
        .debian_version = find_os_file(stack, "etc/debian_version", OS_FILE_DEBIAN_VERSION),
        .repositories = find_os_file(stack, "etc/apk/repositories", OS_FILE_APK_REPOSITORIES),
    };

    if (files.release == NULL || str_empty(files.release->id))
        files.release = find_os_file(stack, "usr/lib/os-release", OS_FILE_RELEASE);
    return distro_identify(stack->arena, &files, &stack->out.os, err);
}

/* Where the image's own package databases are; a name that ends in "/" is a folder of them. */
static const char *const database_places[] = {
    "var/lib/dpkg/status",  "usr/lib/dpkg/status",      "var/lib/dpkg/status.d/",
    "lib/apk/db/installed", "usr/lib/apk/db/installed", "var/lib/dpkg/info/",
};

/* Is the path one of them, once links are followed? */
static bool is_own_database(struct stack *stack, str path) {
    EACH (place, database_places) {
        bool folder = str_ends(str_of(*place), STR("/"));
        str  name = str_sub(str_of(*place), 0, strlen(*place) - (folder ? 1 : 0));
        str  real = tree_resolve(stack->tree, name, true);

        if (real.ptr == NULL)
            continue;
        if (!folder && str_eq(path, real))
            return true;
        if (folder && path.len > real.len && path.ptr[real.len] == '/' && str_starts(path, real))
            return true;
    }
    return false;
}

static void finish_os_package(struct stack *stack, struct package *package) {
    package->ecosystem = distro_family(stack->out.os.id, package->ecosystem);
    package->namespace_ = stack->out.os.id;
    if (str_empty(package->source))
        package->source = package->name;
    if (str_empty(package->source_version))
        package->source_version = package->version;
}

static pw_code add_database(struct stack *stack, const struct version_of_file *top,
                            struct err *err) {
    struct package *added;

    if (!is_own_database(stack, top->path))
        return shortfall_gap(
            &stack->shortfall, top->path, STR("nested-database"),
            STR("a package database outside its own place in the root file system is not counted"),
            err);
    PW_TRY(add_packages(stack, top, &added, err));
    for (size_t i = 0; i < top->evidence->package_count; i++)
        finish_os_package(stack, &added[i]);
    stack->os_packages += top->evidence->package_count;
    return PW_OK;
}

static pw_code add_databases(struct stack *stack, struct err *err) {
    for (const struct version_of_file *any = stack->first; any != NULL; any = any->next) {
        const struct version_of_file *top = standing(stack, any);

        if (top != NULL && top->evidence->role == ROLE_DATABASE)
            PW_TRY(add_database(stack, top, err));
    }
    return PW_OK;
}

/* A database that stands behind a link, at a name that no reader knows. */
static pw_code check_hidden_databases(struct stack *stack, struct err *err) {
    EACH (place, database_places) {
        str real = tree_resolve(stack->tree, str_of(*place), true);

        if (real.ptr == NULL || str_eq(real, str_of(*place)) || map_has(&stack->by_path, real) ||
            !tree_has_file(stack->tree, real))
            continue;
        PW_TRY(shortfall_gap(
            &stack->shortfall, real, STR("unreadable"),
            STR("a package database lies behind a link, at a name that is not read"), err));
    }
    return PW_OK;
}

/* --- ownership and language packages --- */

static pw_code index_owners(struct stack *stack, struct err *err) {
    PW_TRY(ownership_new(stack->out.packages, stack->out.package_count, &stack->owners, err));
    for (const struct version_of_file *any = stack->first; any != NULL; any = any->next) {
        const struct version_of_file *top = standing(stack, any);

        if (top == NULL || top->evidence->owner_count == 0 || !is_own_database(stack, top->path))
            continue;
        for (size_t i = 0; i < top->evidence->owner_count; i++)
            PW_TRY(ownership_add(stack->owners, &top->evidence->owners[i], err));
    }
    ownership_ready(stack->owners);
    return PW_OK;
}

static pw_code add_languages(struct stack *stack, struct err *err) {
    for (const struct version_of_file *any = stack->first; any != NULL; any = any->next) {
        const struct version_of_file *top = standing(stack, any);
        struct package               *added;
        str                           owner;

        if (top == NULL || top->evidence->role != ROLE_LANGUAGE)
            continue;
        PW_TRY(add_packages(stack, top, &added, err));
        owner = ownership_of(stack->owners, top->path);
        if (str_empty(owner))
            owner = ownership_of(stack->owners, top->evidence->path);
        for (size_t i = 0; i < top->evidence->package_count; i++)
            added[i].owned_by = owner;
    }
    return PW_OK;
}

static pw_code add_gaps(struct stack *stack, struct err *err) {
    for (size_t i = 0; i < stack->count; i++) {
        const struct layer_facts *facts = stack->layers[i].facts;

        for (size_t k = 0; facts != NULL && k < facts->gap_count; k++) {
            const struct incomplete *gap = &facts->gaps[k];

            if (!str_empty(gap->path) && (!tree_alive(stack->tree, gap->path, i) ||
                                          !str_empty(ownership_of(stack->owners, gap->path))))
                continue; /* gone, or the distribution answers for it */
            PW_TRY(shortfall_gap(&stack->shortfall, gap->path, gap->kind, gap->reason, err));
        }
    }
    return PW_OK;
}

static pw_code add_incompletes(struct stack *stack, struct err *err) {
    for (size_t i = 0; i < stack->count; i++) {
        const struct layer_input *layer = &stack->layers[i];

        if (layer->facts == NULL)
            PW_TRY(shortfall_add(&stack->shortfall, layer->digest, STR("unreadable"),
                                 str_empty(layer->why) ? STR("the layer was not read") : layer->why,
                                 err));
        for (size_t k = 0; layer->facts != NULL && k < layer->facts->incomplete_count; k++) {
            const struct incomplete *one = &layer->facts->incomplete[k];

            PW_TRY(shortfall_add(&stack->shortfall,
                                 str_empty(one->path) ? layer->digest : one->path, one->kind,
                                 one->reason, err));
        }
    }
    return PW_OK;
}

/* --- the result --- */

static int compare_packages(const void *left, const void *right) {
    const struct package *a = left, *b = right;
    int                   order = str_cmp(a->ecosystem, b->ecosystem);

    if (order == 0)
        order = str_cmp(a->name, b->name);
    if (order == 0)
        order = str_cmp(a->version, b->version);
    if (order == 0)
        order = str_cmp(a->arch, b->arch);
    return order != 0 ? order : str_cmp(a->path, b->path);
}

static bool is_os_package(const struct package *package) {
    return !str_empty(package->source);
}

/* The same OS package in two databases (status and status.d) is one package. */
static void sort_and_merge(struct inventory *inventory) {
    size_t kept = 0;

    if (inventory->package_count == 0)
        return;
    qsort(inventory->packages, inventory->package_count, sizeof *inventory->packages,
          compare_packages);
    for (size_t i = 1; i < inventory->package_count; i++) {
        const struct package *one = &inventory->packages[i], *last = &inventory->packages[kept];

        if (same_package(one, last) && (str_eq(one->path, last->path) || is_os_package(one)))
            continue;
        inventory->packages[++kept] = *one;
    }
    inventory->package_count = kept + 1;
}

static pw_code judge_coverage(struct stack *stack, struct err *err) {
    struct inventory *out = &stack->out;

    if (stack->os_packages == 0 && !str_empty(out->os.id) &&
        !shortfall_has_database(&stack->shortfall))
        PW_TRY(shortfall_add(
            &stack->shortfall, out->os.path, STR("no-packages"),
            STR("the image names an operating system but holds no package database"), err));
    else if (out->package_count == 0 && stack->shortfall.count == 0)
        PW_TRY(shortfall_add(&stack->shortfall, STR_NONE, STR("no-packages"),
                             STR("nothing in the image says which packages it holds"), err));
    out->incomplete = stack->shortfall.list;
    out->incomplete_count = stack->shortfall.count;
    if (out->package_count == 0)
        out->coverage = COVERAGE_UNSCANNED;
    else
        out->coverage = out->incomplete_count > 0 ? COVERAGE_PARTIAL : COVERAGE_FULL;
    return PW_OK;
}

static pw_code build(struct stack *stack, struct err *err) {
    PW_TRY(tree_new(stack->arena, stack->layers, stack->count, &stack->tree, err));
    PW_TRY(identify(stack, err));
    PW_TRY(file_all_evidence(stack, err));
    PW_TRY(add_databases(stack, err));
    PW_TRY(check_hidden_databases(stack, err));
    PW_TRY(index_owners(stack, err));
    PW_TRY(add_languages(stack, err));
    PW_TRY(add_gaps(stack, err));
    PW_TRY(add_incompletes(stack, err));
    PW_TRY(shortfall_finish(&stack->shortfall, err));
    sort_and_merge(&stack->out);
    return judge_coverage(stack, err);
}

pw_code inventory_stack(struct arena *arena, const struct layer_input *layers, size_t count,
                        struct inventory *ret_inventory, struct err *err) {
    AUTO(stack_done)
    struct stack stack = {
        .arena = arena, .layers = layers, .count = count, .shortfall = {.arena = arena}};

    PW_TRY(build(&stack, err));
    *ret_inventory = stack.out;
    return PW_OK;
}
