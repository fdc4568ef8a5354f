/* terminal.c - text for people: nothing from outside may steer the terminal. */
#include <stdarg.h>
#include "base/clock.h"
#include "cli/cli.h"

enum { PROGRESS_EVERY_MS = 100, PROGRESS_AFTER_MS = 1000, ESCAPED_WIDTH = 4 };

/* Length of the well-formed, printable UTF-8 character at s, 0 when it must be escaped. */
static size_t printable(str s) {
    unsigned char first = (unsigned char)s.ptr[0];
    size_t        n = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

    if (first < 0x20 || first == 0x7F || n > s.len || !str_is_utf8(str_sub(s, 0, n)))
        return 0;
    if (first == 0xC2 && (unsigned char)s.ptr[1] < 0xA0)
        return 0; /* C1 controls */
    if (first == 0xE2 && (unsigned char)s.ptr[1] == 0x80 &&
        ((unsigned char)s.ptr[2] >= 0xAA && (unsigned char)s.ptr[2] <= 0xAE))
        return 0; /* direction overrides make text read differently from what it is */
    if (first == 0xE2 && (unsigned char)s.ptr[1] == 0x81 && (unsigned char)s.ptr[2] >= 0xA6 &&
        (unsigned char)s.ptr[2] <= 0xA9)
        return 0;
    return n;
}

void terminal_text(FILE *out, str text) {
    while (text.len > 0) {
        size_t n = printable(text);

        if (n == 0) {
            fprintf(out, "\\x%02x", (unsigned char)text.ptr[0]);
            n = 1;
        } else {
            fwrite(text.ptr, 1, n, out);
        }
        text = str_from(text, n);
    }
}

size_t terminal_width(str text) {
    size_t width = 0;

    while (text.len > 0) {
        size_t n = printable(text);

        width += n == 0 ? ESCAPED_WIDTH : 1;
        text = str_from(text, n == 0 ? 1 : n);
    }
    return width;
}

const char *terminal_colour(const struct cli *cli, const char *code) {
    return cli->colour ? code : "";
}

static int64_t progress_started, progress_last;

void terminal_progress(struct cli *cli, const char *fmt, ...) {
    int64_t now = clock_mono_ns() / 1000000;
    va_list args;

    if (!cli->progress)
        return;
    if (progress_started == 0)
        progress_started = now;
    if (now - progress_started < PROGRESS_AFTER_MS || now - progress_last < PROGRESS_EVERY_MS)
        return;
    progress_last = now;
    fputs("\r\033[K", cli->errors);
    va_start(args, fmt);
    vfprintf(cli->errors, fmt, args);
    va_end(args);
    fflush(cli->errors);
}

void terminal_progress_done(struct cli *cli) {
    if (cli->progress && progress_last != 0)
        fputs("\r\033[K", cli->errors);
    progress_started = progress_last = 0;
}
