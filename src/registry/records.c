/* records.c - sidecar records. */
#include "registry/records.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/limits.h"
#include "registry/reference.h"
#include "registry/service_state.h"
#include "store/manifests.h"
#include "store/repositories.h"
#include "store/tags.h"

#define RECORD_CEILING (LIMIT_MANIFEST_BYTES + KIB(128))

static const str folders[] = {
    [RECORD_MANIFEST] = STR_INIT("/_manifests/"), [RECORD_TAG] = STR_INIT("/_tags/")};

/* --- names --- */

str records_name(const struct record_name *name, char out[RECORD_NAME_SIZE]) {
    char digest[DIGEST_TEXT_SIZE];
    str  last = name->kind == RECORD_TAG ? name->tag : digest_format(&name->digest, digest);

    snprintf(out, RECORD_NAME_SIZE, STR_FMT STR_FMT STR_FMT, STR_ARG(name->repository),
             STR_ARG(folders[name->kind]), STR_ARG(last));
    return str_of(out);
}

bool records_parse_name(str text, struct record_name *ret_name) {
    struct err ignored = ERR_NONE;

    for (int kind = RECORD_MANIFEST; kind <= RECORD_TAG; kind++) {
        size_t             at = str_find(text, folders[kind]);
        struct record_name out = {.kind = (enum record_kind)kind};
        str                last;

        if (at == STR_NPOS)
            continue;
        out.repository = str_sub(text, 0, at);
        last = str_from(text, at + folders[kind].len);
        if (reference_check_name(out.repository, &ignored) != PW_OK)
            return false;
        if (kind == RECORD_TAG ? reference_check_tag(last, &ignored) != PW_OK
                               : digest_parse(last, &out.digest, &ignored) != PW_OK)
            return false;
        out.tag = kind == RECORD_TAG ? last : STR_NONE;
        *ret_name = out;
        return true;
    }
    return false;
}

/* --- content --- */

static bool field(str *rest, str key, str *ret_value) {
    str line;

    if (!str_line(rest, &line) || !str_starts(line, key))
        return false;
    *ret_value = str_from(line, key.len);
    return true;
}

static bool parse_manifest(str rest, struct record *out) {
    str at, line;

    if (!str_line(&rest, &line) || !str_eq(line, STR("portwarden manifest 1")) ||
        !field(&rest, STR("media-type: "), &out->media_type) ||
        !field(&rest, STR("pushed-at: "), &at) ||
        !str_to_u64(at, INT64_MAX, (uint64_t *)&out->at) || !str_line(&rest, &line) ||
        line.len != 0)
        return false;
    out->body = rest;
    return true;
}

static bool parse_tag(str rest, struct record *out) {
    struct err ignored = ERR_NONE;
    str        at, digest, line;

    return str_line(&rest, &line) && str_eq(line, STR("portwarden tag 1")) &&
           field(&rest, STR("digest: "), &digest) &&
           digest_parse(digest, &out->digest, &ignored) == PW_OK &&
           field(&rest, STR("updated-at: "), &at) &&
           str_to_u64(at, INT64_MAX, (uint64_t *)&out->at);
}

pw_code records_parse(enum record_kind kind, str bytes, struct record *ret_record,
                      struct err *err) {
    struct record out = {0};

    if (!(kind == RECORD_TAG ? parse_tag(bytes, &out) : parse_manifest(bytes, &out)))
        return err_set(err, PW_CORRUPT, "this is not a record of a %s",
                       kind == RECORD_TAG ? "tag" : "manifest");
    *ret_record = out;
    return PW_OK;
}

static void write_record(struct buf *out, enum record_kind kind, const struct record *record) {
    char digest[DIGEST_TEXT_SIZE];

    if (kind == RECORD_TAG) {
        digest_format(&record->digest, digest);
        buf_addf(out, "portwarden tag 1\ndigest: %s\nupdated-at: %lld\n", digest,
                 (long long)record->at);
        return;
    }
    buf_addf(out, "portwarden manifest 1\nmedia-type: " STR_FMT "\npushed-at: %lld\n\n",
             STR_ARG(record->media_type), (long long)record->at);
    buf_add(out, record->body);
}

pw_code records_put(struct blob_store *blobs, const struct record_name *name,
                    const struct record *record, struct err *err) {
    AUTO(buf_done) struct buf out = BUF_INIT(RECORD_CEILING);
    char                      text[RECORD_NAME_SIZE];
    str                       bytes;

    write_record(&out, name->kind, record);
    PW_TRY(buf_finish(&out, &bytes, err));
    return blob_record_put(blobs, records_name(name, text), bytes, err);
}

/* --- locks --- */

static int by_number(const void *a, const void *b) {
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    return (x > y) - (x < y);
}

void records_lock(struct records_hold *hold, const struct record_name *names, size_t count) {
    char   text[RECORD_NAME_SIZE];
    size_t unique = 0;

    for (size_t i = 0; i < count && i < RECORDS_HELD; i++)
        hold->stripes[i] = (unsigned)(str_hash(records_name(&names[i], text)) % RECORD_LOCKS);
    qsort(hold->stripes, count, sizeof hold->stripes[0], by_number);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || hold->stripes[i] != hold->stripes[unique - 1])
            hold->stripes[unique++] = hold->stripes[i];
    hold->count = unique;
    for (size_t i = 0; i < unique; i++)
        pthread_mutex_lock(&hold->service->record_locks[hold->stripes[i]]);
}

