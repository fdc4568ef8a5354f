/* layers.c - layer_read. */
#include "store/layers.h"

#include "store/rows.h"

pw_code layers_get(struct txn *txn, struct arena *arena, str layer, unsigned version,
                   struct layer_facts_row *ret_row, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct layer_facts_row      row;
    bool                        found;

    PW_TRY(stmt_begin(txn, SQL_LAYER_FACTS_GET, &s, err));
    stmt_str(&s, "layer", layer);
    stmt_int(&s, "version", version);
    PW_TRY(stmt_step(&s, &found, err));
    if (!found)
        return err_set(err, PW_NOT_FOUND, "layer " STR_FMT " was not read yet", STR_ARG(layer));
    row.readable = str_eq(col_str(&s, 0), STR("read"));
    if (!rows_text(&s, 1, arena, &row.reason, err) || !rows_text(&s, 2, arena, &row.facts, err))
        return err->code;
    *ret_row = row;
    return PW_OK;
}

pw_code layers_known(struct txn *txn, str layer, unsigned version, bool *ret_known,
                     struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_LAYER_FACTS_KNOWN, &s, err));
    stmt_str(&s, "layer", layer);
    stmt_int(&s, "version", version);
    return stmt_step(&s, ret_known, err);
}

pw_code layers_put(struct txn *txn, str layer, unsigned version, const struct layer_facts_row *row,
                   struct err *err) {
    AUTO(stmt_done) struct stmt put = {0}, forget = {0};

    PW_TRY(stmt_begin(txn, SQL_LAYER_FACTS_PUT, &put, err));
    stmt_str(&put, "layer", layer);
    stmt_int(&put, "version", version);
    stmt_str(&put, "status", row->readable ? STR("read") : STR("unreadable"));
    stmt_str(&put, "reason", row->reason);
    stmt_blob(&put, "facts", row->facts);
    stmt_int(&put, "now", txn_now(txn));
    PW_TRY(stmt_run(&put, err));
    PW_TRY(stmt_begin(txn, SQL_LAYER_FACTS_FORGET_OLDER, &forget, err));
    stmt_str(&forget, "layer", layer);
    stmt_int(&forget, "version", version);
    return stmt_run(&forget, err);
}
