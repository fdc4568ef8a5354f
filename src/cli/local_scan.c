/* local_scan.c - layers to report, in memory. */
#include "cli/local_scan.h"

#include <stdlib.h>
#include "base/clock.h"
#include "base/limits.h"
#include "base/map.h"
#include "pipeline/match_stage.h"
#include "store/reports.h"

enum { CHILDREN = 2 };

struct judging {
    struct arena           *arena;
    const struct inventory *inventory;
    struct report          *report;
    struct report_finding  *findings;
    size_t                  count, room;
    struct map              samples; /* names of feeds of sample data */
};

static void sandbox_end(struct sandbox **sandbox) {
    sandbox_close(*sandbox);
}

static void show_progress(void *ctx, size_t done, size_t count) {
    const struct local_scan *scan = ctx;

    terminal_progress(scan->cli, "%zu of %zu layers read", done, count);
}

static pw_code open_layer(void *ctx, size_t layer, int *ret_fd, uint64_t *ret_size,
                          struct err *err) {
    const struct local_scan *scan = ctx;

    return scan->target->open(scan->target->ctx, layer, ret_fd, ret_size, err);
}

static pw_code verify_layer(void *ctx, size_t layer, int fd, uint64_t size, struct err *err) {
    const struct local_scan *scan = ctx;

    return target_verify(scan->target, layer, fd, size, err);
}

static pw_code read_layers(const struct local_scan *scan, struct inventory *ret_inventory,
                           struct err *err) {
    AUTO(sandbox_end) struct sandbox *sandbox = NULL;
    struct reading_tools              tools = {.store = scan->store,
                                               .keep = scan->keep,
                                               .deadline_ns = clock_deadline(LIMIT_SCAN_SECONDS)};
    struct reading_source             source = {.ctx = (void *)scan,
                                                .layers = scan->target->layers,
                                                .count = scan->target->count,
                                                .open = open_layer,
                                                .verify = scan->target->verify ? verify_layer : NULL,
                                                .progress = show_progress};

    PW_TRY(sandbox_open(CHILDREN, &sandbox, err));
    tools.sandbox = sandbox;
    return reading_inventory(&tools, &source, scan->arena, ret_inventory, NULL, err);
}

static int severity_order(const void *a, const void *b) {
    const struct finding *x = &((const struct report_finding *)a)->finding;
    const struct finding *y = &((const struct report_finding *)b)->finding;
    double                sx = -1, sy = -1;
    int                   order;

    if (x->severity != y->severity)
        return x->severity < y->severity ? 1 : -1;
    for (size_t i = 0; i < x->cvss_count; i++)
        sx = MAX_OF(sx, x->cvss[i].score);
    for (size_t i = 0; i < y->cvss_count; i++)
        sy = MAX_OF(sy, y->cvss[i].score);
    if (sx < sy || sx > sy)
        return sx < sy ? 1 : -1;
    order = str_cmp(x->id, y->id);
    if (order == 0 && x->package != NULL && y->package != NULL) {
        order = str_cmp(x->package->name, y->package->name);
        if (order == 0)
            order = str_cmp(x->package->path, y->package->path);
    }
    return order;
}

void local_scan_sort(struct report_finding *findings, size_t count) {
    if (count > 1)
        qsort(findings, count, sizeof *findings, severity_order);
}

static pw_code add_finding(struct judging *j, const struct finding *f,
                           const struct package *package, struct err *err) {
    struct report_finding *row;

    if (f->state == FINDING_NOT_AFFECTED)
        return PW_OK;
    if (j->count == j->room) {
        size_t room = j->room > 0 ? j->room * 2 : 256;

        row = arena_grow(j->arena, j->findings, j->room * sizeof *row, room * sizeof *row);
        if (row == NULL)
            return arena_error(j->arena, err);
        j->findings = row;
        j->room = room;
    }
    row = &j->findings[j->count++];
    *row = (struct report_finding){.finding = *f, .sample = map_has(&j->samples, f->feed)};
    row->finding.package = package;
    j->report->sample |= row->sample;
    return PW_OK;
}

static pw_code judge_package(struct txn *txn, struct judging *j, const struct package *p,
                             struct err *err) {
    struct component_row component = {.package = *p, .os = j->inventory->os};
    struct match_answer  answer;

    if (p->owned_by.len > 0 ||
        !match_key(p, &j->inventory->os, &component.lookup_ecosystem, &component.lookup_name))
        return PW_OK;
    PW_TRY(match_stage_judge(txn, j->arena, &component, &answer, err));
    for (size_t i = 0; i < answer.count; i++)
        PW_TRY(add_finding(j, &answer.findings[i], p, err));
    return PW_OK;
}

