#pragma once
/*
 * cvss.h - CVSS vectors: which version, and the base score.
 *
 * Spec:    FIRST CVSS v2, v3.0, v3.1, v4.0. Temporal, environmental and supplemental metrics are
 *          checked for their grammar and do not change the score: it is always the base score.
 * Takes:   "AV:N/AC:L/Au:N/C:P/I:P/A:P" (v2; in parentheses or behind "CVSS:2.0/" as well),
 *          "CVSS:3.1/AV:N/...".
 * Errors:  PW_INVALID: unknown, repeated or missing metrics, bad values: says which.
 *          PW_UNSUPPORTED: a CVSS version that is not known here.
 * Memory:  allocates nothing.   Threads: pure.
 */
#include "base/err.h"
#include "base/str.h"

enum cvss_version { CVSS_NONE, CVSS_2_0, CVSS_3_0, CVSS_3_1, CVSS_4_0 };

struct cvss {
    enum cvss_version version;
    bool              scored; /* false for 4.0: its table of 270 classes is not computed here */
    double            score;  /* 0.0 .. 10.0, one decimal; 0 when not scored */
};

pw_code     cvss_parse(str vector, struct cvss *ret_cvss, struct err *err);
const char *cvss_version_text(enum cvss_version version); /* "2.0" .. "4.0", "" for none */
