/* findings.c - component_finding. */
#include "store/findings.h"

#include "base/limits.h"
#include "base/map.h"
#include "store/finding_body.h"
#include "store/rows.h"

static double best_score(const struct finding *finding) {
    double best = -1;

    for (size_t i = 0; i < finding->cvss_count; i++)
        best = MAX_OF(best, finding->cvss[i].score);
    return best;
}

/* One stored row, to see whether it still says the same. */
struct known {
    str  vulnerability;
    str  state, fixed_version, feed, body;
    int  severity;
    bool kept;
};

static pw_code load_known(struct txn *txn, struct arena *arena, int64_t component_id,
                          struct rows *rows, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        more;

    PW_TRY(stmt_begin(txn, SQL_COMPONENT_FINDING_IDS, &s, err));
    stmt_int(&s, "component", component_id);
    for (;;) {
        struct known *row;

        PW_TRY(stmt_step(&s, &more, err));
        if (!more)
            return PW_OK;
        row = rows_next(rows, arena, err);
        if (row == NULL || !rows_text(&s, 0, arena, &row->vulnerability, err) ||
            !rows_text(&s, 1, arena, &row->state, err) ||
            !rows_text(&s, 2, arena, &row->fixed_version, err) ||
            !rows_text(&s, 5, arena, &row->feed, err) || !rows_text(&s, 6, arena, &row->body, err))
            return err->code;
        row->severity = (int)col_int(&s, 3);
    }
}

static bool says_the_same(const struct known *row, const struct finding *f, str body) {
    return str_eq(row->state, str_of(finding_state_word(f->state))) &&
           str_eq(row->fixed_version, f->fixed_version) && row->severity == (int)f->severity &&
           str_eq(row->feed, f->feed) && str_eq(row->body, body);
}

static pw_code put_one(struct txn *txn, int64_t component_id, const struct finding *f, str body,
                       struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_COMPONENT_FINDING_PUT, &s, err));
    stmt_int(&s, "component", component_id);
    stmt_str(&s, "vulnerability", f->id);
    stmt_str(&s, "state", str_of(finding_state_word(f->state)));
    stmt_str(&s, "fixed_version", f->fixed_version);
    stmt_int(&s, "severity", (int64_t)f->severity);
    stmt_real(&s, "score", best_score(f));
    stmt_str(&s, "feed", f->feed);
    stmt_blob(&s, "body", body);
    stmt_int(&s, "now", txn_now(txn));
    return stmt_run(&s, err);
}

static pw_code drop_gone(struct txn *txn, int64_t component_id, const struct rows *known,
                         struct findings_change *change, struct err *err) {
    for (size_t i = 0; i < known->count; i++) {
        const struct known         *row = &((const struct known *)known->items)[i];
        AUTO(stmt_done) struct stmt s = {0};

        if (row->kept)
            continue;
        PW_TRY(stmt_begin(txn, SQL_COMPONENT_FINDING_DROP, &s, err));
        stmt_int(&s, "component", component_id);
        stmt_str(&s, "vulnerability", row->vulnerability);
        PW_TRY(stmt_run(&s, err));
        change->gone++;
    }
    return PW_OK;
}

pw_code findings_put(struct txn *txn, int64_t component_id, const struct finding *findings,
                     size_t count, struct findings_change *ret_change, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(256));
    AUTO(map_done) struct map     by_id = MAP_INIT;
    AUTO(buf_done) struct buf     body = BUF_INIT(LIMIT_ADVISORY_BYTES);
    struct rows                   known = ROWS_OF(struct known);
    struct findings_change        change = {0};

    PW_TRY(load_known(txn, &arena, component_id, &known, err));
    for (size_t i = 0; i < known.count; i++) {
        struct known *row = &((struct known *)known.items)[i];
        void        **place = map_at(&by_id, row->vulnerability);

        if (place == NULL)
            return err_set(err, PW_MEMORY, "no memory for findings");
        *place = row;
    }
    for (size_t i = 0; i < count; i++) {
        const struct finding *f = &findings[i];
        struct known         *row = map_get(&by_id, f->id);

        if (f->state == FINDING_NOT_AFFECTED)
            continue;
        buf_clear(&body);
        PW_TRY(finding_body_encode(f, &body, err));
        if (row != NULL)
            row->kept = true;
        if (row != NULL && says_the_same(row, f, buf_str(&body)))
            continue;
        PW_TRY(put_one(txn, component_id, f, buf_str(&body), err));
        *(row == NULL ? &change.added : &change.changed) += 1;
    }
    PW_TRY(drop_gone(txn, component_id, &known, &change, err));
    if (ret_change != NULL)
        *ret_change = change;
    return PW_OK;
}

