/* import_finish.c - what is missing, who answers now, and the switch. */
#include <stdlib.h>
#include "base/limits.h"
#include "base/macros.h"
#include "store/advisory_body.h"
#include "store/advisory_import.h"
#include "store/feeds.h"

/* --- scopes --- */

static bool same_scope(const struct import_scope *a, const struct import_scope *b) {
    return a->kind == b->kind && str_eq(a->ecosystem, b->ecosystem) && str_eq(a->part, b->part);
}

pw_code advisories_import_scope(struct advisory_import *import, const struct import_scope *scope,
                                struct err *err) {
    struct arena        *arena = &import->kept;
    struct import_scope *grown, *place;

    for (size_t i = 0; i < import->scope_count; i++)
        if (same_scope(&import->scopes[i], scope))
            return PW_OK;
    grown = arena_grow(arena, import->scopes, import->scope_count * sizeof *grown,
                       (import->scope_count + 1) * sizeof *grown);
    if (grown == NULL)
        return arena_error(arena, err);
    import->scopes = grown;
    place = &grown[import->scope_count];
    *place = (struct import_scope){scope->kind, arena_str(arena, scope->ecosystem),
                                   arena_str(arena, scope->part), arena_str(arena, scope->prefix)};
    if (place->ecosystem.ptr == NULL || place->part.ptr == NULL || place->prefix.ptr == NULL)
        return arena_error(arena, err);
    import->scope_count++;
    return PW_OK;
}

static bool is_of(str stream, str ecosystem) {
    return str_eq(stream, ecosystem) ||
           (str_starts(stream, ecosystem) && stream.len > ecosystem.len &&
            stream.ptr[ecosystem.len] == ':');
}

/* --- records that are missing --- */

struct looking {
    struct advisory_import *import;
    struct ids             *missing;
    struct arena            arena;
};

/* Does the stored record name an ecosystem of a scope? */
static pw_code look_at_row(struct txn *txn, struct looking *l, int64_t id, bool *ret_inside,
                           struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct advisory             advisory;
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_ADVISORY_BODY, &s, err));
    stmt_int(&s, "id", id);
    PW_TRY(stmt_step(&s, &row, err));
    if (!row)
        return PW_OK;
    arena_reset(&l->arena);
    PW_TRY(advisory_body_read(&l->arena, col_str(&s, 0), STR_NONE, STR_NONE, &advisory, err));
    for (size_t i = 0; i < advisory.affected_count; i++)
        for (size_t c = 0; c < l->import->scope_count; c++)
            *ret_inside = *ret_inside ||
                          (l->import->scopes[c].kind == IMPORT_SCOPE_ECOSYSTEM &&
                           is_of(advisory.affected[i].ecosystem, l->import->scopes[c].ecosystem));
    return PW_OK;
}

static pw_code is_missing(struct txn *txn, struct looking *l, const struct known *known,
                          bool *ret_missing, struct err *err) {
    bool by_body = false;

    for (size_t i = 0; i < l->import->scope_count && !*ret_missing; i++) {
        const struct import_scope *scope = &l->import->scopes[i];

        *ret_missing = scope->kind == IMPORT_SCOPE_ALL || (scope->kind == IMPORT_SCOPE_PREFIX &&
                                                           str_starts(known->name, scope->prefix));
        by_body = by_body || scope->kind == IMPORT_SCOPE_ECOSYSTEM;
    }
    return *ret_missing || !by_body ? PW_OK : look_at_row(txn, l, known->id, ret_missing, err);
}

static pw_code find_missing(struct txn *txn, void *arg, struct err *err) {
    struct looking *l = arg;
    size_t          cursor = 0;
    str             name;
    void           *value;

    while (l->import->scope_count > 0 && map_next(&l->import->by_name, &cursor, &name, &value)) {
        struct known *known = value;
        bool          gone = false;

        if (known->seen)
            continue;
        PW_TRY(is_missing(txn, l, known, &gone, err));
        if (gone && !import_ids_add(l->missing, known->id))
            return err_set(err, PW_MEMORY, "out of memory");
    }
    return PW_OK;
}

/* A mirror that was cut short must not wash all findings away. */
static pw_code check_loss(const struct advisory_import *import, const struct import_label *label,
                          size_t missing, struct err *err) {
    size_t kept = import->outcome.unchanged + import->outcome.changed;

    if (label->force || missing < LIMIT_FEED_LOSS_RECORDS ||
        missing * 100 < (missing + kept) * LIMIT_FEED_LOSS_PERCENT)
        return PW_OK;
    return err_set(err, PW_CONFLICT,
                   "feed " STR_FMT
                   ": %zu of %zu records would vanish, so this is probably not the complete feed; "
                   "nothing was changed (--force imports it nevertheless)",
                   STR_ARG(import->lease.feed), missing, missing + kept);
}

