/* push.c - a manifest is pushed. */
#include "registry/push.h"

#include "base/limits.h"
#include "registry/manifest_parse.h"
#include "registry/records.h"
#include "registry/refuse.h"
#include "registry/service_state.h"
#include "store/jobs.h"
#include "store/manifests.h"
#include "store/repositories.h"
#include "store/tags.h"

struct work {
    struct registry_service *service;
    const struct push       *push;
    struct pushed            out;
    str                      tags[LIMIT_TAG_PARAMS + 1];
    size_t                   tag_count;
    bool                     is_recorded; /* the manifest's record says this already */
};

/* --- does everything it refers to exist here? --- */

static pw_code find_blob(struct txn *txn, int64_t repository_id, const struct digest *digest,
                         uint64_t *ret_size, struct err *err) {
    struct blob_row row;

    PW_TRY(blobs_find_linked(txn, repository_id, digest, &row, err));
    if (row.bad)
        return err_set(err, PW_NOT_FOUND, "the stored copy is damaged");
    *ret_size = row.size;
    return PW_OK;
}

static pw_code find_manifest(struct txn *txn, int64_t repository_id, const struct digest *digest,
                             uint64_t *ret_size, struct err *err) {
    int64_t id;

    return manifests_find_linked(txn, repository_id, digest, &id, ret_size, err);
}

/* Build caches list layers in an index, and artifacts carry manifests as layers: either kind will
 * do, the likelier one is asked for first. */
static pw_code check_reference(struct txn *txn, int64_t repository_id,
                               const struct descriptor *reference, struct err *err) {
    bool     is_child = reference->kind == REFERENCE_CHILD;
    uint64_t size = 0;
    char     text[DIGEST_TEXT_SIZE];
    pw_code  code;

    code =
        (is_child ? find_manifest : find_blob)(txn, repository_id, &reference->digest, &size, err);
    if (code == PW_NOT_FOUND)
        code = (is_child ? find_blob : find_manifest)(txn, repository_id, &reference->digest, &size,
                                                      err);
    digest_format(&reference->digest, text);
    if (code == PW_NOT_FOUND)
        return refuse(err, PW_INVALID, "MANIFEST_BLOB_UNKNOWN",
                      "%s %s is not in this repository: push it before the manifest",
                      is_child ? "manifest" : "blob", text);
    if (code == PW_OK && size != reference->size)
        return refuse(err, PW_INVALID, "SIZE_INVALID", "%s has %llu bytes, the manifest says %llu",
                      text, (unsigned long long)size, (unsigned long long)reference->size);
    return code;
}

static pw_code check_references(struct txn *txn, int64_t repository_id,
                                const struct manifest *manifest, struct err *err) {
    for (size_t i = 0; i < manifest->reference_count; i++)
        if (!manifest->references[i].foreign)
            PW_TRY(check_reference(txn, repository_id, &manifest->references[i], err));
    return PW_OK;
}

/* --- conditions on the tag --- */

static pw_code check_condition(struct txn *txn, int64_t repository_id, const struct work *work,
                               struct err *err) {
    const struct push *push = work->push;
    struct tag_row     tag;
    char               text[DIGEST_TEXT_SIZE] = "";
    pw_code            code;

    if (work->tag_count == 0 || (!push->if_absent && str_empty(push->if_match)))
        return PW_OK;
    code = tags_find(txn, repository_id, work->tags[0], &tag, err);
    if (code != PW_OK && code != PW_NOT_FOUND)
        return code;
    if (code == PW_OK)
        digest_format(&tag.digest, text);
    if (push->if_absent && code == PW_OK)
        return refuse(err, PW_CONFLICT, "PRECONDITION", "tag \"" STR_FMT "\" exists: it is %s",
                      STR_ARG(work->tags[0]), text);
    if (!str_empty(push->if_match) &&
        (text[0] == '\0' || (!str_eq(str_trim(push->if_match), STR("*")) &&
                             str_find(push->if_match, str_of(text)) == STR_NPOS)))
        return refuse(err, PW_CONFLICT, "PRECONDITION", "tag \"" STR_FMT "\" is %s now",
                      STR_ARG(work->tags[0]), text[0] != '\0' ? text : "absent");
    return PW_OK;
}

