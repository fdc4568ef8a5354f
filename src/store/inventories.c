/* inventories.c - inventory and inventory_item. */
#include "store/inventories.h"

#include <stdio.h>
#include "base/file.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "format/json.h"
#include "model/image_state.h"
#include "store/rows.h"

pw_code inventories_find(struct txn *txn, str digest, int64_t *ret_id, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        found;

    PW_TRY(stmt_begin(txn, SQL_INVENTORY_FIND, &s, err));
    stmt_str(&s, "digest", digest);
    PW_TRY(stmt_step(&s, &found, err));
    if (!found)
        return err_set(err, PW_NOT_FOUND, "there is no inventory " STR_FMT, STR_ARG(digest));
    *ret_id = col_int(&s, 0);
    return PW_OK;
}

static pw_code incomplete_encode(const struct inventory *inventory, struct buf *out,
                                 struct err *err) {
    struct json_writer w = JSON_WRITER(out);
    str                text;

    json_open_list(&w);
    for (size_t i = 0; i < inventory->incomplete_count; i++) {
        json_open(&w);
        json_put_str(&w, "path", inventory->incomplete[i].path);
        json_put_str(&w, "reason", inventory->incomplete[i].reason);
        json_put_str(&w, "kind", inventory->incomplete[i].kind);
        json_close(&w);
    }
    json_close_list(&w);
    return buf_finish(out, &text, err);
}

pw_code inventories_begin(struct txn *txn, int64_t context_id, const struct inventory *inventory,
                          int64_t *ret_id, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    AUTO(buf_done) struct buf   incomplete = BUF_INIT(MIB(16));
    char                        hex[33], digest[64];
    bool                        found;

    PW_TRY(random_hex(16, hex, err));
    snprintf(digest, sizeof digest, "building:%s", hex);
    PW_TRY(incomplete_encode(inventory, &incomplete, err));
    PW_TRY(stmt_begin(txn, SQL_INVENTORY_ADD, &s, err));
    stmt_str(&s, "digest", str_of(digest));
    stmt_int(&s, "context", context_id);
    stmt_str(&s, "coverage", str_of(coverage_word(inventory->coverage)));
    stmt_str(&s, "incomplete", buf_str(&incomplete));
    stmt_int(&s, "now", txn_now(txn));
    PW_TRY(stmt_step(&s, &found, err));
    *ret_id = col_int(&s, 0);
    return PW_OK;
}

pw_code inventories_add(struct txn *txn, int64_t id, int64_t component_id,
                        const struct package *place, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_INVENTORY_ITEM_ADD, &s, err));
    stmt_int(&s, "inventory", id);
    stmt_int(&s, "component", component_id);
    stmt_str(&s, "path", place->path);
    stmt_str(&s, "layer", place->layer);
    stmt_int(&s, "layer_index", place->layer_index);
    stmt_str(&s, "owned_by", place->owned_by);
    return stmt_run(&s, err);
}

pw_code inventories_publish(struct txn *txn, int64_t id, str digest, int64_t *ret_id,
                            struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    pw_code                     code = inventories_find(txn, digest, ret_id, NULL);

    if (code != PW_NOT_FOUND)
        return code == PW_OK ? PW_OK : err_set(err, code, "inventories could not be searched");
    PW_TRY(stmt_begin(txn, SQL_INVENTORY_PUBLISH, &s, err));
    stmt_int(&s, "id", id);
    stmt_str(&s, "digest", digest);
    PW_TRY(stmt_run(&s, err));
    *ret_id = id;
    return PW_OK;
}

pw_code inventories_clean(struct txn *txn, struct err *err) {
    static const enum sql steps[] = {SQL_INVENTORY_DROP_UNPUBLISHED_ITEMS,
                                     SQL_INVENTORY_DROP_UNPUBLISHED};

    EACH (step, steps) {
        AUTO(stmt_done) struct stmt s = {0};

        PW_TRY(stmt_begin(txn, *step, &s, err));
        PW_TRY(stmt_run(&s, err));
    }
    return PW_OK;
}

static bool copy_member(const json_t *object, const char *key, struct arena *arena, str *ret_text) {
    str text = json_opt_str(object, key);

    *ret_text = text.len > 0 ? arena_str(arena, text) : STR("");
    return ret_text->ptr != NULL;
}

