#pragma once
/*
 * subscriptions.h - who owns what: subscription, resource group, registry.
 *
 * Names and ids compare without regard to case, as ARM does; the stored case is shown.
 * Threads: the transaction's. Text in arena.
 */
#include "base/arena.h"
#include "store/store.h"

struct subscription_row {
    str id, name, plan;
};
struct registry_row {
    int64_t id;
    str     subscription, resource_group, name, login_server;
};

pw_code subscriptions_find(struct txn *txn, struct arena *arena, str id,
                           struct subscription_row *ret_row, struct err *err); /* PW_NOT_FOUND */
pw_code subscriptions_registry(struct txn *txn, struct arena *arena, str subscription, str name,
                               struct registry_row *ret_row, struct err *err); /* PW_NOT_FOUND */
pw_code subscriptions_has_group(struct txn *txn, str subscription, str resource_group,
                                bool *ret_found, struct err *err);

/* The first subscription and its first registry; makes them when there are none. */
struct subscriptions_default {
    struct subscription_row subscription;
    struct registry_row     registry;
    bool                    made;
};
pw_code subscriptions_default(struct txn *txn, struct arena *arena,
                              struct subscriptions_default *ret_rows, struct err *err);
