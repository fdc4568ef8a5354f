/* collect.c - see collect.h. */
#include "inventory/collect.h"

#include <stdlib.h>

#include "base/limits.h"
#include "inventory/paths.h"
#include "inventory/sort.h"

#define NOTES_MEMORY MIB(24) /* LIMIT_GAPS texts twice, each of LIMIT_PATH_BYTES at worst */

void collect_init(struct collect *collect) {
    *collect = (struct collect){.arena = ARENA_INIT(LIMIT_READER_MEMORY),
                                .notes = ARENA_INIT(NOTES_MEMORY)};
}

static void hash_list_done(struct hash_list *list) {
    free(list->hashes);
    *list = (struct hash_list){0};
}

void collect_done(struct collect *collect) {
    arena_done(&collect->arena);
    arena_done(&collect->notes);
    map_done(&collect->evidence_of);
    free(collect->facts.evidence);
    free(collect->facts.os_files);
    free(collect->facts.links);
    free(collect->facts.gaps);
    free(collect->facts.incomplete);
    free(collect->open.packages);
    free(collect->open.owners);
    hash_list_done(&collect->owned);
    hash_list_done(&collect->files);
    hash_list_done(&collect->dirs);
    hash_list_done(&collect->whiteouts);
    hash_list_done(&collect->opaques);
}

/* Room for one more element of a heap array; false: no memory. */
static bool grow_heap(void **list, size_t count, size_t *room, size_t element) {
    size_t more = MAX_OF(*room * 2, (size_t)64);
    void  *grown;

    if (count < *room)
        return true;
    grown = reallocarray(*list, more, element);
    if (grown == NULL)
        return false;
    *list = grown;
    *room = more;
    return true;
}

static pw_code no_memory(struct err *err) {
    return err_set(err, PW_MEMORY, "out of memory for the facts of a layer");
}

pw_code collect_hash(struct hash_list *list, str path, struct err *err) {
    if (!grow_heap((void **)&list->hashes, list->count, &list->room, sizeof *list->hashes))
        return no_memory(err);
    list->hashes[list->count++] = str_hash(path);
    return PW_OK;
}

/* --- packages and owners of the open file --- */

static pw_code keep(struct collect *collect, str *text, struct err *err) {
    if (str_empty(*text))
        return PW_OK;
    *text = arena_str(&collect->arena, *text);
    return text->ptr != NULL ? PW_OK : arena_error(&collect->arena, err);
}

static bool fits(const struct package *package) {
    const str texts[] = {package->ecosystem, package->namespace_, package->name,
                         package->version,   package->source,     package->source_version,
                         package->arch,      package->module,     package->origin};

    EACH (text, texts)
        if (text->len > LIMIT_VERSION_BYTES)
            return false;
    return true;
}

pw_code collect_package(struct collect *collect, const struct package *package, struct err *err) {
    struct evidence *open = &collect->open;
    struct package   copy = *package;
    str             *texts[] = {&copy.name,           &copy.version, &copy.namespace_, &copy.source,
                                &copy.source_version, &copy.arch,    &copy.module};

    if (!fits(package)) {
        collect_incomplete(collect, "ceiling", open->path,
                           STR("a package has a name or version too long to be one"));
        return PW_OK;
    }
    if (collect->packages >= LIMIT_PACKAGES)
        return err_set(err, PW_TOO_LARGE, "the layer holds more than %d packages", LIMIT_PACKAGES);
    EACH (text, texts)
        PW_TRY(keep(collect, *text, err));
    if (!grow_heap((void **)&open->packages, open->package_count, &collect->package_room,
                   sizeof copy))
        return no_memory(err);
    open->packages[open->package_count++] = copy;
    collect->packages++;
    return PW_OK;
}

/* While a file is open, its owners' paths lie in collect->owned; close copies them. */
pw_code collect_owner(struct collect *collect, str package, struct err *err) {
    struct evidence *open = &collect->open;
    struct ownership owner = {.package = str_sub(package, 0, LIMIT_VERSION_BYTES)};

    if (open->owner_count > 0 && open->owners[open->owner_count - 1].path_count == 0)
        open->owner_count--; /* the one before owns nothing of interest */
    if (open->owner_count >= LIMIT_PACKAGES)
        return err_set(err, PW_TOO_LARGE, "more than %d packages own files", LIMIT_PACKAGES);
    PW_TRY(keep(collect, &owner.package, err));
    if (!grow_heap((void **)&open->owners, open->owner_count, &collect->owner_room, sizeof owner))
        return no_memory(err);
    open->owners[open->owner_count++] = owner;
    return PW_OK;
}

