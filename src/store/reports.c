/* reports.c - rows of one image put together. */
#include "store/reports.h"

#include <stdlib.h>
#include "store/feeds.h"
#include "store/rows.h"

pw_code reports_cover(struct txn *txn, str ecosystem, const struct report_rules *rules,
                      enum stream_cover *ret_cover, struct err *err) {
    static const enum stream_cover covers[] = {
        [FEED_ANSWER_NONE] = COVER_NONE,         [FEED_ANSWER_SAMPLE] = COVER_SAMPLE,
        [FEED_ANSWER_PARTIAL] = COVER_PART,      [FEED_ANSWER_STALE] = COVER_STALE,
        [FEED_ANSWER_COMPLETE] = COVER_COMPLETE,
    };
    struct feed_standing standing;

    if (ecosystem.len == 0) {
        *ret_cover = COVER_IMPOSSIBLE;
        return PW_OK;
    }
    PW_TRY(feeds_answer(txn, ecosystem, rules->fresh_seconds, &standing, err));
    *ret_cover = covers[standing.answer];
    return PW_OK;
}

pw_code reports_judge(struct txn *txn, const struct report_cover *cover, struct image_facts *facts,
                      struct report_judgement *ret_judgement, struct err *err) {
    struct report_judgement judgement = {0};
    char                    reason[IMAGE_REASON_SIZE];

    for (size_t i = 0; i < cover->count; i++) {
        const struct stream_row *stream = &cover->streams[i];
        enum stream_cover        found;

        PW_TRY(reports_cover(txn, stream->lookup_ecosystem, cover->rules, &found, err));
        facts->streams++;
        judgement.sample |= found == COVER_SAMPLE;
        facts->judged += found <= COVER_SAMPLE;
        if (found == COVER_COMPLETE) {
            facts->covered++;
        } else if (facts->uncovered.len == 0) {
            facts->uncovered =
                stream->lookup_ecosystem.len > 0 ? stream->lookup_ecosystem : stream->ecosystem;
            facts->why_uncovered = found;
        }
    }
    judgement.state = image_state_judge(facts, reason);
    judgement.coverage = image_state_coverage(facts);
    judgement.reason = arena_str(cover->arena, str_of(reason));
    image_state_uncovered(facts, reason);
    judgement.uncovered.reason = arena_str(cover->arena, str_of(reason));
    judgement.uncovered.kind = str_of(stream_cover_kind(facts->why_uncovered));
    judgement.uncovered.path = STR("");
    if (judgement.reason.ptr == NULL || judgement.uncovered.reason.ptr == NULL)
        return arena_error(cover->arena, err);
    *ret_judgement = judgement;
    return PW_OK;
}

struct question {
    struct txn                *txn;
    struct arena              *arena;
    const struct image_row    *image;
    const struct report_rules *rules;
};

/* Findings that new advisories bring are not stored before their packages were matched: until then
 * nothing found does not mean healthy. */
static pw_code wait_for_match(const struct question *q, const struct stream_list *streams,
                              struct report_judgement *judgement, struct err *err) {
    bool waiting = false;

    if (judgement->state != IMAGE_HEALTHY)
        return PW_OK;
    for (size_t i = 0; i < streams->count && !waiting; i++)
        PW_TRY(inventories_waiting(q->txn, q->image->inventory_id,
                                   streams->streams[i].lookup_ecosystem, &waiting, err));
    if (waiting) {
        judgement->state = IMAGE_PENDING;
        judgement->reason = STR("waits for a match with new advisories");
    }
    return PW_OK;
}

static pw_code judge_image(const struct question *q, const struct inventory *inventory,
                           struct image_summary *summary, struct err *err) {
    const struct image_row *image = q->image;
    struct image_facts      facts = {.progress = image->progress,
                                     .reason = image->reason,
                                     .coverage = inventory->coverage,
                                     .active = finding_counts_active(&summary->counts)};
    struct stream_list      streams = {0};
    struct report_cover     cover = {.arena = q->arena, .rules = q->rules};
    struct report_judgement judgement = {0};

    if (inventory->incomplete_count > 0)
        facts.incomplete = inventory->incomplete[0].reason;
    if (image->inventory_id != 0)
        PW_TRY(inventories_streams(q->txn, q->arena, image->inventory_id, &streams, err));
    cover.streams = streams.streams;
    cover.count = streams.count;
    PW_TRY(reports_judge(q->txn, &cover, &facts, &judgement, err));
    PW_TRY(wait_for_match(q, &streams, &judgement, err));
    summary->state = judgement.state;
    summary->reason = judgement.reason;
    summary->coverage = judgement.coverage;
    summary->uncovered = judgement.uncovered;
    summary->sample = judgement.sample || summary->counts.sample;
    return PW_OK;
}