static pw_code read_row(struct stmt *s, struct arena *arena, struct finding_row *row,
                        struct err *err) {
    struct finding *f = &row->found.finding;

    row->component_id = col_int(s, 0);
    if (!rows_text(s, 1, arena, &row->path, err) || !rows_text(s, 2, arena, &f->id, err) ||
        !rows_text(s, 4, arena, &f->fixed_version, err) || !rows_text(s, 6, arena, &f->feed, err))
        return err->code;
    if (!finding_state_parse(col_str(s, 3), &f->state))
        return err_set(err, PW_CORRUPT, "finding " STR_FMT " has an unknown state", STR_ARG(f->id));
    PW_TRY(finding_body_decode(arena, col_str(s, 7), f, err));
    f->severity = (enum severity)MIN_OF(MAX_OF(col_int(s, 5), 0), (int64_t)SEVERITY_CRITICAL);
    row->found.since = col_int(s, 8);
    if (!col_is_null(s, 9)) {
        f->epss = col_real(s, 9);
        f->epss_percentile = col_real(s, 10);
    }
    if (!col_is_null(s, 11))
        f->kev_added_at = col_int(s, 11);
    row->found.sample = !col_is_null(s, 12) && col_int(s, 12) != 0;
    return PW_OK;
}

pw_code findings_of_inventory(struct txn *txn, struct arena *arena, int64_t inventory_id,
                              struct finding_list *ret_list, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct rows                 rows = ROWS_OF(struct finding_row);
    bool                        more;

    PW_TRY(stmt_begin(txn, SQL_INVENTORY_FINDINGS, &s, err));
    stmt_int(&s, "inventory", inventory_id);
    for (;;) {
        struct finding_row *row;

        PW_TRY(stmt_step(&s, &more, err));
        if (!more)
            break;
        row = rows_next(&rows, arena, err);
        if (row == NULL)
            return err->code;
        PW_TRY(read_row(&s, arena, row, err));
    }
    *ret_list = (struct finding_list){rows.items, rows.count};
    return PW_OK;
}

size_t finding_counts_active(const struct finding_counts *counts) {
    size_t sum = 0;

    EACH (n, counts->active)
        sum += *n;
    return sum;
}

pw_code findings_count(struct txn *txn, int64_t inventory_id, struct finding_counts *ret_counts,
                       struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct finding_counts       counts = {0};
    bool                        more;

    PW_TRY(stmt_begin(txn, SQL_INVENTORY_FINDING_COUNTS, &s, err));
    stmt_int(&s, "inventory", inventory_id);
    for (;;) {
        enum finding_state state;
        size_t             n;
        int64_t            severity;

        PW_TRY(stmt_step(&s, &more, err));
        if (!more)
            break;
        severity = MIN_OF(MAX_OF(col_int(&s, 0), 0), (int64_t)SEVERITY_CRITICAL);
        n = (size_t)col_int(&s, 2);
        if (finding_state_parse(col_str(&s, 1), &state) && finding_is_active(state))
            counts.active[severity] += n;
        else
            counts.listed += n;
        counts.sample |= col_int(&s, 3) != 0;
    }
    *ret_counts = counts;
    return PW_OK;
}
