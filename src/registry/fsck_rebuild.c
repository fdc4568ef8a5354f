/* fsck_rebuild.c - rows again, from bytes and sidecar records alone. */
#include <stdio.h>
#include <stdlib.h>
#include "base/limits.h"
#include "registry/fsck.h"
#include "registry/fsck_run.h"
#include "registry/manifest_parse.h"
#include "registry/records.h"
#include "store/jobs.h"
#include "store/manifests.h"
#include "store/repositories.h"
#include "store/tags.h"

enum { BATCH = 500 };

struct rebuild {
    struct fsck_run run;
    struct blob_row batch[BATCH]; /* blobs found, not written yet */
    size_t          batch_count;
    str            *pending; /* names of manifest records that are not restored yet */
    size_t          pending_count, pending_room;
    struct arena    names;
};

/* --- nothing may be there --- */

static pw_code check_empty(struct txn *txn, void *arg, struct err *err) {
    struct blob_row row;
    size_t          count;
    bool            any;

    PW_TRY(manifests_any(txn, &any, err));
    PW_TRY(blobs_page(txn, 0, &row, 1, &count, err));
    if (any || count > 0)
        return err_set(err, PW_CONFLICT,
                       "the database is not empty: move it away before a rebuild");
    return PW_OK;
}

/* --- blobs --- */

/* A second copy of the same bytes: the row keeps one that is right. */
static pw_code place_second(struct txn *txn, struct rebuild *rebuild, struct blob_row *known,
                            const struct blob_row *found, struct err *err) {
    struct err ignored = ERR_NONE;

    if (strcmp(known->key, found->key) == 0 ||
        fsck_run_verify(&rebuild->run, known, true, &ignored) == PW_OK)
        return PW_OK; /* the other copy is an orphan, which a check reports */
    return blobs_swap(txn, known->id, found->size, str_of(found->key), err);
}

static pw_code write_blobs(struct txn *txn, void *arg, struct err *err) {
    struct rebuild *rebuild = arg;

    for (size_t i = 0; i < rebuild->batch_count; i++) {
        const struct blob_row *found = &rebuild->batch[i];
        struct blob_row        known;
        int64_t                id;
        pw_code                code = blobs_find(txn, &found->digest, &known, err);

        if (code == PW_OK)
            code = place_second(txn, rebuild, &known, found, err);
        else if (code == PW_NOT_FOUND)
            code = blobs_add(txn, &found->digest, found->size, str_of(found->key), &id, err);
        if (code != PW_OK)
            return code;
    }
    return PW_OK;
}

static pw_code flush_blobs(struct rebuild *rebuild, struct err *err) {
    if (rebuild->batch_count == 0)
        return PW_OK;
    PW_TRY(store_write(rebuild->run.options->store, STORE_BACKGROUND, write_blobs, rebuild, err));
    rebuild->run.report.blobs += rebuild->batch_count;
    rebuild->batch_count = 0;
    fsck_run_progress(&rebuild->run, "blobs", rebuild->run.report.blobs);
    return PW_OK;
}

static pw_code visit_key(void *ctx, str key, uint64_t size, int64_t modified_at, struct err *err) {
    struct rebuild  *rebuild = ctx;
    struct blob_row *row = &rebuild->batch[rebuild->batch_count];
    struct err       why = ERR_NONE;

    *row = (struct blob_row){.size = size};
    rebuild->run.report.keys++;
    if (!str_copy(key, row->key, sizeof row->key) || !fsck_run_key_digest(key, &row->digest)) {
        fsck_run_found(&rebuild->run, FSCK_UNUSABLE, false, row->key, "this is not a blob's key");
        return PW_OK;
    }
    if (rebuild->run.options->deep && fsck_run_verify(&rebuild->run, row, true, &why) != PW_OK) {
        fsck_run_found(&rebuild->run, FSCK_UNUSABLE, false, row->key, err_text(&why));
        return PW_OK;
    }
    rebuild->run.report.bytes += size;
    return ++rebuild->batch_count == BATCH ? flush_blobs(rebuild, err) : PW_OK;
}

/* --- manifests --- */

struct restore {
    struct rebuild    *rebuild;
    struct record_name name;
    struct record      record;
    struct manifest    manifest;
    struct arena       arena;
    struct buf         bytes;
    bool               is_missing_part;
};

static pw_code link_part(struct txn *txn, int64_t repository_id, const struct descriptor *part,
                         struct err *err) {
    struct blob_row row;
    int64_t         id;
    uint64_t        size;
    pw_code         code = blobs_find(txn, &part->digest, &row, err);

    if (code == PW_OK && row.size != part->size)
        code = PW_NOT_FOUND; /* cut: it does not count */
    if (code == PW_OK && part->kind != REFERENCE_CHILD)
        return blobs_link(txn, repository_id, row.id, txn_now(txn), err);
    if (code != PW_OK && code != PW_NOT_FOUND)
        return code;
    return manifests_find_linked(txn, repository_id, &part->digest, &id, &size, err);
}

