/* manifests.c - rows of manifests. */
#include "store/manifests.h"

static const char *const kind_names[] = {[MANIFEST_IMAGE] = "image", [MANIFEST_INDEX] = "index"};
static const char *const reference_names[] = {[REFERENCE_CONFIG] = "config",
                                              [REFERENCE_LAYER] = "layer",
                                              [REFERENCE_CHILD] = "child",
                                              [REFERENCE_SUBJECT] = "subject"};

static pw_code find(struct txn *txn, str digest, int64_t *ret_id, bool *ret_found,
                    struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_MANIFEST_FIND, &s, err));
    stmt_str(&s, "digest", digest);
    PW_TRY(stmt_step(&s, ret_found, err));
    if (*ret_found)
        *ret_id = col_int(&s, 0);
    return PW_OK;
}

static pw_code add_references(struct txn *txn, int64_t id, const struct manifest *manifest,
                              struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_MANIFEST_ADD_REFERENCE, &s, err));
    for (size_t i = 0; i < manifest->reference_count; i++) {
        const struct descriptor *reference = &manifest->references[i];
        char                     text[DIGEST_TEXT_SIZE];

        stmt_int(&s, "manifest", id);
        stmt_int(&s, "position", (int64_t)i);
        stmt_str(&s, "kind", str_of(reference_names[reference->kind]));
        stmt_str(&s, "digest", digest_format(&reference->digest, text));
        stmt_int(&s, "size", (int64_t)reference->size);
        stmt_str(&s, "media_type", reference->media_type);
        stmt_int(&s, "is_foreign", reference->foreign);
        stmt_str(&s, "platform", reference->platform);
        PW_TRY(stmt_run(&s, err));
        stmt_reset(&s);
    }
    return PW_OK;
}

pw_code manifests_put(struct txn *txn, const struct manifest *manifest, int64_t *ret_id,
                      struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    char                        text[DIGEST_TEXT_SIZE], subject[DIGEST_TEXT_SIZE];
    str                         digest = digest_format(&manifest->digest, text);
    bool                        found;
    int64_t                     id;

    PW_TRY(find(txn, digest, ret_id, &found, err));
    if (found)
        return PW_OK;
    PW_TRY(stmt_begin(txn, SQL_MANIFEST_ADD, &s, err));
    stmt_str(&s, "digest", digest);
    stmt_str(&s, "kind", str_of(kind_names[manifest->kind]));
    stmt_int(&s, "size", (int64_t)manifest->body.len);
    stmt_blob(&s, "body", manifest->body);
    stmt_str(&s, "artifact_type", manifest->artifact_type);
    stmt_str(&s, "subject",
             manifest->has_subject ? digest_format(&manifest->subject.digest, subject) : STR(""));
    stmt_str(&s, "annotations", manifest->annotations);
    stmt_int(&s, "now", txn_now(txn));
    PW_TRY(stmt_step(&s, &found, err));
    if (!found)
        return err_set(err, PW_INTERNAL, "the new manifest has no row");
    id = col_int(&s, 0);
    stmt_done(&s);
    PW_TRY(add_references(txn, id, manifest, err));
    *ret_id = id;
    return PW_OK;
}

pw_code manifests_link(struct txn *txn, int64_t repository_id, int64_t manifest_id, str media_type,
                       int64_t pushed_at, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_MANIFEST_LINK, &s, err));
    stmt_int(&s, "repository", repository_id);
    stmt_int(&s, "manifest", manifest_id);
    stmt_str(&s, "media_type", media_type);
    stmt_int(&s, "pushed_at", pushed_at);
    return stmt_run(&s, err);
}

pw_code manifests_unlink(struct txn *txn, int64_t repository_id, int64_t manifest_id,
                         struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_MANIFEST_UNLINK, &s, err));
    stmt_int(&s, "repository", repository_id);
    stmt_int(&s, "manifest", manifest_id);
    return stmt_run(&s, err);
}

static pw_code unknown(struct err *err, str what) {
    err_set(err, PW_NOT_FOUND, "there is no manifest \"" STR_FMT "\" in this repository",
            STR_ARG(what));
    (void)err_tag(err, "MANIFEST_UNKNOWN");
    return PW_NOT_FOUND;
}

pw_code manifests_find_linked(struct txn *txn, int64_t repository_id, const struct digest *digest,
                              int64_t *ret_id, uint64_t *ret_size, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    char                        text[DIGEST_TEXT_SIZE];
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_MANIFEST_LINKED, &s, err));
    stmt_str(&s, "digest", digest_format(digest, text));
    stmt_int(&s, "repository", repository_id);
    PW_TRY(stmt_step(&s, &row, err));
    if (!row)
        return unknown(err, str_of(text));
    *ret_id = col_int(&s, 0);
    *ret_size = (uint64_t)col_int(&s, 1);
    return PW_OK;
}

static pw_code read_row(struct stmt *s, struct arena *arena, struct manifest_row *ret_row,
                        struct err *err) {
    struct manifest_row row = {.id = col_int(s, 0),
                               .repository_id = col_int(s, 1),
                               .media_type = arena_str(arena, col_str(s, 3)),
                               .body = arena_str(arena, col_str(s, 4)),
                               .pushed_at = col_int(s, 6)};

    if (row.media_type.ptr == NULL || row.body.ptr == NULL)
        return arena_error(arena, err);
    PW_TRY(digest_parse(col_str(s, 2), &row.digest, err));
    row.kind = str_eq(col_str(s, 5), STR("index")) ? MANIFEST_INDEX : MANIFEST_IMAGE;
    *ret_row = row;
    return PW_OK;
}

