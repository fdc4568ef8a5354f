#pragma once
/*
 * local_scan.h - the server's engine without a server: a target's layers, packages, findings.
 *
 * Advisories come from the data folder's database, read only; facts of layers are kept there when it
 * can be written, so that a second image on the same base reads its new layers alone.
 * Memory: the report lives in the arena.   Threads: the main thread (it opens the sandbox).
 */
#include "cli/cli.h"
#include "cli/target.h"
#include "model/report.h"

struct local_scan {
    struct cli    *cli;
    struct store  *store; /* NULL: no advisories at all */
    bool           keep;  /* the store can be written */
    struct target *target;
    struct arena  *arena;
};
pw_code local_scan_run(const struct local_scan *scan, struct report *ret_report, struct err *err);
/* Most severe first, then score, exploited ones, id, package. */
void local_scan_sort(struct report_finding *findings, size_t count);