pw_code reports_summary(struct txn *txn, struct arena *arena, const struct image_row *image,
                        const struct report_rules *rules, struct image_summary *ret_summary,
                        struct err *err) {
    struct question      question = {txn, arena, image, rules};
    struct image_summary summary = {0};
    struct inventory     inventory = {0};

    if (image->inventory_id != 0) {
        PW_TRY(inventories_head(txn, arena, image->inventory_id, &inventory, err));
        PW_TRY(findings_count(txn, image->inventory_id, &summary.counts, err));
    }
    PW_TRY(judge_image(&question, &inventory, &summary, err));
    *ret_summary = summary;
    return PW_OK;
}

/* Ties each finding to the package it is about: by component, then by path. */
struct place {
    int64_t         component_id;
    struct package *package;
};

static int place_order(const void *a, const void *b) {
    const struct place *x = a, *y = b;

    if (x->component_id != y->component_id)
        return x->component_id < y->component_id ? -1 : 1;
    return str_cmp(x->package->path, y->package->path);
}

static pw_code tie(struct arena *arena, struct report *report, const int64_t *ids,
                   const struct finding_list *list, struct err *err) {
    size_t                 n = report->package_count;
    struct place          *places = arena_array(arena, n + 1, sizeof *places);
    struct report_finding *findings = arena_array(arena, list->count + 1, sizeof *findings);

    if (places == NULL || findings == NULL)
        return arena_error(arena, err);
    for (size_t i = 0; i < n; i++)
        places[i] = (struct place){ids[i], &report->packages[i]};
    qsort(places, n, sizeof *places, place_order);
    for (size_t i = 0; i < list->count; i++) {
        struct package      key = {.path = list->rows[i].path};
        struct place        wanted = {list->rows[i].component_id, &key};
        const struct place *found = bsearch(&wanted, places, n, sizeof *places, place_order);

        findings[i] = list->rows[i].found;
        findings[i].finding.package = found != NULL ? found->package : NULL;
        report->sample |= findings[i].sample;
    }
    report->findings = findings;
    report->finding_count = list->count;
    return PW_OK;
}

pw_code reports_add_incomplete(struct arena *arena, struct report *report,
                               const struct incomplete *more, struct err *err) {
    size_t             n = report->incomplete_count;
    struct incomplete *list;

    if (more->reason.len == 0)
        return PW_OK;
    list = arena_array(arena, n + 1, sizeof *list);
    if (list == NULL)
        return arena_error(arena, err);
    if (n > 0)
        memcpy(list, report->incomplete, n * sizeof *list);
    list[n] = *more;
    report->incomplete = list;
    report->incomplete_count = n + 1;
    return PW_OK;
}

static pw_code load_inventory(const struct question *q, struct report *report,
                              struct image_summary *summary, struct err *err) {
    struct inventory    inventory = {0};
    struct finding_list list = {0};
    int64_t            *ids = NULL;

    if (q->image->inventory_id != 0) {
        PW_TRY(inventories_get(q->txn, q->arena, q->image->inventory_id, &inventory, &ids, err));
        PW_TRY(findings_of_inventory(q->txn, q->arena, q->image->inventory_id, &list, err));
        PW_TRY(findings_count(q->txn, q->image->inventory_id, &summary->counts, err));
    }
    report->os = inventory.os;
    report->packages = inventory.packages;
    report->package_count = inventory.package_count;
    report->incomplete = inventory.incomplete;
    report->incomplete_count = inventory.incomplete_count;
    PW_TRY(tie(q->arena, report, ids, &list, err));
    return judge_image(q, &inventory, summary, err);
}

pw_code reports_load(struct txn *txn, struct arena *arena, const struct image_row *image,
                     const struct report_rules *rules, struct report *ret_report, struct err *err) {
    struct question      question = {txn, arena, image, rules};
    struct report        report = {.digest = image->digest, .scanned_at = image->scanned_at};
    struct image_summary summary = {0};
    struct feed_list     feeds;

    PW_TRY(load_inventory(&question, &report, &summary, err));
    PW_TRY(reports_add_incomplete(arena, &report, &summary.uncovered, err));
    PW_TRY(scans_feeds(txn, arena, &feeds, err));
    report.state = summary.state;
    report.reason = summary.reason;
    report.coverage = summary.coverage;
    report.sample |= summary.sample;
    report.feeds = feeds.feeds;
    report.feed_count = feeds.count;
    *ret_report = report;
    return PW_OK;
}
