#pragma once
/*
 * stanza.h - "Key: value" paragraphs: dpkg status, Python METADATA headers.
 *
 * Spec:    Debian policy 5.1 (deb822), RFC 5322 folding. Keys are case-insensitive; a line that
 *          begins with space or tab continues the value above it; LF or CRLF; the final newline is
 *          optional; lines have any length. A malformed line is skipped and counted, never fatal.
 * Takes:   borrowed text.
 * Gives:   slices of that text. A value of several lines holds its newlines and leading blanks.
 * Memory:  allocates nothing.   Threads: pure.
 *
 *   struct stanza_reader reader = STANZA_READER(text);
 *   while (stanza_next(&reader, &stanza))
 *       for (str rest = stanza; stanza_field(&rest, &key, &value);) ...
 */
#include "base/str.h"

struct stanza_reader {
    str    rest;
    size_t line;         /* of what comes next, from 1 */
    size_t malformed;    /* lines skipped so far */
    size_t malformed_at; /* line of the first of them, 0: none */
    bool   cut;          /* the last line is malformed and has no newline: the text was cut */
};

#define STANZA_READER(text)                                                                        \
    { .rest = (text), .line = 1 }

/* The next paragraph; false at the end. */
bool stanza_next(struct stanza_reader *reader, str *ret_stanza);
/* The next well-formed field of a paragraph; false at its end. Malformed lines are passed over. */
bool stanza_field(str *rest, str *ret_key, str *ret_value);
/* The first field of that name; empty when there is none. */
str stanza_get(str stanza, str key);
/* First line of a value. */
str stanza_first_line(str value);
/* A sentence about what was skipped; empty when nothing was. */
str stanza_problem(const struct stanza_reader *reader, char *out, size_t size);
