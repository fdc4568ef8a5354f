/* cli.c - from argv to a command. */
#include "cli/cli.h"

#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/suggest.h"

static const struct cli_option common_options[] = {
    {"data", "DIR", "data folder (default: $PORTWARDEN_DATA, else ./data)"},
    {"json", NULL, "answer in JSON"},
    {"help", NULL, "explain this command"},
};
enum { COMMON_BASE = 1000, COMMON_DATA = COMMON_BASE, COMMON_JSON, COMMON_HELP };

const char *cli_value(const struct cli *cli, const char *name) {
    const struct cli_option *options = cli->command->options;

    for (int i = 0; options != NULL && options[i].name != NULL; i++)
        if (strcmp(options[i].name, name) == 0)
            return cli->values[i];
    return NULL;
}

int cli_usage(struct cli *cli, const char *fmt, ...) {
    va_list args;

    fprintf(cli->errors, "portwarden%s%s: ", cli->command != NULL ? " " : "",
            cli->command != NULL ? cli->command->name : "");
    va_start(args, fmt);
    vfprintf(cli->errors, fmt, args);
    va_end(args);
    fprintf(cli->errors, "\nTry `portwarden help%s%s`.\n", cli->command != NULL ? " " : "",
            cli->command != NULL ? cli->command->name : "");
    return CLI_USAGE;
}

int cli_failed(struct cli *cli, const struct err *err) {
    fprintf(cli->errors, "portwarden %s: ", cli->command->name);
    terminal_text(cli->errors, str_of(err_text(err)));
    fputc('\n', cli->errors);
    return CLI_FAILED;
}

void cli_note(struct cli *cli, const char *fmt, ...) {
    va_list args;

    va_start(args, fmt);
    vfprintf(cli->errors, fmt, args);
    va_end(args);
    fputc('\n', cli->errors);
}

const struct cli_command *cli_find(str name) {
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++)
        if (str_eq(str_of(c->name), name))
            return c;
    return NULL;
}

bool cli_choice(struct cli *cli, const char *option, const char *choices, str value) {
    struct suggestion near = SUGGESTION(value);
    str               rest = str_of(choices), word;

    while (str_cut(&rest, '|', &word)) {
        if (str_eq(word, value))
            return true;
        suggest_offer(&near, word);
    }
    if (near.best.len > 0)
        (void)cli_usage(cli, "--%s cannot be \"" STR_FMT "\"; did you mean \"" STR_FMT "\"? (%s)",
                        option, STR_ARG(value), STR_ARG(near.best), choices);
    else
        (void)cli_usage(cli, "--%s cannot be \"" STR_FMT "\"; it is one of %s", option,
                        STR_ARG(value), choices);
    return false;
}

static void print_option(FILE *out, const struct cli_option *option) {
    char left[64];

    snprintf(left, sizeof left, "--%s%s%s", option->name, option->value != NULL ? " " : "",
             option->value != NULL ? option->value : "");
    if (strlen(left) > 26)
        fprintf(out, "  %s\n  %-26s  %s\n", left, "", option->help);
    else
        fprintf(out, "  %-26s  %s\n", left, option->help);
}

void cli_help(struct cli *cli, const struct cli_command *command, FILE *out) {
    if (command == NULL) {
        fprintf(out, "Portwarden: a private container registry that scans every image.\n\n"
                     "usage: portwarden COMMAND [options]\n\n");
        for (const struct cli_command *c = cli_commands; c->name != NULL; c++)
            fprintf(out, "  %-14s %s\n", c->name, c->summary);
        fprintf(out, "\n`portwarden COMMAND --help` explains a command.\n"
                     "Exit codes: 0 done, 1 findings at or above --fail-on, 2 usage, 3 failed.\n");
        return;
    }
    fprintf(out, "usage: portwarden %s%s%s [options]\n\n%s%c%s.\n", command->name,
            command->arguments[0] != '\0' ? " " : "", command->arguments, "",
            command->summary[0] >= 'a' ? command->summary[0] - 32 : command->summary[0],
            command->summary + 1);
    if (command->details != NULL)
        fprintf(out, "%s\n", command->details);
    fprintf(out, "\nOptions:\n");
    for (const struct cli_option *o = command->options; o != NULL && o->name != NULL; o++)
        print_option(out, o);
    EACH (o, common_options)
        print_option(out, o);
}

static int no_such_command(struct cli *cli, str word) {
    struct suggestion near = SUGGESTION(word);

    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        str group = str_of(c->name), first;

        suggest_offer(&near, group);
        (void)str_cut(&group, ' ', &first);
        if (str_eq(first, word) && group.len > 0)
            return cli_usage(cli, "\"" STR_FMT "\" needs one more word; see `portwarden help`",
                             STR_ARG(word));
        suggest_offer(&near, first);
    }
    if (near.best.len > 0)
        return cli_usage(cli, "there is no command \"" STR_FMT "\"; did you mean \"" STR_FMT "\"?",
                         STR_ARG(word), STR_ARG(near.best));
    return cli_usage(cli, "there is no command \"" STR_FMT "\"", STR_ARG(word));
}