pw_code collect_owned(struct collect *collect, str path, struct err *err) {
    struct ownership *owner = &collect->open.owners[collect->open.owner_count - 1];
    char              merged[LIMIT_PATH_BYTES + 8];
    size_t            before = collect->owned.count;

    if (path.len > LIMIT_PATH_BYTES || !paths_may_matter(path))
        return PW_OK;
    if (collect->owned.count + 2 > LIMIT_TAR_ENTRIES)
        return err_set(err, PW_TOO_LARGE, "packages own more than %d files", LIMIT_TAR_ENTRIES);
    PW_TRY(collect_hash(&collect->owned, path, err));
    if (paths_is_merged_into_usr(path)) {
        /* dpkg says "bin/x"; where /bin is a link the layer says "usr/bin/x" */
        memcpy(merged, "usr/", 4);
        memcpy(merged + 4, path.ptr, path.len);
        merged[path.len + 4] = '\0';
        PW_TRY(collect_hash(&collect->owned, str_make(merged, path.len + 4), err));
    }
    owner->path_count += collect->owned.count - before;
    return PW_OK;
}

/* --- evidence --- */

void collect_open(struct collect *collect, enum evidence_role role, const char *analyzer,
                  str path) {
    struct evidence *open = &collect->open;

    open->role = role;
    open->analyzer = str_of(analyzer);
    open->path = path;
    open->package_count = open->owner_count = 0;
    collect->owned.count = 0;
}

void collect_abandon(struct collect *collect) {
    collect->packages -= collect->open.package_count;
    collect->open.package_count = collect->open.owner_count = 0;
    collect->owned.count = 0;
}

/* Copies the open file's arrays into the arena. */
static pw_code settle(struct collect *collect, struct evidence *out, struct err *err) {
    const struct evidence *open = &collect->open;
    struct arena          *arena = &collect->arena;
    uint64_t              *owned = arena_array(arena, collect->owned.count, sizeof *owned);

    *out = *open;
    out->path = arena_str(arena, open->path);
    out->packages = arena_array(arena, open->package_count, sizeof *out->packages);
    out->owners = arena_array(arena, open->owner_count, sizeof *out->owners);
    if (owned == NULL || out->path.ptr == NULL || out->packages == NULL || out->owners == NULL)
        return arena_error(arena, err);
    if (open->package_count > 0)
        memcpy(out->packages, open->packages, open->package_count * sizeof *out->packages);
    if (collect->owned.count > 0)
        memcpy(owned, collect->owned.hashes, collect->owned.count * sizeof *owned);
    for (size_t i = 0; i < open->owner_count; i++) {
        out->owners[i] = open->owners[i];
        out->owners[i].paths = owned;
        owned += open->owners[i].path_count;
    }
    return PW_OK;
}

static pw_code file_evidence(struct collect *collect, const struct evidence *evidence,
                             struct err *err) {
    struct layer_facts *facts = &collect->facts;
    void              **place;

    if (facts->evidence_count >= LIMIT_EVIDENCE)
        return err_set(err, PW_TOO_LARGE, "more than %d files name packages", LIMIT_EVIDENCE);
    place = map_at(&collect->evidence_of, evidence->path);
    if (place == NULL || !grow_heap((void **)&facts->evidence, facts->evidence_count,
                                    &collect->evidence_room, sizeof *facts->evidence))
        return no_memory(err);
    facts->evidence[facts->evidence_count++] = *evidence;
    *place = (void *)(uintptr_t)facts->evidence_count;
    return PW_OK;
}

/* What is known of a path so far; NULL: nothing. Valid until the next file_evidence. */
static struct evidence *known_evidence(const struct collect *collect, str path) {
    uintptr_t place = (uintptr_t)map_get(&collect->evidence_of, path);

    return place != 0 ? &collect->facts.evidence[place - 1] : NULL;
}

pw_code collect_close(struct collect *collect, struct err *err) {
    struct evidence *open = &collect->open, kept;
    pw_code          code;

    if (open->owner_count > 0 && open->owners[open->owner_count - 1].path_count == 0)
        open->owner_count--;
    /* A database without packages is still a database; other files count by what they say. */
    if (open->role != ROLE_DATABASE && open->package_count == 0 && open->owner_count == 0)
        return PW_OK;
    code = settle(collect, &kept, err);
    if (code == PW_OK)
        code = file_evidence(collect, &kept, err);
    if (code == PW_OK)
        open->package_count = open->owner_count = 0;
    return code;
}

void collect_replace(struct collect *collect, str path) {
    struct evidence *old = known_evidence(collect, path);

    if (old != NULL) {
        collect->packages -= old->package_count;
        old->path = STR_NONE; /* left out by collect_finish */
        *map_at(&collect->evidence_of, path) = NULL;
    }
    for (size_t i = 0; i < collect->facts.os_file_count; i++)
        if (str_eq(collect->facts.os_files[i].path, path))
            collect->facts.os_files[i] = collect->facts.os_files[--collect->facts.os_file_count];
}

bool collect_same(struct collect *collect, str target, str path, struct err *err) {
    const struct evidence *known = known_evidence(collect, target);
    struct evidence        copy;

    if (known == NULL || collect->packages + known->package_count > LIMIT_PACKAGES)
        return false;
    copy = *known;
    copy.path = arena_str(&collect->arena, path);
    if (copy.path.ptr == NULL || file_evidence(collect, &copy, err) != PW_OK)
        return false;
    collect->packages += copy.package_count;
    return true;
}

/* --- single facts --- */

