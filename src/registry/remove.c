/* remove.c - tags, manifests and blobs leave a repository. */
#include "registry/remove.h"

#include "base/limits.h"
#include "registry/records.h"
#include "registry/reference.h"
#include "registry/refuse.h"
#include "registry/service_state.h"
#include "store/manifests.h"
#include "store/repositories.h"
#include "store/tags.h"

struct removal {
    struct registry_service *service;
    str                      repository;
    struct reference         reference;
    struct arena             arena;
    struct names             tags; /* out: those that are gone */
};

static pw_code remove_tag(struct txn *txn, int64_t repository_id, struct removal *removal,
                          struct err *err) {
    struct tag_row tag;

    PW_TRY(tags_find(txn, repository_id, removal->reference.tag, &tag, err));
    PW_TRY(tags_remove(txn, repository_id, removal->reference.tag, err));
    removal->tags = (struct names){&removal->reference.tag, 1};
    return PW_OK;
}

static pw_code remove_manifest(struct txn *txn, int64_t repository_id, struct removal *removal,
                               struct err *err) {
    struct tags_page page = {.repository_id = repository_id, .limit = SIZE_MAX / 2};
    uint64_t         size;

    PW_TRY(manifests_find_linked(txn, repository_id, &removal->reference.digest, &page.manifest_id,
                                 &size, err));
    PW_TRY(tags_page(txn, &page, &removal->arena, &removal->tags, err));
    for (size_t i = 0; i < removal->tags.count; i++)
        PW_TRY(tags_remove(txn, repository_id, removal->tags.items[i], err));
    return manifests_unlink(txn, repository_id, page.manifest_id, err);
}

static pw_code remove_rows(struct txn *txn, void *arg, struct err *err) {
    struct removal *removal = arg;
    int64_t         repository_id;

    PW_TRY(repositories_find(txn, removal->service->registry_id, removal->repository,
                             &repository_id, err));
    return removal->reference.is_digest ? remove_manifest(txn, repository_id, removal, err)
                                        : remove_tag(txn, repository_id, removal, err);
}

/* Every record that is not settled now would come back with a rebuild: the error says so. */
static pw_code settle_records(struct removal *removal, struct err *err) {
    struct record_name name = {.kind = RECORD_MANIFEST, .repository = removal->repository};

    if (removal->reference.is_digest) {
        name.digest = removal->reference.digest;
        PW_TRY(records_settle(removal->service, &name, err));
    }
    name.kind = RECORD_TAG;
    for (size_t i = 0; i < removal->tags.count; i++) {
        name.tag = removal->tags.items[i];
        PW_TRY(records_settle(removal->service, &name, err));
    }
    return PW_OK;
}

pw_code remove_reference(struct registry_service *service, str repository, str reference,
                         struct err *err) {
    struct removal removal = {
        .service = service, .repository = repository, .arena = ARENA_INIT(LIMIT_MANIFEST_MEMORY)};
    pw_code code;

    PW_TRY(reference_check_name(repository, err));
    if (reference_parse(reference, &removal.reference, err) != PW_OK) {
        if (str_find_char(reference, ':') != STR_NPOS)
            return err->code;
        return refuse(err, PW_NOT_FOUND, "MANIFEST_UNKNOWN",
                      "there is no tag \"" STR_FMT "\" in this repository",
                      STR_ARG(str_sub(reference, 0, 160)));
    }
    code = store_write(service->store, STORE_FOREGROUND, remove_rows, &removal, err);
    manifest_cache_changed(service->cache, repository);
    if (code == PW_OK)
        code = settle_records(&removal, err);
    arena_done(&removal.arena);
    return code;
}

/* --- blobs --- */

struct blob_removal {
    int64_t              registry_id;
    str                  repository;
    const struct digest *digest;
};

static pw_code unlink_blob(struct txn *txn, void *arg, struct err *err) {
    const struct blob_removal *removal = arg;
    struct blob_row            blob;
    struct digest              user;
    char                       text[DIGEST_TEXT_SIZE];
    pw_code                    code;

    PW_TRY(
        blobs_find_in(txn, removal->registry_id, removal->repository, removal->digest, &blob, err));
    code = blobs_user(txn, blob.repository_id, removal->digest, &user, err);
    if (code == PW_NOT_FOUND)
        return blobs_unlink(txn, blob.repository_id, blob.id, err);
    if (code != PW_OK)
        return code;
    digest_format(&user, text);
    return refuse(err, PW_UNSUPPORTED, "UNSUPPORTED",
                  "manifest %s of this repository refers to the blob: delete that first", text);
}

pw_code remove_blob(struct registry_service *service, str repository, const struct digest *digest,
                    struct err *err) {
    struct blob_removal removal = {
        .registry_id = service->registry_id, .repository = repository, .digest = digest};

    PW_TRY(reference_check_name(repository, err));
    return store_write(service->store, STORE_FOREGROUND, unlink_blob, &removal, err);
}