/* --- the switch --- */

struct switching {
    struct advisory_import *import;
    struct feed_switch      how;
    bool                    changed; /* records */
};

/* The scope that makes this stream complete; NULL: none. */
static const struct import_scope *scope_of(const struct advisory_import *import, str stream) {
    for (size_t i = 0; i < import->scope_count; i++) {
        const struct import_scope *scope = &import->scopes[i];

        if (scope->kind == IMPORT_SCOPE_ALL ||
            (scope->kind == IMPORT_SCOPE_ECOSYSTEM && is_of(stream, scope->ecosystem)))
            return scope;
    }
    return NULL;
}

static pw_code put_stream(struct txn *txn, const struct advisory_import *import,
                          const struct feed_stream *stream, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, stream->complete ? SQL_FEED_STREAM_PUT : SQL_FEED_STREAM_ADD, &s, err));
    stmt_str(&s, "feed", import->lease.feed);
    stmt_str(&s, "ecosystem", stream->ecosystem);
    stmt_str(&s, "part", stream->part);
    stmt_int(&s, "records", stream->records);
    stmt_int(&s, "now", txn_now(txn));
    if (stream->complete)
        stmt_int(&s, "complete", 1);
    return stmt_run(&s, err);
}

static bool has_prefix_scopes(const struct advisory_import *import) {
    return import->scope_count > 0 && import->scopes[0].kind == IMPORT_SCOPE_PREFIX;
}

static int64_t count_prefix(const struct advisory_import *import, str prefix) {
    int64_t count = 0;
    size_t  cursor = 0;
    str     name;
    void   *value;

    while (map_next(&import->by_name, &cursor, &name, &value))
        count += ((const struct known *)value)->seen && str_starts(name, prefix);
    return count;
}

/* Streams of whole ecosystems: those that were seen are complete; mentions of others in a complete
 * import say nothing about them. */
static pw_code put_seen_streams(struct txn *txn, const struct advisory_import *import,
                                struct err *err) {
    size_t cursor = 0;
    str    name;
    void  *value;

    while (!has_prefix_scopes(import) && map_next(&import->streams, &cursor, &name, &value)) {
        const struct stream *seen = value;
        struct feed_stream   stream = {.ecosystem = name, .records = seen->records};

        stream.complete = scope_of(import, name) != NULL;
        if (stream.complete || import->scope_count == 0)
            PW_TRY(put_stream(txn, import, &stream, err));
    }
    for (size_t i = 0; i < import->scope_count; i++) {
        const struct import_scope *scope = &import->scopes[i];
        struct feed_stream         stream = {scope->ecosystem, scope->part, 0, 0, true};

        if (scope->kind != IMPORT_SCOPE_PREFIX)
            continue;
        stream.records = count_prefix(import, scope->prefix);
        PW_TRY(put_stream(txn, import, &stream, err));
    }
    return PW_OK;
}

/* Streams that a complete import does not know any more. */
static pw_code drop_lost_streams(struct txn *txn, const struct advisory_import *import,
                                 struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(4));
    struct feed_streams           had;

    PW_TRY(feeds_streams(txn, &arena, import->lease.feed, &had, err));
    for (size_t i = 0; i < had.count; i++) {
        AUTO(stmt_done) struct stmt s = {0};

        if (map_has(&import->streams, had.rows[i].ecosystem) ||
            scope_of(import, had.rows[i].ecosystem) == NULL)
            continue;
        PW_TRY(stmt_begin(txn, SQL_FEED_STREAM_DROP, &s, err));
        stmt_str(&s, "feed", import->lease.feed);
        stmt_str(&s, "ecosystem", had.rows[i].ecosystem);
        stmt_str(&s, "part", had.rows[i].part);
        PW_TRY(stmt_run(&s, err));
    }
    return PW_OK;
}

/* --- streams that other feeds answer for from now on --- */

struct answered {
    str                ecosystem;
    struct feed_choice before;
};
struct answers {
    struct arena arena;
    struct map   by_name;
};

static pw_code note_answer(struct txn *txn, struct answers *answers, str ecosystem,
                           struct err *err) {
    struct answered *out;
    void           **place;

    if (map_has(&answers->by_name, ecosystem))
        return PW_OK;
    out = arena_new(&answers->arena, struct answered);
    ecosystem = arena_str(&answers->arena, ecosystem);
    if (out == NULL || ecosystem.ptr == NULL)
        return arena_error(&answers->arena, err);
    place = map_at(&answers->by_name, ecosystem);
    if (place == NULL)
        return err_set(err, PW_MEMORY, "out of memory");
    *place = out;
    out->ecosystem = ecosystem;
    return feeds_choose(txn, ecosystem, &out->before, err);
}

