#pragma once
/*
 * reports.h - what is known about one image, from rows; and the state it is in.
 *
 * The state is judged when it is asked for: advisories age while an image stays the same.
 * Threads: the transaction's. Text in arena.
 */
#include "store/inventories.h"
#include "store/scans.h"

struct report_rules {
    int64_t fresh_seconds; /* advisories older than this are stale */
};

/* How well the feeds cover one stream now; `ecosystem` is a lookup ecosystem ("Debian:12"). */
pw_code reports_cover(struct txn *txn, str ecosystem, const struct report_rules *rules,
                      enum stream_cover *ret_cover, struct err *err);

struct image_summary {
    enum image_state      state;
    enum coverage         coverage;
    str                   reason;
    struct incomplete     uncovered;
    struct finding_counts counts;
    bool                  sample;
};
pw_code reports_summary(struct txn *txn, struct arena *arena, const struct image_row *image,
                        const struct report_rules *rules, struct image_summary *ret_summary,
                        struct err *err);
pw_code reports_load(struct txn *txn, struct arena *arena, const struct image_row *image,
                     const struct report_rules *rules, struct report *ret_report, struct err *err);

/* Shared with scans in memory: counts how the streams are covered and judges. `sample`: one of
 * them is covered by sample advisories. The reason lives in the arena. */
struct report_judgement {
    enum image_state  state;
    enum coverage     coverage; /* lowered by what the feeds do not cover */
    str               reason;
    struct incomplete uncovered; /* reason empty: everything is covered */
    bool              sample;
};
struct report_cover {
    struct arena              *arena;
    const struct stream_row   *streams;
    size_t                     count;
    const struct report_rules *rules;
};
pw_code reports_judge(struct txn *txn, const struct report_cover *cover, struct image_facts *facts,
                      struct report_judgement *ret_judgement, struct err *err);
/* One more line of what keeps the report from being complete; nothing when its reason is empty. */
pw_code reports_add_incomplete(struct arena *arena, struct report *report,
                               const struct incomplete *more, struct err *err);
