#pragma once
/*
 * scan_stage.h - job "scan", subject: a manifest digest. Leaves the image's row, and a scan row.
 *
 * An index has nothing to read but its children, which have jobs of their own; attestations, signatures
 * and other artifacts are not applicable. Everything becomes visible in one last transaction: until
 * then the image is what it was before.
 */
#include "pipeline/pipeline.h"
#include "store/scans.h"

pw_code scan_stage_run(const struct stage_run *run, struct err *err);
pw_code scan_stage_failed(const struct stage_run *run, str reason, struct err *err);

/* NULL: an image to be scanned. Otherwise why it is not applicable. */
const char *scan_stage_not_applicable(const struct scan_subject *subject);
