/* fsck.c - do rows, bytes and sidecar records agree? */
#include "registry/fsck.h"

#include <stdio.h>
#include <unistd.h>
#include "base/limits.h"
#include "registry/fsck_run.h"
#include "registry/records.h"
#include "store/manifests.h"
#include "store/repositories.h"
#include "store/tags.h"
#include "store/uploads.h"

enum { PAGE = 256, YOUNG_KEY_SECONDS = 3600, PUSH_MICROSECONDS = 200000 };

/* --- blob rows have their bytes --- */

struct blob_page {
    int64_t         after;
    struct blob_row rows[PAGE];
    size_t          count;
};

static pw_code read_blobs(struct txn *txn, void *arg, struct err *err) {
    struct blob_page *page = arg;

    return blobs_page(txn, page->after, page->rows, PAGE, &page->count, err);
}

struct mark {
    const struct blob_row *row;
    bool                   bad;
};

static pw_code mark_blob(struct txn *txn, void *arg, struct err *err) {
    const struct mark *mark = arg;

    return blobs_mark(txn, mark->row->id, str_of(mark->row->key), mark->bad, err);
}

static pw_code repair_blob(struct fsck_run *run, const struct blob_row *row, bool bad,
                           struct err *err) {
    struct mark mark = {row, bad};

    if (!run->options->repair)
        return PW_OK;
    return store_write(run->options->store, STORE_BACKGROUND, mark_blob, &mark, err);
}

static pw_code check_blob(struct fsck_run *run, const struct blob_row *row, struct err *err) {
    struct err why = ERR_NONE;
    char       name[DIGEST_TEXT_SIZE];
    /* only its digest can acquit a copy that was found bad */
    pw_code code = fsck_run_verify(run, row, run->options->deep || row->bad, &why);
    bool    bad = code == PW_NOT_FOUND || code == PW_CORRUPT;

    digest_format(&row->digest, name);
    run->report.blobs++;
    run->report.bytes += row->size;
    if (code != PW_OK && !bad) {
        *err = why;
        return code;
    }
    if (!bad && !row->bad)
        return PW_OK;
    if (bad != row->bad)
        PW_TRY(repair_blob(run, row, bad, err));
    fsck_run_found(run, bad ? FSCK_BLOB_DAMAGED : FSCK_BLOB_HEALTHY, run->options->repair && !bad,
                   name, bad ? err_text(&why) : "it is whole again");
    return PW_OK;
}

static pw_code check_blobs(struct fsck_run *run, struct err *err) {
    struct blob_page page = {.after = 0};

    do {
        PW_TRY(store_read(run->options->store, read_blobs, &page, err));
        for (size_t i = 0; i < page.count; i++) {
            PW_TRY(check_blob(run, &page.rows[i], err));
            page.after = page.rows[i].id;
        }
        fsck_run_progress(run, "blobs", run->report.blobs);
    } while (page.count == PAGE);
    return PW_OK;
}

/* --- keys have their row --- */

struct key_lookup {
    str  key;
    bool has_row;
};

static pw_code find_key(struct txn *txn, void *arg, struct err *err) {
    struct key_lookup *lookup = arg;

    return blobs_has_key(txn, lookup->key, &lookup->has_row, err);
}

static pw_code check_key(void *ctx, str key, uint64_t size, int64_t modified_at, struct err *err) {
    struct fsck_run  *run = ctx;
    struct key_lookup lookup = {.key = key};
    char              name[BLOB_KEY_SIZE], text[64];
    bool              repair = run->options->repair;

    run->report.keys++;
    PW_TRY(store_read(run->options->store, find_key, &lookup, err));
    if (lookup.has_row || !str_copy(key, name, sizeof name) ||
        (!run->options->offline &&
         modified_at > clock_now(run->options->clock) - YOUNG_KEY_SECONDS))
        return PW_OK;
    if (repair)
        PW_TRY(blob_delete(run->options->blobs, name, err));
    snprintf(text, sizeof text, "%llu bytes that nothing knows", (unsigned long long)size);
    fsck_run_found(run, FSCK_KEY_ORPHAN, repair, name, text);
    return PW_OK;
}

