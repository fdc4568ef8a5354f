/* import_state.c - what an import remembers between its transactions. */
#include <stdlib.h>
#include "base/limits.h"
#include "base/macros.h"
#include "store/advisory_import.h"

void import_init(struct advisory_import *import, struct store *store) {
    import->store = store;
    import->kept = (struct arena)ARENA_INIT(LIMIT_IMPORT_MEMORY);
    import->batch = (struct arena)ARENA_INIT(LIMIT_ADVISORY_MEMORY);
    import->body = (struct buf)BUF_INIT(LIMIT_ADVISORY_BYTES);
}

void import_done(struct advisory_import *import) {
    arena_done(&import->kept);
    arena_done(&import->batch);
    buf_done(&import->body);
    map_done(&import->by_name);
    map_done(&import->marked);
    map_done(&import->streams);
    free(import->dead.items);
    free(import->retired.items);
}

static pw_code out_of_memory(struct err *err) {
    return err_set(err, PW_MEMORY, "out of memory");
}

bool import_ids_add(struct ids *ids, int64_t id) {
    if (ids->count == ids->room) {
        size_t   room = ids->room > 0 ? ids->room * 2 : 64;
        int64_t *items = realloc(ids->items, room * sizeof *items);

        if (items == NULL)
            return false;
        ids->items = items;
        ids->room = room;
    }
    ids->items[ids->count++] = id;
    return true;
}

pw_code import_note_known(struct advisory_import *import, str name, const struct known *row,
                          struct err *err) {
    struct known *known = arena_new(&import->kept, struct known);
    str           copy = arena_str(&import->kept, name);
    void        **place;

    if (known == NULL || copy.ptr == NULL)
        return arena_error(&import->kept, err);
    place = map_at(&import->by_name, copy);
    if (place == NULL)
        return out_of_memory(err);
    *known = *row;
    known->name = copy;
    *place = known;
    return PW_OK;
}

struct known *import_find(const struct advisory_import *import, str name) {
    return map_get(&import->by_name, name);
}

/* --- what a dead import left --- */

pw_code import_note_dead(struct advisory_import *import, int64_t id, struct err *err) {
    return import_ids_add(&import->dead, id) ? PW_OK : out_of_memory(err);
}

pw_code import_clear_dead(struct advisory_import *import, struct err *err) {
    struct ids back = {0};
    size_t     cursor = 0;
    str        name;
    void      *value;
    pw_code    code = PW_OK;

    if (import->dead.count == 0 && !import->recover)
        return PW_OK;
    while (map_next(&import->by_name, &cursor, &name, &value)) {
        struct known *known = value;

        if (known->retired && !import_ids_add(&back, known->id))
            code = out_of_memory(err);
        known->retired = false;
    }
    if (code == PW_OK)
        code = import_recover(import, back.items, back.count, err);
    if (code == PW_OK)
        code = import_delete_rows(import, import->dead.items, import->dead.count, err);
    free(back.items);
    return code;
}

/* --- streams --- */

pw_code import_count_streams(struct advisory_import *import, const struct advisory *advisory,
                             struct err *err) {
    for (size_t i = 0; i < advisory->affected_count; i++) {
        str            ecosystem = advisory->affected[i].ecosystem;
        struct stream *stream;
        void         **place;

        if (i > 0 && str_eq(ecosystem, advisory->affected[i - 1].ecosystem))
            continue;
        stream = map_get(&import->streams, ecosystem);
        if (stream == NULL) {
            stream = arena_new(&import->kept, struct stream);
            ecosystem = arena_str(&import->kept, ecosystem);
            if (stream == NULL || ecosystem.ptr == NULL)
                return arena_error(&import->kept, err);
            place = map_at(&import->streams, ecosystem);
            if (place == NULL)
                return out_of_memory(err);
            stream->ecosystem = ecosystem;
            *place = stream;
        }
        stream->records++;
    }
    return PW_OK;
}

/* --- packages of a record --- */

static int by_pair(const void *a, const void *b) {
    const struct pair *x = a, *y = b;
    int                order = str_cmp(x->ecosystem, y->ecosystem);

    return order != 0 ? order : str_cmp(x->package, y->package);
}

