/* pull.c - manifests and blobs are found for reading. */
#include "registry/pull.h"

#include "base/limits.h"
#include "registry/reference.h"
#include "registry/refuse.h"
#include "registry/service_state.h"
#include "store/manifests.h"

struct lookup {
    struct repository_key repository;
    struct reference      reference;
    struct arena         *arena;
    struct manifest_row   row;
};

static pw_code find_manifest(struct txn *txn, void *arg, struct err *err) {
    struct lookup *lookup = arg;

    if (lookup->reference.is_digest)
        return manifests_by_digest(txn, &lookup->repository, &lookup->reference.digest,
                                   lookup->arena, &lookup->row, err);
    return manifests_by_tag(txn, &lookup->repository, lookup->reference.tag, lookup->arena,
                            &lookup->row, err);
}

static pw_code read_manifest(struct registry_service *service, struct arena *arena, str repository,
                             str reference, struct cached_manifest *ret_manifest, struct err *err) {
    struct lookup lookup = {.repository = {service->registry_id, repository}, .arena = arena};

    PW_TRY(reference_check_name(repository, err));
    if (reference_parse(reference, &lookup.reference, err) != PW_OK) {
        if (str_find_char(reference, ':') != STR_NPOS)
            return err->code;
        return refuse(err, PW_NOT_FOUND, "MANIFEST_UNKNOWN", /* nothing can have such a tag */
                      "there is no manifest \"" STR_FMT "\" in this repository",
                      STR_ARG(str_sub(reference, 0, 160)));
    }
    PW_TRY(store_read(service->store, find_manifest, &lookup, err));
    *ret_manifest = (struct cached_manifest){.repository_id = lookup.row.repository_id,
                                             .manifest_id = lookup.row.id,
                                             .digest = lookup.row.digest,
                                             .media_type = lookup.row.media_type,
                                             .body = lookup.row.body};
    return PW_OK;
}

pw_code pull_manifest(struct registry_service *service, struct arena *arena, str repository,
                      str reference, struct pulled_manifest *ret_manifest, struct err *err) {
    uint64_t               generation = manifest_cache_generation(service->cache, repository);
    struct cached_manifest found;

    if (!manifest_cache_get(service->cache, repository, reference, arena, &found)) {
        PW_TRY(read_manifest(service, arena, repository, reference, &found, err));
        manifest_cache_put(service->cache, repository, reference, generation, &found);
    }
    *ret_manifest = (struct pulled_manifest){.digest = found.digest,
                                             .media_type = found.media_type,
                                             .body = found.body,
                                             .repository_id = found.repository_id,
                                             .manifest_id = found.manifest_id};
    return PW_OK;
}

void pull_count(struct registry_service *service, const struct pulled_manifest *manifest) {
    pulls_add(&service->pulls, manifest->repository_id, manifest->manifest_id,
              clock_now(service->clock));
}

/* --- blobs --- */

struct blob_lookup {
    int64_t              registry_id;
    str                  repository; /* empty: any */
    const struct digest *digest;
    struct blob_row      row;
};

static pw_code find_blob(struct txn *txn, void *arg, struct err *err) {
    struct blob_lookup *lookup = arg;

    return str_empty(lookup->repository)
               ? blobs_find_anywhere(txn, lookup->registry_id, lookup->digest, &lookup->row, err)
               : blobs_find_in(txn, lookup->registry_id, lookup->repository, lookup->digest,
                               &lookup->row, err);
}

static pw_code damaged(struct err *err, const struct digest *digest) {
    char text[DIGEST_TEXT_SIZE];

    digest_format(digest, text);
    return refuse(err, PW_NOT_FOUND, "BLOB_UNKNOWN",
                  "the stored copy of blob %s is damaged: push it again", text);
}

/* A push may swap the copy between looking it up and opening it: then the new one is opened. */
static pw_code open_blob(struct registry_service *service, struct blob_lookup *lookup,
                         struct pulled_blob *ret_blob, struct err *err) {
    char key[BLOB_KEY_SIZE] = "";

    for (;;) {
        pw_code code;

        PW_TRY(store_read(service->store, find_blob, lookup, err));
        if (lookup->row.bad)
            return damaged(err, lookup->digest);
        code = blob_open(service->blobs, lookup->row.key, lookup->row.size, &ret_blob->fd, err);
        if (code == PW_OK) {
            ret_blob->size = lookup->row.size;
            return PW_OK;
        }
        if (code != PW_NOT_FOUND && code != PW_CORRUPT)
            return code;
        if (strcmp(key, lookup->row.key) == 0)
            break;
        memcpy(key, lookup->row.key, sizeof key);
    }
    pulls_damaged(&service->pulls, &lookup->row);
    return damaged(err, lookup->digest);
}

pw_code pull_blob(struct registry_service *service, str repository, const struct digest *digest,
                  bool promise, struct pulled_blob *ret_blob, struct err *err) {
    struct blob_lookup lookup = {
        .registry_id = service->registry_id, .repository = repository, .digest = digest};

    PW_TRY(reference_check_name(repository, err));
    PW_TRY(open_blob(service, &lookup, ret_blob, err));
    if (promise &&
        lookup.row.lease_until - clock_now(service->clock) < LIMIT_BLOB_LEASE_SECONDS / 2)
        pulls_renew(&service->pulls, lookup.row.repository_id, lookup.row.id);
    return PW_OK;
}

pw_code pull_blob_anywhere(struct registry_service *service, const struct digest *digest,
                           struct pulled_blob *ret_blob, struct err *err) {
    struct blob_lookup lookup = {.registry_id = service->registry_id, .digest = digest};

    return open_blob(service, &lookup, ret_blob, err);
}