/* --- before anything is written --- */

/* Pushed here before? A body without a mediaType may come again as another type. */
static pw_code find_pushed(struct txn *txn, struct work *work, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(LIMIT_MANIFEST_MEMORY);
    struct repository_key         key = {work->service->registry_id, work->push->repository};
    struct manifest_row           row;
    pw_code code = manifests_by_digest(txn, &key, &work->out.manifest.digest, &arena, &row, err);

    work->is_recorded = code == PW_OK && str_eq(row.media_type, work->out.manifest.media_type);
    return code == PW_NOT_FOUND ? PW_OK : code;
}

static pw_code look(struct txn *txn, void *arg, struct err *err) {
    struct work *work = arg;
    int64_t      repository_id;
    pw_code      code = repositories_find(txn, work->service->registry_id, work->push->repository,
                                          &repository_id, err);

    if (code == PW_NOT_FOUND)
        repository_id = 0; /* nothing is linked there */
    else if (code != PW_OK)
        return code;
    PW_TRY(check_references(txn, repository_id, &work->out.manifest, err));
    PW_TRY(check_condition(txn, repository_id, work, err));
    return find_pushed(txn, work, err);
}

/* --- the transaction --- */

static pw_code commit(struct txn *txn, void *arg, struct err *err) {
    struct work     *work = arg;
    struct manifest *manifest = &work->out.manifest;
    int64_t          repository_id, id;
    char             text[DIGEST_TEXT_SIZE];

    PW_TRY(repositories_make(txn, work->service->registry_id, work->push->repository,
                             &repository_id, err));
    PW_TRY(check_references(txn, repository_id, manifest, err));
    PW_TRY(check_condition(txn, repository_id, work, err));
    PW_TRY(manifests_put(txn, manifest, &id, err));
    PW_TRY(manifests_link(txn, repository_id, id, manifest->media_type, txn_now(txn), err));
    for (size_t i = 0; i < work->tag_count; i++)
        PW_TRY(tags_set(txn, repository_id, work->tags[i], id, &manifest->digest, err));
    PW_TRY(jobs_add(txn, STR("scan"), digest_format(&manifest->digest, text), JOB_URGENT,
                    STR("push"), err));
    work->out.manifest_id = id;
    return PW_OK;
}

static size_t name_records(const struct work *work, struct record_name *names) {
    names[0] = (struct record_name){.kind = RECORD_MANIFEST,
                                    .repository = work->push->repository,
                                    .digest = work->out.manifest.digest};
    for (size_t i = 0; i < work->tag_count; i++)
        names[i + 1] = (struct record_name){
            .kind = RECORD_TAG, .repository = work->push->repository, .tag = work->tags[i]};
    return work->tag_count + 1;
}

/* --- records --- */

/* Some records of a push, written while its rows wait for the disk. The push is answered when its
 * rows are durable and its records are written; those reach the disk within seconds. */
struct recording {
    struct work        *work;
    struct record_name *names;
    size_t              from, to;
    pthread_t           thread;
    bool                runs;
    pw_code             code;
    struct err          err;
};

static void *write_records(void *arg) {
    struct recording *r = arg;
    struct manifest  *manifest = &r->work->out.manifest;
    struct record     record = {.media_type = manifest->media_type,
                                .body = manifest->body,
                                .digest = manifest->digest,
                                .at = clock_now(r->work->service->clock)};

    for (size_t i = r->from; r->code == PW_OK && i < r->to; i++)
        r->code = records_put(r->work->service->blobs, &r->names[i], &record, &r->err);
    return NULL;
}

static void start_records(struct recording *r) {
    if (r->from < r->to)
        r->runs = pthread_create(&r->thread, NULL, write_records, r) == 0;
    if (!r->runs)
        (void)write_records(r); /* without a thread it only takes longer */
}