static pw_code write_manifest(struct txn *txn, void *arg, struct err *err) {
    struct restore *restore = arg;
    char            text[DIGEST_TEXT_SIZE];
    int64_t         repository_id, id;

    restore->is_missing_part = false;
    PW_TRY(repositories_make(txn, restore->rebuild->run.options->registry_id,
                             restore->name.repository, &repository_id, err));
    for (size_t i = 0; i < restore->manifest.reference_count; i++) {
        const struct descriptor *part = &restore->manifest.references[i];
        pw_code code = part->foreign ? PW_OK : link_part(txn, repository_id, part, err);

        digest_format(&part->digest, text);
        restore->is_missing_part = code == PW_NOT_FOUND;
        if (code == PW_NOT_FOUND)
            return err_set(err, PW_NOT_FOUND, "it refers to %s, which is not there", text);
        if (code != PW_OK)
            return code;
    }
    PW_TRY(manifests_put(txn, &restore->manifest, &id, err));
    PW_TRY(manifests_link(txn, repository_id, id, restore->manifest.media_type, restore->record.at,
                          err));
    return jobs_add(txn, STR("scan"), digest_format(&restore->manifest.digest, text), JOB_NORMAL,
                    STR("rebuild"), err);
}

static pw_code load_manifest(struct restore *restore, str name, struct err *err) {
    struct blob_store *blobs = restore->rebuild->run.options->blobs;

    if (!records_parse_name(name, &restore->name))
        return err_set(err, PW_INTERNAL, "a record's name does not parse again");
    PW_TRY(blob_record_get(blobs, name, &restore->bytes, err));
    PW_TRY(records_parse(RECORD_MANIFEST, buf_str(&restore->bytes), &restore->record, err));
    PW_TRY(manifest_parse(&restore->arena, restore->record.body, restore->record.media_type,
                          restore->name.digest.algorithm, &restore->manifest, err));
    if (!digest_eq(&restore->manifest.digest, &restore->name.digest))
        return err_set(err, PW_CORRUPT, "its bytes have another digest");
    return PW_OK;
}

/* `ret_wait`: a part is missing that may still come. Other trouble is a finding. */
static pw_code restore_one(struct rebuild *rebuild, str name, bool *ret_wait, struct err *err) {
    struct restore restore = {.rebuild = rebuild,
                              .arena = ARENA_INIT(LIMIT_MANIFEST_MEMORY),
                              .bytes = BUF_INIT(LIMIT_MANIFEST_BYTES + KIB(128))};
    struct err     why = ERR_NONE;
    pw_code        code = load_manifest(&restore, name, &why);

    *ret_wait = false;
    if (code == PW_OK) {
        code = store_write(rebuild->run.options->store, STORE_BACKGROUND, write_manifest, &restore,
                           err);
        *ret_wait = code == PW_NOT_FOUND && restore.is_missing_part;
        rebuild->run.report.manifests += code == PW_OK;
    } else {
        char copy[RECORD_NAME_SIZE];

        (void)str_copy(name, copy, sizeof copy); /* a record's name fits */
        fsck_run_found(&rebuild->run, FSCK_UNUSABLE, false, copy, err_text(&why));
        code = PW_OK;
    }
    arena_done(&restore.arena);
    buf_done(&restore.bytes);
    return *ret_wait ? PW_OK : code;
}

/* One round over what is left; an index waits for its children. */
static pw_code restore_round(struct rebuild *rebuild, struct err *err) {
    size_t left = 0;

    for (size_t i = 0; i < rebuild->pending_count; i++) {
        bool wait;

        PW_TRY(restore_one(rebuild, rebuild->pending[i], &wait, err));
        if (wait)
            rebuild->pending[left++] = rebuild->pending[i];
        fsck_run_progress(&rebuild->run, "images", rebuild->run.report.manifests);
    }
    rebuild->pending_count = left;
    return PW_OK;
}

static pw_code restore_manifests(struct rebuild *rebuild, struct err *err) {
    size_t before;

    do {
        before = rebuild->pending_count;
        PW_TRY(restore_round(rebuild, err));
    } while (rebuild->pending_count > 0 && rebuild->pending_count < before);
    for (size_t i = 0; i < rebuild->pending_count; i++) {
        char copy[RECORD_NAME_SIZE];

        (void)str_copy(rebuild->pending[i], copy, sizeof copy); /* a record's name fits */
        fsck_run_found(&rebuild->run, FSCK_UNUSABLE, false, copy,
                       "something that it refers to is not there");
    }
    return PW_OK;
}

