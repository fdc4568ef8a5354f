/* feeds.c - who answers, how feeds stand, and what they changed. */
#include "store/feeds.h"

#include <limits.h>
#include "base/limits.h"
#include "base/macros.h"
#include "store/rows.h"
#include "store/settings.h"

/* By authority: the publisher of a distribution before those who collect. `parts`: all of these make
 * a stream complete. */
static const struct {
    const char *name;
    const char *parts[3];
} order[] = {
    {"debian-tracker", {"", NULL}},
    {"alpine-secdb", {"main", "community", NULL}},
    {"osv", {"", NULL}},
    {"sample", {"", NULL}},
};

unsigned feeds_authority(str feed) {
    for (unsigned i = 0; i < COUNT_OF(order); i++)
        if (str_eq(feed, str_of(order[i].name)))
            return i;
    return UINT_MAX;
}

const char *feed_answer_word(enum feed_answer answer) {
    static const char *const words[] = {"none", "sample", "partial", "stale", "complete"};

    return words[answer];
}

/* --- who answers --- */

/* What one feed has of a stream. */
struct holding {
    unsigned parts; /* complete parts, one bit each */
    bool     any;
    int64_t  oldest_at; /* of its parts */
};

static bool holds_all(size_t feed, const struct holding *holding) {
    unsigned all = 0;

    for (unsigned i = 0; order[feed].parts[i] != NULL; i++)
        all |= 1u << i;
    return (holding->parts & all) == all;
}

static void take_holding(struct holding *holdings, str feed, str part, int64_t updated_at,
                         bool complete) {
    unsigned        at = feeds_authority(feed);
    struct holding *holding;

    if (at == UINT_MAX)
        return;
    holding = &holdings[at];
    for (unsigned i = 0; order[at].parts[i] != NULL; i++)
        if (complete && str_eq(part, str_of(order[at].parts[i])))
            holding->parts |= 1u << i;
    if (!holding->any || updated_at < holding->oldest_at)
        holding->oldest_at = updated_at;
    holding->any = true;
}

static pw_code holdings_of(struct txn *txn, str ecosystem, struct holding *holdings,
                           struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_FEED_OF_ECOSYSTEM, &s, err));
    stmt_str(&s, "ecosystem", ecosystem);
    for (;;) {
        PW_TRY(stmt_step(&s, &row, err));
        if (!row)
            return PW_OK;
        take_holding(holdings, col_str(&s, 0), col_str(&s, 1), col_int(&s, 2), col_int(&s, 3) != 0);
    }
}

pw_code feeds_answer(struct txn *txn, str ecosystem, int64_t fresh_seconds,
                     struct feed_standing *ret_standing, struct err *err) {
    struct holding       holdings[COUNT_OF(order)] = {0};
    struct feed_standing standing = {FEED_ANSWER_NONE, "", 0};

    PW_TRY(holdings_of(txn, ecosystem, holdings, err));
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        bool sample = strcmp(order[i].name, "sample") == 0, complete = holds_all(i, &holdings[i]);

        if (!holdings[i].any || (standing.answer == FEED_ANSWER_PARTIAL && !complete) ||
            (standing.answer == FEED_ANSWER_PARTIAL && sample))
            continue;
        standing =
            (struct feed_standing){FEED_ANSWER_PARTIAL, order[i].name, holdings[i].oldest_at};
        if (sample)
            standing.answer = FEED_ANSWER_SAMPLE;
        else if (complete)
            standing.answer = txn_now(txn) - standing.updated_at >
                                      (fresh_seconds > 0 ? fresh_seconds : LIMIT_FEED_FRESH_SECONDS)
                                  ? FEED_ANSWER_STALE
                                  : FEED_ANSWER_COMPLETE;
        if (complete)
            break;
    }
    *ret_standing = standing;
    return PW_OK;
}

pw_code feeds_choose(struct txn *txn, str ecosystem, struct feed_choice *ret_choice,
                     struct err *err) {
    struct holding     holdings[COUNT_OF(order)] = {0};
    struct feed_choice choice = {0};

    PW_TRY(holdings_of(txn, ecosystem, holdings, err));
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        if (!holdings[i].any)
            continue;
        choice.names[choice.count++] = order[i].name;
        if (holds_all(i, &holdings[i]))
            break;
    }
    *ret_choice = choice;
    return PW_OK;
}

/* --- how they stand --- */