pw_code inventories_incomplete_decode(struct arena *arena, str json, struct inventory *inventory,
                                      struct err *err) {
    AUTO(json_endp) json_t *root = NULL;
    struct rows             rows = ROWS_OF(struct incomplete);
    size_t                  i;
    json_t                 *item;

    PW_TRY(json_parse(json, MIB(16), &root, err));
    json_array_foreach(root, i, item) {
        struct incomplete *row = rows_next(&rows, arena, err);

        if (row == NULL)
            return err->code;
        if (!copy_member(item, "path", arena, &row->path) ||
            !copy_member(item, "reason", arena, &row->reason) ||
            !copy_member(item, "kind", arena, &row->kind))
            return arena_error(arena, err);
    }
    inventory->incomplete = rows.items;
    inventory->incomplete_count = rows.count;
    return PW_OK;
}

pw_code inventories_head(struct txn *txn, struct arena *arena, int64_t id,
                         struct inventory *inventory, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        found;

    PW_TRY(stmt_begin(txn, SQL_INVENTORY_GET, &s, err));
    stmt_int(&s, "id", id);
    PW_TRY(stmt_step(&s, &found, err));
    if (!found)
        return err_set(err, PW_NOT_FOUND, "there is no inventory %lld", (long long)id);
    if (!coverage_parse(col_str(&s, 0), &inventory->coverage))
        return err_set(err, PW_CORRUPT, "inventory %lld has an unknown coverage", (long long)id);
    PW_TRY(inventories_incomplete_decode(arena, col_str(&s, 1), inventory, err));
    if (!rows_text(&s, 2, arena, &inventory->os.id, err) ||
        !rows_text(&s, 3, arena, &inventory->os.version_id, err) ||
        !rows_text(&s, 4, arena, &inventory->os.ecosystem, err))
        return err->code;
    return PW_OK;
}

/* The columns of a component and its place, as inventory_items and image_findings begin. */
static pw_code read_package(struct stmt *s, struct arena *arena, struct package *p,
                            struct err *err) {
    str *const texts[] = {&p->ecosystem, &p->namespace_,     &p->name,  &p->version,
                          &p->source,    &p->source_version, &p->arch,  &p->module,
                          &p->origin,    &p->path,           &p->layer, &p->owned_by};

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (!rows_text(s, (int)i, arena, texts[i], err))
            return err->code;
    p->layer_index = (unsigned)col_int(s, (int)COUNT_OF(texts));
    return PW_OK;
}

pw_code inventories_get(struct txn *txn, struct arena *arena, int64_t id,
                        struct inventory *ret_inventory, int64_t **ret_component_ids,
                        struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct inventory            inventory = {0};
    struct rows                 rows = ROWS_OF(struct package), ids = ROWS_OF(int64_t);
    bool                        more;

    PW_TRY(inventories_head(txn, arena, id, &inventory, err));
    PW_TRY(stmt_begin(txn, SQL_INVENTORY_ITEMS, &s, err));
    stmt_int(&s, "inventory", id);
    for (;;) {
        struct package *package;
        int64_t        *component;

        PW_TRY(stmt_step(&s, &more, err));
        if (!more)
            break;
        package = rows_next(&rows, arena, err);
        component = package != NULL ? rows_next(&ids, arena, err) : NULL;
        if (component == NULL)
            return err->code;
        PW_TRY(read_package(&s, arena, package, err));
        *component = col_int(&s, 13);
    }
    inventory.packages = rows.items;
    inventory.package_count = rows.count;
    *ret_inventory = inventory;
    if (ret_component_ids != NULL)
        *ret_component_ids = ids.items;
    return PW_OK;
}

pw_code inventories_streams(struct txn *txn, struct arena *arena, int64_t id,
                            struct stream_list *ret_list, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct rows                 rows = ROWS_OF(struct stream_row);
    bool                        more;

    PW_TRY(stmt_begin(txn, SQL_INVENTORY_STREAMS, &s, err));
    stmt_int(&s, "inventory", id);
    for (;;) {
        struct stream_row *row;

        PW_TRY(stmt_step(&s, &more, err));
        if (!more)
            break;
        row = rows_next(&rows, arena, err);
        if (row == NULL || !rows_text(&s, 0, arena, &row->ecosystem, err) ||
            !rows_text(&s, 1, arena, &row->lookup_ecosystem, err))
            return err->code;
    }
    *ret_list = (struct stream_list){rows.items, rows.count};
    return PW_OK;
}

pw_code inventories_waiting(struct txn *txn, int64_t id, str stream, bool *ret_waiting,
                            struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    size_t                      colon = str_find_char(stream, ':');
    bool                        found;

    PW_TRY(stmt_begin(txn, SQL_INVENTORY_WAITING, &s, err));
    stmt_int(&s, "inventory", id);
    stmt_str(&s, "stream", stream);
    stmt_str(&s, "family", colon != STR_NPOS ? str_sub(stream, 0, colon) : stream);
    PW_TRY(stmt_step(&s, &found, err));
    *ret_waiting = col_int(&s, 0) != 0;
    return PW_OK;
}
