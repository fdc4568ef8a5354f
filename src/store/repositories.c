/* repositories.c - rows of registries and their repositories. */
#include "store/repositories.h"

#include "base/file.h"

static pw_code make_subscription(struct txn *txn, struct arena *arena, str *ret_id,
                                 struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        row;
    char                        hex[33];

    PW_TRY(stmt_begin(txn, SQL_DEFAULT_SUBSCRIPTION_FIND, &s, err));
    PW_TRY(stmt_step(&s, &row, err));
    if (row) {
        *ret_id = arena_str(arena, col_str(&s, 0));
        return ret_id->ptr != NULL ? PW_OK : arena_error(arena, err);
    }
    stmt_done(&s);
    PW_TRY(random_hex(16, hex, err));
    *ret_id = arena_strf(arena, "%.8s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 8, hex + 13, hex + 17,
                         hex + 20);
    if (ret_id->ptr == NULL)
        return arena_error(arena, err);
    PW_TRY(stmt_begin(txn, SQL_DEFAULT_SUBSCRIPTION_ADD, &s, err));
    stmt_str(&s, "id", *ret_id);
    stmt_str(&s, "name", STR("default"));
    stmt_int(&s, "now", txn_now(txn));
    return stmt_run(&s, err);
}

pw_code repositories_default_registry(struct txn *txn, str name, str login_server,
                                      int64_t *ret_id, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(4096);
    AUTO(stmt_done) struct stmt   s = {0};
    str                           subscription;
    bool                          row;

    PW_TRY(stmt_begin(txn, SQL_DEFAULT_REGISTRY_FIND, &s, err));
    stmt_str(&s, "name", name);
    PW_TRY(stmt_step(&s, &row, err));
    if (!row) {
        stmt_done(&s);
        PW_TRY(make_subscription(txn, &arena, &subscription, err));
        PW_TRY(stmt_begin(txn, SQL_DEFAULT_REGISTRY_ADD, &s, err));
        stmt_str(&s, "subscription", subscription);
        stmt_str(&s, "resource_group", STR("default"));
        stmt_str(&s, "name", name);
        stmt_str(&s, "login_server", login_server);
        stmt_int(&s, "now", txn_now(txn));
        PW_TRY(stmt_step(&s, &row, err));
        if (!row)
            return err_set(err, PW_INTERNAL, "the new registry has no row");
    }
    *ret_id = col_int(&s, 0);
    return PW_OK;
}

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
