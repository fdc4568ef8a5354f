#pragma once
/*
 * dialect.h - one text for two databases.
 *
 * Statements and migrations are written in the subset that SQLite 3.40 and PostgreSQL 15 share.
 * What differs is a token in braces ({ID}, {TEXT}, {SKIP_LOCKED} ...); named parameters (:name)
 * become numbered ones (?1 or $1) in the order of their first appearance, so that binding by name
 * is a look into a short list. Texts in quotes and comments are left alone.
 *
 * Memory: dialect_text owns `text`; names are borrowed from the source.
 * Errors: PW_INTERNAL for an unknown token or too many parameters: a bug of ours.   Threads: pure.
 */
#include "base/err.h"
#include "base/str.h"

enum dialect { DIALECT_SQLITE, DIALECT_POSTGRES };
enum { DIALECT_PARAMS = 40 };

struct dialect_text {
    char    *text;
    str     *names; /* of parameter 1, 2, ... */
    unsigned count;
    bool     is_query; /* starts with SELECT, WITH or VALUES and changes nothing */
};

pw_code dialect_translate(enum dialect dialect, const char *source, struct dialect_text *ret_text,
                          struct err *err);
void    dialect_text_done(struct dialect_text *text);
/* The parameter's number from 1, looking first at `hint` + 1; 0: the statement lacks it. */
unsigned dialect_param(const struct dialect_text *text, const char *name, unsigned hint);
