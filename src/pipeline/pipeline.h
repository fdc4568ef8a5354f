#pragma once
/*
 * pipeline.h - workers that turn jobs into rows: load, call a pure domain, save, enqueue what follows.
 *
 * A stage can run again with the same result; a crash repeats it. What fails is tried again with
 * growing pauses and after PIPELINE_ATTEMPTS shown as failed with its reason.
 * Threads: pipeline_open and pipeline_close from one thread.
 */
#include <stdatomic.h>
#include "sandbox/sandbox.h"
#include "store/blob_store.h"
#include "store/jobs.h"

enum { PIPELINE_ATTEMPTS = 3 };

struct pipeline;
struct pipeline_options {
    struct store      *store; /* all borrowed */
    struct blob_store *blobs;
    struct sandbox    *sandbox;
    struct live       *live; /* may be NULL */
    unsigned           workers;
    int64_t            scan_seconds;
};

pw_code pipeline_open(const struct pipeline_options *options, struct pipeline **ret_pipeline,
                      struct err *err);
/* Workers end what they are doing (a scan by its deadline, readings are cancelled, a rematch is
 * put back where it is) and stop. */
void pipeline_close(struct pipeline *pipeline);

/* --- the stages (pipeline/stages.c) --- */
struct stage_run {
    const struct pipeline_options *tools;
    const struct job              *job;
    int64_t                        deadline_ns;
    const atomic_bool             *stopping; /* may be NULL; a long stage ends with PW_CANCELLED */
};
struct stage {
    const char *kind;
    int64_t     lease_seconds;
    pw_code (*run)(const struct stage_run *run, struct err *err);
    /* The job has failed for good: leave a visible row. May be NULL. */
    pw_code (*failed)(const struct stage_run *run, str reason, struct err *err);
};
extern const struct stage pipeline_stages[]; /* NULL kind at the end; first is most urgent */
