/* match.c - candidates in, findings out. */
#include "match/match.h"

#include <stdlib.h>
#include "base/macros.h"
#include "match/judge.h"
#include "match/group.h"
#include "match/key.h"
#include "match/verdict.h"

/* A withdrawn record says nothing, also where others would overrule it. */
static size_t standing(struct arena *arena, const struct candidate *all, size_t count,
                       struct candidate **ret) {
    struct candidate *kept = arena_array(arena, count, sizeof *kept);
    size_t            n = 0;

    for (size_t i = 0; kept != NULL && i < count; i++)
        if (all[i].advisory->withdrawn_at == 0)
            kept[n++] = all[i];
    *ret = kept;
    return n;
}

static int worst_first(const void *a, const void *b) {
    const struct finding *x = a, *y = b;

    return x->severity != y->severity ? (int)y->severity - (int)x->severity : str_cmp(x->id, y->id);
}

static pw_code judge_groups(struct matching *m, struct finding **ret_findings, size_t *ret_count,
                            struct err *err) {
    struct group_list list;
    struct finding   *findings;
    size_t            count = 0;

    PW_TRY(group_candidates(m->arena, m->candidates, m->count, m->wanted, &list, err));
    findings = arena_array(m->arena, list.count, sizeof *findings);
    if (findings == NULL)
        return arena_error(m->arena, err);
    for (size_t i = 0; i < list.count; i++) {
        bool found = false;

        PW_TRY(judge_group(m, &list.groups[i], &findings[count], &found, err));
        if (found)
            count++;
    }
    qsort(findings, count, sizeof *findings, worst_first);
    *ret_findings = findings;
    *ret_count = count;
    return PW_OK;
}

pw_code match_package(struct arena *arena, const struct package *package,
                      const struct os_release *os, const struct candidate *candidates,
                      size_t candidate_count, const struct vulnerability_lookup *lookup,
                      struct finding **ret_findings, size_t *ret_count, struct err *err) {
    struct matching   m = {.arena = arena, .package = package, .lookup = lookup};
    struct candidate *kept;

    *ret_findings = NULL;
    *ret_count = 0;
    if (candidate_count == 0 || match_unmatched_why(package, os) != NULL)
        return PW_OK;
    m.scheme = version_scheme_of(package->ecosystem);
    m.version = key_version(package);
    m.count = standing(arena, candidates, candidate_count, &kept);
    m.candidates = kept;
    m.verdicts = arena_array(arena, candidate_count, sizeof *m.verdicts);
    m.wanted = arena_array(arena, candidate_count, sizeof *m.wanted);
    if (kept == NULL || m.verdicts == NULL || m.wanted == NULL)
        return arena_error(arena, err);
    for (size_t i = 0; i < m.count; i++) {
        m.verdicts[i] = verdict_of(m.scheme, m.candidates[i].affected, m.version);
        m.wanted[i] =
            m.verdicts[i].kind == VERDICT_AFFECTED || m.verdicts[i].kind == VERDICT_UNKNOWN;
    }
    return judge_groups(&m, ret_findings, ret_count, err);
}
