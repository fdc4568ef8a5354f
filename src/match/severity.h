#pragma once
/*
 * severity.h - how bad, by a published rule.
 *
 * Spec:    docs/severity.md: which source decides, and why. CVSS base scores are computed where
 *          the ratings are read (rating.score); here they are only compared.
 * Memory:  texts are borrowed.   Threads: pure.
 */
#include "model/finding.h"

struct severity_input {
    const struct rating *const *records; /* ratings that the grouped records bring themselves */
    size_t                      record_count;
    const struct rating *const
          *elsewhere; /* ratings of the same ids by sources without ranges (NVD) */
    size_t elsewhere_count;
    str    urgency;        /* the publisher's own word, may be empty */
    str    urgency_source; /* "debian urgency" */
};

struct severity_choice {
    enum severity severity;
    str           source; /* empty: unrated */
};

struct severity_choice severity_decide(const struct severity_input *in);

enum severity severity_of_score(str kind, double score); /* kind: CVSS_V2, CVSS_V3, CVSS_V4 */
/* LOW .. CRITICAL, MODERATE, IMPORTANT, NEGLIGIBLE, in any case, stars behind it ignored;
 * SEVERITY_UNRATED for every other word ("not yet assigned", "unimportant", "end-of-life"). */
enum severity severity_of_word(str word);
