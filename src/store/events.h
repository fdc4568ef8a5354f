#pragma once
/*
 * events.h - news as rows: added in the transaction that made them true, read by cursor.
 *
 * An id grows and is never used again, so a reader that keeps the last id it has dealt with sees
 * every event at least once and in order. On PostgreSQL, where writers run side by side, those
 * that add events take turns, so that ids become visible in their order.
 *
 * Threads: as the transaction.
 */
#include "store/store.h"

struct event {
    int64_t id;
    str     kind;    /* "image-pushed", "finding-opened" ... */
    str     subject; /* what it is about: a repository, a manifest digest */
    str     body;    /* JSON object */
    int64_t created_at;
};

pw_code events_add(struct txn *txn, str kind, str subject, str body, int64_t *ret_id,
                   struct err *err); /* ret_id may be NULL */
/* Visits at most `count` events behind `after`, oldest first; text is borrowed for the visit. */
typedef pw_code (*events_visit)(void *ctx, const struct event *event, struct err *err);
pw_code events_after(struct txn *txn, int64_t after, int64_t count, events_visit visit, void *ctx,
                     struct err *err);
pw_code events_last(struct txn *txn, int64_t *ret_id, struct err *err); /* 0: none */
pw_code events_prune(struct txn *txn, int64_t upto, struct err *err);   /* those up to this id */
