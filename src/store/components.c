/* components.c - context and component. */
#include "store/components.h"

#include "store/rows.h"

static void bind_context(struct stmt *s, const struct os_release *os) {
    stmt_str(s, "distro", os->id);
    stmt_str(s, "release", os->version_id);
    stmt_str(s, "ecosystem", os->ecosystem);
}

pw_code components_context(struct txn *txn, const struct os_release *os, int64_t *ret_id,
                           struct err *err) {
    AUTO(stmt_done) struct stmt find = {0}, add = {0};
    bool                        found;

    PW_TRY(stmt_begin(txn, SQL_CONTEXT_FIND, &find, err));
    bind_context(&find, os);
    PW_TRY(stmt_step(&find, &found, err));
    if (found) {
        *ret_id = col_int(&find, 0);
        return PW_OK;
    }
    PW_TRY(stmt_begin(txn, SQL_CONTEXT_ADD, &add, err));
    bind_context(&add, os);
    PW_TRY(stmt_step(&add, &found, err));
    *ret_id = col_int(&add, 0);
    return PW_OK;
}

static void bind_key(struct stmt *s, const struct package *p, int64_t context_id) {
    stmt_str(s, "ecosystem", p->ecosystem);
    stmt_str(s, "namespace", p->namespace_);
    stmt_str(s, "name", p->name);
    stmt_str(s, "version", p->version);
    stmt_str(s, "source", p->source);
    stmt_str(s, "source_version", p->source_version);
    stmt_str(s, "arch", p->arch);
    stmt_str(s, "module", p->module);
    stmt_str(s, "origin", p->origin);
    stmt_int(s, "context", context_id);
}

pw_code components_put(struct txn *txn, const struct component_row *component, int64_t context_id,
                       int64_t *ret_id, int64_t *ret_matched_at, struct err *err) {
    AUTO(stmt_done) struct stmt find = {0}, add = {0};
    bool                        found;

    PW_TRY(stmt_begin(txn, SQL_COMPONENT_FIND, &find, err));
    bind_key(&find, &component->package, context_id);
    PW_TRY(stmt_step(&find, &found, err));
    if (found) {
        *ret_id = col_int(&find, 0);
        *ret_matched_at = col_int(&find, 1);
        return PW_OK;
    }
    PW_TRY(stmt_begin(txn, SQL_COMPONENT_ADD, &add, err));
    bind_key(&add, &component->package, context_id);
    stmt_str(&add, "lookup_ecosystem", component->lookup_ecosystem);
    stmt_str(&add, "lookup_name", component->lookup_name);
    PW_TRY(stmt_step(&add, &found, err));
    *ret_id = col_int(&add, 0);
    *ret_matched_at = 0;
    return PW_OK;
}

pw_code components_get(struct txn *txn, struct arena *arena, int64_t id,
                       struct component_row *ret_row, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct component_row        row = {.id = id};
    bool                        found;
    str *const                  texts[] = {&row.package.ecosystem, &row.package.namespace_,
                                           &row.package.name,      &row.package.version,
                                           &row.package.source,    &row.package.source_version,
                                           &row.package.arch,      &row.package.module,
                                           &row.package.origin,    &row.os.id,
                                           &row.os.version_id,     &row.os.ecosystem,
                                           &row.lookup_ecosystem,  &row.lookup_name};

    PW_TRY(stmt_begin(txn, SQL_COMPONENT_GET, &s, err));
    stmt_int(&s, "id", id);
    PW_TRY(stmt_step(&s, &found, err));
    if (!found)
        return err_set(err, PW_NOT_FOUND, "there is no component %lld", (long long)id);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (!rows_text(&s, (int)i, arena, texts[i], err))
            return err->code;
    row.matched_at = col_int(&s, (int)COUNT_OF(texts));
    *ret_row = row;
    return PW_OK;
}

pw_code components_set_matched(struct txn *txn, int64_t id, int64_t at, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_COMPONENT_SET_MATCHED, &s, err));
    stmt_int(&s, "id", id);
    stmt_int(&s, "at", at);
    return stmt_run(&s, err);
}

static pw_code read_ids(struct stmt *s, struct arena *arena, struct rows *rows, struct err *err) {
    bool more;

    for (;;) {
        int64_t *id;

        PW_TRY(stmt_step(s, &more, err));
        if (!more)
            return PW_OK;
        id = rows_next(rows, arena, err);
        if (id == NULL)
            return err->code;
        *id = col_int(s, 0);
    }
}

static pw_code by_family(struct txn *txn, struct arena *arena, str ecosystem, str name,
                         struct rows *rows, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    str                         from = arena_strf(arena, STR_FMT ":", STR_ARG(ecosystem));
    str                         below = arena_strf(arena, STR_FMT ";", STR_ARG(ecosystem));

    if (from.ptr == NULL || below.ptr == NULL)
        return arena_error(arena, err);
    PW_TRY(stmt_begin(txn, SQL_COMPONENT_IDS_BY_LOOKUP_FAMILY, &s, err));
    stmt_str(&s, "from", from);
    stmt_str(&s, "below", below);
    stmt_str(&s, "name", name);
    return read_ids(&s, arena, rows, err);
}

pw_code components_by_lookup(struct txn *txn, struct arena *arena, str ecosystem, str name,
                             struct component_ids *ret_ids, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct rows                 rows = ROWS_OF(int64_t);

    PW_TRY(stmt_begin(txn, SQL_COMPONENT_IDS_BY_LOOKUP, &s, err));
    stmt_str(&s, "ecosystem", ecosystem);
    stmt_str(&s, "name", name);
    PW_TRY(read_ids(&s, arena, &rows, err));
    if (str_find_char(ecosystem, ':') == STR_NPOS)
        PW_TRY(by_family(txn, arena, ecosystem, name, &rows, err));
    *ret_ids = (struct component_ids){rows.items, rows.count};
    return PW_OK;
}

pw_code components_by_vulnerability(struct txn *txn, struct arena *arena, str id,
                                    struct component_ids *ret_ids, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct rows                 rows = ROWS_OF(int64_t);

    PW_TRY(stmt_begin(txn, SQL_COMPONENT_IDS_BY_VULNERABILITY, &s, err));
    stmt_str(&s, "id", id);
    PW_TRY(read_ids(&s, arena, &rows, err));
    *ret_ids = (struct component_ids){rows.items, rows.count};
    return PW_OK;
}

pw_code components_feed_generations(struct txn *txn, int64_t *ret_sum, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        found;

    PW_TRY(stmt_begin(txn, SQL_FEED_GENERATIONS, &s, err));
    PW_TRY(stmt_step(&s, &found, err));
    *ret_sum = col_int(&s, 0);
    return PW_OK;
}
