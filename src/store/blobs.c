/* blobs.c - rows of blobs. */
#include "store/blobs.h"

static pw_code unknown(struct err *err, const struct digest *digest) {
    char text[DIGEST_TEXT_SIZE];

    digest_format(digest, text);
    err_set(err, PW_NOT_FOUND, "blob %s is not in this repository", text);
    (void)err_tag(err, "BLOB_UNKNOWN");
    return PW_NOT_FOUND;
}

static pw_code read_row(struct stmt *s, struct blob_row *out, struct err *err) {
    struct blob_row row = {.id = col_int(s, 0),
                           .size = (uint64_t)col_int(s, 1),
                           .bad = !str_eq(col_str(s, 3), STR("good")),
                           .created_at = col_int(s, 4),
                           .lease_until = col_int(s, 5),
                           .repository_id = col_int(s, 6)};

    if (!str_copy(col_str(s, 2), row.key, sizeof row.key))
        return err_set(err, PW_CORRUPT, "the key of blob row %lld is too long", (long long)row.id);
    PW_TRY(digest_parse(col_str(s, 7), &row.digest, err));
    *out = row;
    return PW_OK;
}

static void bind_digest(struct stmt *s, const struct digest *digest, char text[DIGEST_TEXT_SIZE]) {
    stmt_str(s, "digest", digest_format(digest, text));
}

static pw_code one_row(struct stmt *s, const struct digest *digest, struct blob_row *ret_row,
                       struct err *err) {
    bool row;

    PW_TRY(stmt_step(s, &row, err));
    return row ? read_row(s, ret_row, err) : unknown(err, digest);
}

pw_code blobs_find(struct txn *txn, const struct digest *digest, struct blob_row *ret_row,
                   struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    char                        text[DIGEST_TEXT_SIZE];

    PW_TRY(stmt_begin(txn, SQL_BLOB_FIND, &s, err));
    bind_digest(&s, digest, text);
    return one_row(&s, digest, ret_row, err);
}

pw_code blobs_find_in(struct txn *txn, int64_t registry_id, str repository,
                      const struct digest *digest, struct blob_row *ret_row, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    char                        text[DIGEST_TEXT_SIZE];

    PW_TRY(stmt_begin(txn, SQL_BLOB_FIND_IN, &s, err));
    stmt_int(&s, "registry", registry_id);
    stmt_str(&s, "repository", repository);
    bind_digest(&s, digest, text);
    return one_row(&s, digest, ret_row, err);
}

pw_code blobs_find_linked(struct txn *txn, int64_t repository_id, const struct digest *digest,
                          struct blob_row *ret_row, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    char                        text[DIGEST_TEXT_SIZE];

    PW_TRY(stmt_begin(txn, SQL_BLOB_FIND_LINKED, &s, err));
    stmt_int(&s, "repository", repository_id);
    bind_digest(&s, digest, text);
    return one_row(&s, digest, ret_row, err);
}

pw_code blobs_find_anywhere(struct txn *txn, int64_t registry_id, const struct digest *digest,
                            struct blob_row *ret_row, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    char                        text[DIGEST_TEXT_SIZE];

    PW_TRY(stmt_begin(txn, SQL_BLOB_FIND_ANYWHERE, &s, err));
    stmt_int(&s, "registry", registry_id);
    bind_digest(&s, digest, text);
    return one_row(&s, digest, ret_row, err);
}

pw_code blobs_has_key(struct txn *txn, str key, bool *ret_has, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_BLOB_FIND_KEY, &s, err));
    stmt_str(&s, "key", key);
    return stmt_step(&s, ret_has, err);
}

pw_code blobs_add(struct txn *txn, const struct digest *digest, uint64_t size, str key,
                  int64_t *ret_id, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    char                        text[DIGEST_TEXT_SIZE];
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_BLOB_ADD, &s, err));
    bind_digest(&s, digest, text);
    stmt_int(&s, "size", (int64_t)size);
    stmt_str(&s, "key", key);
    stmt_int(&s, "now", txn_now(txn));
    PW_TRY(stmt_step(&s, &row, err));
    if (!row)
        return err_set(err, PW_INTERNAL, "the new blob has no row");
    *ret_id = col_int(&s, 0);
    return PW_OK;
}

pw_code blobs_swap(struct txn *txn, int64_t id, uint64_t size, str key, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_BLOB_SWAP, &s, err));
    stmt_int(&s, "id", id);
    stmt_int(&s, "size", (int64_t)size);
    stmt_str(&s, "key", key);
    stmt_int(&s, "now", txn_now(txn));
    return stmt_run(&s, err);
}

pw_code blobs_mark(struct txn *txn, int64_t id, str key, bool bad, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_BLOB_MARK, &s, err));
    stmt_int(&s, "id", id);
    stmt_str(&s, "key", key);
    stmt_str(&s, "state", bad ? STR("bad") : STR("good"));
    return stmt_run(&s, err);
}

static pw_code run_lease(struct txn *txn, enum sql sql, const int64_t values[3], struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, sql, &s, err));
    stmt_int(&s, "repository", values[0]);
    stmt_int(&s, "blob", values[1]);
    stmt_int(&s, "lease", values[2]);
    return stmt_run(&s, err);
}

pw_code blobs_link(struct txn *txn, int64_t repository_id, int64_t blob_id, int64_t lease_until,
                   struct err *err) {
    return run_lease(txn, SQL_BLOB_LINK, (int64_t[3]){repository_id, blob_id, lease_until}, err);
}

pw_code blobs_renew(struct txn *txn, int64_t repository_id, int64_t blob_id, int64_t lease_until,
                    struct err *err) {
    return run_lease(txn, SQL_BLOB_RENEW, (int64_t[3]){repository_id, blob_id, lease_until}, err);
}

pw_code blobs_unlink(struct txn *txn, int64_t repository_id, int64_t blob_id, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_BLOB_UNLINK, &s, err));
    stmt_int(&s, "repository", repository_id);
    stmt_int(&s, "blob", blob_id);
    return stmt_run(&s, err);
}

pw_code blobs_user(struct txn *txn, int64_t repository_id, const struct digest *digest,
                   struct digest *ret_manifest, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    char                        text[DIGEST_TEXT_SIZE];
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_BLOB_USER, &s, err));
    stmt_int(&s, "repository", repository_id);
    bind_digest(&s, digest, text);
    PW_TRY(stmt_step(&s, &row, err));
    if (!row)
        return err_set(err, PW_NOT_FOUND, "no image of the repository refers to %s", text);
    return digest_parse(col_str(&s, 0), ret_manifest, err);
}

pw_code blobs_page(struct txn *txn, int64_t after, struct blob_row *rows, size_t room,
                   size_t *ret_count, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    size_t                      count = 0;
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_BLOB_PAGE, &s, err));
    stmt_int(&s, "after", after);
    stmt_int(&s, "limit", (int64_t)room);
    for (; count < room; count++) {
        PW_TRY(stmt_step(&s, &row, err));
        if (!row)
            break;
        PW_TRY(read_row(&s, &rows[count], err));
    }
    *ret_count = count;
    return PW_OK;
}