pw_code feeds_list(struct txn *txn, struct arena *arena, struct feed_rows *ret_rows,
                   struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct rows                 rows = ROWS_OF(struct feed_row);
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_FEED_LIST, &s, err));
    for (;;) {
        struct feed_row *out;

        PW_TRY(stmt_step(&s, &row, err));
        if (!row)
            break;
        out = rows_next(&rows, arena, err);
        if (out == NULL || !rows_text(&s, 0, arena, &out->name, err) ||
            !rows_text(&s, 1, arena, &out->source, err) ||
            !rows_text(&s, 2, arena, &out->version, err) ||
            !rows_text(&s, 3, arena, &out->failure, err))
            return err->code;
        out->generation = col_int(&s, 4);
        out->records = col_int(&s, 5);
        out->updated_at = col_int(&s, 6);
        out->changed_at = col_int(&s, 7);
        out->failed_at = col_int(&s, 8);
        out->is_sample = col_int(&s, 9) != 0;
        out->waiting = col_int(&s, 10);
    }
    *ret_rows = (struct feed_rows){rows.items, rows.count};
    return PW_OK;
}

pw_code feeds_streams(struct txn *txn, struct arena *arena, str feed,
                      struct feed_streams *ret_streams, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct rows                 rows = ROWS_OF(struct feed_stream);
    bool                        row;

    PW_TRY(stmt_begin(txn, SQL_FEED_STREAMS, &s, err));
    stmt_str(&s, "feed", feed);
    for (;;) {
        struct feed_stream *out;

        PW_TRY(stmt_step(&s, &row, err));
        if (!row)
            break;
        out = rows_next(&rows, arena, err);
        if (out == NULL || !rows_text(&s, 0, arena, &out->ecosystem, err) ||
            !rows_text(&s, 1, arena, &out->part, err))
            return err->code;
        out->records = col_int(&s, 2);
        out->updated_at = col_int(&s, 3);
        out->complete = col_int(&s, 4) != 0;
    }
    *ret_streams = (struct feed_streams){rows.items, rows.count};
    return PW_OK;
}

struct failing {
    str         feed;
    const char *reason;
};

static pw_code write_failure(struct txn *txn, void *arg, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    const struct failing       *failing = arg;

    PW_TRY(stmt_begin(txn, SQL_FEED_FAILED, &s, err));
    stmt_str(&s, "feed", failing->feed);
    stmt_int(&s, "now", txn_now(txn));
    stmt_str(&s, "failure", str_of(failing->reason));
    return stmt_run(&s, err);
}

pw_code feeds_failed(struct store *store, str feed, const char *reason, struct err *err) {
    struct failing failing = {feed, reason};

    return store_write(store, STORE_FOREGROUND, write_failure, &failing, err);
}

struct touching {
    str feed, ecosystem, part;
    str from, below; /* "Debian:" and "Debian;" */
};

static pw_code write_touch(struct txn *txn, void *arg, struct err *err) {
    AUTO(stmt_done) struct stmt feed = {0}, streams = {0};
    const struct touching      *t = arg;

    PW_TRY(stmt_begin(txn, SQL_FEED_TOUCH, &feed, err));
    stmt_str(&feed, "feed", t->feed);
    stmt_int(&feed, "now", txn_now(txn));
    PW_TRY(stmt_run(&feed, err));
    PW_TRY(stmt_begin(txn, SQL_FEED_STREAM_TOUCH, &streams, err));
    stmt_str(&streams, "feed", t->feed);
    stmt_int(&streams, "now", txn_now(txn));
    stmt_str(&streams, "ecosystem", t->ecosystem);
    stmt_str(&streams, "part", t->part);
    stmt_str(&streams, "from", t->from);
    stmt_str(&streams, "below", t->below);
    return stmt_run(&streams, err);
}

pw_code feeds_touch(struct store *store, str feed, str ecosystem, str part, struct err *err) {
    AUTO(buf_done)
    struct buf      from = BUF_INIT(LIMIT_FIELD_BYTES), below = BUF_INIT(LIMIT_FIELD_BYTES);
    struct touching t = {feed, ecosystem, part, STR_NONE, STR_NONE};

    buf_addf(&from, STR_FMT ":", STR_ARG(ecosystem));
    buf_addf(&below, STR_FMT ";", STR_ARG(ecosystem));
    PW_TRY(buf_finish(&from, &t.from, err));
    PW_TRY(buf_finish(&below, &t.below, err));
    return store_write(store, STORE_BACKGROUND, write_touch, &t, err);
}

struct validators {
    str           key, text;
    struct arena *arena;
};

static pw_code read_validators(struct txn *txn, void *arg, struct err *err) {
    struct validators *v = arg;
    struct err         why = ERR_NONE;
    pw_code            code = settings_get(txn, v->key, v->arena, &v->text, &why);

    if (code == PW_NOT_FOUND)
        v->text = STR("");
    return code == PW_OK || code == PW_NOT_FOUND ? PW_OK : err_set(err, code, "%s", err_text(&why));
}

