#pragma once
/*
 * feeds.h - which feeds were imported, how they stand, and what they changed.
 *
 * A feed becomes visible by switching its generation in one small transaction (feeds_switch, asked
 * by store/advisories.c). What an import touched is kept as marks until somebody has looked at the
 * components concerned: at least once, coalesced, bounded by the number of distinct packages.
 *
 * Authority: for one release stream or ecosystem the first complete feed of debian-tracker,
 * alpine-secdb, osv, sample answers alone; feeds that were imported in part are used beside it.
 * Units: UTC seconds. Memory: text in the caller's arena. Threads: the transaction's.
 */
#include "base/arena.h"
#include "store/store.h"

enum feed_answer {
    FEED_ANSWER_NONE,     /* no feed knows this ecosystem: nothing can be said */
    FEED_ANSWER_SAMPLE,   /* only the sample that ships with Portwarden: never "healthy" */
    FEED_ANSWER_PARTIAL,  /* a part of a feed: never "healthy" */
    FEED_ANSWER_STALE,    /* a complete feed, imported longer ago than allowed */
    FEED_ANSWER_COMPLETE, /* a complete, fresh feed */
};
struct feed_standing {
    enum feed_answer answer;
    const char      *feed;       /* who answers, "" for none; static text */
    int64_t          updated_at; /* of that feed's data for this ecosystem; 0: never */
};
/* Who answers for "Debian:12", "npm"? fresh_seconds 0: LIMIT_FEED_FRESH_SECONDS. */
pw_code     feeds_answer(struct txn *txn, str ecosystem, int64_t fresh_seconds,
                         struct feed_standing *ret_standing, struct err *err);
const char *feed_answer_word(
    enum feed_answer answer); /* "none", "sample", "partial", "stale", "complete" */

struct feed_row {
    str     name, source, version, failure;
    int64_t generation, records;
    int64_t updated_at; /* last import that went through, changed or not */
    int64_t changed_at; /* last import that changed something */
    int64_t failed_at;  /* last failure; 0: none since */
    int64_t waiting;    /* marks that nobody has looked at yet */
    bool    is_sample;
};
struct feed_rows {
    struct feed_row *rows;
    size_t           count;
};
pw_code feeds_list(struct txn *txn, struct arena *arena, struct feed_rows *ret_rows,
                   struct err *err);

/* What a feed knows, stream by stream. */
struct feed_stream {
    str     ecosystem, part; /* part: "main", "community" for Alpine, else empty */
    int64_t records, updated_at;
    bool    complete;
};
struct feed_streams {
    struct feed_stream *rows;
    size_t              count;
};
pw_code feeds_streams(struct txn *txn, struct arena *arena, str feed,
                      struct feed_streams *ret_streams, struct err *err);

/* Keeps the reason of a failed import for people; what was visible stays visible. */
pw_code feeds_failed(struct store *store, str feed, const char *reason, struct err *err);

/* What is there was found to be still the newest: a family ("npm", "Debian") or one stream and part;
 * ecosystem empty: the whole feed. Forgets a failure. */
pw_code feeds_touch(struct store *store, str feed, str ecosystem, str part, struct err *err);

/* What the publisher said of the documents that were fetched last (feed_import.h); empty: nothing.
 * Text in arena. An import by hand forgets it. */
pw_code feeds_validators_get(struct store *store, str feed, struct arena *arena, str *ret_text,
                             struct err *err);
pw_code feeds_validators_put(struct store *store, str feed, str text, struct err *err);

/* --- what changed ---
 * Walks the marks of a feed that are visible now, in order, and forgets each one that `visit`
 * returned PW_OK for, unless it was marked again meanwhile. ecosystem "" : subject is a
 * vulnerability id whose ratings changed; else (ecosystem, package name) whose records changed. An
 * ecosystem without ":" of a distribution ("Debian") means all its releases. The first other code
 * ends the walk and is returned. Runs in transactions of its own. */
typedef pw_code (*feeds_change_visit)(void *ctx, str ecosystem, str subject, struct err *err);
pw_code feeds_changes_each(struct store *store, str feed, feeds_change_visit visit, void *ctx,
                           struct err *err);

/* Job of kind FEEDS_REMATCH_JOB, subject: the feed's name; added by the transaction that makes an
 * import visible, when it changed anything. */
#define FEEDS_REMATCH_JOB "rematch"

/* --- for store/advisories.c and store/vulnerabilities.c --- */
enum { FEEDS_MOST = 8 };
struct feed_choice { /* feeds that are used for one ecosystem, by authority */
    const char *names[FEEDS_MOST];
    size_t      count;
};
pw_code  feeds_choose(struct txn *txn, str ecosystem, struct feed_choice *ret_choice,
                      struct err *err);
unsigned feeds_authority(str feed); /* lower decides; UINT_MAX for feeds without records */
