#pragma once
/*
 * settings.h - small facts about this installation, by key: its secrets' ids, chosen defaults.
 *
 * Errors:  settings_get PW_NOT_FOUND; settings_add PW_CONFLICT when the key is there.
 * Memory:  text is copied into the caller's arena.   Threads: as the transaction.
 */
#include "base/arena.h"
#include "store/store.h"

pw_code settings_get(struct txn *txn, str key, struct arena *arena, str *ret_value,
                     struct err *err);
pw_code settings_put(struct txn *txn, str key, str value, struct err *err);
/* For what is made once and never replaced: the first one wins. */
pw_code settings_add(struct txn *txn, str key, str value, struct err *err);
pw_code settings_delete(struct txn *txn, str key, struct err *err); /* absent: PW_OK */
