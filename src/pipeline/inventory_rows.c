/* inventory_rows.c - components first, then the set that names them. */
#include "pipeline/inventory_rows.h"

#include <stdio.h>
#include "base/digest.h"
#include "base/limits.h"
#include "match/match.h"
#include "model/image_state.h"
#include "pipeline/match_stage.h"
#include "store/components.h"
#include "store/inventories.h"

enum { STEP_ROWS = 200 }; /* a background transaction keeps to 500 rows: component and item each */

static void hash_text(struct hasher *h, str text) {
    uint64_t n = text.len;

    hasher_add(h, &n, sizeof n); /* the length before it: no two lists read the same */
    hasher_add(h, text.ptr != NULL ? text.ptr : "", text.len);
}

static void hash_package(struct hasher *h, const struct package *p) {
    const str texts[] = {p->ecosystem, p->namespace_,     p->name,  p->version,
                         p->source,    p->source_version, p->arch,  p->module,
                         p->origin,    p->path,           p->layer, p->owned_by};

    EACH (text, texts)
        hash_text(h, *text);
    hasher_add(h, &p->layer_index, sizeof p->layer_index);
}

void inventory_rows_digest(const struct inventory *inventory, char ret_digest[80]) {
    struct hasher h;
    struct digest digest;
    char          text[DIGEST_TEXT_SIZE];

    hasher_init(&h, DIGEST_SHA256);
    hash_text(&h, inventory->os.id);
    hash_text(&h, inventory->os.version_id);
    hash_text(&h, inventory->os.ecosystem);
    hash_text(&h, str_of(coverage_word(inventory->coverage)));
    for (size_t i = 0; i < inventory->incomplete_count; i++) {
        hash_text(&h, inventory->incomplete[i].path);
        hash_text(&h, inventory->incomplete[i].reason);
        hash_text(&h, inventory->incomplete[i].kind);
    }
    for (size_t i = 0; i < inventory->package_count; i++)
        hash_package(&h, &inventory->packages[i]);
    hasher_digest(&h, &digest);
    snprintf(ret_digest, 80, STR_FMT, STR_ARG(digest_format(&digest, text)));
}

struct saving {
    const struct inventory *inventory;
    int64_t                 id, os_context, no_context;
    size_t                  from;      /* first package of this step */
    int64_t                *unmatched; /* components to be matched, STEP_ROWS at most */
    size_t                  unmatched_count;
    const char             *digest;
    bool                    known;
};

static pw_code begin(struct txn *txn, void *arg, struct err *err) {
    struct saving          *s = arg;
    const struct os_release none = {0};
    pw_code                 code = inventories_find(txn, str_of(s->digest), &s->id, err);

    s->known = code == PW_OK;
    if (code != PW_NOT_FOUND)
        return code;
    PW_TRY(components_context(txn, &s->inventory->os, &s->os_context, err));
    PW_TRY(components_context(txn, &none, &s->no_context, err));
    return inventories_begin(txn, s->os_context, s->inventory, &s->id, err);
}

static bool of_the_system(const struct component_row *c) {
    return c->package.source.len > 0 || str_find_char(c->lookup_ecosystem, ':') != STR_NPOS;
}

static pw_code save_step(struct txn *txn, void *arg, struct err *err) {
    struct saving *s = arg;
    size_t         end = MIN_OF(s->from + STEP_ROWS, s->inventory->package_count);

    s->unmatched_count = 0; /* this may be a second run */
    for (size_t i = s->from; i < end; i++) {
        const struct package *p = &s->inventory->packages[i];
        struct component_row  c = {.package = *p};
        int64_t               component, matched_at;

        if (!match_key(p, &s->inventory->os, &c.lookup_ecosystem, &c.lookup_name))
            c.lookup_ecosystem = c.lookup_name = STR_NONE;
        PW_TRY(components_put(txn, &c, of_the_system(&c) ? s->os_context : s->no_context,
                              &component, &matched_at, err));
        PW_TRY(inventories_add(txn, s->id, component, p, err));
        if (matched_at == 0)
            s->unmatched[s->unmatched_count++] = component;
    }
    return PW_OK;
}

pw_code inventory_rows_save(struct store *store, const struct inventory *inventory,
                            struct inventory_rows *ret_rows, struct err *err) {
    struct inventory_rows rows = {0};
    int64_t               unmatched[STEP_ROWS];
    struct saving saving = {.inventory = inventory, .unmatched = unmatched, .digest = rows.digest};

    inventory_rows_digest(inventory, rows.digest);
    PW_TRY(store_write(store, STORE_BACKGROUND, begin, &saving, err));
    rows.id = saving.id;
    rows.known = saving.known;
    for (; !rows.known && saving.from < inventory->package_count; saving.from += STEP_ROWS) {
        PW_TRY(store_write(store, STORE_BACKGROUND, save_step, &saving, err));
        PW_TRY(match_stage_components(store, unmatched, saving.unmatched_count, err));
    }
    *ret_rows = rows;
    return PW_OK;
}
