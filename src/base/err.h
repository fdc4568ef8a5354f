#pragma once
/*
 * err.h - one error object: a code for the caller, a sentence for people.
 *
 * A function that can fail returns pw_code and takes `struct err *err` last. The code is what a
 * caller can act on; the text gathers context on the way up, outermost first. `err` may be NULL
 * where only the code matters. Text never holds secrets or paths of the server's own files when
 * it can reach a client: faces print err_text() for 4xx codes and a fixed sentence for 5xx.
 *
 * Threads: an err belongs to one thread.
 */
#include "base/macros.h"

typedef enum pw_code {
    PW_OK = 0,
    PW_INVALID,      /* the input breaks its grammar or a rule: say which */
    PW_NOT_FOUND,    /* often an answer, not a fault */
    PW_CONFLICT,     /* exists already, or changed meanwhile */
    PW_DENIED,       /* known, but not allowed */
    PW_UNAUTHORIZED, /* nobody, or wrong credentials */
    PW_TOO_LARGE,    /* a ceiling of base/limits.h was reached */
    PW_UNSUPPORTED,  /* understood, but not done here */
    PW_RANGE,        /* an offset or range that cannot be served */
    PW_BUSY,         /* try again later */
    PW_NO_SPACE,     /* disk or quota is full */
    PW_CORRUPT,      /* stored or received bytes are not what they claim to be */
    PW_TIMEOUT,      /* a deadline passed */
    PW_CANCELLED,    /* the other side, or shutdown, ended it */
    PW_IO,           /* the system said no */
    PW_MEMORY,       /* no memory */
    PW_INTERNAL,     /* a bug of ours */
    PW_CODE_COUNT
} pw_code;

enum { ERR_TEXT_SIZE = 768 };

struct err {
    pw_code code;
    char tag[40]; /* optional machine word, e.g. an OCI error code that is more exact than `code` */
    char text[ERR_TEXT_SIZE];
};

#define ERR_NONE                                                                                   \
    { .code = PW_OK }

/* Sets code and text; returns code. */
pw_code err_set(struct err *err, pw_code code, const char *fmt, ...) PW_PRINTF(3, 4);

/* Puts "context: " before the text; returns the code that err already holds. */
pw_code err_wrap(struct err *err, const char *fmt, ...) PW_PRINTF(2, 3);

/* As err_set, with the text of errno behind it; ENOSPC and EDQUOT become PW_NO_SPACE, ENOMEM
 * PW_MEMORY, ENOENT PW_NOT_FOUND, everything else PW_IO. */
pw_code err_errno(struct err *err, const char *fmt, ...) PW_PRINTF(2, 3);

/* Sets the machine word; returns the code err holds. */
pw_code err_tag(struct err *err, const char *tag);

const char *err_text(const struct err *err);
const char *pw_code_name(pw_code code);

#define PW_TRY(call)                                                                               \
    do {                                                                                           \
        pw_code pw_try_code_ = (call);                                                             \
        if (pw_try_code_ != PW_OK)                                                                 \
            return pw_try_code_;                                                                   \
    } while (0)