void records_unlock(struct records_hold *hold) {
    while (hold->count > 0)
        pthread_mutex_unlock(&hold->service->record_locks[hold->stripes[--hold->count]]);
}

/* --- agreement --- */

struct lookup {
    struct repository_key     repository;
    const struct record_name *name;
    struct arena              arena;
    struct record             record; /* what the row says */
};

static pw_code find_row(struct txn *txn, void *arg, struct err *err) {
    struct lookup      *lookup = arg;
    struct manifest_row manifest;
    struct tag_row      tag;
    int64_t             repository_id;

    if (lookup->name->kind == RECORD_MANIFEST) {
        PW_TRY(manifests_by_digest(txn, &lookup->repository, &lookup->name->digest, &lookup->arena,
                                   &manifest, err));
        lookup->record = (struct record){
            .media_type = manifest.media_type, .body = manifest.body, .at = manifest.pushed_at};
        return PW_OK;
    }
    PW_TRY(repositories_find(txn, lookup->repository.registry_id, lookup->repository.name,
                             &repository_id, err));
    PW_TRY(tags_find(txn, repository_id, lookup->name->tag, &tag, err));
    lookup->record = (struct record){.digest = tag.digest, .at = tag.updated_at};
    return PW_OK;
}

/* Does the stored record say this already? */
static bool is_same(struct blob_store *blobs, const struct record_name *name,
                    const struct record *wanted) {
    AUTO(buf_done) struct buf bytes = BUF_INIT(RECORD_CEILING);
    char                      text[RECORD_NAME_SIZE];
    struct err                ignored = ERR_NONE;
    struct record             stored;

    if (blob_record_get(blobs, records_name(name, text), &bytes, &ignored) != PW_OK ||
        records_parse(name->kind, buf_str(&bytes), &stored, &ignored) != PW_OK)
        return false;
    if (name->kind == RECORD_TAG)
        return digest_eq(&stored.digest, &wanted->digest);
    return str_eq(stored.media_type, wanted->media_type) && str_eq(stored.body, wanted->body);
}

static bool is_absent(struct blob_store *blobs, const struct record_name *name) {
    AUTO(buf_done) struct buf stored = BUF_INIT(RECORD_CEILING);
    char                      text[RECORD_NAME_SIZE];
    struct err                ignored = ERR_NONE;

    return blob_record_get(blobs, records_name(name, text), &stored, &ignored) == PW_NOT_FOUND;
}

struct agreement {
    struct store             *store;
    struct blob_store        *blobs;
    int64_t                   registry_id;
    const struct record_name *name;
    bool                      only_look;
    enum record_state         state; /* out */
};

static enum record_state judge(const struct agreement *a, bool has_row,
                               const struct record *wanted) {
    if (has_row)
        return is_same(a->blobs, a->name, wanted) ? RECORD_RIGHT : RECORD_WRONG;
    return is_absent(a->blobs, a->name) ? RECORD_RIGHT : RECORD_STRAY;
}

static pw_code correct(struct agreement *a, pw_code found, const struct record *wanted,
                       struct err *err) {
    char text[RECORD_NAME_SIZE];

    if (found != PW_OK && found != PW_NOT_FOUND)
        return found;
    a->state = judge(a, found == PW_OK, wanted);
    if (a->state == RECORD_RIGHT || a->only_look)
        return PW_OK;
    return a->state == RECORD_WRONG
               ? records_put(a->blobs, a->name, wanted, err)
               : blob_record_delete(a->blobs, records_name(a->name, text), err);
}

static pw_code agree(struct agreement *a, struct err *err) {
    struct lookup lookup = {.repository = {a->registry_id, a->name->repository},
                            .name = a->name,
                            .arena = ARENA_INIT(LIMIT_MANIFEST_MEMORY)};
    pw_code       found = store_read(a->store, find_row, &lookup, err);
    pw_code       code = correct(a, found, &lookup.record, err);

    arena_done(&lookup.arena);
    return code;
}

pw_code records_agree(struct store *store, struct blob_store *blobs, int64_t registry_id,
                      const struct record_name *name, struct err *err) {
    struct agreement a = {.store = store, .blobs = blobs, .registry_id = registry_id, .name = name};

    return agree(&a, err);
}

pw_code records_compare(struct store *store, struct blob_store *blobs, int64_t registry_id,
                        const struct record_name *name, enum record_state *ret_state,
                        struct err *err) {
    struct agreement a = {.store = store,
                          .blobs = blobs,
                          .registry_id = registry_id,
                          .name = name,
                          .only_look = true};

    PW_TRY(agree(&a, err));
    *ret_state = a.state;
    return PW_OK;
}

pw_code records_settle(struct registry_service *service, const struct record_name *name,
                       struct err *err) {
    AUTO(records_unlock) struct records_hold hold = {.service = service};

    records_lock(&hold, name, 1);
    return records_agree(service->store, service->blobs, service->registry_id, name, err);
}
