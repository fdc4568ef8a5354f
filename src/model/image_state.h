#pragma once
/*
 * image_state.h - healthy, unhealthy, unscanned, partly scanned, not applicable or pending: every
 * image is in exactly one, and all but the first two say why.
 *
 * Unknown is an answer: healthy needs everything read and a complete, fresh feed for each
 * ecosystem in the image. Something active makes an image unhealthy whatever is missing besides.
 * Memory: allocates nothing. Threads: pure.
 */
#include "model/finding.h"
#include "model/inventory.h"

enum image_state {
    IMAGE_PENDING,
    IMAGE_HEALTHY,
    IMAGE_UNHEALTHY,
    IMAGE_PARTLY_SCANNED,
    IMAGE_UNSCANNED,
    IMAGE_NOT_APPLICABLE,
};

/* What the pipeline stored about its own work. */
enum image_progress {
    PROGRESS_WAITING,
    PROGRESS_SCANNED,
    PROGRESS_FAILED,
    PROGRESS_NOT_APPLICABLE
};

/* How well the feeds cover one ecosystem stream ("Debian:12", "npm"). */
enum stream_cover {
    COVER_COMPLETE,
    COVER_STALE,
    COVER_PART, /* of a feed */
    COVER_SAMPLE,
    COVER_NONE,
    COVER_IMPOSSIBLE, /* no advisory could name such packages */
};

struct image_facts {
    enum image_progress progress;
    str                 reason; /* for PROGRESS_FAILED and PROGRESS_NOT_APPLICABLE */
    enum coverage       coverage;
    str                 incomplete; /* first reason for a coverage below full */
    size_t              active;     /* findings that count */
    size_t              streams;    /* distinct ecosystem streams of its packages */
    size_t              covered;    /* by complete, fresh feeds */
    size_t              judged;     /* by any feed */
    str                 uncovered;  /* the first stream without complete cover */
    enum stream_cover   why_uncovered;
};

enum { IMAGE_REASON_SIZE = 512 };

/* The coverage that was read, lowered by what the feeds do not cover. */
enum coverage image_state_coverage(const struct image_facts *facts);
/* Why facts->uncovered is not covered, as a sentence; "" when everything is. */
void image_state_uncovered(const struct image_facts *facts, char ret_reason[IMAGE_REASON_SIZE]);
const char *stream_cover_kind(enum stream_cover cover); /* "no-advisories" ...: struct incomplete */
enum image_state image_state_judge(const struct image_facts *facts,
                                   char                      ret_reason[IMAGE_REASON_SIZE]);

const char *image_state_word(enum image_state state);          /* "healthy", "partly scanned" ... */
const char *image_progress_word(enum image_progress progress); /* as stored */
bool        image_progress_parse(str word, enum image_progress *ret_progress);
const char *coverage_word(enum coverage coverage); /* "unscanned", "partial", "full" */
bool        coverage_parse(str word, enum coverage *ret_coverage);
/* Fixed and open count; what is unimportant, undetermined or past its end of life is only listed. */
bool finding_is_active(enum finding_state state);
