/* stages.c - the list of stages, most urgent first. */
#include "pipeline/match_stage.h"
#include "pipeline/pipeline.h"
#include "pipeline/scan_stage.h"
#include "store/feeds.h"

const struct stage pipeline_stages[] = {
    {"scan", 1200, scan_stage_run, scan_stage_failed},
    {FEEDS_REMATCH_JOB, 3600, match_stage_rematch, NULL},
    {NULL, 0, NULL, NULL},
};
