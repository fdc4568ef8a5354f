/*
 * advisory_import.c - writing the next generation of a feed beside the visible one.
 *
 *   begin    takes the lease, reads name and hash of all rows, clears what a dead import left
 *   add      compares; changed records gather into a batch of at most LIMIT_IMPORT_ROWS rows
 *   finish   retires what is missing in its scopes, switches, deletes retired rows
 */
#include "store/advisory_import.h"

#include <stdlib.h>
#include "base/limits.h"
#include "store/advisory_body.h"

/* --- what is there --- */

static pw_code note_row(struct advisory_import *import, const struct stmt *s, struct err *err) {
    int64_t      added_in = col_int(s, 3), retired_in = col_int(s, 4);
    struct known row = {.id = col_int(s, 0), .hash = (uint64_t)col_int(s, 2)};

    if (added_in >= import->lease.next) /* a dead import's */
        return import_note_dead(import, row.id, err);
    if (retired_in != 0 && retired_in < import->lease.next) /* a purge that did not end */
        return import_note_dead(import, row.id, err);
    row.retired = retired_in != 0; /* by a dead import: counts again */
    import->recover = import->recover || row.retired;
    return import_note_known(import, col_str(s, 1), &row, err);
}

static pw_code read_rows(struct txn *txn, void *arg, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct advisory_import     *import = arg;
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_ADVISORY_ALL, &s, err));
    stmt_str(&s, "feed", import->lease.feed);
    for (;;) {
        PW_TRY(stmt_step(&s, &row, err));
        if (!row)
            return PW_OK;
        PW_TRY(note_row(import, &s, err));
    }
}

pw_code advisories_import_begin(struct store *store, str feed, bool is_sample,
                                struct advisory_import **ret_import, struct err *err) {
    struct advisory_import *import = calloc(1, sizeof *import);
    pw_code                 code;

    if (import == NULL)
        return err_set(err, PW_MEMORY, "out of memory");
    import_init(import, store);
    import->lease =
        (struct feed_lease){.feed = arena_str(&import->kept, feed), .is_sample = is_sample};
    code = feed_lease_take(store, &import->lease, err);
    if (code == PW_OK)
        code = store_read(store, read_rows, import, err);
    if (code == PW_OK)
        code = import_clear_dead(import, err);
    if (code != PW_OK) {
        advisories_import_close(import);
        return code;
    }
    *ret_import = import;
    return PW_OK;
}

void advisories_import_close(struct advisory_import *import) {
    if (import == NULL)
        return;
    feed_lease_drop(import->store, &import->lease);
    import_done(import);
    free(import);
}

void advisories_import_closep(struct advisory_import **import) {
    advisories_import_close(*import);
    *import = NULL;
}

/* --- adding --- */

/* One record's rows: the record, its packages, a mark for each, and the retired one before it. */
static pw_code insert_advisory(struct txn *txn, const struct advisory_import *import,
                               struct pending *p, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_ADVISORY_INSERT, &s, err));
    stmt_str(&s, "feed", import->lease.feed);
    stmt_str(&s, "name", p->name);
    stmt_int(&s, "hash", (int64_t)p->hash);
    stmt_int(&s, "generation", import->lease.next);
    stmt_blob(&s, "body", p->body);
    PW_TRY(stmt_step(&s, &row, err));
    p->id = col_int(&s, 0);
    return stmt_run(&s, err);
}

static pw_code insert_packages(struct txn *txn, const struct pending *p, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_AFFECTED_INSERT, &s, err));
    for (size_t i = 0; i < p->pair_count; i++) {
        stmt_str(&s, "ecosystem", p->pairs[i].ecosystem);
        stmt_str(&s, "package", p->pairs[i].package);
        stmt_int(&s, "advisory", p->id);
        PW_TRY(stmt_run(&s, err));
        stmt_reset(&s);
    }
    return PW_OK;
}