pw_code import_pairs(struct arena *arena, const struct advisory *advisory, struct pair **ret_pairs,
                     size_t *ret_count, struct err *err) {
    struct pair *pairs = arena_array(arena, advisory->affected_count, sizeof *pairs);
    size_t       kept = 0;

    if (pairs == NULL)
        return arena_error(arena, err);
    for (size_t i = 0; i < advisory->affected_count; i++)
        pairs[i] = (struct pair){advisory->affected[i].ecosystem, advisory->affected[i].package};
    qsort(pairs, advisory->affected_count, sizeof *pairs, by_pair);
    for (size_t i = 0; i < advisory->affected_count; i++)
        if (kept == 0 || by_pair(&pairs[i], &pairs[kept - 1]) != 0)
            pairs[kept++] = pairs[i];
    *ret_pairs = pairs;
    *ret_count = kept;
    return PW_OK;
}

/* Those that this import marks for the first time. */
static pw_code find_fresh(struct advisory_import *import, struct pending *p, struct err *err) {
    p->fresh = arena_array(&import->batch, p->pair_count, sizeof *p->fresh);
    if (p->fresh == NULL)
        return arena_error(&import->batch, err);
    for (size_t i = 0; i < p->pair_count; i++) {
        str key = arena_strf(&import->batch, STR_FMT "\n" STR_FMT, STR_ARG(p->pairs[i].ecosystem),
                             STR_ARG(p->pairs[i].package));
        void **place;

        if (key.ptr == NULL)
            return arena_error(&import->batch, err);
        if (map_has(&import->marked, key))
            continue;
        key = arena_str(&import->kept, key);
        place = key.ptr != NULL ? map_at(&import->marked, key) : NULL;
        if (place == NULL)
            return out_of_memory(err);
        *place = import;
        p->fresh[p->fresh_count++] = p->pairs[i];
        import->outcome.marks++;
    }
    return PW_OK;
}

/* --- the batch --- */

static pw_code copy_pairs(struct advisory_import *import, struct pending *p,
                          const struct advisory *advisory, struct err *err) {
    PW_TRY(import_pairs(&import->batch, advisory, &p->pairs, &p->pair_count, err));
    for (size_t i = 0; i < p->pair_count; i++) {
        p->pairs[i].ecosystem = arena_str(&import->batch, p->pairs[i].ecosystem);
        p->pairs[i].package = arena_str(&import->batch, p->pairs[i].package);
        if (p->pairs[i].ecosystem.ptr == NULL || p->pairs[i].package.ptr == NULL)
            return arena_error(&import->batch, err);
    }
    return PW_OK;
}

pw_code import_queue(struct advisory_import *import, str name, struct known *known, uint64_t hash,
                     const struct advisory *advisory, struct err *err) {
    struct pending *p = &import->pending[import->pending_count];

    if (known == NULL) {
        struct known fresh = {0};

        PW_TRY(import_note_known(import, name, &fresh, err));
        known = import_find(import, name);
        import->outcome.added++;
    } else if (!known->fresh) {
        import->outcome.changed++;
    }
    *p = (struct pending){.name = known->name, .hash = hash, .known = known, .replaces = known->id};
    p->body = arena_str(&import->batch, buf_str(&import->body));
    if (p->body.ptr == NULL)
        return arena_error(&import->batch, err);
    PW_TRY(copy_pairs(import, p, advisory, err));
    PW_TRY(find_fresh(import, p, err));
    known->pending = known->seen = true;
    import->pending_count++;
    import->pending_rows += 1 + p->pair_count + p->fresh_count + 2 * (p->replaces != 0);
    import->pending_bytes += p->body.len;
    if (import->pending_count == PENDING_MOST || import->pending_rows >= LIMIT_IMPORT_ROWS ||
        import->pending_bytes >= MIB(1))
        return import_flush(import, err);
    return PW_OK;
}

pw_code import_batch_written(struct advisory_import *import, struct err *err) {
    for (size_t i = 0; i < import->pending_count; i++) {
        struct pending *p = &import->pending[i];

        if (p->replaces != 0 && !import_ids_add(&import->retired, p->replaces))
            return out_of_memory(err);
        p->known->id = p->id;
        p->known->hash = p->hash;
        p->known->fresh = true;
        p->known->pending = p->known->retired = false;
    }
    import->pending_count = import->pending_rows = import->pending_bytes = 0;
    arena_reset(&import->batch);
    return PW_OK;
}
