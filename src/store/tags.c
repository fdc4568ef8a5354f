/* tags.c - rows of tags and their history. */
#include "store/tags.h"

pw_code tags_find(struct txn *txn, int64_t repository_id, str name, struct tag_row *ret_row,
                  struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        row;
    struct tag_row              out;

    PW_TRY(stmt_begin(txn, SQL_TAG_FIND, &s, err));
    stmt_int(&s, "repository", repository_id);
    stmt_str(&s, "name", name);
    PW_TRY(stmt_step(&s, &row, err));
    if (!row) {
        err_set(err, PW_NOT_FOUND, "there is no tag \"" STR_FMT "\" in this repository",
                STR_ARG(name));
        (void)err_tag(err, "MANIFEST_UNKNOWN");
        return PW_NOT_FOUND;
    }
    out.manifest_id = col_int(&s, 0);
    out.updated_at = col_int(&s, 2);
    PW_TRY(digest_parse(col_str(&s, 1), &out.digest, err));
    *ret_row = out;
    return PW_OK;
}

static pw_code remember(struct txn *txn, int64_t repository_id, str name, str digest,
                        struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_TAG_REMEMBER, &s, err));
    stmt_int(&s, "repository", repository_id);
    stmt_str(&s, "name", name);
    stmt_str(&s, "digest", digest);
    stmt_int(&s, "now", txn_now(txn));
    return stmt_run(&s, err);
}

pw_code tags_set(struct txn *txn, int64_t repository_id, str name, int64_t manifest_id,
                 const struct digest *digest, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    char                        text[DIGEST_TEXT_SIZE];
    struct tag_row              now;
    pw_code                     code = tags_find(txn, repository_id, name, &now, err);

    if (code != PW_OK && code != PW_NOT_FOUND)
        return code;
    PW_TRY(stmt_begin(txn, SQL_TAG_SET, &s, err));
    stmt_int(&s, "repository", repository_id);
    stmt_str(&s, "name", name);
    stmt_int(&s, "manifest", manifest_id);
    stmt_int(&s, "now", txn_now(txn));
    PW_TRY(stmt_run(&s, err));
    if (code == PW_OK && now.manifest_id == manifest_id)
        return PW_OK;
    return remember(txn, repository_id, name, digest_format(digest, text), err);
}

pw_code tags_set_time(struct txn *txn, int64_t repository_id, str name, int64_t at,
                      struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_TAG_SET_TIME, &s, err));
    stmt_int(&s, "at", at);
    stmt_int(&s, "repository", repository_id);
    stmt_str(&s, "name", name);
    return stmt_run(&s, err);
}

pw_code tags_remove(struct txn *txn, int64_t repository_id, str name, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_TAG_REMOVE, &s, err));
    stmt_int(&s, "repository", repository_id);
    stmt_str(&s, "name", name);
    PW_TRY(stmt_run(&s, err));
    return remember(txn, repository_id, name, STR(""), err);
}

pw_code tags_page(struct txn *txn, const struct tags_page *page, struct arena *arena,
                  struct names *ret_names, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, page->manifest_id != 0 ? SQL_TAG_PAGE_OF : SQL_TAG_PAGE, &s, err));
    if (page->manifest_id != 0)
        stmt_int(&s, "manifest", page->manifest_id);
    stmt_int(&s, "repository", page->repository_id);
    stmt_str(&s, "after", page->after);
    stmt_int(&s, "limit", (int64_t)page->limit);
    return names_collect(&s, page->limit, arena, ret_names, err);
}
