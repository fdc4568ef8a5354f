/* uploads.c - rows of unfinished uploads. */
#include "store/uploads.h"

pw_code uploads_add(struct txn *txn, str id, int64_t repository_id, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_UPLOAD_ADD, &s, err));
    stmt_str(&s, "id", id);
    stmt_int(&s, "repository", repository_id);
    stmt_int(&s, "now", txn_now(txn));
    return stmt_run(&s, err);
}

pw_code uploads_find(struct txn *txn, const struct repository_key *repository, str id,
                     struct arena *arena, struct upload_row *ret_row, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_UPLOAD_FIND, &s, err));
    stmt_int(&s, "registry", repository->registry_id);
    stmt_str(&s, "repository", repository->name);
    stmt_str(&s, "id", id);
    PW_TRY(stmt_step(&s, &row, err));
    if (!row) {
        err_set(err, PW_NOT_FOUND, "upload \"" STR_FMT "\" does not exist (any more): begin again",
                STR_ARG(str_sub(id, 0, 64)));
        (void)err_tag(err, "BLOB_UPLOAD_UNKNOWN");
        return PW_NOT_FOUND;
    }
    *ret_row =
        (struct upload_row){.received = (uint64_t)col_int(&s, 0), .repository_id = col_int(&s, 2)};
    if (!col_is_null(&s, 1)) {
        ret_row->hash_state = arena_str(arena, col_str(&s, 1));
        if (ret_row->hash_state.ptr == NULL)
            return arena_error(arena, err);
    }
    return PW_OK;
}

pw_code uploads_save(struct txn *txn, str id, uint64_t received, str hash_state, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_UPLOAD_SAVE, &s, err));
    stmt_str(&s, "id", id);
    stmt_int(&s, "received", (int64_t)received);
    stmt_blob(&s, "state", hash_state);
    stmt_int(&s, "now", txn_now(txn));
    return stmt_run(&s, err);
}

pw_code uploads_remove(struct txn *txn, str id, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_UPLOAD_REMOVE, &s, err));
    stmt_str(&s, "id", id);
    return stmt_run(&s, err);
}

pw_code uploads_idle(struct txn *txn, int64_t before, size_t limit, struct arena *arena,
                     struct names *ret_ids, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_UPLOAD_IDLE, &s, err));
    stmt_int(&s, "before", before);
    stmt_int(&s, "limit", (int64_t)limit);
    return names_collect(&s, limit, arena, ret_ids, err);
}

pw_code uploads_remove_idle(struct txn *txn, str id, int64_t before, bool *ret_removed,
                            struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_UPLOAD_REMOVE_IDLE, &s, err));
    stmt_str(&s, "id", id);
    stmt_int(&s, "before", before);
    PW_TRY(stmt_run(&s, err));
    *ret_removed = stmt_changes(&s) > 0;
    return PW_OK;
}
