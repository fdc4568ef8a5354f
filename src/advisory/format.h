#pragma once
/*
 * format.h - what a parser of one feed sees: a reader that cuts documents into records, and small
 * helpers to build the normal form in the reader's arena, which is reset for every record.
 *
 * Threads: one at a time.
 */
#include "advisory/feeds.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "format/json.h"
#include "format/pull_source.h"

struct feed_format {
    /* One of three ways to cut a document: */
    pw_code (*document)(struct feed_reader *reader, const json_t *root,
                        struct err *err); /* whole */
    /* values two levels down, {"key": {"inner": value}} or {"key": [value]} (inner is empty), and
     * scalars one level down (value is no object) */
    pw_code (*record)(struct feed_reader *reader, str key, str inner, const json_t *value,
                      struct err *err);
    pw_code (*line)(struct feed_reader *reader, str line, size_t number, struct err *err);
    /* Behind the last record of a document; may be NULL. */
    pw_code (*end)(struct feed_reader *reader, struct err *err);
    /* An archive whose records all name one ecosystem is the whole of it. */
    bool by_ecosystem;
};
extern const struct feed_format osv_format, sample_format, debian_tracker_format,
    alpine_secdb_format, nvd_format, kev_format, epss_format;

/* Ecosystems, without releases, that every record so far names. */
enum { FAMILIES_MOST = 64 };
struct families {
    struct arena arena;
    str          names[FAMILIES_MOST];
    size_t       count;
    bool         any; /* a record was seen */
};
void families_take(struct families *families, const struct advisory *advisory);
void families_reset(struct families *families);
/* The one ecosystem that all records name; of several the one that `folder` is called; else empty. */
str families_whole(const struct families *families, str folder);

struct feed_reader {
    const struct feed      *feed;
    const struct feed_sink *sink;
    struct arena            arena;    /* of the record at hand */
    struct buf              text;     /* the document, or the line at hand */
    size_t                  lines;    /* of this document */
    size_t                  records;  /* of this document, good and bad */
    struct families        *families; /* told of every record when not NULL */
};
pw_code feed_reader_read(struct feed_reader *reader, struct pull_source document, struct err *err);

/* --- for parsers --- */
pw_code reader_advisory(struct feed_reader *reader, str name, const struct advisory *advisory,
                        struct err *err);
pw_code reader_scope(struct feed_reader *reader, const struct feed_scope *scope, struct err *err);
void    reader_version(struct feed_reader *reader, str version);
/* Reports the record as damaged; PW_OK unless the sink ends the reading. */
pw_code reader_bad(struct feed_reader *reader, str record, const char *what, struct err *err);

/* One more element of an array in the arena, zeroed; NULL: no memory, or LIMIT_ADVISORY_ITEMS.
 * Arrays grow by doubling: *count is the number of elements in use. */
void *build_more(struct arena *arena, void *array, size_t *count, size_t size);
#define BUILD_MORE(arena, array, count)                                                            \
    ((array) = build_more((arena), (array), &(count), sizeof *(array)),                            \
     (array) != NULL ? &(array)[(count)-1] : NULL)

str     build_text(struct arena *arena,
                   str           text); /* cut to LIMIT_ADVISORY_TEXT at a character, then "..." */
int64_t build_time(const json_t *object, const char *key); /* 0: absent or not a time */
bool    build_id_ok(str id); /* printable, no spaces, at most LIMIT_ADVISORY_ID_BYTES */
/* A rating whose base score is computed where it can be; a vector that breaks its grammar is not taken
 * (false). `published`: score to use for CVSS 4.0, negative: none. */
bool build_cvss(struct rating *rating, str source, str vector, double published);
/* "Debian" + release -> a range of everything below `fixed`. False: out of memory. */
bool build_below(struct arena *arena, struct affected *affected, str fixed);
