#pragma once
/*
 * feed_lease.h - who may import a feed, and making it visible. Private to store/.
 *
 * A lease runs out LIMIT_IMPORT_LEASE_SECONDS after its last write, so that an import that died blocks
 * nobody. Each write of an import holds it in the same transaction: two can never mix.
 */
#include "store/advisories.h"

struct feed_lease {
    str     feed;
    bool    is_sample, taken;
    char    token[17];
    int64_t next; /* generation being written */
};

/* PW_BUSY: another import is under way. The feed's name is borrowed for the life of the lease. */
pw_code feed_lease_take(struct store *store, struct feed_lease *lease, struct err *err);
pw_code feed_lease_hold(struct txn *txn, const struct feed_lease *lease, struct err *err);
void    feed_lease_drop(struct store *store, struct feed_lease *lease);

struct feed_switch {
    const struct import_label *label;
    size_t                     records;
    bool                       changed; /* else the generation stays */
};
/* Do marks up to this generation wait to be matched? */
pw_code feed_lease_marks(struct txn *txn, const struct feed_lease *lease, int64_t generation,
                         bool *ret_any, struct err *err);
/* Makes the generation visible and asks for re-matching. */
pw_code feed_lease_switch(struct txn *txn, const struct feed_lease *lease,
                          const struct feed_switch *how, struct err *err);
/* subject changed in this generation; ecosystem empty: a vulnerability. */
pw_code feed_lease_mark(struct stmt *stmt, const struct feed_lease *lease, str ecosystem,
                        str subject, struct err *err); /* stmt: SQL_FEED_CHANGE_MARK */
