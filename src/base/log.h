#pragma once
/*
 * log.h - structured logs: one JSON object a line on standard error.
 *
 * Fields travel as key, value pairs of text. Only the top of a call chain logs (server, worker,
 * command line). No secret is ever a field. Threads: any; a line is written by one write(2).
 */
#include "base/err.h"
#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };

void log_set_level(enum log_level level);
void log_set_fd(int fd); /* default: standard error */
bool log_level_parse(str name, enum log_level *ret_level);

struct log_field {
    const char *key;
    str         value;
};

void log_fields(enum log_level level, const char *event, const struct log_field *fields,
                size_t count);

/* log_event(LOG_INFO, "listening", {"address", address}, {"port", port_text}) */
#define log_event(level, event, ...)                                                               \
    log_fields((level), (event), (const struct log_field[]){__VA_ARGS__},                          \
               sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
void log_text(enum log_level level, const char *event, const char *fmt, ...) PW_PRINTF(3, 4);
void log_err(enum log_level level, const char *event, const struct err *err);