static pw_code mark_pairs(struct txn *txn, const struct advisory_import *import,
                          const struct pair *pairs, size_t count, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_FEED_CHANGE_MARK, &s, err));
    for (size_t i = 0; i < count; i++)
        PW_TRY(feed_lease_mark(&s, &import->lease, pairs[i].ecosystem, pairs[i].package, err));
    return PW_OK;
}

/* The packages that a stored record names. */
static pw_code pairs_of_row(struct txn *txn, struct arena *arena, int64_t id,
                            struct pair **ret_pairs, size_t *ret_count, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct advisory             advisory;
    bool                        row;
    str                         body;

    *ret_pairs = NULL;
    *ret_count = 0;
    PW_TRY(stmt_begin(txn, SQL_ADVISORY_BODY, &s, err));
    stmt_int(&s, "id", id);
    PW_TRY(stmt_step(&s, &row, err));
    if (!row)
        return PW_OK;
    body = arena_str(arena, col_str(&s, 0));
    if (body.ptr == NULL)
        return arena_error(arena, err);
    PW_TRY(advisory_body_read(arena, body, STR_NONE, STR_NONE, &advisory, err));
    return import_pairs(arena, &advisory, ret_pairs, ret_count, err);
}

static pw_code retire(struct txn *txn, struct advisory_import *import, int64_t id,
                      int64_t generation, struct err *err) {
    AUTO(stmt_done) struct stmt   s = {0};
    AUTO(arena_done) struct arena arena = ARENA_INIT(LIMIT_ADVISORY_MEMORY);
    struct pair                  *pairs;
    size_t                        count;

    PW_TRY(pairs_of_row(txn, &arena, id, &pairs, &count, err));
    PW_TRY(mark_pairs(txn, import, pairs, count, err));
    PW_TRY(stmt_begin(txn, SQL_ADVISORY_RETIRE, &s, err));
    stmt_int(&s, "id", id);
    stmt_int(&s, "generation", generation);
    return stmt_run(&s, err);
}

static pw_code write_batch(struct txn *txn, void *arg, struct err *err) {
    struct advisory_import *import = arg;

    PW_TRY(feed_lease_hold(txn, &import->lease, err));
    for (size_t i = 0; i < import->pending_count; i++) {
        struct pending *p = &import->pending[i];

        PW_TRY(insert_advisory(txn, import, p, err));
        PW_TRY(insert_packages(txn, p, err));
        PW_TRY(mark_pairs(txn, import, p->fresh, p->fresh_count, err));
        if (p->replaces != 0)
            PW_TRY(retire(txn, import, p->replaces, import->lease.next, err));
    }
    return PW_OK;
}

pw_code import_flush(struct advisory_import *import, struct err *err) {
    if (import->pending_count == 0)
        return PW_OK;
    PW_TRY(store_write(import->store, STORE_BACKGROUND, write_batch, import, err));
    return import_batch_written(import, err);
}

pw_code advisories_import_add(struct advisory_import *import, str name,
                              const struct advisory *advisory, struct err *err) {
    struct known *known;
    uint64_t      hash;

    buf_clear(&import->body);
    advisory_body_write(&import->body, advisory);
    if (!buf_ok(&import->body))
        return err_set(err, import->body.failed, "record " STR_FMT " is larger than %zu bytes",
                       STR_ARG(name), (size_t)LIMIT_ADVISORY_BYTES);
    hash = advisory_body_hash(buf_str(&import->body));
    PW_TRY(import_count_streams(import, advisory, err));
    known = import_find(import, name);
    if (known != NULL &&
        known->pending) { /* the same name twice in one import: the later one counts */
        PW_TRY(import_flush(import, err));
        known = import_find(import, name);
    }
    if (known != NULL && known->hash == hash && !known->retired) {
        import->outcome.unchanged += !known->seen;
        known->seen = true;
        return PW_OK;
    }
    return import_queue(import, name, known, hash, advisory, err);
}

/* --- the end --- */

