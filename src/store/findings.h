#pragma once
/*
 * findings.h - vulnerabilities of components, and through inventories of images.
 *
 * Findings belong to components, so a thousand images on one base share them. `since` of a finding
 * that stays the same is kept. FINDING_NOT_AFFECTED is not stored.
 * Threads: the transaction's. Text in arena.
 */
#include "base/arena.h"
#include "model/report.h"
#include "store/store.h"

struct findings_change {
    size_t added, changed, gone;
};
/* Makes the component's rows equal to `findings`, touching only rows that differ. */
pw_code findings_put(struct txn *txn, int64_t component_id, const struct finding *findings,
                     size_t count, struct findings_change *ret_change, struct err *err);

/* One row per (package occurrence, vulnerability), most severe first; place.path tells which. */
struct finding_row {
    int64_t               component_id;
    str                   path;
    struct report_finding found; /* found.finding.package is NULL */
};
struct finding_list {
    struct finding_row *rows;
    size_t              count;
};
pw_code findings_of_inventory(struct txn *txn, struct arena *arena, int64_t inventory_id,
                              struct finding_list *ret_list, struct err *err);

struct finding_counts {
    size_t active[SEVERITY_CRITICAL + 1];
    size_t listed; /* not active */
    bool   sample;
};
size_t  finding_counts_active(const struct finding_counts *counts);
pw_code findings_count(struct txn *txn, int64_t inventory_id, struct finding_counts *ret_counts,
                       struct err *err);
