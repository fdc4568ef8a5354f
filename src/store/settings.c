/* settings.c - small facts about this installation. */
#include "store/settings.h"

pw_code settings_get(struct txn *txn, str key, struct arena *arena, str *ret_value,
                     struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        row;
    str                         value;

    PW_TRY(stmt_begin(txn, SQL_SETTING_GET, &s, err));
    stmt_str(&s, "key", key);
    PW_TRY(stmt_step(&s, &row, err));
    if (!row)
        return err_set(err, PW_NOT_FOUND, "there is no setting " STR_FMT, STR_ARG(key));
    value = arena_str(arena, col_str(&s, 0));
    if (value.ptr == NULL)
        return arena_error(arena, err);
    *ret_value = value;
    return PW_OK;
}

static pw_code write_setting(struct txn *txn, enum sql sql, str key, str value, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, sql, &s, err));
    stmt_str(&s, "key", key);
    stmt_str(&s, "value", value);
    return stmt_run(&s, err);
}

pw_code settings_put(struct txn *txn, str key, str value, struct err *err) {
    return write_setting(txn, SQL_SETTING_PUT, key, value, err);
}

pw_code settings_add(struct txn *txn, str key, str value, struct err *err) {
    return write_setting(txn, SQL_SETTING_ADD, key, value, err);
}

pw_code settings_delete(struct txn *txn, str key, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_SETTING_DELETE, &s, err));
    stmt_str(&s, "key", key);
    return stmt_run(&s, err);
}
