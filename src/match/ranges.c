/* ranges.c - the OSV evaluation, in one pass: the state behind the greatest event that applies. */
#include "match/ranges.h"

/* Of events at one version, the one with the higher rank has the last word. */
static int tie_rank(enum event_kind kind) {
    return kind == EVENT_FIXED ? 0 : kind == EVENT_INTRODUCED ? 1 : 2;
}

static bool is_start(const struct range_event *event) {
    return event->kind == EVENT_INTRODUCED && str_eq(event->version, STR("0"));
}

static enum version_order order_of(const struct version_scheme *scheme, str a, str b) {
    return scheme == NULL ? VERSION_UNKNOWN : scheme->compare(a, b);
}

/* The side that the scheme cannot read; the version itself when both can be read alone. */
static str culprit(const struct version_scheme *scheme, str version, str other) {
    if (scheme == NULL || !scheme->valid(version) || scheme->valid(other))
        return version;
    return other;
}

/* Does the event lie at or before the version, so that it has a say? */
static enum range_verdict applies(const struct version_scheme *scheme,
                                  const struct range_event *event, str version) {
    enum version_order order;

    if (is_start(event))
        return RANGE_INSIDE;
    order = order_of(scheme, event->version, version);
    if (order == VERSION_UNKNOWN)
        return RANGE_UNKNOWN;
    if (event->kind == EVENT_LAST_AFFECTED)
        return order == VERSION_LESS ? RANGE_INSIDE : RANGE_OUTSIDE;
    return order != VERSION_GREATER ? RANGE_INSIDE : RANGE_OUTSIDE;
}

/* Is `event` behind `best` in version order? Both apply. */
static enum range_verdict is_later(const struct version_scheme *scheme,
                                   const struct range_event    *event,
                                   const struct range_event    *best) {
    enum version_order order;

    if (best == NULL || is_start(event) || is_start(best))
        return best == NULL || !is_start(event) ? RANGE_INSIDE : RANGE_OUTSIDE;
    order = order_of(scheme, event->version, best->version);
    if (order == VERSION_UNKNOWN)
        return RANGE_UNKNOWN;
    if (order == VERSION_EQUAL)
        return tie_rank(event->kind) > tie_rank(best->kind) ? RANGE_INSIDE : RANGE_OUTSIDE;
    return order == VERSION_GREATER ? RANGE_INSIDE : RANGE_OUTSIDE;
}

/* Limits: with any, the version must lie below one of them; "*" is no limit. */
static enum range_verdict below_limits(const struct version_scheme *scheme,
                                       const struct range *range, str version,
                                       str *ret_unorderable) {
    enum range_verdict verdict = RANGE_INSIDE;
    bool               any = false;

    for (size_t i = 0; i < range->event_count; i++) {
        const struct range_event *event = &range->events[i];
        enum version_order        order;

        if (event->kind != EVENT_LIMIT)
            continue;
        if (str_eq(event->version, STR("*")))
            return RANGE_INSIDE;
        order = order_of(scheme, version, event->version);
        if (order == VERSION_LESS)
            return RANGE_INSIDE;
        if (!any)
            verdict = RANGE_OUTSIDE;
        any = true;
        if (order == VERSION_UNKNOWN) {
            *ret_unorderable = culprit(scheme, version, event->version);
            verdict = RANGE_UNKNOWN;
        }
    }
    return verdict;
}

enum range_verdict ranges_hold_one(const struct version_scheme *scheme, const struct range *range,
                                   str version, str *ret_unorderable) {
    const struct range_event *best = NULL;
    str                       unorderable = STR_NONE;
    enum range_verdict        limits = below_limits(scheme, range, version, &unorderable);

    if (range->type == RANGE_GIT || limits == RANGE_OUTSIDE)
        return RANGE_OUTSIDE;
    for (size_t i = 0; i < range->event_count; i++) {
        const struct range_event *event = &range->events[i];
        enum range_verdict        has_say, later;

        if (event->kind == EVENT_LIMIT)
            continue;
        has_say = applies(scheme, event, version);
        later = has_say == RANGE_INSIDE ? is_later(scheme, event, best) : RANGE_OUTSIDE;
        if (has_say == RANGE_UNKNOWN || later == RANGE_UNKNOWN) {
            *ret_unorderable = culprit(scheme, version, event->version);
            return RANGE_UNKNOWN;
        }
        if (later == RANGE_INSIDE)
            best = event;
    }
    if (best == NULL || best->kind != EVENT_INTRODUCED)
        return RANGE_OUTSIDE;
    if (limits == RANGE_UNKNOWN)
        *ret_unorderable = unorderable;
    return limits;
}

/* SEMVER ranges say their own order; it serves ecosystems that have no scheme here. */
static const struct version_scheme *scheme_for(const struct version_scheme *scheme,
                                               enum range_type              type) {
    if (scheme != NULL || type != RANGE_SEMVER)
        return scheme;
    for (size_t i = 0; version_schemes[i] != NULL; i++)
        if (strcmp(version_schemes[i]->name, "semver") == 0)
            return version_schemes[i];
    return NULL;
}

static bool is_listed(const struct version_scheme *scheme, const struct affected *affected,
                      str version) {
    for (size_t i = 0; i < affected->version_count; i++)
        if (str_eq(affected->versions[i], version))
            return true;
    /* "1.0" and "1.0.0" are one version where the ecosystem says so */
    for (size_t i = 0; scheme != NULL && i < affected->version_count; i++)
        if (scheme->compare(affected->versions[i], version) == VERSION_EQUAL)
            return true;
    return false;
}

enum range_verdict ranges_hold(const struct version_scheme *scheme, const struct affected *affected,
                               str version, str *ret_unorderable) {
    enum range_verdict verdict = RANGE_OUTSIDE;

    if (is_listed(scheme, affected, version))
        return RANGE_INSIDE;
    for (size_t i = 0; i < affected->range_count; i++) {
        const struct range *range = &affected->ranges[i];
        str                 unorderable = STR_NONE;
        enum range_verdict  one;

        one = ranges_hold_one(scheme_for(scheme, range->type), range, version, &unorderable);
        if (one == RANGE_INSIDE)
            return RANGE_INSIDE;
        if (one == RANGE_UNKNOWN && verdict != RANGE_UNKNOWN) {
            verdict = RANGE_UNKNOWN;
            *ret_unorderable = unorderable;
        }
    }
    return verdict;
}
