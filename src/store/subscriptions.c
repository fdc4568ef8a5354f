/* subscriptions.c - subscription and registry rows. */
#include "store/subscriptions.h"

#include <stdio.h>
#include "base/file.h"
#include "store/rows.h"

#define DEFAULT_GROUP    STR("default")
#define DEFAULT_REGISTRY STR("portwarden")
#define DEFAULT_SERVER   STR("localhost")

static pw_code read_subscription(struct stmt *s, struct arena *arena,
                                 struct subscription_row *ret_row, struct err *err) {
    if (!rows_text(s, 0, arena, &ret_row->id, err) ||
        !rows_text(s, 1, arena, &ret_row->name, err) ||
        !rows_text(s, 2, arena, &ret_row->plan, err))
        return err->code;
    return PW_OK;
}

static pw_code read_registry(struct stmt *s, struct arena *arena, struct registry_row *ret_row,
                             struct err *err) {
    ret_row->id = col_int(s, 0);
    if (!rows_text(s, 1, arena, &ret_row->subscription, err) ||
        !rows_text(s, 2, arena, &ret_row->resource_group, err) ||
        !rows_text(s, 3, arena, &ret_row->name, err) ||
        !rows_text(s, 4, arena, &ret_row->login_server, err))
        return err->code;
    return PW_OK;
}

pw_code subscriptions_find(struct txn *txn, struct arena *arena, str id,
                           struct subscription_row *ret_row, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        found;

    PW_TRY(stmt_begin(txn, SQL_SUBSCRIPTION_FIND, &s, err));
    stmt_str(&s, "id", id);
    PW_TRY(stmt_step(&s, &found, err));
    if (!found)
        return err_set(err, PW_NOT_FOUND, "The subscription '" STR_FMT "' could not be found.",
                       STR_ARG(id));
    return read_subscription(&s, arena, ret_row, err);
}

pw_code subscriptions_registry(struct txn *txn, struct arena *arena, str subscription, str name,
                               struct registry_row *ret_row, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        found;

    PW_TRY(stmt_begin(txn, SQL_SUBSCRIPTION_REGISTRY_FIND, &s, err));
    stmt_str(&s, "subscription", subscription);
    stmt_str(&s, "name", name);
    PW_TRY(stmt_step(&s, &found, err));
    if (!found)
        return err_set(err, PW_NOT_FOUND, "The registry '" STR_FMT "' could not be found.",
                       STR_ARG(name));
    return read_registry(&s, arena, ret_row, err);
}

pw_code subscriptions_has_group(struct txn *txn, str subscription, str resource_group,
                                bool *ret_found, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_SUBSCRIPTION_GROUP_FIND, &s, err));
    stmt_str(&s, "subscription", subscription);
    stmt_str(&s, "resource_group", resource_group);
    return stmt_step(&s, ret_found, err);
}

/* A random UUID, version 4. */
static pw_code make_uuid(char out[37], struct err *err) {
    char hex[33];

    PW_TRY(random_hex(16, hex, err));
    hex[12] = '4';
    hex[16] = "89ab"[(unsigned char)hex[16] & 3];
    snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
    return PW_OK;
}

static pw_code first_subscription(struct txn *txn, struct arena *arena,
                                  struct subscription_row *ret_row, bool *ret_found,
                                  struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_SUBSCRIPTION_FIRST, &s, err));
    PW_TRY(stmt_step(&s, ret_found, err));
    return *ret_found ? read_subscription(&s, arena, ret_row, err) : PW_OK;
}

static pw_code first_registry(struct txn *txn, struct arena *arena, str subscription,
                              struct registry_row *ret_row, bool *ret_found, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_SUBSCRIPTION_REGISTRY_FIRST, &s, err));
    stmt_str(&s, "subscription", subscription);
    PW_TRY(stmt_step(&s, ret_found, err));
    return *ret_found ? read_registry(&s, arena, ret_row, err) : PW_OK;
}

static pw_code add_subscription(struct txn *txn, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    char                        uuid[37];

    PW_TRY(make_uuid(uuid, err));
    PW_TRY(stmt_begin(txn, SQL_SUBSCRIPTION_ADD, &s, err));
    stmt_str(&s, "id", str_of(uuid));
    stmt_str(&s, "name", STR("Default"));
    stmt_str(&s, "plan", STR("Free"));
    stmt_int(&s, "now", txn_now(txn));
    return stmt_run(&s, err);
}

static pw_code add_registry(struct txn *txn, str subscription, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_SUBSCRIPTION_REGISTRY_ADD, &s, err));
    stmt_str(&s, "subscription", subscription);
    stmt_str(&s, "resource_group", DEFAULT_GROUP);
    stmt_str(&s, "name", DEFAULT_REGISTRY);
    stmt_str(&s, "login_server", DEFAULT_SERVER);
    stmt_int(&s, "now", txn_now(txn));
    return stmt_run(&s, err);
}

pw_code subscriptions_default(struct txn *txn, struct arena *arena,
                              struct subscriptions_default *ret_rows, struct err *err) {
    struct subscriptions_default rows = {0};
    bool                         found;

    PW_TRY(first_subscription(txn, arena, &rows.subscription, &found, err));
    if (!found) {
        rows.made = true;
        PW_TRY(add_subscription(txn, err));
        PW_TRY(first_subscription(txn, arena, &rows.subscription, &found, err));
    }
    PW_TRY(first_registry(txn, arena, rows.subscription.id, &rows.registry, &found, err));
    if (!found) {
        rows.made = true;
        PW_TRY(add_registry(txn, rows.subscription.id, err));
        PW_TRY(first_registry(txn, arena, rows.subscription.id, &rows.registry, &found, err));
    }
    *ret_rows = rows;
    return PW_OK;
}