/* Finds the command in argv[1] or argv[1] and argv[2]; *ret_words tells which. */
static const struct cli_command *command_of(int argc, char **argv, int *ret_words) {
    char                      two[64];
    const struct cli_command *found = NULL;

    if (argc > 2) {
        snprintf(two, sizeof two, "%s %s", argv[1], argv[2]);
        found = cli_find(str_of(two));
    }
    *ret_words = found != NULL ? 2 : 1;
    return found != NULL ? found : cli_find(str_of(argv[1]));
}

static int bad_option(struct cli *cli, const char *word) {
    str               rest = str_of(word), name;
    struct suggestion near;

    while (str_starts(rest, STR("-")))
        rest = str_from(rest, 1);
    if (!str_cut(&rest, '=', &name))
        name = rest;
    near = (struct suggestion)SUGGESTION(name);
    for (const struct cli_option *o = cli->command->options; o != NULL && o->name != NULL; o++)
        suggest_offer(&near, str_of(o->name));
    EACH (o, common_options)
        suggest_offer(&near, str_of(o->name));
    if (near.best.len > 0)
        return cli_usage(cli, "unknown option \"%s\"; did you mean \"--" STR_FMT "\"?", word,
                         STR_ARG(near.best));
    return cli_usage(cli, "unknown option \"%s\"", word);
}

static size_t long_options(const struct cli *cli, struct option *out) {
    size_t n = 0;

    for (const struct cli_option *o = cli->command->options; o != NULL && o->name != NULL; o++, n++)
        out[n] = (struct option){o->name, o->value != NULL ? required_argument : no_argument, NULL,
                                 (int)n + 256};
    for (size_t i = 0; i < COUNT_OF(common_options); i++, n++)
        out[n] = (struct option){common_options[i].name,
                                 common_options[i].value != NULL ? required_argument : no_argument,
                                 NULL, COMMON_BASE + (int)i};
    return n;
}

/* Reads options behind the command's words; -1: go on, else the exit code. */
static int read_options(struct cli *cli, int argc, char **argv) {
    struct option longs[CLI_OPTIONS_MAX + 4] = {{0}};
    int           option;

    (void)long_options(cli, longs);
    opterr = 0;
    optind = 0; /* starts GNU getopt afresh */
    while ((option = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
        if (option == COMMON_HELP) {
            cli_help(cli, cli->command, cli->out);
            return CLI_DONE;
        }
        if (option == COMMON_JSON)
            cli->json = true;
        else if (option == COMMON_DATA) {
            cli->data = optarg;
            cli->data_given = true;
        } else if (option >= 256 && option < COMMON_BASE)
            cli->values[option - 256] = optarg != NULL ? optarg : "";
        else if (option == ':')
            return cli_usage(cli, "option \"%s\" needs a value", argv[optind - 1]);
        else
            return bad_option(cli, argv[optind - 1]);
    }
    cli->count = argc - optind;
    cli->arguments = argv + optind;
    return -1;
}

static void look_at_terminal(struct cli *cli) {
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

    cli->colour = isatty(fileno(cli->out)) == 1 && (no_colour == NULL || no_colour[0] == '\0') &&
                  term != NULL && strcmp(term, "dumb") != 0;
    cli->progress = isatty(fileno(cli->errors)) == 1;
}

int cli_main(int argc, char **argv) {
    static char version_word[] = "version";
    struct cli  cli = {.out = stdout, .errors = stderr};
    const char *data = getenv("PORTWARDEN_DATA");
    int         words = 1, code;

    (void)setlocale(LC_CTYPE,
                    "C.UTF-8"); /* file names of archives are UTF-8, whatever the caller's locale */
    look_at_terminal(&cli);
    cli.data = data != NULL && data[0] != '\0' ? data : "./data";
    if (argc < 2) {
        cli_help(&cli, NULL, stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cli_help(&cli, NULL, stdout);
        return CLI_DONE;
    }
    if (strcmp(argv[1], "--version") == 0)
        argv[1] = version_word;
    cli.command = command_of(argc, argv, &words);
    if (cli.command == NULL)
        return no_such_command(&cli, str_of(argv[1]));
    code = read_options(&cli, argc - words, argv + words);
    if (code >= 0)
        return code;
    if (cli.count < cli.command->least)
        return cli_usage(&cli, "%s is missing", cli.command->arguments);
    if (cli.count > cli.command->most)
        return cli_usage(&cli, "too many arguments: \"%s\"", cli.arguments[cli.command->most]);
    if (cli_value(&cli, "progress") != NULL)
        cli.progress = true;
    code = cli.command->run(&cli);
    if (fflush(stdout) != 0 && code == CLI_DONE)
        return CLI_FAILED; /* nobody got the answer: a full disk, a closed pipe */
    return code;
}