static pw_code note_manifest(void *ctx, str text, uint64_t size, int64_t modified_at,
                             struct err *err) {
    struct rebuild    *rebuild = ctx;
    struct record_name name;
    char               copy[RECORD_NAME_SIZE];

    rebuild->run.report.records++;
    if (!records_parse_name(text, &name)) {
        (void)snprintf(copy, sizeof copy, STR_FMT, STR_ARG(text)); /* a longer name is cut */
        fsck_run_found(&rebuild->run, FSCK_UNUSABLE, false, copy,
                       "this is not the name of a record");
        return PW_OK;
    }
    if (name.kind != RECORD_MANIFEST)
        return PW_OK;
    if (rebuild->pending_count == rebuild->pending_room) {
        size_t room = rebuild->pending_room == 0 ? 256 : rebuild->pending_room * 2;
        str   *grown = realloc(rebuild->pending, room * sizeof *grown);

        if (grown == NULL)
            return err_set(err, PW_MEMORY, "no memory for the names of images");
        rebuild->pending = grown;
        rebuild->pending_room = room;
    }
    rebuild->pending[rebuild->pending_count] = arena_str(&rebuild->names, text);
    if (rebuild->pending[rebuild->pending_count].ptr == NULL)
        return arena_error(&rebuild->names, err);
    rebuild->pending_count++;
    return PW_OK;
}

/* --- tags --- */

struct tag_restore {
    int64_t                   registry_id;
    const struct record_name *name;
    struct digest             digest;
    int64_t                   at; /* as the record says: a rebuild changes nothing that was there */
};

static pw_code write_tag(struct txn *txn, void *arg, struct err *err) {
    struct tag_restore *restore = arg;
    int64_t             repository_id, id;
    uint64_t            size;

    PW_TRY(repositories_find(txn, restore->registry_id, restore->name->repository, &repository_id,
                             err));
    PW_TRY(manifests_find_linked(txn, repository_id, &restore->digest, &id, &size, err));
    PW_TRY(tags_set(txn, repository_id, restore->name->tag, id, &restore->digest, err));
    return tags_set_time(txn, repository_id, restore->name->tag, restore->at, err);
}

static pw_code restore_tag(void *ctx, str text, uint64_t size, int64_t modified_at,
                           struct err *err) {
    AUTO(buf_done) struct buf  bytes = BUF_INIT(KIB(128));
    struct rebuild            *rebuild = ctx;
    const struct fsck_options *o = rebuild->run.options;
    struct record_name         name;
    struct record              record;
    struct tag_restore         restore = {.registry_id = o->registry_id, .name = &name};
    struct err                 why = ERR_NONE;
    char                       copy[RECORD_NAME_SIZE];
    pw_code                    code;

    if (!records_parse_name(text, &name) || name.kind != RECORD_TAG)
        return PW_OK;
    code = blob_record_get(o->blobs, text, &bytes, &why);
    if (code == PW_OK)
        code = records_parse(RECORD_TAG, buf_str(&bytes), &record, &why);
    if (code == PW_OK) {
        restore.digest = record.digest;
        restore.at = record.at;
        code = store_write(o->store, STORE_BACKGROUND, write_tag, &restore, &why);
    }
    if (code == PW_OK) {
        fsck_run_progress(&rebuild->run, "tags", ++rebuild->run.report.tags);
        return PW_OK;
    }
    if (code != PW_NOT_FOUND && code != PW_CORRUPT && code != PW_TOO_LARGE) {
        *err = why;
        return code;
    }
    (void)str_copy(text, copy, sizeof copy); /* a record's name fits */
    fsck_run_found(&rebuild->run, FSCK_UNUSABLE, false, copy, err_text(&why));
    return PW_OK;
}

/* --- --- */

static pw_code run_all(struct rebuild *rebuild, struct err *err) {
    const struct fsck_options *o = rebuild->run.options;

    PW_TRY(store_read(o->store, check_empty, NULL, err));
    PW_TRY(blob_keys_each(o->blobs, visit_key, rebuild, err));
    PW_TRY(flush_blobs(rebuild, err));
    PW_TRY(blob_records_each(o->blobs, STR(""), note_manifest, rebuild, err));
    PW_TRY(restore_manifests(rebuild, err));
    return blob_records_each(o->blobs, STR(""), restore_tag, rebuild, err);
}

pw_code fsck_rebuild(const struct fsck_options *options, struct fsck_report *ret_report,
                     struct err *err) {
    struct rebuild *rebuild = calloc(1, sizeof *rebuild);
    pw_code         code;

    if (rebuild == NULL)
        return err_set(err, PW_MEMORY, "no memory for a rebuild");
    rebuild->run.options = options;
    rebuild->names = (struct arena)ARENA_INIT(GIB(1)); /* names of a million images */
    code = run_all(rebuild, err);
    if (code == PW_OK)
        *ret_report = rebuild->run.report;
    arena_done(&rebuild->names);
    free(rebuild->pending);
    free(rebuild);
    return code;
}
