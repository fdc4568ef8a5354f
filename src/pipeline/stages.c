/* stages.c - the list of stages. */
#include "pipeline/match_stage.h"
#include "pipeline/pipeline.h"
#include "pipeline/scan_stage.h"

const struct stage pipeline_stages[] = {
    {"scan", 1200, scan_stage_run, scan_stage_failed},
    {"match", 300, match_stage_run, NULL},
    {NULL, 0, NULL, NULL},
};
