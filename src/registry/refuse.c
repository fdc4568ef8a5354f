/* refuse.c - an error with its machine word. */
#include "registry/refuse.h"

#include <stdarg.h>
#include <stdio.h>

pw_code refuse(struct err *err, pw_code code, const char *tag, const char *fmt, ...) {
    char    text[ERR_TEXT_SIZE];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args); /* a longer text is cut */
    va_end(args);
    err_set(err, code, "%s", text);
    (void)err_tag(err, tag);
    return code;
}