/* The distinct streams that the packages ask advisories of. */
static pw_code collect_streams(struct judging *j, struct report_cover *cover, struct err *err) {
    AUTO(map_done) struct map seen = MAP_INIT;
    struct stream_row *rows = arena_array(j->arena, j->inventory->package_count + 1, sizeof *rows);

    if (rows == NULL)
        return arena_error(j->arena, err);
    for (size_t i = 0; i < j->inventory->package_count; i++) {
        const struct package *p = &j->inventory->packages[i];
        struct stream_row     row = {.ecosystem = p->ecosystem};
        str                   name, key;
        void                **place;

        if (p->owned_by.len > 0)
            continue;
        if (!match_key(p, &j->inventory->os, &row.lookup_ecosystem, &name))
            row.lookup_ecosystem = STR_NONE;
        key = arena_strf(j->arena, STR_FMT "\n" STR_FMT, STR_ARG(row.lookup_ecosystem),
                         STR_ARG(row.ecosystem));
        place = key.ptr != NULL ? map_at(&seen, key) : NULL;
        if (place == NULL)
            return err_set(err, PW_MEMORY, "no memory for the report");
        if (*place == NULL)
            rows[cover->count++] = row;
        *place = j;
    }
    cover->streams = rows;
    return PW_OK;
}

static pw_code take_feeds(struct txn *txn, struct judging *j, struct err *err) {
    struct feed_list feeds;

    PW_TRY(scans_feeds(txn, j->arena, &feeds, err));
    for (size_t i = 0; i < feeds.count; i++) {
        void **place;

        if (!feeds.feeds[i].sample)
            continue;
        place = map_at(&j->samples, feeds.feeds[i].name);
        if (place == NULL)
            return err_set(err, PW_MEMORY, "no memory for the report");
        *place = j;
    }
    j->report->feeds = feeds.feeds;
    j->report->feed_count = feeds.count;
    return PW_OK;
}

static struct image_facts facts_of(const struct judging *j) {
    struct image_facts facts = {.progress = PROGRESS_SCANNED, .coverage = j->inventory->coverage};

    if (j->inventory->incomplete_count > 0)
        facts.incomplete = j->inventory->incomplete[0].reason;
    for (size_t i = 0; i < j->count; i++)
        facts.active += finding_is_active(j->findings[i].finding.state);
    return facts;
}

static pw_code judge(struct txn *txn, void *arg, struct err *err) {
    static const struct report_rules rules = {.fresh_seconds = LIMIT_FEED_FRESH_SECONDS};
    struct judging                  *j = arg;
    struct report_cover              cover = {.arena = j->arena, .rules = &rules};
    struct report_judgement          judgement;
    struct image_facts               facts;

    PW_TRY(take_feeds(txn, j, err));
    for (size_t i = 0; i < j->inventory->package_count; i++)
        PW_TRY(judge_package(txn, j, &j->inventory->packages[i], err));
    PW_TRY(collect_streams(j, &cover, err));
    facts = facts_of(j);
    PW_TRY(reports_judge(txn, &cover, &facts, &judgement, err));
    j->report->state = judgement.state;
    j->report->reason = judgement.reason;
    j->report->coverage = judgement.coverage;
    j->report->sample |= judgement.sample;
    return reports_add_incomplete(j->arena, j->report, &judgement.uncovered, err);
}

/* Without a database nothing can be judged: the packages are listed all the same. */
static pw_code judge_nothing(struct judging *j, struct err *err) {
    struct incomplete none = {.path = STR(""),
                              .kind = STR("no-advisories"),
                              .reason = STR("no advisories were imported")};

    j->report->coverage = COVERAGE_UNSCANNED;
    j->report->state = IMAGE_UNSCANNED;
    j->report->reason = none.reason;
    return reports_add_incomplete(j->arena, j->report, &none, err);
}

pw_code local_scan_run(const struct local_scan *scan, struct report *ret_report, struct err *err) {
    struct inventory inventory;
    struct report    report = {.digest = scan->target->digest};
    struct judging   judging = {.arena = scan->arena, .inventory = &inventory, .report = &report};
    pw_code          code;

    code = read_layers(scan, &inventory, err);
    terminal_progress_done(scan->cli);
    PW_TRY(code);
    report.os = inventory.os;
    report.packages = inventory.packages;
    report.package_count = inventory.package_count;
    report.incomplete = inventory.incomplete;
    report.incomplete_count = inventory.incomplete_count;
    code = scan->store != NULL ? store_read(scan->store, judge, &judging, err)
                               : judge_nothing(&judging, err);
    map_done(&judging.samples);
    PW_TRY(code);
    local_scan_sort(judging.findings, judging.count);
    report.findings = judging.findings;
    report.finding_count = judging.count;
    *ret_report = report;
    return PW_OK;
}
