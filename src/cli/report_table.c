/* report_table.c - the table of `scan` and `report`. */
#include "cli/report_table.h"

#include <stdlib.h>
#include "api/remedy.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/map.h"
#include "version/scheme.h"

enum { COLUMNS = 6, WIDTH_MAX = 48, FIXES_SHOWN = 10 };

static const char *const titles[COLUMNS] = {"PACKAGE", "INSTALLED", "FIXED IN",
                                            "ID",      "SEVERITY",  "SOURCE"};
static const char *const colours[] = {
    [SEVERITY_UNRATED] = "\033[2m", [SEVERITY_NONE] = "\033[2m",
    [SEVERITY_LOW] = "\033[34m",    [SEVERITY_MEDIUM] = "\033[33m",
    [SEVERITY_HIGH] = "\033[31m",   [SEVERITY_CRITICAL] = "\033[1;31m",
};

static str state_note(enum finding_state state) {
    switch (state) {
    case FINDING_OPEN:
        return STR("(no fix yet)");
    case FINDING_UNIMPORTANT:
        return STR("(unimportant)");
    case FINDING_END_OF_LIFE:
        return STR("(end of life)");
    case FINDING_UNDETERMINED:
        return STR("(not known)");
    default:
        return STR("");
    }
}

/* One line of the table: a vulnerability of a source package, whatever it was split into. People fix
 * sources; four binary packages of one source are one thing to do. */
struct row {
    const struct report_finding *found;
    str                          package;
    size_t                       packages; /* distinct places or binary packages */
};
struct table {
    struct arena arena;
    struct row  *rows;
    size_t       count;
};

static str source_of(const struct finding *f) {
    if (f->package == NULL)
        return STR("");
    return f->package->source.len > 0 ? f->package->source : f->package->name;
}

static str source_version_of(const struct finding *f) {
    if (f->package == NULL)
        return STR("");
    return f->package->source_version.len > 0 ? f->package->source_version : f->package->version;
}

static bool make_rows(const struct report *r, struct table *table) {
    AUTO(map_done) struct map seen = MAP_INIT;

    table->rows = arena_array(&table->arena, r->finding_count + 1, sizeof *table->rows);
    for (size_t i = 0; table->rows != NULL && i < r->finding_count; i++) {
        const struct finding *f = &r->findings[i].finding;
        str key = arena_strf(&table->arena, STR_FMT "\n" STR_FMT "\n" STR_FMT "\n" STR_FMT "\n%d",
                             STR_ARG(f->id), STR_ARG(source_of(f)), STR_ARG(source_version_of(f)),
                             STR_ARG(f->fixed_version), (int)f->state);
        void **slot = key.ptr != NULL ? map_at(&seen, key) : NULL;

        if (slot == NULL)
            return false;
        if (*slot == NULL) {
            *slot = &table->rows[table->count++];
            *(struct row *)*slot = (struct row){&r->findings[i], source_of(f), 0};
        }
        ((struct row *)*slot)->packages++;
    }
    for (size_t i = 0; table->rows != NULL && i < table->count; i++)
        if (table->rows[i].packages > 1)
            table->rows[i].package =
                arena_strf(&table->arena, STR_FMT " (%zu packages)",
                           STR_ARG(table->rows[i].package), table->rows[i].packages);
    return table->rows != NULL;
}

static void cells_of(const struct row *row, str out[COLUMNS]) {
    const struct finding *f = &row->found->finding;

    out[0] = row->package;
    out[1] = source_version_of(f);
    out[2] = f->state == FINDING_FIXED ? f->fixed_version : state_note(f->state);
    out[3] = f->id;
    out[4] = str_of(severity_word(f->severity));
    out[5] = f->severity_source;
}

static void widths_of(const struct table *table, size_t widths[COLUMNS]) {
    str cells[COLUMNS];

    for (int c = 0; c < COLUMNS; c++)
        widths[c] = strlen(titles[c]);
    for (size_t i = 0; i < table->count; i++) {
        cells_of(&table->rows[i], cells);
        for (int c = 0; c < COLUMNS; c++)
            widths[c] = MAX_OF(widths[c], MIN_OF(terminal_width(cells[c]), (size_t)WIDTH_MAX));
    }
}

static void print_cell(FILE *out, str text, size_t width) {
    size_t used = terminal_width(text);

    terminal_text(out, text);
    fprintf(out, "%*s", (int)(used < width ? width - used : 0) + 2, "");
}

