#pragma once
/*
 * json_stream.h - walks a huge JSON document member by member, in constant memory.
 *
 * Spec:    RFC 8259. The document is an object or an array. At depth 1 each of its members is handed
 *          over; at depth 2 each member of its members (a member that is no object or array is
 *          handed over itself). The text of a member is complete and its brackets match; what is
 *          inside is judged by json_parse, which the visitor calls.
 * Units:   text of one member: at most LIMIT_ADVISORY_BYTES; keys: LIMIT_FIELD_BYTES.
 * Errors:  PW_INVALID with the byte where the document breaks its grammar or ends; PW_TOO_LARGE;
 *          errors of the source and of the visitor pass through and end the walk.
 * Memory:  one member and 128 KiB.   Threads: pure.
 */
#include "format/pull_source.h"

struct json_member {
    str      parent; /* depth 2: key of the member around it; empty for elements of an array */
    str      key;    /* empty for elements of an array */
    uint64_t index;  /* how many were handed over before */
    str      text;   /* borrowed until the visitor returns */
};

struct json_visitor {
    void *ctx;
    pw_code (*each)(void *ctx, const struct json_member *member, struct err *err);
};

/* depth: 1 or 2. An empty document (blanks only) is PW_INVALID. */
pw_code json_stream_walk(struct pull_source source, int depth, struct json_visitor visitor,
                         struct err *err);
