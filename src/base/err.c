/* err.c - the error object. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const code_names[PW_CODE_COUNT] = {
    [PW_OK] = "ok",
    [PW_INVALID] = "invalid",
    [PW_NOT_FOUND] = "not found",
    [PW_CONFLICT] = "conflict",
    [PW_DENIED] = "denied",
    [PW_UNAUTHORIZED] = "unauthorized",
    [PW_TOO_LARGE] = "too large",
    [PW_UNSUPPORTED] = "unsupported",
    [PW_RANGE] = "range",
    [PW_BUSY] = "busy",
    [PW_NO_SPACE] = "no space",
    [PW_CORRUPT] = "corrupt",
    [PW_TIMEOUT] = "timeout",
    [PW_CANCELLED] = "cancelled",
    [PW_IO] = "i/o",
    [PW_MEMORY] = "no memory",
    [PW_INTERNAL] = "internal",
};

PW_PRINTF(3, 0)
static pw_code err_vset(struct err *err, pw_code code, const char *fmt, va_list args) {
    if (err == NULL)
        return code;
    err->code = code;
    err->tag[0] = '\0';
    vsnprintf(err->text, sizeof err->text, fmt, args);
    return code;
}

pw_code err_set(struct err *err, pw_code code, const char *fmt, ...) {
    va_list args;

    va_start(args, fmt);
    err_vset(err, code, fmt, args);
    va_end(args);
    return code;
}

pw_code err_wrap(struct err *err, const char *fmt, ...) {
    char    context[ERR_TEXT_SIZE];
    char    inner[ERR_TEXT_SIZE];
    va_list args;
    int     used;

    if (err == NULL)
        return PW_INTERNAL;
    va_start(args, fmt);
    used = vsnprintf(context, sizeof context, fmt, args);
    va_end(args);
    memcpy(inner, err->text, sizeof inner);
    if (used < 0 || used >= (int)sizeof context - 3)
        return err->code; /* a context that long would push the cause out */
    used = snprintf(err->text, sizeof err->text, "%s: ", context);
    snprintf(err->text + used, sizeof err->text - (size_t)used, "%s", inner);
    return err->code;
}

pw_code err_errno(struct err *err, const char *fmt, ...) {
    int     number = errno;
    pw_code code = PW_IO;
    size_t  used;
    va_list args;

    if (number == ENOSPC || number == EDQUOT)
        code = PW_NO_SPACE;
    else if (number == ENOMEM)
        code = PW_MEMORY;
    else if (number == ENOENT)
        code = PW_NOT_FOUND;
    if (err == NULL)
        return code;
    va_start(args, fmt);
    err_vset(err, code, fmt, args);
    va_end(args);
    used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, ": %s", strerror(number));
    return code;
}

pw_code err_tag(struct err *err, const char *tag) {
    if (err == NULL)
        return PW_INTERNAL;
    snprintf(err->tag, sizeof err->tag, "%s", tag);
    return err->code;
}

const char *err_text(const struct err *err) {
    return err->text[0] != '\0' ? err->text : pw_code_name(err->code);
}

const char *pw_code_name(pw_code code) {
    return (unsigned)code < PW_CODE_COUNT ? code_names[code] : "unknown";
}
