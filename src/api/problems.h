#pragma once
/*
 * problems.h - errors as each face says them: one table from code to status and words.
 *
 * Spec:    OCI distribution 1.1 "Error Codes": {"errors":[{"code","message","detail"}]}; ARM:
 *          {"error":{"code","message"}}. For the OCI face the tag of an err, when it has one,
 *          is its code. Answers of 500 and more carry a fixed sentence: nothing internal leaks.
 * Threads: pure.
 */
#include "http/server.h"

/* An http_error_writer. */
void problems_write(int face, struct http_request *request, pw_code code, const struct err *err,
                    struct http_reply *reply);
/* The status that an error becomes. */
int problems_status(pw_code code, const struct err *err);