/* Every stream that this import may touch. */
static pw_code note_answers(struct txn *txn, const struct advisory_import *import,
                            struct answers *answers, struct err *err) {
    struct feed_streams had;
    size_t              cursor = 0;
    str                 name;
    void               *value;

    PW_TRY(feeds_streams(txn, &answers->arena, import->lease.feed, &had, err));
    for (size_t i = 0; i < had.count; i++)
        PW_TRY(note_answer(txn, answers, had.rows[i].ecosystem, err));
    while (map_next(&import->streams, &cursor, &name, &value))
        PW_TRY(note_answer(txn, answers, name, err));
    for (size_t i = 0; i < import->scope_count; i++)
        PW_TRY(note_answer(txn, answers, import->scopes[i].ecosystem, err));
    return PW_OK;
}

static bool same_choice(const struct feed_choice *a, const struct feed_choice *b) {
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->names[i], b->names[i]) != 0)
            return false;
    return true;
}

static pw_code mark_stream(struct txn *txn, const struct advisory_import *import, str ecosystem,
                           struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_FEED_CHANGE_MARK_STREAM, &s, err));
    stmt_str(&s, "feed", import->lease.feed);
    stmt_str(&s, "ecosystem", ecosystem);
    stmt_int(&s, "generation", import->lease.next);
    return stmt_run(&s, err);
}

/* A package that the new one has no record of keeps no finding of the old one, and the reverse. */
static pw_code mark_moved(struct txn *txn, const struct advisory_import *import,
                          const struct answers *answers, bool *ret_moved, struct err *err) {
    size_t cursor = 0;
    str    name;
    void  *value;

    *ret_moved = false;
    while (map_next(&answers->by_name, &cursor, &name, &value)) {
        const struct answered *answered = value;
        struct feed_choice     now;

        PW_TRY(feeds_choose(txn, answered->ecosystem, &now, err));
        if (same_choice(&answered->before, &now))
            continue;
        *ret_moved = true;
        PW_TRY(mark_stream(txn, import, answered->ecosystem, err));
    }
    return PW_OK;
}

static pw_code put_streams(struct txn *txn, const struct advisory_import *import, bool *ret_moved,
                           struct err *err) {
    struct answers answers = {ARENA_INIT(MIB(16)), MAP_INIT};
    pw_code        code = note_answers(txn, import, &answers, err);

    if (code == PW_OK)
        code = put_seen_streams(txn, import, err);
    if (code == PW_OK)
        code = drop_lost_streams(txn, import, err);
    if (code == PW_OK)
        code = mark_moved(txn, import, &answers, ret_moved, err);
    map_done(&answers.by_name);
    arena_done(&answers.arena);
    return code;
}

static pw_code switch_generation(struct txn *txn, void *arg, struct err *err) {
    struct switching *w = arg;
    bool              moved;

    PW_TRY(put_streams(txn, w->import, &moved, err));
    w->how.changed = w->changed || moved; /* this may be a second run */
    return feed_lease_switch(txn, &w->import->lease, &w->how, err);
}

static pw_code finish(struct advisory_import *import, const struct import_label *label,
                      struct ids *missing, struct err *err) {
    struct import_outcome *outcome = &import->outcome;
    struct switching       w = {.import = import, .how = {.label = label}};
    struct looking         look = {import, missing, ARENA_INIT(LIMIT_ADVISORY_MEMORY)};
    pw_code                code;

    PW_TRY(import_flush(import, err));
    code = store_read(import->store, find_missing, &look, err);
    arena_done(&look.arena);
    PW_TRY(code);
    PW_TRY(check_loss(import, label, missing->count, err));
    PW_TRY(import_retire_rows(import, missing->items, missing->count, err));
    for (size_t i = 0; i < missing->count; i++)
        if (!import_ids_add(&import->retired, missing->items[i]))
            return err_set(err, PW_MEMORY, "out of memory");
    outcome->retired = missing->count;
    outcome->records = import->by_name.count - missing->count;
    w.changed = outcome->added + outcome->changed + outcome->retired > 0;
    w.how.records = outcome->records;
    PW_TRY(store_write(import->store, STORE_FOREGROUND, switch_generation, &w, err));
    outcome->generation = w.how.changed ? import->lease.next : import->lease.next - 1;
    return PW_OK;
}

pw_code advisories_import_finish(struct advisory_import *import, const struct import_label *label,
                                 struct import_outcome *ret_outcome, struct err *err) {
    struct ids missing = {0};
    pw_code    code = finish(import, label, &missing, err);

    free(missing.items);
    if (code == PW_OK) {
        *ret_outcome = import->outcome;
        /* the import stands; a purge that fails is taken up by the next import */
        (void)import_delete_rows(import, import->retired.items, import->retired.count, NULL);
    }
    return code;
}
