/* match_stage.c - judging components and storing what differs. */
#include "pipeline/match_stage.h"

#include "base/limits.h"
#include "store/advisories.h"
#include "store/feeds.h"
#include "store/findings.h"
#include "store/vulnerabilities.h"

enum {
    BATCH_COMPONENTS = 64,
    BATCH_FINDINGS = 300, /* a background transaction keeps to 500 rows */
    BATCH_TRIES = 8,
};

struct lookup {
    struct txn   *txn;
    struct arena *arena;
    struct err   *err;
    pw_code       code;
};

static bool look_up(void *ctx, str id, struct vulnerability_facts *ret_facts) {
    struct lookup *lookup = ctx;
    bool           known = false;
    pw_code        code =
        vulnerabilities_facts(lookup->txn, lookup->arena, id, ret_facts, &known, lookup->err);

    if (code != PW_OK)
        lookup->code = code;
    return code == PW_OK && known;
}

pw_code match_stage_judge(struct txn *txn, struct arena *arena,
                          const struct component_row *component, struct match_answer *ret_answer,
                          struct err *err) {
    struct lookup               lookup = {.txn = txn, .arena = arena, .err = err};
    struct vulnerability_lookup get = {.ctx = &lookup, .get = look_up};
    struct candidate_list       candidates;
    struct match_answer         answer = {0};

    if (component->lookup_ecosystem.len > 0) {
        PW_TRY(advisories_candidates(txn, arena, component->lookup_ecosystem,
                                     component->lookup_name, &candidates, err));
        PW_TRY(match_package(arena, &component->package, &component->os, candidates.items,
                             candidates.count, &get, &answer.findings, &answer.count, err));
        PW_TRY(lookup.code);
    }
    *ret_answer = answer;
    return PW_OK;
}

struct batch {
    const int64_t      *ids;
    size_t              wanted; /* ids that are left */
    size_t              count;  /* judged in this batch */
    struct match_answer answers[BATCH_COMPONENTS];
    bool                gone[BATCH_COMPONENTS];
    struct arena       *arena;
    int64_t             generations;
    bool                stale;
};

static pw_code judge_batch(struct txn *txn, void *arg, struct err *err) {
    struct batch *b = arg;
    size_t        findings = 0;

    b->count = 0;
    PW_TRY(components_feed_generations(txn, &b->generations, err));
    while (b->count < MIN_OF(b->wanted, (size_t)BATCH_COMPONENTS) && findings < BATCH_FINDINGS) {
        size_t               i = b->count;
        struct component_row component;
        struct err           why = ERR_NONE;
        pw_code              code = components_get(txn, b->arena, b->ids[i], &component, &why);

        b->gone[i] = code == PW_NOT_FOUND;
        if (code != PW_OK && code != PW_NOT_FOUND) {
            *err = why;
            return code;
        }
        if (code == PW_OK)
            PW_TRY(match_stage_judge(txn, b->arena, &component, &b->answers[i], err));
        findings += code == PW_OK ? b->answers[i].count : 0;
        b->count++;
    }
    return PW_OK;
}

static pw_code save_batch(struct txn *txn, void *arg, struct err *err) {
    struct batch *b = arg;
    int64_t       now_visible;

    PW_TRY(components_feed_generations(txn, &now_visible, err));
    b->stale = now_visible != b->generations;
    for (size_t i = 0; i < b->count && !b->stale; i++) {
        if (b->gone[i])
            continue;
        PW_TRY(
            findings_put(txn, b->ids[i], b->answers[i].findings, b->answers[i].count, NULL, err));
        PW_TRY(components_set_matched(txn, b->ids[i], txn_now(txn), err));
    }
    return PW_OK;
}

pw_code match_stage_components(struct store *store, const int64_t *ids, size_t count,
                               struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(LIMIT_SCAN_MEMORY);
    struct batch                  batch = {.ids = ids, .wanted = count, .arena = &arena};
    int                           tries = 0;

    while (batch.wanted > 0) {
        arena_reset(&arena);
        PW_TRY(store_read(store, judge_batch, &batch, err));
        PW_TRY(store_write(store, STORE_BACKGROUND, save_batch, &batch, err));
        if (batch.stale) {
            if (++tries == BATCH_TRIES)
                return err_set(err, PW_BUSY, "feeds change faster than components can be matched");
            continue;
        }
        tries = 0;
        batch.ids += batch.count;
        batch.wanted -= batch.count;
    }
    return PW_OK;
}

struct change {
    struct store        *store;
    struct arena        *arena;
    str                  ecosystem, subject;
    struct component_ids ids;
};

static pw_code load_ids(struct txn *txn, void *arg, struct err *err) {
    struct change *c = arg;

    return c->ecosystem.len > 0
               ? components_by_lookup(txn, c->arena, c->ecosystem, c->subject, &c->ids, err)
               : components_by_vulnerability(txn, c->arena, c->subject, &c->ids, err);
}

static pw_code visit_change(void *ctx, str ecosystem, str subject, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(256));
    const struct stage_run       *run = ctx;
    struct change                 c = {
                        .store = run->tools->store, .arena = &arena, .ecosystem = ecosystem, .subject = subject};

    if (run->stopping != NULL && atomic_load(run->stopping))
        return err_set(err, PW_CANCELLED, "the workers are stopping"); /* its mark stays */
    PW_TRY(store_read(c.store, load_ids, &c, err));
    return match_stage_components(c.store, c.ids.ids, c.ids.count, err);
}

pw_code match_stage_rematch(const struct stage_run *run, struct err *err) {
    struct stage_run visited = *run;

    return feeds_changes_each(run->tools->store, run->job->subject, visit_change, &visited, err);
}
