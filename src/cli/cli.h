#pragma once
/*
 * cli.h - the command line: one table of commands, one way to read options, one way to fail.
 *
 * Exit codes: 0 done, 1 findings at or above --fail-on, 2 usage, 3 failed. Answers go to standard
 * output, everything else (errors, progress, hints) to standard error.
 * Threads: the main thread only.
 */
#include <stdio.h>
#include "base/err.h"
#include "base/str.h"

enum cli_exit { CLI_DONE = 0, CLI_FINDINGS = 1, CLI_USAGE = 2, CLI_FAILED = 3 };
enum { CLI_OPTIONS_MAX = 24 };

struct cli;

struct cli_option {
    const char *name;  /* "format" for --format */
    const char *value; /* "table|json"; NULL: a switch */
    const char *help;
};

struct cli_command {
    const char              *name;      /* "scan", "feeds import" */
    const char              *arguments; /* "TARGET", "" */
    const char              *summary;
    const char              *details;     /* further lines of --help, may be NULL */
    const struct cli_option *options;     /* NULL name at the end; may be NULL */
    int                      least, most; /* positional arguments */
    int (*run)(struct cli *cli);
};

struct cli {
    const struct cli_command *command;
    FILE                     *out, *errors;
    bool                      json, colour, progress, data_given;
    const char               *data; /* --data, else $PORTWARDEN_DATA, else "./data" */
    int                       count;
    char                    **arguments;               /* positional */
    const char               *values[CLI_OPTIONS_MAX]; /* by place in `options` */
};

extern const struct cli_command cli_commands[]; /* NULL name at the end */

int cli_main(int argc, char **argv);
/* NULL: not given; a switch that was given is "". */
const char *cli_value(const struct cli *cli, const char *name);
/* "portwarden scan: TEXT" and where help is; returns CLI_USAGE. */
int cli_usage(struct cli *cli, const char *fmt, ...) PW_PRINTF(2, 3);
/* Reports err; returns CLI_FAILED (CLI_USAGE for PW_INVALID of what was typed is the command's own choice). */
int cli_failed(struct cli *cli, const struct err *err);
/* A note for people on standard error, one line. */
void cli_note(struct cli *cli, const char *fmt, ...) PW_PRINTF(2, 3);

/* One of "a|b|c"; complains with the nearest word and answers false. */
bool cli_choice(struct cli *cli, const char *option, const char *choices, str value);
void cli_help(struct cli *cli, const struct cli_command *command, FILE *out); /* NULL: all */
const struct cli_command *cli_find(str name);

/* --- what commands share (cli/terminal.c) --- */

/* Prints text that came from outside: control characters and invalid UTF-8 as \xNN. */
void        terminal_text(FILE *out, str text);
size_t      terminal_width(str text); /* columns that terminal_text uses */
const char *terminal_colour(const struct cli *cli, const char *code); /* "" without colour */
/* A progress line on standard error, at most ten a second, only when cli->progress and the
 * work has lasted a second. `done` ends the line. */
void terminal_progress(struct cli *cli, const char *fmt, ...) PW_PRINTF(2, 3);
void terminal_progress_done(struct cli *cli);

struct config;
/* --config, else DATA/portwarden.yaml when it is there; then the environment (cli/cmd_serve.c). */
pw_code cli_load_config(struct cli *cli, struct config **ret_config, struct err *err);

/* Commands; each in cmd_<name>.c. */
int cmd_serve(struct cli *cli);
int cmd_init(struct cli *cli);
int cmd_scan(struct cli *cli);
int cmd_report(struct cli *cli);
int cmd_feeds_import(struct cli *cli);
int cmd_feeds_status(struct cli *cli);
int cmd_feeds_list(struct cli *cli);
int cmd_feeds_update(struct cli *cli);
int cmd_backup(struct cli *cli);
int cmd_fsck(struct cli *cli);
int cmd_version(struct cli *cli);
int cmd_help(struct cli *cli);
