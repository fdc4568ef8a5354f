#pragma once
/*
 * feeds.h - the list of feeds, and the one way in which their documents are read.
 *
 * Records come out of a document one by one through a sink. A record that breaks its grammar is reported (which, what) and skipped; a document that is
 * not what the feed publishes fails as a whole.
 * Memory: bounded by LIMIT_ADVISORY_BYTES and LIMIT_ADVISORY_MEMORY for one record, whatever the size
 * of the document. What a sink gets is borrowed for the call.
 * Threads: a reader belongs to one thread. Pure; only feed_files_read opens files.
 */
#include "model/advisory.h"
#include "base/err.h"

enum feed_kind {
    FEED_KIND_ADVISORIES, /* gives ranges */
    FEED_KIND_RATINGS,    /* gives ratings of vulnerabilities, no ranges (NVD) */
    FEED_KIND_SCORES,     /* EPSS */
    FEED_KIND_EXPLOITED,  /* KEV */
};

/* What a document turned out to be the whole of. */
struct feed_scope {
    bool all;    /* the whole feed */
    str  family; /* else every record that names this ecosystem: "npm", "Debian" */
    str  stream; /* else one part of one release stream: "Alpine:v3.18", */
    str  part;   /* "main", */
    str  prefix; /* all records whose name begins with "v3.18/main/" */
};

struct feed_sink {
    void *ctx;
    /* Any may be NULL. A code other than PW_OK ends the reading and is returned. */
    pw_code (*advisory)(void *ctx, str name, const struct advisory *advisory, struct err *err);
    pw_code (*vulnerability)(void *ctx, const struct vulnerability *vulnerability, struct err *err);
    pw_code (*epss)(void *ctx, const struct epss_score *score, struct err *err);
    pw_code (*kev)(void *ctx, const struct kev_entry *entry, struct err *err);
    pw_code (*scope)(void *ctx, const struct feed_scope *scope, struct err *err);
    void (*version)(void *ctx, str version); /* date or version that the document states */
    pw_code (*bad)(void *ctx, str record, const char *what, struct err *err);
};

struct feed_format; /* advisory/format.h: how the documents of a feed are read */

struct feed {
    const char               *name, *title;
    enum feed_kind            kind;
    bool                      is_sample;
    int64_t                   interval_seconds; /* between updates from the network; 0: never */
    const char               *url;              /* official address; with `path`: of the folder */
    const char               *path;  /* below it: "{}" stands for each of `parts` or for a year */
    const char *const        *parts; /* NULL at the end; NULL: none */
    int                       first_year; /* not 0: parts are years from here to now */
    const struct feed_format *format;
};

extern const struct feed feeds[];              /* name NULL at the end */
const struct feed       *feeds_find(str name); /* NULL: no such feed */

/* One document of the feed on the network. */
enum { FEED_URL_SIZE = 512 };
struct feed_address {
    char url[FEED_URL_SIZE];
    char file[128]; /* below a folder of the feed: "npm/all.zip", "kev.json" */
    str  part;      /* "npm", "v3.18/main"; empty: the feed is one document */
};
/* The index-th address, below `base` (a mirror) or, NULL, the official one. False: no more, or too
 * long for FEED_URL_SIZE. */
bool feed_address(const struct feed *feed, const char *base, size_t index, int this_year,
                  struct feed_address *ret_address);

struct feed_reader;
pw_code feed_reader_new(const struct feed *feed, const struct feed_sink *sink,
                        struct feed_reader **ret_reader, struct err *err);
/* One document. PW_INVALID: it is not what the feed publishes; another may follow. */
pw_code feed_reader_text(struct feed_reader *reader, str document, struct err *err);
void    feed_reader_free(struct feed_reader *reader);
void    feed_reader_freep(struct feed_reader **reader);

/* All documents of a file, an archive or a folder, each also compressed; in a folder and in an archive
 * those whose names say that they are data (.json, .csv, packed or not, and archives). */
struct feed_files {
    const struct feed      *feed;
    const struct feed_sink *sink;
    /* The name of each document before it is read, as feed_file.h gives it; may be NULL. */
    pw_code (*document)(void *ctx, str name, struct err *err);
};
/* A document that is not what the feed publishes is reported to sink->bad among others, and ends the
 * reading when `path` is a single document. */
pw_code feed_files_read(const struct feed_files *files, const char *path, struct err *err);
