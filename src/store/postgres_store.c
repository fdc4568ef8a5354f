/* postgres_store.c - a store in a PostgreSQL database. */
#include "store/backend.h"

pw_code postgres_open(const struct store_options *options, const struct backend_schema *schema,
                      struct store **ret_store, struct err *err) {
    return err_set(err, PW_UNSUPPORTED, "PostgreSQL is not part of this build: use SQLite");
}