/* --- uploads --- */

struct upload_removal {
    str     id;
    int64_t before;
    bool    removed;
};

static pw_code remove_upload(struct txn *txn, void *arg, struct err *err) {
    struct upload_removal *removal = arg;

    return uploads_remove_idle(txn, removal->id, removal->before, &removal->removed, err);
}

static pw_code check_upload(void *ctx, str id, uint64_t size, int64_t modified_at,
                            struct err *err) {
    struct fsck_run      *run = ctx;
    int64_t               age = run->options->upload_age_seconds;
    struct upload_removal removal = {.id = id};
    char                  name[64], text[64];

    run->report.uploads++;
    removal.before = clock_now(run->options->clock) - (age > 0 ? age : LIMIT_UPLOAD_IDLE_SECONDS);
    if (modified_at > removal.before || !str_copy(id, name, sizeof name))
        return PW_OK;
    if (run->options->repair) {
        PW_TRY(store_write(run->options->store, STORE_BACKGROUND, remove_upload, &removal, err));
        PW_TRY(blob_upload_drop(run->options->blobs, id, err));
    }
    snprintf(text, sizeof text, "%llu bytes, unfinished", (unsigned long long)size);
    fsck_run_found(run, FSCK_UPLOAD_OLD, run->options->repair, name, text);
    return PW_OK;
}

/* --- images have their parts, and their records --- */

struct image_page {
    struct manifests_page  page;
    struct arena           arena;
    struct manifest_place *places;
    size_t                 count;
};

static pw_code read_images(struct txn *txn, void *arg, struct err *err) {
    struct image_page *page = arg;

    return manifests_page(txn, &page->page, &page->arena, &page->places, &page->count, err);
}

struct parts_check {
    const struct manifest_place *place;
    struct arena                 arena;
    char                         lost[DIGEST_TEXT_SIZE]; /* the first one; "": none */
    struct names                 tags;
};

static pw_code is_there(struct txn *txn, int64_t repository_id, const struct digest *digest,
                        bool *ret_there, struct err *err) {
    struct blob_row row;
    int64_t         id;
    uint64_t        size;
    pw_code         code = blobs_find_linked(txn, repository_id, digest, &row, err);

    if (code == PW_NOT_FOUND)
        code = manifests_find_linked(txn, repository_id, digest, &id, &size, err);
    *ret_there = code == PW_OK;
    return code == PW_NOT_FOUND ? PW_OK : code;
}

static pw_code check_parts(struct txn *txn, void *arg, struct err *err) {
    struct parts_check *check = arg;
    struct tags_page    page = {.repository_id = check->place->repository_id,
                                .manifest_id = check->place->manifest_id,
                                .limit = LIMIT_LIST_PAGE};
    struct descriptor  *references;
    size_t              count;
    bool                there = true;

    PW_TRY(manifests_references(txn, check->place->manifest_id, &check->arena, &references, &count,
                                err));
    for (size_t i = 0; there && i < count; i++) {
        if (references[i].foreign)
            continue;
        PW_TRY(is_there(txn, check->place->repository_id, &references[i].digest, &there, err));
        if (!there)
            digest_format(&references[i].digest, check->lost);
    }
    return tags_page(txn, &page, &check->arena, &check->tags, err);
}

