/* cmd_feeds.c - `feeds list`, `feeds status`, `feeds import`. */
#include <signal.h>
#include "advisory/feeds.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "base/suggest.h"
#include "pipeline/feed_import.h"
#include "pipeline/match_stage.h"
#include "server/data_dir.h"
#include "store/feeds.h"

static void end_store(struct store **store) {
    store_close(*store);
}

static int print_json(struct cli *cli, const struct buf *text) {
    struct err err = ERR_NONE;
    str        json;

    if (buf_finish(text, &json, &err) != PW_OK)
        return cli_failed(cli, &err);
    fprintf(cli->out, STR_FMT "\n", STR_ARG(json));
    return CLI_DONE;
}

int cmd_feeds_list(struct cli *cli) {
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1));
    struct json_writer        w = JSON_WRITER(&text);

    json_open(&w);
    json_key(&w, "feeds");
    json_open_list(&w);
    for (const struct feed *f = feeds; f->name != NULL; f++) {
        if (!cli->json)
            fprintf(cli->out, "%-16s %s%s%s\n", f->name, f->title,
                    f->url != NULL ? "\n                 " : "", f->url != NULL ? f->url : "");
        json_open(&w);
        json_put_text(&w, "name", f->name);
        json_put_text(&w, "title", f->title);
        json_put_text(&w, "url", f->url);
        json_close(&w);
    }
    json_close_list(&w);
    json_close(&w);
    return cli->json ? print_json(cli, &text) : CLI_DONE;
}

struct status {
    struct arena       *arena;
    struct feed_rows    rows;
    struct feed_streams streams[FEEDS_MOST * 4];
};

static pw_code load_status(struct txn *txn, void *arg, struct err *err) {
    struct status *s = arg;

    PW_TRY(feeds_list(txn, s->arena, &s->rows, err));
    s->rows.count = MIN_OF(s->rows.count, COUNT_OF(s->streams));
    for (size_t i = 0; i < s->rows.count; i++)
        PW_TRY(feeds_streams(txn, s->arena, s->rows.rows[i].name, &s->streams[i], err));
    return PW_OK;
}

static void put_streams(struct json_writer *w, const struct feed_streams *streams) {
    json_key(w, "ecosystems");
    json_open_list(w);
    for (size_t i = 0; i < streams->count; i++) {
        json_open(w);
        json_put_str(w, "ecosystem", streams->rows[i].ecosystem);
        if (streams->rows[i].part.len > 0)
            json_put_str(w, "part", streams->rows[i].part);
        json_put_int(w, "records", streams->rows[i].records);
        json_put_time(w, "updated_at", streams->rows[i].updated_at);
        json_put_bool(w, "complete", streams->rows[i].complete);
        json_close(w);
    }
    json_close_list(w);
}

static int status_json(struct cli *cli, const struct status *s) {
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(16));
    struct json_writer        w = JSON_WRITER(&text);

    json_open(&w);
    json_key(&w, "feeds");
    json_open_list(&w);
    for (size_t i = 0; i < s->rows.count; i++) {
        const struct feed_row *f = &s->rows.rows[i];

        json_open(&w);
        json_put_str(&w, "name", f->name);
        json_put_str(&w, "source", f->source);
        json_put_str(&w, "version", f->version);
        json_put_int(&w, "records", f->records);
        json_put_bool(&w, "sample", f->is_sample);
        json_put_int(&w, "generation", f->generation);
        json_put_time(&w, "updated_at", f->updated_at);
        json_put_time(&w, "changed_at", f->changed_at);
        json_put_time(&w, "failed_at", f->failed_at);
        json_put_str(&w, "failure", f->failure);
        json_put_int(&w, "waiting", f->waiting);
        put_streams(&w, &s->streams[i]);
        json_close(&w);
    }
    json_close_list(&w);
    json_close(&w);
    return print_json(cli, &text);
}

static void print_status(struct cli *cli, const struct status *s) {
    char text[TIME_TEXT_SIZE];

    if (s->rows.count == 0) {
        fprintf(cli->out,
                "No advisories were imported yet; see `portwarden feeds import --help`.\n");
        return;
    }
    fprintf(cli->out, "%-16s %10s  %-20s  %s\n", "FEED", "RECORDS", "UPDATED", "NOTE");
    for (size_t i = 0; i < s->rows.count; i++) {
        const struct feed_row *f = &s->rows.rows[i];

        terminal_text(cli->out, f->name);
        fprintf(cli->out, "%*s %10lld  %-20s  ",
                (int)(16 - MIN_OF(terminal_width(f->name), (size_t)16)), "", (long long)f->records,
                f->updated_at != 0 ? time_format(f->updated_at, text).ptr : "never");
        if (f->is_sample)
            fputs("sample advisories; ", cli->out);
        if (f->failed_at != 0) {
            fprintf(cli->out, "failed %s: ", time_format(f->failed_at, text).ptr);
            terminal_text(cli->out, f->failure);
        } else if (f->waiting > 0) {
            fprintf(cli->out, "%lld packages wait to be matched again", (long long)f->waiting);
        } else {
            terminal_text(cli->out, f->version);
        }
        fputc('\n', cli->out);
    }
}

