/* referrers.c - manifests of a repository whose subject is a digest. */
#include "store/referrers.h"

static pw_code read_row(struct stmt *s, struct arena *arena, struct referrer *ret_referrer,
                        struct err *err) {
    struct referrer out = {.manifest_id = col_int(s, 0),
                           .media_type = arena_str(arena, col_str(s, 2)),
                           .artifact_type = arena_str(arena, col_str(s, 4)),
                           .annotations = arena_str(arena, col_str(s, 5)),
                           .subject = arena_str(arena, col_str(s, 6)),
                           .size = (uint64_t)col_int(s, 3)};

    if (out.media_type.ptr == NULL || out.artifact_type.ptr == NULL ||
        out.annotations.ptr == NULL || out.subject.ptr == NULL)
        return arena_error(arena, err);
    PW_TRY(digest_parse(col_str(s, 1), &out.digest, err));
    *ret_referrer = out;
    return PW_OK;
}

pw_code referrers_page(struct txn *txn, const struct referrers_page *page, struct arena *arena,
                       struct referrer **ret_referrers, size_t *ret_count, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    char                        text[DIGEST_TEXT_SIZE];
    struct referrer            *out = arena_array(arena, page->limit, sizeof *out);
    size_t                      count = 0, bytes = 0;

    if (out == NULL)
        return arena_error(arena, err);
    PW_TRY(stmt_begin(txn, SQL_REFERRER_PAGE, &s, err));
    stmt_str(&s, "subject", digest_format(page->subject, text));
    stmt_int(&s, "repository", page->repository_id);
    stmt_str(&s, "artifact_type", page->artifact_type);
    stmt_int(&s, "after", page->after);
    stmt_int(&s, "limit", (int64_t)page->limit);
    /* always one more than fits, so that the caller sees that there are more */
    for (bool row; count < page->limit && (count < 2 || bytes <= page->bytes); count++) {
        PW_TRY(stmt_step(&s, &row, err));
        if (!row)
            break;
        PW_TRY(read_row(&s, arena, &out[count], err));
        bytes += out[count].annotations.len;
    }
    *ret_referrers = out;
    *ret_count = count;
    return PW_OK;
}

pw_code referrers_find(struct txn *txn, int64_t repository_id, const struct digest *digest,
                       struct arena *arena, struct referrer *ret_referrer, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    char                        text[DIGEST_TEXT_SIZE];
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_REFERRER_FIND, &s, err));
    stmt_str(&s, "digest", digest_format(digest, text));
    stmt_int(&s, "repository", repository_id);
    PW_TRY(stmt_step(&s, &row, err));
    if (!row)
        return err_set(err, PW_NOT_FOUND, "%s is not in this repository", text);
    return read_row(&s, arena, ret_referrer, err);
}