/* `trouble`: the one that this walk looks for, so that each is told once. */
static pw_code check_record(struct fsck_run *run, const struct record_name *name,
                            enum record_state trouble, struct err *err) {
    const struct fsck_options *o = run->options;
    char                       text[RECORD_NAME_SIZE];
    bool                       repair = o->repair && o->offline;
    enum record_state          state;

    PW_TRY(records_compare(o->store, o->blobs, o->registry_id, name, &state, err));
    if (state == trouble && !o->offline) { /* a push that is under way has a moment to end */
        usleep(PUSH_MICROSECONDS);
        PW_TRY(records_compare(o->store, o->blobs, o->registry_id, name, &state, err));
    }
    if (state != trouble)
        return PW_OK;
    if (repair)
        PW_TRY(records_agree(o->store, o->blobs, o->registry_id, name, err));
    records_name(name, text);
    fsck_run_found(run, FSCK_RECORD_WRONG, repair, text,
                   trouble == RECORD_STRAY ? "the database does not know it"
                                           : "it does not say what the database says");
    return PW_OK;
}

static pw_code check_image(struct fsck_run *run, const struct manifest_place *place,
                           struct err *err) {
    struct parts_check check = {.place = place, .arena = ARENA_INIT(LIMIT_MANIFEST_MEMORY)};
    struct record_name name = {
        .kind = RECORD_MANIFEST, .repository = place->repository, .digest = place->digest};
    char    text[RECORD_NAME_SIZE], why[DIGEST_TEXT_SIZE + 32];
    pw_code code = store_read(run->options->store, check_parts, &check, err);

    if (code == PW_OK && check.lost[0] != '\0') {
        snprintf(why, sizeof why, "%s is not in its repository", check.lost);
        fsck_run_found(run, FSCK_REFERENCE_LOST, false, records_name(&name, text).ptr, why);
    }
    if (code == PW_OK)
        code = check_record(run, &name, RECORD_WRONG, err);
    name.kind = RECORD_TAG;
    for (size_t i = 0; code == PW_OK && i < check.tags.count; i++) {
        name.tag = check.tags.items[i];
        code = check_record(run, &name, RECORD_WRONG, err);
        run->report.tags++;
    }
    arena_done(&check.arena);
    return code;
}

static pw_code check_page(struct fsck_run *run, struct image_page *page, struct err *err) {
    PW_TRY(store_read(run->options->store, read_images, page, err));
    for (size_t i = 0; i < page->count; i++) {
        PW_TRY(check_image(run, &page->places[i], err));
        page->page.after_repository = page->places[i].repository_id;
        page->page.after_manifest = page->places[i].manifest_id;
        run->report.manifests++;
    }
    fsck_run_progress(run, "images", run->report.manifests);
    return PW_OK;
}

static pw_code check_images(struct fsck_run *run, struct err *err) {
    struct image_page page = {.page = {.registry_id = run->options->registry_id, .limit = PAGE},
                              .arena = ARENA_INIT(MIB(4))};
    pw_code           code;

    do {
        arena_reset(&page.arena);
        code = check_page(run, &page, err);
    } while (code == PW_OK && page.count == PAGE);
    arena_done(&page.arena);
    return code;
}

/* A record without a row would come back with a rebuild. */
static pw_code check_stored_record(void *ctx, str text, uint64_t size, int64_t modified_at,
                                   struct err *err) {
    struct fsck_run   *run = ctx;
    struct record_name name;
    char               copy[RECORD_NAME_SIZE];

    run->report.records++;
    if (records_parse_name(text, &name))
        return check_record(run, &name, RECORD_STRAY, err);
    (void)snprintf(copy, sizeof copy, STR_FMT, STR_ARG(text)); /* a longer name is cut */
    fsck_run_found(run, FSCK_RECORD_WRONG, false, copy, "this is not the name of a record");
    return PW_OK;
}

pw_code fsck_check(const struct fsck_options *options, struct fsck_report *ret_report,
                   struct err *err) {
    struct fsck_run run = {.options = options};

    PW_TRY(store_check(options->store, err));
    PW_TRY(check_blobs(&run, err));
    PW_TRY(blob_keys_each(options->blobs, check_key, &run, err));
    PW_TRY(blob_uploads_each(options->blobs, check_upload, &run, err));
    PW_TRY(check_images(&run, err));
    PW_TRY(blob_records_each(options->blobs, STR(""), check_stored_record, &run, err));
    *ret_report = run.report;
    return PW_OK;
}
