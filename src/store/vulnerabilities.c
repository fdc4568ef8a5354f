/* vulnerabilities.c - what is known of one id. */
#include "store/vulnerabilities.h"

#include "store/advisory_body.h"

/* OSV names a distribution's record of a CVE after it: DEBIAN-CVE-2024-1, ALPINE-CVE-2024-1. Where the
 * tracker decides, such a record's ranges are not asked, but its ratings are facts of the CVE. */
static pw_code twin_ratings(struct txn *txn, struct arena *arena, str id,
                            struct vulnerability_facts *facts, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    str                         debian = arena_strf(arena, "DEBIAN-" STR_FMT, STR_ARG(id));
    str                         alpine = arena_strf(arena, "ALPINE-" STR_FMT, STR_ARG(id));
    bool                        row;

    if (debian.ptr == NULL || alpine.ptr == NULL)
        return arena_error(arena, err);
    PW_TRY(stmt_begin(txn, SQL_VULNERABILITY_TWIN, &s, err));
    stmt_str(&s, "debian", debian);
    stmt_str(&s, "alpine", alpine);
    for (;;) {
        struct advisory twin;
        str             feed, body;

        PW_TRY(stmt_step(&s, &row, err));
        if (!row)
            return PW_OK;
        feed = arena_str(arena, col_str(&s, 0));
        body = arena_str(arena, col_str(&s, 1));
        if (feed.ptr == NULL || body.ptr == NULL)
            return arena_error(arena, err);
        PW_TRY(advisory_body_read(arena, body, STR_NONE, STR_NONE, &twin, err));
        if (twin.rating_count == 0)
            continue;
        for (size_t i = 0; i < twin.rating_count; i++)
            twin.ratings[i].source = feed; /* "osv" or "sample": who says so here */
        facts->ratings = twin.ratings;
        facts->rating_count = twin.rating_count;
        facts->description = str_empty(facts->description) ? twin.summary : facts->description;
        facts->published_at = facts->published_at != 0 ? facts->published_at : twin.published_at;
        return PW_OK;
    }
}

pw_code vulnerabilities_facts(struct txn *txn, struct arena *arena, str id,
                              struct vulnerability_facts *ret_facts, bool *ret_known,
                              struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct vulnerability_facts  facts = {.id = id, .epss = -1, .epss_percentile = -1};
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_VULNERABILITY_FACTS, &s, err));
    stmt_str(&s, "id", id);
    PW_TRY(stmt_step(&s, &row, err));
    if (!row)
        return err_set(err, PW_INTERNAL, "a question about one id has no answer");
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
    *ret_known = !(col_is_null(&s, 0) && col_is_null(&s, 2) && col_is_null(&s, 4));
    stmt_done(&s);
    if (facts.rating_count == 0 && str_starts(id, STR("CVE-")))
        PW_TRY(twin_ratings(txn, arena, id, &facts, err));
    *ret_known = *ret_known || facts.rating_count > 0;
    if (*ret_known)
        *ret_facts = facts;
    return PW_OK;
}