static pw_code end_records(struct recording *r, struct err *err) {
    if (r->runs)
        pthread_join(r->thread, NULL);
    if (r->code != PW_OK)
        *err = r->err;
    return r->code;
}

/* The caller holds the locks of these records. */
static pw_code write_all(struct work *work, struct record_name *names, size_t count,
                         struct err *err) {
    struct recording manifest = {.work = work, .names = names, .to = work->is_recorded ? 0 : 1};
    struct recording tags = {.work = work, .names = names, .from = 1, .to = count};
    struct err       why = ERR_NONE;
    pw_code          recorded, code;

    start_records(&manifest);
    start_records(&tags);
    code = store_write(work->service->store, STORE_FOREGROUND, commit, work, err);
    recorded = end_records(&manifest, &why);
    if (end_records(&tags, &why) != PW_OK)
        recorded = tags.code;
    /* Rows and records that went different ways: the rows are right. */
    for (size_t i = 0; (code != PW_OK || recorded != PW_OK) && i < count; i++)
        if (records_agree(work->service->store, work->service->blobs, work->service->registry_id,
                          &names[i], &why) != PW_OK &&
            code == PW_OK) {
            *err = why;
            code = why.code;
        }
    return code;
}

static pw_code store_push(struct work *work, struct err *err) {
    AUTO(records_unlock) struct records_hold hold = {.service = work->service};
    struct record_name                       names[LIMIT_TAG_PARAMS + 2];
    size_t                                   count = name_records(work, names);
    pw_code                                  code;

    records_lock(&hold, names, count);
    PW_TRY(store_read(work->service->store, look, work, err));
    code = write_all(work, names, count, err);
    manifest_cache_changed(work->service->cache, work->push->repository);
    return code;
}

/* --- --- */

static pw_code collect_tags(struct work *work, const struct reference *reference, struct err *err) {
    const struct push *push = work->push;

    if (push->tag_count > LIMIT_TAG_PARAMS)
        return refuse(err, PW_TOO_LARGE, "TAG_INVALID", "at most %d tags can be set at once",
                      LIMIT_TAG_PARAMS);
    if (!reference->is_digest)
        work->tags[work->tag_count++] = reference->tag;
    for (size_t i = 0; i < push->tag_count; i++) {
        bool known = false;

        PW_TRY(reference_check_tag(push->tags[i], err));
        for (size_t j = 0; j < work->tag_count; j++)
            known = known || str_eq(work->tags[j], push->tags[i]);
        if (!known)
            work->tags[work->tag_count++] = push->tags[i];
    }
    return PW_OK;
}

static pw_code check_digest(const struct manifest *manifest, const struct digest *wanted,
                            struct err *err) {
    char actual[DIGEST_TEXT_SIZE], text[DIGEST_TEXT_SIZE];

    if (wanted == NULL || digest_eq(&manifest->digest, wanted))
        return PW_OK;
    digest_format(&manifest->digest, actual);
    digest_format(wanted, text);
    return refuse(err, PW_INVALID, "DIGEST_INVALID", "the manifest has digest %s, not %s", actual,
                  text);
}

pw_code push_manifest(struct registry_service *service, struct arena *arena,
                      const struct push *push, struct pushed *ret_pushed, struct err *err) {
    struct work          work = {.service = service, .push = push};
    struct reference     reference;
    const struct digest *wanted = push->digest;

    PW_TRY(reference_check_name(push->repository, err));
    PW_TRY(reference_parse(push->reference, &reference, err));
    if (reference.is_digest)
        wanted = &reference.digest;
    PW_TRY(collect_tags(&work, &reference, err));
    PW_TRY(manifest_parse(arena, push->body, push->content_type,
                          wanted != NULL ? wanted->algorithm : DIGEST_SHA256, &work.out.manifest,
                          err));
    PW_TRY(check_digest(&work.out.manifest, wanted, err));
    PW_TRY(store_push(&work, err));
    *ret_pushed = work.out;
    return PW_OK;
}
