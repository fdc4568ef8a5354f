#pragma once
/*
 * match_stage.h - components meet advisories.
 *
 * A component's verdict is stored with the generations of the feeds that it was read under; when a
 * feed switched meanwhile it is judged again, so that no change is lost between reading and writing.
 */
#include "match/match.h"
#include "pipeline/pipeline.h"
#include "store/components.h"

/* The findings of one component by the advisories that are visible now. */
struct match_answer {
    struct finding *findings;
    size_t          count;
};
pw_code match_stage_judge(struct txn *txn, struct arena *arena, const struct component_row *component,
                          struct match_answer *ret_answer, struct err *err);
/* Judges and stores. Components that vanished are skipped. */
pw_code match_stage_components(struct store *store, const int64_t *ids, size_t count, struct err *err);
/* Job "match", subject: a component's id. */
pw_code match_stage_run(const struct stage_run *run, struct err *err);
