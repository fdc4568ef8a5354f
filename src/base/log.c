/* log.c - one JSON object a line. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/json_write.h"
#include "base/limits.h"

static _Atomic int least = LOG_INFO;
static _Atomic int target = STDERR_FILENO;

static const char *const level_names[] = {"debug", "info", "warn", "error", "off"};

void log_set_level(enum log_level level) {
    atomic_store(&least, (int)level);
}

void log_set_fd(int fd) {
    atomic_store(&target, fd);
}

bool log_level_parse(str name, enum log_level *ret_level) {
    for (size_t i = 0; i < COUNT_OF(level_names); i++)
        if (str_eq(name, str_of(level_names[i]))) {
            *ret_level = (enum log_level)i;
            return true;
        }
    return false;
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields,
                size_t count) {
    AUTO(buf_done) struct buf line = BUF_INIT(LIMIT_LOG_LINE);
    struct json_writer        w = JSON_WRITER(&line);

    if ((int)level < atomic_load(&least))
        return;
    json_open(&w);
    json_put_time(&w, "time", clock_now(NULL));
    json_put_text(&w, "level", level_names[level]);
    json_put_text(&w, "event", event);
    for (size_t i = 0; i < count; i++)
        json_put_str(&w, fields[i].key, fields[i].value);
    json_close(&w);
    buf_addc(&line, '\n');
    if (!buf_ok(&line))
        return; /* a line past its ceiling is dropped: a log must not take the server down */
    (void)!write(atomic_load(&target), line.ptr, line.len); /* nowhere left to report it */
}

void log_text(enum log_level level, const char *event, const char *fmt, ...) {
    char    text[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    log_event(level, event, {"message", str_of(text)});
}

void log_err(enum log_level level, const char *event, const struct err *err) {
    log_event(level, event, {"code", str_of(pw_code_name(err->code))},
              {"message", str_of(err_text(err))});
}
