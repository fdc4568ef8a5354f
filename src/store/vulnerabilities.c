/* vulnerabilities.c - what is known of one id. */
#include "store/vulnerabilities.h"

#include "store/advisory_body.h"

pw_code vulnerabilities_facts(struct txn *txn, struct arena *arena, str id,
                              struct vulnerability_facts *ret_facts, bool *ret_known,
                              struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct vulnerability_facts  facts = {.id = id, .epss = -1, .epss_percentile = -1};
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_VULNERABILITY_FACTS, &s, err));
    stmt_str(&s, "id", id);
    PW_TRY(stmt_step(&s, &row, err));
    *ret_known = row && !(col_is_null(&s, 0) && col_is_null(&s, 2) && col_is_null(&s, 4));
    if (!*ret_known)
        return PW_OK;
    if (!col_is_null(&s, 0)) {
        struct vulnerability v;
        str                  body = arena_str(arena, col_str(&s, 0));

        if (body.ptr == NULL)
            return arena_error(arena, err);
        PW_TRY(vulnerability_body_read(arena, body, &v, err));
        facts.ratings = v.ratings;
        facts.rating_count = v.rating_count;
        facts.description = v.description;
        facts.published_at = col_int(&s, 1);
    }
    if (!col_is_null(&s, 2)) {
        facts.epss = col_real(&s, 2);
        facts.epss_percentile = col_real(&s, 3);
    }
    facts.kev_added_at = col_is_null(&s, 4) ? 0 : col_int(&s, 4);
    *ret_facts = facts;
    return PW_OK;
}
