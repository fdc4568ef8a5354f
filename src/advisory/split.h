#pragma once
/*
 * split.h - cuts one huge JSON document into the values two levels down.
 *
 * {"key": {"inner": value, ...}} and {"key": [value, ...]} give (key, inner or empty, text of the
 * value); a scalar one level down gives (key, empty, its text). The outer two levels are held against
 * RFC 8259 here, the values are for the caller's strict parser.
 * Memory: one value and its two keys, at most LIMIT_ADVISORY_BYTES together.
 * Errors: PW_INVALID with the byte where the document stops being JSON of this shape; PW_TOO_LARGE.
 * Threads: one at a time.
 */
#include "base/buf.h"

struct splitter;
typedef pw_code (*split_fn)(void *ctx, str key, str inner, str value, struct err *err);

struct splitter *split_new(split_fn fn, void *ctx); /* NULL: out of memory */
pw_code          split_add(struct splitter *splitter, str bytes, struct err *err);
pw_code split_end(struct splitter *splitter, struct err *err); /* the document must be complete */
void    split_reset(struct splitter *splitter);                /* ready for another document */
void    split_free(struct splitter *splitter);                 /* accepts NULL */