static void print_row(struct cli *cli, const struct row *row, const size_t *widths) {
    str cells[COLUMNS];

    cells_of(row, cells);
    for (int c = 0; c < COLUMNS; c++)
        print_cell(cli->out, cells[c], c == COLUMNS - 1 ? 0 : widths[c]);
    fprintf(cli->out, "%s%s\n", row->found->finding.kev_added_at != 0 ? "[known exploited] " : "",
            row->found->sample ? "[sample advisories]" : "");
}

static void print_group(struct cli *cli, const struct table *table, enum severity severity,
                        const size_t *widths) {
    static const char *const words[] = {"Unrated", "None", "Low", "Medium", "High", "Critical"};
    size_t                   n = 0;

    for (size_t i = 0; i < table->count; i++)
        n += table->rows[i].found->finding.severity == severity;
    if (n == 0)
        return;
    fprintf(cli->out, "\n%s%s (%zu)%s\n", terminal_colour(cli, colours[severity]), words[severity],
            n, terminal_colour(cli, "\033[0m"));
    for (int c = 0; c < COLUMNS; c++)
        print_cell(cli->out, str_of(titles[c]), c == COLUMNS - 1 ? 0 : widths[c]);
    fputc('\n', cli->out);
    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].found->finding.severity == severity)
            print_row(cli, &table->rows[i], widths);
}

/* One upgrade that ends several findings: the highest fixed version of a source package. */
struct fix {
    const struct row *row; /* one of them */
    str               version;
    enum severity     worst;
    size_t            findings;
};

static bool same_source(const struct finding *a, const struct finding *b) {
    return str_eq(a->package->ecosystem, b->package->ecosystem) &&
           str_eq(source_of(a), source_of(b)) && str_eq(source_version_of(a), source_version_of(b));
}

static void add_fix(struct fix *fixes, size_t *count, const struct row *row) {
    const struct finding        *f = &row->found->finding;
    const struct version_scheme *scheme = version_scheme_of(f->package->ecosystem);

    for (size_t i = 0; i < *count; i++) {
        if (!same_source(&fixes[i].row->found->finding, f))
            continue;
        fixes[i].findings++;
        fixes[i].worst = MAX_OF(fixes[i].worst, f->severity);
        if (scheme != NULL &&
            scheme->compare(f->fixed_version, fixes[i].version) == VERSION_GREATER)
            fixes[i].version = f->fixed_version;
        return;
    }
    fixes[(*count)++] = (struct fix){row, f->fixed_version, f->severity, 1};
}

static int fix_order(const void *a, const void *b) {
    const struct fix *x = a, *y = b;

    if (x->worst != y->worst)
        return x->worst < y->worst ? 1 : -1;
    if (x->findings != y->findings)
        return x->findings < y->findings ? 1 : -1;
    return str_cmp(source_of(&x->row->found->finding), source_of(&y->row->found->finding));
}

/* The command names each binary package of the source that has a finding, once. */
static void write_command(struct buf *command, const struct report *r, const struct fix *fix) {
    AUTO(map_done) struct map seen = MAP_INIT;
    const struct finding     *one = &fix->row->found->finding;

    for (size_t i = 0; i < r->finding_count; i++) {
        const struct finding *f = &r->findings[i].finding;
        void                **slot;

        if (f->package == NULL || f->state != FINDING_FIXED || !same_source(f, one))
            continue;
        slot = map_at(&seen, f->package->name);
        if (slot == NULL || *slot != NULL)
            continue;
        *slot = command;
        if (seen.count == 1)
            remedy_command(command, f->package, fix->version);
        else
            remedy_command_more(command, f->package);
    }
}

static void print_fix(FILE *out, const struct report *r, const struct fix *fix) {
    AUTO(buf_done) struct buf command = BUF_INIT(KIB(4));
    const struct finding     *f = &fix->row->found->finding;

    fputs("  ", out);
    terminal_text(out, source_of(f));
    fputc(' ', out);
    terminal_text(out, source_version_of(f));
    fputs(" -> ", out);
    terminal_text(out, fix->version);
    fprintf(out, "  ends %zu finding%s, worst %s\n", fix->findings, fix->findings == 1 ? "" : "s",
            severity_word(fix->worst));
    write_command(&command, r, fix);
    if (command.len > 0 && buf_ok(&command)) {
        fputs("      ", out);
        terminal_text(out, buf_str(&command));
        fputc('\n', out);
    }
}

