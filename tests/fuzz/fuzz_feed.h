/* fuzz_feed.h - any bytes as a document of one feed: no crash, no leak, and what comes out is whole.
 * Records also go through the stored form and back. */
#pragma once
#include <stdlib.h>
#include "advisory/feeds.h"
#include "base/arena.h"
#include "base/limits.h"
#include "store/advisory_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static pw_code fuzz_advisory(void *ctx, str name, const struct advisory *advisory,
                             struct err *err) {
    struct buf      body = BUF_INIT(LIMIT_ADVISORY_BYTES);
    struct arena    arena = ARENA_INIT((size_t)64 << 20);
    struct advisory back;

    if (str_empty(name) || str_empty(advisory->id) || advisory->affected_count == 0)
        abort();
    advisory_body_write(&body, advisory);
    if (advisory_body_read(&arena, buf_str(&body), STR_NONE, STR_NONE, &back, err) != PW_OK ||
        !str_eq(back.id, advisory->id) || back.affected_count != advisory->affected_count ||
        back.withdrawn_at != advisory->withdrawn_at)
        abort();
    buf_done(&body);
    arena_done(&arena);
    return PW_OK;
}

static pw_code fuzz_vulnerability(void *ctx, const struct vulnerability *vulnerability,
                                  struct err *err) {
    for (size_t i = 0; i < vulnerability->rating_count; i++)
        if (vulnerability->ratings[i].score < 0 || vulnerability->ratings[i].score > 10)
            abort();
    return PW_OK;
}

static pw_code fuzz_epss(void *ctx, const struct epss_score *score, struct err *err) {
    if (!(score->score >= 0 && score->score <= 1 && score->percentile >= 0 &&
          score->percentile <= 1))
        abort();
    return PW_OK;
}

static inline int fuzz_feed(const char *feed, const uint8_t *bytes, size_t size) {
    static const struct feed_sink sink = {
        .advisory = fuzz_advisory, .vulnerability = fuzz_vulnerability, .epss = fuzz_epss};
    struct feed_reader *reader;
    struct err          err = ERR_NONE;

    if (feed_reader_new(feeds_find(str_of(feed)), &sink, &reader, &err) != PW_OK)
        return 0;
    (void)feed_reader_text(reader, str_make(bytes, size), &err); /* every answer is fine */
    feed_reader_free(reader);
    return 0;
}
