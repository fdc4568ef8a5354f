#pragma once
/*
 * match_stage.h - components meet advisories.
 *
 * Components are judged in a read transaction and stored in a write transaction, a batch at a time;
 * when a feed became visible in another state between the two, the batch is judged again, so that no
 * change is lost.
 * Threads: any.
 */
#include "match/match.h"
#include "pipeline/pipeline.h"
#include "store/components.h"

/* The findings of one component by the advisories that are visible now. Text in arena. */
struct match_answer {
    struct finding *findings;
    size_t          count;
};
pw_code match_stage_judge(struct txn *txn, struct arena *arena,
                          const struct component_row *component, struct match_answer *ret_answer,
                          struct err *err);
/* Judges and stores. Components that vanished are skipped. */
pw_code match_stage_components(struct store *store, const int64_t *ids, size_t count,
                               struct err *err);
/* Job "rematch", subject: a feed's name. Touches the components that its changes name, nothing else. */
pw_code match_stage_rematch(const struct stage_run *run, struct err *err);
