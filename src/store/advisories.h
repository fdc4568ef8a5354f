#pragma once
/*
 * advisories.h - records of feeds: importing them, and the candidates for one package.
 *
 * A row counts while added_in <= generation of its feed and it is not retired by then. An import
 * writes rows of the next generation in small background transactions, which nobody sees, and
 * switches at the end; one that is not finished leaves nothing visible and is cleared away by the
 * next. One import of a feed at a time (PW_BUSY).
 * Memory: an import keeps name and hash of each visible record, about 120 bytes. Threads: an import
 * belongs to one thread.
 */
#include "base/arena.h"
#include "model/candidate.h"
#include "store/store.h"

struct candidate_list {
    struct candidate *items;
    size_t            count;
};
/* The visible records that name the package: filed under the ecosystem ("Debian:12") or under the
 * same without its release ("Debian"), from the feeds that answer for it. Text in arena. */
pw_code advisories_candidates(struct txn *txn, struct arena *arena, str ecosystem, str package,
                              struct candidate_list *ret_list, struct err *err);

struct advisory_import;

pw_code advisories_import_begin(struct store *store, str feed, bool is_sample,
                                struct advisory_import **ret_import, struct err *err);
/* `name` is stable and unique in the feed. Unchanged records cost a comparison. */
pw_code advisories_import_add(struct advisory_import *import, str name,
                              const struct advisory *advisory, struct err *err);

/* What the records that were added are the whole of: visible records in it that were not added are
 * retired. Without any scope the import only adds and replaces. */
enum import_scope_kind {
    IMPORT_SCOPE_ALL,       /* the whole feed */
    IMPORT_SCOPE_ECOSYSTEM, /* every record that names this ecosystem, with or without a release */
    IMPORT_SCOPE_PREFIX, /* every record whose name begins with `prefix`; answers for one stream */
};
struct import_scope {
    enum import_scope_kind kind;
    str                    ecosystem; /* "npm", "Debian"; PREFIX: the stream "Alpine:v3.18" */
    str                    part;      /* PREFIX: "main" */
    str                    prefix;    /* PREFIX: "v3.18/main/" */
};
/* Text is copied. The same scope again is one scope. */
pw_code advisories_import_scope(struct advisory_import *import, const struct import_scope *scope,
                                struct err *err);

struct import_outcome {
    size_t  records; /* visible now */
    size_t  added, changed, unchanged, retired;
    size_t  marks; /* packages that records changed for */
    int64_t generation;
};
struct import_label {
    str  source, version; /* where from, which data: shown by feeds status */
    bool force;           /* also when most of a feed would vanish */
};
/* Retires, switches, purges. PW_CONFLICT: the scopes would lose more than LIMIT_FEED_LOSS_PERCENT of
 * their records (and at least LIMIT_FEED_LOSS_RECORDS): probably not the complete feed; nothing
 * changed. */
pw_code advisories_import_finish(struct advisory_import *import, const struct import_label *label,
                                 struct import_outcome *ret_outcome, struct err *err);
void    advisories_import_close(
       struct advisory_import *import); /* unfinished: nothing becomes visible */
void advisories_import_closep(struct advisory_import **import);