pw_code collect_os_file(struct collect *collect, const struct os_file *file, struct err *err) {
    struct layer_facts *facts = &collect->facts;
    struct os_file      copy = *file;
    str *texts[] = {&copy.path, &copy.id, &copy.version_id, &copy.name, &copy.codename};

    if (facts->os_file_count >= LIMIT_LAYER_LINKS)
        return PW_OK; /* cannot be: a layer has five such names */
    EACH (text, texts) {
        **text = str_sub(**text, 0, LIMIT_PATH_BYTES);
        PW_TRY(keep(collect, *text, err));
    }
    if (!grow_heap((void **)&facts->os_files, facts->os_file_count, &collect->os_file_room,
                   sizeof copy))
        return no_memory(err);
    facts->os_files[facts->os_file_count++] = copy;
    return PW_OK;
}

pw_code collect_link(struct collect *collect, str path, str target, struct err *err) {
    struct layer_facts *facts = &collect->facts;
    struct fact_link    link = {path, str_sub(target, 0, LIMIT_PATH_BYTES)};

    if (facts->link_count >= LIMIT_LAYER_LINKS) {
        collect_incomplete(collect, "ceiling", path,
                           STR("the layer has too many links near its root"));
        return PW_OK;
    }
    PW_TRY(keep(collect, &link.path, err));
    PW_TRY(keep(collect, &link.target, err));
    if (!grow_heap((void **)&facts->links, facts->link_count, &collect->link_room, sizeof link))
        return no_memory(err);
    facts->links[facts->link_count++] = link;
    return PW_OK;
}

/* --- notes --- */

static struct collect_kind *kind_of(struct collect_kind kinds[COLLECT_KINDS], str kind) {
    for (size_t i = 0; i < COLLECT_KINDS; i++) {
        if (str_empty(kinds[i].kind))
            kinds[i].kind = kind; /* a literal of ours */
        if (str_eq(kinds[i].kind, kind))
            return &kinds[i];
    }
    return &kinds[COLLECT_KINDS - 1];
}

static void note(struct collect *collect, struct incomplete **list, size_t *count, size_t *room,
                 struct incomplete one) {
    one.path = arena_str(&collect->notes, str_sub(one.path, 0, LIMIT_PATH_BYTES));
    one.reason = arena_str(&collect->notes, str_sub(one.reason, 0, ERR_TEXT_SIZE));
    if (one.path.ptr != NULL && one.reason.ptr != NULL &&
        grow_heap((void **)list, *count, room, sizeof one))
        (*list)[(*count)++] = one;
}

void collect_gap(struct collect *collect, const char *kind, str path, const char *reason) {
    struct collect_kind *of_kind = kind_of(collect->gap_kinds, str_of(kind));

    if (of_kind->named >= LIMIT_GAPS_OF_KIND) {
        of_kind->unnamed++;
        return;
    }
    of_kind->named++;
    note(collect, &collect->facts.gaps, &collect->facts.gap_count, &collect->gap_room,
         (struct incomplete){.path = path, .kind = of_kind->kind, .reason = str_of(reason)});
}

void collect_incomplete(struct collect *collect, const char *kind, str path, str reason) {
    struct collect_kind *of_kind = kind_of(collect->incomplete_kinds, str_of(kind));

    if (of_kind->named >= LIMIT_GAPS_SHOWN) {
        of_kind->unnamed++;
        return;
    }
    of_kind->named++;
    note(collect, &collect->facts.incomplete, &collect->facts.incomplete_count,
         &collect->incomplete_room,
         (struct incomplete){.path = path, .kind = of_kind->kind, .reason = reason});
}

static void count_unnamed(struct collect *collect, const struct collect_kind *kinds,
                          struct incomplete **list, size_t *count, size_t *room) {
    for (size_t i = 0; i < COLLECT_KINDS && !str_empty(kinds[i].kind); i++) {
        str reason;

        if (kinds[i].unnamed == 0)
            continue;
        reason =
            arena_strf(&collect->notes, "and %zu more like these in one layer", kinds[i].unnamed);
        note(collect, list, count, room,
             (struct incomplete){.kind = kinds[i].kind, .reason = reason});
    }
}

/* --- the end --- */

static struct hash_set as_set(struct hash_list *list) {
    sort_hashes(list->hashes, &list->count);
    return (struct hash_set){list->hashes, list->count};
}

const struct layer_facts *collect_finish(struct collect *collect) {
    struct layer_facts *facts = &collect->facts;
    size_t              kept = 0;

    count_unnamed(collect, collect->gap_kinds, &facts->gaps, &facts->gap_count, &collect->gap_room);
    count_unnamed(collect, collect->incomplete_kinds, &facts->incomplete, &facts->incomplete_count,
                  &collect->incomplete_room);
    for (size_t i = 0; i < facts->evidence_count; i++)
        if (facts->evidence[i].path.ptr != NULL)
            facts->evidence[kept++] = facts->evidence[i];
    facts->evidence_count = kept;
    facts->files = as_set(&collect->files);
    facts->dirs = as_set(&collect->dirs);
    facts->whiteouts = as_set(&collect->whiteouts);
    facts->opaques = as_set(&collect->opaques);
    return facts;
}