/* No row: is it the repository that is unknown, or the manifest? */
static pw_code explain(struct txn *txn, const struct repository_key *repository, str what,
                       struct err *err) {
    int64_t id;

    PW_TRY(repositories_find(txn, repository->registry_id, repository->name, &id, err));
    return unknown(err, what);
}

pw_code manifests_by_tag(struct txn *txn, const struct repository_key *repository, str tag,
                         struct arena *arena, struct manifest_row *ret_row, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_MANIFEST_BY_TAG, &s, err));
    stmt_int(&s, "registry", repository->registry_id);
    stmt_str(&s, "repository", repository->name);
    stmt_str(&s, "tag", tag);
    PW_TRY(stmt_step(&s, &row, err));
    return row ? read_row(&s, arena, ret_row, err) : explain(txn, repository, tag, err);
}

pw_code manifests_by_digest(struct txn *txn, const struct repository_key *repository,
                            const struct digest *digest, struct arena *arena,
                            struct manifest_row *ret_row, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    char                        text[DIGEST_TEXT_SIZE];
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_MANIFEST_BY_DIGEST, &s, err));
    stmt_int(&s, "registry", repository->registry_id);
    stmt_str(&s, "repository", repository->name);
    stmt_str(&s, "digest", digest_format(digest, text));
    PW_TRY(stmt_step(&s, &row, err));
    return row ? read_row(&s, arena, ret_row, err) : explain(txn, repository, str_of(text), err);
}

static pw_code read_reference(struct stmt *s, struct arena *arena, struct descriptor *out,
                              struct err *err) {
    for (size_t i = 0; i < COUNT_OF(reference_names); i++)
        if (str_eq(col_str(s, 0), str_of(reference_names[i])))
            out->kind = (enum reference_kind)i;
    PW_TRY(digest_parse(col_str(s, 1), &out->digest, err));
    out->size = (uint64_t)col_int(s, 2);
    out->media_type = arena_str(arena, col_str(s, 3));
    out->foreign = col_int(s, 4) != 0;
    out->platform = arena_str(arena, col_str(s, 5));
    return out->media_type.ptr != NULL && out->platform.ptr != NULL ? PW_OK
                                                                    : arena_error(arena, err);
}

pw_code manifests_references(struct txn *txn, int64_t manifest_id, struct arena *arena,
                             struct descriptor **ret_references, size_t *ret_count,
                             struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct descriptor          *out = NULL;
    size_t                      count = 0, room = 0;

    PW_TRY(stmt_begin(txn, SQL_MANIFEST_REFERENCES, &s, err));
    stmt_int(&s, "manifest", manifest_id);
    for (bool row;; count++) {
        PW_TRY(stmt_step(&s, &row, err));
        if (!row)
            break;
        if (count == room) {
            size_t more = room == 0 ? 16 : room * 2;

            out = arena_grow(arena, out, room * sizeof *out, more * sizeof *out);
            if (out == NULL)
                return arena_error(arena, err);
            room = more;
        }
        memset(&out[count], 0, sizeof out[count]);
        PW_TRY(read_reference(&s, arena, &out[count], err));
    }
    *ret_references = out;
    *ret_count = count;
    return PW_OK;
}

pw_code manifests_count_pulls(struct txn *txn, int64_t repository_id, int64_t manifest_id,
                              int64_t pulls, int64_t last_at, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_MANIFEST_PULLED, &s, err));
    stmt_int(&s, "repository", repository_id);
    stmt_int(&s, "manifest", manifest_id);
    stmt_int(&s, "pulls", pulls);
    stmt_int(&s, "at", last_at);
    return stmt_run(&s, err);
}

pw_code manifests_pulls(struct txn *txn, int64_t repository_id, int64_t manifest_id,
                        int64_t *ret_pulls, int64_t *ret_last_at, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_MANIFEST_PULLS, &s, err));
    stmt_int(&s, "repository", repository_id);
    stmt_int(&s, "manifest", manifest_id);
    PW_TRY(stmt_step(&s, &row, err));
    if (!row)
        return unknown(err, STR("(by row)"));
    *ret_pulls = col_int(&s, 0);
    *ret_last_at = col_int(&s, 1);
    return PW_OK;
}

pw_code manifests_page(struct txn *txn, const struct manifests_page *page, struct arena *arena,
                       struct manifest_place **ret_places, size_t *ret_count, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct manifest_place      *places = arena_array(arena, page->limit, sizeof *places);
    size_t                      count = 0;

    if (places == NULL)
        return arena_error(arena, err);
    PW_TRY(stmt_begin(txn, SQL_MANIFEST_PAGE, &s, err));
    stmt_int(&s, "registry", page->registry_id);
    stmt_int(&s, "repository", page->after_repository);
    stmt_int(&s, "manifest", page->after_manifest);
    stmt_int(&s, "limit", (int64_t)page->limit);
    for (bool row; count < page->limit; count++) {
        PW_TRY(stmt_step(&s, &row, err));
        if (!row)
            break;
        places[count] = (struct manifest_place){.repository_id = col_int(&s, 0),
                                                .manifest_id = col_int(&s, 1),
                                                .repository = arena_str(arena, col_str(&s, 2))};
        if (places[count].repository.ptr == NULL)
            return arena_error(arena, err);
        PW_TRY(digest_parse(col_str(&s, 3), &places[count].digest, err));
    }
    *ret_places = places;
    *ret_count = count;
    return PW_OK;
}

pw_code manifests_any(struct txn *txn, bool *ret_any, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_MANIFEST_ANY, &s, err));
    return stmt_step(&s, ret_any, err);
}
