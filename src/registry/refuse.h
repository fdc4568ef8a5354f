#pragma once
/*
 * refuse.h - an error with its machine word in one line.
 *
 * `tag` is an OCI error code (reference "Error codes"); faces prefer it to the one of the pw_code.
 * Threads: pure.
 */
#include "base/err.h"

pw_code refuse(struct err *err, pw_code code, const char *tag, const char *fmt, ...)
    PW_PRINTF(4, 5);