pw_code feeds_validators_get(struct store *store, str feed, struct arena *arena, str *ret_text,
                             struct err *err) {
    struct validators v = {.key = arena_strf(arena, "feed-validators." STR_FMT, STR_ARG(feed)),
                           .arena = arena};

    if (v.key.ptr == NULL)
        return arena_error(arena, err);
    PW_TRY(store_read(store, read_validators, &v, err));
    *ret_text = v.text;
    return PW_OK;
}

static pw_code write_validators(struct txn *txn, void *arg, struct err *err) {
    const struct validators *v = arg;

    return str_empty(v->text) ? settings_delete(txn, v->key, err)
                              : settings_put(txn, v->key, v->text, err);
}

pw_code feeds_validators_put(struct store *store, str feed, str text, struct err *err) {
    AUTO(buf_done) struct buf key = BUF_INIT(LIMIT_FIELD_BYTES);
    struct validators         v = {.text = text};

    buf_addf(&key, "feed-validators." STR_FMT, STR_ARG(feed));
    PW_TRY(buf_finish(&key, &v.key, err));
    return store_write(store, STORE_BACKGROUND, write_validators, &v, err);
}

/* --- what they changed --- */

enum { CHANGES_PAGE = 100 };

struct change {
    str     ecosystem, subject;
    int64_t generation;
};
struct page {
    struct arena  arena;
    str           feed;
    struct change last; /* of the page before */
    struct change items[CHANGES_PAGE];
    size_t        count;
};

static pw_code read_page(struct txn *txn, void *arg, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct page                *page = arg;
    bool                        row;

    page->count = 0;
    PW_TRY(stmt_begin(txn, SQL_FEED_CHANGE_PAGE, &s, err));
    stmt_str(&s, "feed", page->feed);
    stmt_str(&s, "ecosystem", page->last.ecosystem);
    stmt_str(&s, "subject", page->last.subject);
    stmt_int(&s, "generation", page->last.generation);
    stmt_int(&s, "limit", CHANGES_PAGE);
    for (;;) {
        struct change *out = &page->items[page->count];

        PW_TRY(stmt_step(&s, &row, err));
        if (!row)
            return PW_OK;
        if (!rows_text(&s, 0, &page->arena, &out->ecosystem, err) ||
            !rows_text(&s, 1, &page->arena, &out->subject, err))
            return err->code;
        out->generation = col_int(&s, 2);
        page->count++;
    }
}

static pw_code drop_page(struct txn *txn, void *arg, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    const struct page          *page = arg;

    PW_TRY(stmt_begin(txn, SQL_FEED_CHANGE_DROP, &s, err));
    for (size_t i = 0; i < page->count; i++) {
        stmt_str(&s, "feed", page->feed);
        stmt_str(&s, "ecosystem", page->items[i].ecosystem);
        stmt_str(&s, "subject", page->items[i].subject);
        stmt_int(&s, "generation", page->items[i].generation);
        PW_TRY(stmt_run(&s, err));
        stmt_reset(&s);
    }
    return PW_OK;
}

/* Visits a page and forgets what was visited, also when the visit ended early. */
static pw_code walk_page(struct store *store, struct page *page, feeds_change_visit visit,
                         void *ctx, struct err *err) {
    size_t  done = 0;
    pw_code code = PW_OK;

    while (done < page->count && code == PW_OK) {
        code = visit(ctx, page->items[done].ecosystem, page->items[done].subject, err);
        done += code == PW_OK;
    }
    page->count = done;
    if (done > 0) {
        struct err second = ERR_NONE;
        pw_code    dropped =
            store_write(store, STORE_BACKGROUND, drop_page, page, code == PW_OK ? err : &second);

        if (code == PW_OK)
            code = dropped;
    }
    return code;
}

pw_code feeds_changes_each(struct store *store, str feed, feeds_change_visit visit, void *ctx,
                           struct err *err) {
    struct page page = {.feed = feed};
    pw_code     code;

    /* two pages at once: the last item of the one before must outlive the reset */
    struct arena last = ARENA_INIT(MIB(1));

    page.arena = (struct arena)ARENA_INIT(MIB(16));
    do {
        arena_reset(&page.arena);
        code = store_read(store, read_page, &page, err);
        if (code != PW_OK || page.count == 0)
            break;
        arena_reset(&last);
        page.last.ecosystem = arena_str(&last, page.items[page.count - 1].ecosystem);
        page.last.subject = arena_str(&last, page.items[page.count - 1].subject);
        page.last.generation = page.items[page.count - 1].generation;
        code = page.last.subject.ptr == NULL ? arena_error(&last, err)
                                             : walk_page(store, &page, visit, ctx, err);
    } while (code == PW_OK);
    arena_done(&page.arena);
    arena_done(&last);
    return code;
}