struct retiring {
    struct advisory_import *import;
    const int64_t          *ids;
    size_t                  count;
};

static pw_code retire_some(struct txn *txn, void *arg, struct err *err) {
    struct retiring *r = arg;

    PW_TRY(feed_lease_hold(txn, &r->import->lease, err));
    for (size_t i = 0; i < r->count; i++)
        PW_TRY(retire(txn, r->import, r->ids[i], r->import->lease.next, err));
    return PW_OK;
}

static pw_code delete_row(struct txn *txn, struct arena *arena, int64_t id, struct err *err) {
    AUTO(stmt_done) struct stmt pair = {0}, row = {0};
    struct pair                *pairs;
    size_t                      count;

    PW_TRY(pairs_of_row(txn, arena, id, &pairs, &count, err));
    PW_TRY(stmt_begin(txn, SQL_AFFECTED_DELETE, &pair, err));
    for (size_t i = 0; i < count; i++) {
        stmt_str(&pair, "ecosystem", pairs[i].ecosystem);
        stmt_str(&pair, "package", pairs[i].package);
        stmt_int(&pair, "advisory", id);
        PW_TRY(stmt_run(&pair, err));
        stmt_reset(&pair);
    }
    PW_TRY(stmt_begin(txn, SQL_ADVISORY_DELETE, &row, err));
    stmt_int(&row, "id", id);
    return stmt_run(&row, err);
}

static pw_code delete_some(struct txn *txn, void *arg, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(LIMIT_ADVISORY_MEMORY);
    struct retiring              *r = arg;

    PW_TRY(feed_lease_hold(txn, &r->import->lease, err));
    for (size_t i = 0; i < r->count; i++) {
        arena_reset(&arena);
        PW_TRY(delete_row(txn, &arena, r->ids[i], err));
    }
    return PW_OK;
}

/* A row has a few packages: a tenth of the ceiling keeps a transaction small. */
static pw_code in_batches(struct advisory_import *import, store_fn fn, const int64_t *ids,
                          size_t count, struct err *err) {
    size_t step = LIMIT_IMPORT_ROWS / 10;

    for (size_t at = 0; at < count; at += step) {
        struct retiring batch = {import, ids + at, MIN_OF(step, count - at)};

        PW_TRY(store_write(import->store, STORE_BACKGROUND, fn, &batch, err));
    }
    return PW_OK;
}

pw_code import_delete_rows(struct advisory_import *import, const int64_t *ids, size_t count,
                           struct err *err) {
    return in_batches(import, delete_some, ids, count, err);
}

pw_code import_retire_rows(struct advisory_import *import, const int64_t *ids, size_t count,
                           struct err *err) {
    return in_batches(import, retire_some, ids, count, err);
}

static pw_code unretire_some(struct txn *txn, void *arg, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct retiring            *r = arg;

    PW_TRY(stmt_begin(txn, SQL_ADVISORY_RETIRE, &s, err));
    for (size_t i = 0; i < r->count; i++) {
        stmt_int(&s, "id", r->ids[i]);
        stmt_int(&s, "generation", 0);
        PW_TRY(stmt_run(&s, err));
        stmt_reset(&s);
    }
    return PW_OK;
}

static pw_code forget_marks(struct txn *txn, void *arg, struct err *err) {
    AUTO(stmt_done) struct stmt   s = {0};
    const struct advisory_import *import = arg;

    PW_TRY(stmt_begin(txn, SQL_FEED_CHANGE_FORGET, &s, err));
    stmt_str(&s, "feed", import->lease.feed);
    stmt_int(&s, "generation", import->lease.next - 1);
    return stmt_run(&s, err);
}

pw_code import_recover(struct advisory_import *import, const int64_t *ids, size_t count,
                       struct err *err) {
    PW_TRY(in_batches(import, unretire_some, ids, count, err));
    return store_write(import->store, STORE_BACKGROUND, forget_marks, import, err);
}
