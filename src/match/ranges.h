#pragma once
/*
 * ranges.h - is a version inside what a record calls affected?
 *
 * Spec:    OSV schema 1.6, "Evaluation": affected when listed in versions or inside any range; a
 *          range is walked in version order. Ties at one version: fixed, then introduced, then
 *          last_affected, so that "fixed 1.2, introduced 1.2" ends affected.
 *          GIT ranges need a commit graph: skipped, and they never hide a range behind them.
 * Takes:   events in any order; scheme NULL when the ecosystem's order is not known here.
 * Gives:   a verdict, and for RANGE_UNKNOWN the text that could not be ordered (borrowed).
 * Errors:  none; text that breaks its grammar is a verdict, RANGE_UNKNOWN, never a guess.
 * Memory:  allocates nothing; one pass for each range, no sorting.   Threads: pure.
 */
#include "model/advisory.h"
#include "version/scheme.h"

enum range_verdict { RANGE_OUTSIDE, RANGE_INSIDE, RANGE_UNKNOWN };

enum range_verdict ranges_hold(const struct version_scheme *scheme, const struct affected *affected,
                               str version, str *ret_unorderable);
enum range_verdict ranges_hold_one(const struct version_scheme *scheme, const struct range *range,
                                   str version, str *ret_unorderable);
