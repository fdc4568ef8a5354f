/* repositories.c - rows of the repositories of a registry. */
#include "store/repositories.h"

pw_code repositories_find(struct txn *txn, int64_t registry_id, str name, int64_t *ret_id,
                          struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_REPOSITORY_FIND, &s, err));
    stmt_int(&s, "registry", registry_id);
    stmt_str(&s, "name", name);
    PW_TRY(stmt_step(&s, &row, err));
    if (!row) {
        err_set(err, PW_NOT_FOUND, "repository \"" STR_FMT "\" does not exist", STR_ARG(name));
        (void)err_tag(err, "NAME_UNKNOWN");
        return PW_NOT_FOUND;
    }
    *ret_id = col_int(&s, 0);
    return PW_OK;
}

pw_code repositories_make(struct txn *txn, int64_t registry_id, str name, int64_t *ret_id,
                          struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    pw_code                     code = repositories_find(txn, registry_id, name, ret_id, err);
    bool                        row;

    if (code != PW_NOT_FOUND)
        return code;
    PW_TRY(stmt_begin(txn, SQL_REPOSITORY_ADD, &s, err));
    stmt_int(&s, "registry", registry_id);
    stmt_str(&s, "name", name);
    stmt_int(&s, "now", txn_now(txn));
    PW_TRY(stmt_step(&s, &row, err));
    if (!row)
        return err_set(err, PW_INTERNAL, "the new repository has no row");
    *ret_id = col_int(&s, 0);
    return PW_OK;
}

pw_code repositories_page(struct txn *txn, const struct repositories_page *page,
                          struct arena *arena, struct names *ret_names, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_REPOSITORY_PAGE, &s, err));
    stmt_int(&s, "registry", page->registry_id);
    stmt_str(&s, "after", page->after);
    stmt_int(&s, "limit", (int64_t)page->limit);
    return names_collect(&s, page->limit, arena, ret_names, err);
}