static void print_fixes(struct cli *cli, const struct report *r, struct table *table) {
    struct fix *fixes = arena_array(&table->arena, table->count + 1, sizeof *fixes);
    size_t      count = 0;

    for (size_t i = 0; fixes != NULL && i < table->count; i++) {
        const struct finding *f = &table->rows[i].found->finding;

        if (f->state == FINDING_FIXED && f->fixed_version.len > 0 && f->package != NULL)
            add_fix(fixes, &count, &table->rows[i]);
    }
    if (count == 0)
        return;
    qsort(fixes, count, sizeof *fixes, fix_order);
    fprintf(cli->out, "\nHow to fix\n");
    for (size_t i = 0; i < MIN_OF(count, (size_t)FIXES_SHOWN); i++)
        print_fix(cli->out, r, &fixes[i]);
    if (count > FIXES_SHOWN)
        fprintf(cli->out, "  and %zu more packages\n", count - FIXES_SHOWN);
    fprintf(cli->out, "  then rebuild the image and push it.\n");
}

static void print_summary(struct cli *cli, const struct report *r, const struct table *table) {
    size_t counts[SEVERITY_CRITICAL + 1] = {0}, listed = 0;

    for (size_t i = 0; i < table->count; i++) {
        const struct finding *f = &table->rows[i].found->finding;

        if (finding_is_active(f->state))
            counts[f->severity]++;
        else
            listed++;
    }
    fprintf(cli->out, "\n%zu critical, %zu high, %zu medium, %zu low, %zu unrated",
            counts[SEVERITY_CRITICAL], counts[SEVERITY_HIGH], counts[SEVERITY_MEDIUM],
            counts[SEVERITY_LOW], counts[SEVERITY_UNRATED] + counts[SEVERITY_NONE]);
    if (listed > 0)
        fprintf(cli->out, "; %zu more are listed and do not count", listed);
    fprintf(cli->out, "; %zu packages\n", r->package_count);
}

static void print_state(struct cli *cli, const struct report *r) {
    fprintf(cli->out, "State: %s%s%s", terminal_colour(cli, "\033[1m"), image_state_word(r->state),
            terminal_colour(cli, "\033[0m"));
    if (r->reason.len > 0) {
        fputs(": ", cli->out);
        terminal_text(cli->out, r->reason);
    }
    fputc('\n', cli->out);
    if (r->state == IMAGE_UNHEALTHY && r->coverage != COVERAGE_FULL)
        fprintf(cli->out, "Only %s: there may be more.\n",
                r->coverage == COVERAGE_PARTIAL ? "partly scanned"
                                                : "what could be judged is listed");
    for (size_t i = 0; i < r->incomplete_count; i++) {
        fputs("  not complete: ", cli->out);
        if (r->incomplete[i].path.len > 0) {
            terminal_text(cli->out, r->incomplete[i].path);
            fputs(": ", cli->out);
        }
        terminal_text(cli->out, r->incomplete[i].reason);
        fputc('\n', cli->out);
    }
    if (r->sample)
        fprintf(cli->out, "These are SAMPLE ADVISORIES: a small part of what is known, for trying "
                          "Portwarden out.\n");
}

void report_table_print(struct cli *cli, const struct report *r) {
    struct table table = {.arena = ARENA_INIT(LIMIT_SCAN_MEMORY)};
    size_t       widths[COLUMNS];

    fputs("Image ", cli->out);
    terminal_text(cli->out, r->digest.len > 0 ? r->digest : STR("(a folder)"));
    if (r->os.id.len > 0) {
        fputs("  ", cli->out);
        terminal_text(cli->out, r->os.id);
        fputc(' ', cli->out);
        terminal_text(cli->out, r->os.version_id);
    }
    fputc('\n', cli->out);
    if (make_rows(r, &table)) {
        widths_of(&table, widths);
        for (int severity = SEVERITY_CRITICAL; severity >= SEVERITY_UNRATED; severity--)
            print_group(cli, &table, (enum severity)severity, widths);
        print_fixes(cli, r, &table);
        print_summary(cli, r, &table);
    } else {
        fprintf(cli->out, "The table does not fit in memory; --format json writes the report.\n");
    }
    print_state(cli, r);
    arena_done(&table.arena);
}
