#pragma once
/*
 * report_json.h - a report as JSON, "portwarden/report/1": the same from the command line and REST.
 *
 * Members never change their meaning within one schema number; new ones may appear.
 * Threads: pure; writes into the caller's buf.
 */
#include "base/json_write.h"
#include "model/report.h"

void report_json_write(struct json_writer *w, const struct report *report);
void report_json_cvss(struct json_writer *w, const struct finding *finding); /* a list */
/* The package URL of one package: type by ecosystem, distribution as qualifier. */
void report_json_purl(struct buf *out, const struct package *package, const struct os_release *os);
