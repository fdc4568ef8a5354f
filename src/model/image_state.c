/* image_state.c - the table of states. */
#include "model/image_state.h"

#include <stdio.h>
#include "base/macros.h"

static const char *const state_words[] = {
    [IMAGE_PENDING] = "pending",     [IMAGE_HEALTHY] = "healthy",
    [IMAGE_UNHEALTHY] = "unhealthy", [IMAGE_PARTLY_SCANNED] = "partly scanned",
    [IMAGE_UNSCANNED] = "unscanned", [IMAGE_NOT_APPLICABLE] = "not applicable",
};
static const char *const progress_words[] = {
    [PROGRESS_WAITING] = "waiting",
    [PROGRESS_SCANNED] = "scanned",
    [PROGRESS_FAILED] = "failed",
    [PROGRESS_NOT_APPLICABLE] = "not-applicable",
};
static const char *const coverage_words[] = {
    [COVERAGE_UNSCANNED] = "unscanned",
    [COVERAGE_PARTIAL] = "partial",
    [COVERAGE_FULL] = "full",
};

const char *image_state_word(enum image_state state) {
    return state_words[state];
}

const char *image_progress_word(enum image_progress progress) {
    return progress_words[progress];
}

bool image_progress_parse(str word, enum image_progress *ret_progress) {
    for (size_t i = 0; i < COUNT_OF(progress_words); i++)
        if (str_eq(word, str_of(progress_words[i]))) {
            *ret_progress = (enum image_progress)i;
            return true;
        }
    return false;
}

const char *coverage_word(enum coverage coverage) {
    return coverage_words[coverage];
}

bool coverage_parse(str word, enum coverage *ret_coverage) {
    for (size_t i = 0; i < COUNT_OF(coverage_words); i++)
        if (str_eq(word, str_of(coverage_words[i]))) {
            *ret_coverage = (enum coverage)i;
            return true;
        }
    return false;
}

bool finding_is_active(enum finding_state state) {
    return state == FINDING_FIXED || state == FINDING_OPEN;
}

const char *stream_cover_kind(enum stream_cover cover) {
    static const char *const kinds[] = {
        [COVER_COMPLETE] = "",          [COVER_STALE] = "stale-advisories",
        [COVER_PART] = "no-advisories", [COVER_SAMPLE] = "sample-advisories",
        [COVER_NONE] = "no-advisories", [COVER_IMPOSSIBLE] = "no-advisories",
    };
    return kinds[cover];
}

enum coverage image_state_coverage(const struct image_facts *facts) {
    if (facts->covered >= facts->streams)
        return facts->coverage;
    return facts->judged == 0 ? COVERAGE_UNSCANNED : MIN_OF(facts->coverage, COVERAGE_PARTIAL);
}

void image_state_uncovered(const struct image_facts *facts, char out[IMAGE_REASON_SIZE]) {
    static const char *const texts[] = {
        [COVER_COMPLETE] = "",
        [COVER_STALE] = "the advisories for " STR_FMT " are out of date",
        [COVER_PART] = "only a part of the advisories for " STR_FMT " was imported",
        [COVER_SAMPLE] = "only sample advisories for " STR_FMT,
        [COVER_NONE] = "no advisories for " STR_FMT " were imported",
        [COVER_IMPOSSIBLE] = "no feed has advisories for " STR_FMT,
    };
    size_t missing = facts->streams - facts->covered;
    int    n;

    out[0] = '\0';
    if (missing == 0)
        return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the formats are the constants above */
    n = snprintf(out, IMAGE_REASON_SIZE, texts[facts->why_uncovered], STR_ARG(facts->uncovered));
#pragma GCC diagnostic pop
    if (missing > 1 && n > 0 && n < IMAGE_REASON_SIZE)
        snprintf(out + n, (size_t)(IMAGE_REASON_SIZE - n), " (and %zu more)", missing - 1);
}

static void say(str reason, const char *otherwise, char out[IMAGE_REASON_SIZE]) {
    if (reason.len == 0)
        reason = str_of(otherwise);
    snprintf(out, IMAGE_REASON_SIZE, STR_FMT, STR_ARG(str_sub(reason, 0, IMAGE_REASON_SIZE - 1)));
}

enum image_state image_state_judge(const struct image_facts *facts,
                                   char                      ret_reason[IMAGE_REASON_SIZE]) {
    ret_reason[0] = '\0';
    switch (facts->progress) {
    case PROGRESS_WAITING:
        say(facts->reason, "waits for its scan", ret_reason);
        return IMAGE_PENDING;
    case PROGRESS_NOT_APPLICABLE:
        say(facts->reason, "no image", ret_reason);
        return IMAGE_NOT_APPLICABLE;
    case PROGRESS_FAILED:
        say(facts->reason, "the scan failed", ret_reason);
        return IMAGE_UNSCANNED;
    case PROGRESS_SCANNED:
        break;
    }
    if (facts->active > 0)
        return IMAGE_UNHEALTHY;
    if (facts->coverage != COVERAGE_FULL) {
        say(facts->incomplete, "nothing could be read", ret_reason);
        return facts->coverage == COVERAGE_PARTIAL ? IMAGE_PARTLY_SCANNED : IMAGE_UNSCANNED;
    }
    if (facts->streams == 0) {
        say(STR_NONE, "no packages found", ret_reason);
        return IMAGE_UNSCANNED;
    }
    if (facts->covered < facts->streams) {
        image_state_uncovered(facts, ret_reason);
        return facts->judged == 0 ? IMAGE_UNSCANNED : IMAGE_PARTLY_SCANNED;
    }
    return IMAGE_HEALTHY;
}
