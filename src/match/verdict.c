/* verdict.c - statuses kept apart, ranges evaluated, the way out found. */
#include "match/verdict.h"

#include "base/limits.h"
#include "match/ranges.h"

static struct verdict by_ranges(const struct version_scheme *scheme,
                                const struct affected *affected, str version,
                                enum finding_state state) {
    str unorderable = STR_NONE;

    switch (ranges_hold(scheme, affected, version, &unorderable)) {
    case RANGE_INSIDE:
        return (struct verdict){VERDICT_AFFECTED, state, STR_NONE};
    case RANGE_UNKNOWN:
        /* an empty version is named too, so that it is not taken for "not decided" */
        return (struct verdict){VERDICT_UNKNOWN, FINDING_UNDETERMINED,
                                str_empty(unorderable) ? STR("(empty)") : unorderable};
    case RANGE_OUTSIDE:
        break;
    }
    return (struct verdict){VERDICT_CLEAR, state, STR_NONE};
}

static bool has_data(const struct affected *affected) {
    return affected->range_count > 0 || affected->version_count > 0;
}

static enum finding_state state_of(enum advisory_status status) {
    switch (status) {
    case STATUS_OPEN:
        return FINDING_OPEN;
    case STATUS_UNIMPORTANT:
        return FINDING_UNIMPORTANT;
    case STATUS_END_OF_LIFE:
        return FINDING_END_OF_LIFE;
    default:
        return FINDING_FIXED;
    }
}

struct verdict verdict_of(const struct version_scheme *scheme, const struct affected *affected,
                          str version) {
    enum finding_state state = state_of(affected->status);

    if (affected->status == STATUS_NOT_AFFECTED)
        return (struct verdict){VERDICT_DENIED, FINDING_NOT_AFFECTED, STR_NONE};
    if (affected->status == STATUS_UNDETERMINED)
        return (struct verdict){VERDICT_UNKNOWN, FINDING_UNDETERMINED, STR_NONE};
    if (affected->status != STATUS_AFFECTED && !has_data(affected))
        return (struct verdict){VERDICT_AFFECTED, state, STR_NONE}; /* said of the whole release */
    return by_ranges(scheme, affected, version, state);
}

/* The lowest fixed event above `floor`, over all records. */
static str next_fix(const struct version_scheme *scheme, const struct affected *const *affected,
                    size_t count, str floor) {
    str lowest = STR_NONE;

    for (size_t i = 0; i < count; i++)
        for (size_t r = 0; r < affected[i]->range_count; r++) {
            const struct range *range = &affected[i]->ranges[r];

            for (size_t e = 0; range->type != RANGE_GIT && e < range->event_count; e++) {
                str fix = range->events[e].version;

                if (range->events[e].kind != EVENT_FIXED ||
                    scheme->compare(fix, floor) != VERSION_GREATER)
                    continue;
                if (str_empty(lowest) || scheme->compare(fix, lowest) == VERSION_LESS)
                    lowest = fix;
            }
        }
    return lowest;
}

static bool is_free(const struct version_scheme *scheme, const struct affected *const *affected,
                    size_t count, str version) {
    for (size_t i = 0; i < count; i++)
        if (verdict_of(scheme, affected[i], version).kind != VERDICT_CLEAR)
            return false;
    return true;
}

str verdict_fixed_version(const struct version_scheme  *scheme,
                          const struct affected *const *affected, size_t count, str version) {
    str fix = version;

    if (scheme == NULL)
        return STR_NONE;
    for (int tries = 0; tries < LIMIT_FIX_TRIES; tries++) {
        fix = next_fix(scheme, affected, count, fix);
        if (str_empty(fix) || is_free(scheme, affected, count, fix))
            return fix;
    }
    return STR_NONE;
}
