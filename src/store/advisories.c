/* advisories.c - the candidates of one package. */
#include "store/advisories.h"

#include "base/macros.h"
#include "store/advisory_body.h"
#include "store/feeds.h"
#include "store/rows.h"

struct finding_candidates {
    struct arena             *arena;
    str                       ecosystem, package; /* of the package */
    const struct feed_choice *choice;
    struct rows               rows;
};

static const char *chosen(const struct feed_choice *choice, str feed) {
    for (size_t i = 0; i < choice->count; i++)
        if (str_eq(feed, str_of(choice->names[i])))
            return choice->names[i];
    return NULL;
}

static pw_code take_row(struct finding_candidates *f, const struct stmt *s, struct err *err) {
    const char      *feed = chosen(f->choice, col_str(s, 0));
    struct advisory *advisory;
    str              body;

    if (feed == NULL)
        return PW_OK;
    advisory = arena_new(f->arena, struct advisory);
    body = arena_str(f->arena, col_str(s, 1));
    if (advisory == NULL || body.ptr == NULL)
        return arena_error(f->arena, err);
    PW_TRY(advisory_body_read(f->arena, body, f->ecosystem, f->package, advisory, err));
    for (size_t i = 0; i < advisory->affected_count; i++) {
        struct candidate *out = rows_next(&f->rows, f->arena, err);

        if (out == NULL)
            return err->code;
        *out = (struct candidate){advisory, &advisory->affected[i], str_of(feed),
                                  feeds_authority(str_of(feed)), col_int(s, 2) != 0};
    }
    return PW_OK;
}

static pw_code filed_under(struct txn *txn, struct finding_candidates *f, str ecosystem,
                           struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_ADVISORY_CANDIDATES, &s, err));
    stmt_str(&s, "ecosystem", ecosystem);
    stmt_str(&s, "package", f->package);
    for (;;) {
        PW_TRY(stmt_step(&s, &row, err));
        if (!row)
            return PW_OK;
        PW_TRY(take_row(f, &s, err));
    }
}

pw_code advisories_candidates(struct txn *txn, struct arena *arena, str ecosystem, str package,
                              struct candidate_list *ret_list, struct err *err) {
    struct feed_choice        choice;
    size_t                    colon = str_find_char(ecosystem, ':');
    struct finding_candidates f = {arena, ecosystem, package, &choice, ROWS_OF(struct candidate)};
    struct err                own = ERR_NONE;

    err = err != NULL ? err : &own; /* its code is read above */
    PW_TRY(feeds_choose(txn, ecosystem, &choice, err));
    PW_TRY(filed_under(txn, &f, ecosystem, err));
    if (colon != STR_NPOS)
        PW_TRY(filed_under(txn, &f, str_sub(ecosystem, 0, colon), err));
    *ret_list = (struct candidate_list){f.rows.items, f.rows.count};
    return PW_OK;
}
