#pragma once
/*
 * settings_words.h - the words in which the store's tests speak: settings stand for any row.
 */
#include <pthread.h>
#include <unistd.h>
#include "base/limits.h"
#include "store/settings.h"
#include "store_fixture.h"

struct pair {
    const char *key, *value;
};

static inline pw_code put(struct txn *txn, void *arg, struct err *err) {
    const struct pair *pair = arg;

    return settings_put(txn, str_of(pair->key), str_of(pair->value), err);
}

static inline pw_code add(struct txn *txn, void *arg, struct err *err) {
    const struct pair *pair = arg;

    return settings_add(txn, str_of(pair->key), str_of(pair->value), err);
}

static inline pw_code put_and_fail(struct txn *txn, void *arg, struct err *err) {
    PW_TRY(put(txn, arg, err));
    return err_set(err, PW_CANCELLED, "changed my mind");
}

/* The value in `out`, "" when the key is absent. */
struct lookup {
    const char *key;
    char        out[4096];
    bool        found;
};

static inline pw_code look_up(struct txn *txn, void *arg, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(1 << 20);
    struct lookup                *lookup = arg;
    str                           value;
    pw_code code = settings_get(txn, str_of(lookup->key), &arena, &value, err);

    lookup->out[0] = '\0';
    lookup->found = code == PW_OK;
    if (code == PW_OK)
        CHECK(str_copy(value, lookup->out, sizeof lookup->out));
    return code == PW_NOT_FOUND ? PW_OK : code;
}

static inline void write_ok(struct store *store, store_fn fn, void *arg) {
    struct err err = ERR_NONE;

    CHECK_OK(store_write(store, STORE_FOREGROUND, fn, arg, &err));
}

static inline void put_now(struct store *store, const char *key, const char *value) {
    write_ok(store, put, &(struct pair){key, value});
}

/* want NULL: absent */
static inline void check_setting(struct store *store, const char *key, const char *want) {
    struct lookup lookup = {.key = key};
    struct err    err = ERR_NONE;

    CHECK_OK(store_read(store, look_up, &lookup, &err));
    CHECK_EQ(lookup.found, want != NULL);
    CHECK_TEXT(lookup.out, want != NULL ? want : "");
}