int cmd_feeds_status(struct cli *cli) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(64));
    AUTO(end_store) struct store *store = NULL;
    struct status                 status = {.arena = &arena};
    struct err                    err = ERR_NONE;

    if (data_dir_open_store(cli->data, false, true, &store, &err) != PW_OK ||
        store_read(store, load_status, &status, &err) != PW_OK)
        return cli_failed(cli, &err);
    if (cli->json)
        return status_json(cli, &status);
    print_status(cli, &status);
    return CLI_DONE;
}

static atomic_bool interrupted;

static void on_interrupt(int number) {
    (void)number;
    atomic_store(&interrupted, true);
}

static void report_import(struct cli *cli, const struct feed *feed,
                          const struct feed_import_report *r) {
    if (!cli->json)
        fprintf(cli->out,
                "%s: %zu records (%zu new, %zu changed, %zu unchanged, %zu retired)%s%s\n",
                feed->name, r->outcome.records, r->outcome.added, r->outcome.changed,
                r->outcome.unchanged, r->outcome.retired, r->version[0] != '\0' ? ", version " : "",
                r->version);
    for (size_t i = 0; i < r->shown_count; i++) {
        fputs("  skipped ", cli->errors);
        terminal_text(cli->errors, str_of(r->shown[i].record));
        fputs(": ", cli->errors);
        terminal_text(cli->errors, str_of(r->shown[i].what));
        fputc('\n', cli->errors);
    }
    if (r->bad > r->shown_count)
        cli_note(cli, "  and %zu more were skipped", r->bad - r->shown_count);
}

static int import_json(struct cli *cli, const struct feed *feed,
                       const struct feed_import_report *r) {
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1));
    struct json_writer        w = JSON_WRITER(&text);

    json_open(&w);
    json_put_text(&w, "feed", feed->name);
    json_put_int(&w, "records", (int64_t)r->outcome.records);
    json_put_int(&w, "added", (int64_t)r->outcome.added);
    json_put_int(&w, "changed", (int64_t)r->outcome.changed);
    json_put_int(&w, "unchanged", (int64_t)r->outcome.unchanged);
    json_put_int(&w, "retired", (int64_t)r->outcome.retired);
    json_put_int(&w, "skipped", (int64_t)r->bad);
    json_put_text(&w, "version", r->version);
    json_close(&w);
    return print_json(cli, &text);
}

static const struct feed *named_feed(struct cli *cli, const char *name) {
    const struct feed *feed = feeds_find(str_of(name));
    struct suggestion  near = SUGGESTION(str_of(name));

    for (const struct feed *f = feeds; feed == NULL && f->name != NULL; f++)
        suggest_offer(&near, str_of(f->name));
    if (feed == NULL && near.best.len > 0)
        (void)cli_usage(cli, "there is no feed \"%s\"; did you mean \"" STR_FMT "\"?", name,
                        STR_ARG(near.best));
    else if (feed == NULL)
        (void)cli_usage(cli, "there is no feed \"%s\"; `portwarden feeds list` names them", name);
    return feed;
}

int cmd_feeds_import(struct cli *cli) {
    AUTO(end_store) struct store *store = NULL;
    struct feed_import_options    options = {.force = cli_value(cli, "force") != NULL,
                                             .cancel = &interrupted};
    struct feed_import_report     report = {0};
    struct err                    err = ERR_NONE;

    options.feed = named_feed(cli, cli->arguments[0]);
    if (options.feed == NULL)
        return CLI_USAGE;
    if (data_dir_make(cli->data, &err) != PW_OK ||
        data_dir_open_store(cli->data, true, false, &store, &err) != PW_OK)
        return cli_failed(cli, &err);
    options.store = store;
    (void)signal(SIGINT, on_interrupt);
    (void)signal(SIGTERM, on_interrupt);
    if (feed_import_path(&options, cli->arguments[1], &report, &err) != PW_OK) {
        report_import(cli, options.feed, &report);
        return cli_failed(cli, &err);
    }
    report_import(cli, options.feed, &report);
    return cli->json ? import_json(cli, options.feed, &report) : CLI_DONE;
}
