/* cmd_feeds_update.c - `feeds update`. */
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include "base/limits.h"
#include "cli/cli.h"
#include "pipeline/feed_update.h"
#include "server/config.h"
#include "server/data_dir.h"
#include "server/updater.h"
#include "store/settings.h"

static atomic_bool interrupted;

static void on_interrupt(int number) {
    (void)number;
    atomic_store(&interrupted, true);
}

static void end_store(struct store **store) {
    store_close(*store);
}

static bool show(void *ctx, const char *url, uint64_t received, uint64_t total) {
    terminal_progress(ctx, "%.100s: %llu%s%llu MiB", url, (unsigned long long)(received >> 20),
                      total > 0 ? " of " : "", (unsigned long long)(total >> 20));
    return true;
}

/* Quick: ranges of Debian and Alpine, and what is exploited; the large feeds can follow. */
static bool is_quick(const struct feed *feed) {
    static const char *const quick[] = {"debian-tracker", "kev"};

    EACH (name, quick)
        if (strcmp(*name, feed->name) == 0)
            return true;
    return false;
}

static int this_year(void) {
    time_t    now = (time_t)clock_now(NULL);
    struct tm parts;

    return gmtime_r(&now, &parts) != NULL ? parts.tm_year + 1900 : 1970;
}

static pw_code update_one(struct cli *cli, struct store *store, const struct config *config,
                          const struct feed *feed, struct err *err) {
    struct feed_import_report  report = {0};
    char                       key[128];
    struct feed_update_options options = {
        .import = {.store = store, .feed = feed, .cancel = &interrupted},
        .folder = cli->data,
        .this_year = this_year(),
        .quick = cli_value(cli, "quick") != NULL,
        .progress = show,
        .ctx = cli};
    pw_code code;

    snprintf(key, sizeof key, "feeds.%s.url", feed->name);
    options.base = config_text(config, key);
    code = feed_update(&options, &report, err);
    terminal_progress_done(cli);
    if (code != PW_OK)
        return err_wrap(err, "feed %s", feed->name);
    if (!cli->json)
        fprintf(cli->out, "%s: %zu records (%zu new, %zu changed, %zu retired)\n", feed->name,
                report.outcome.records, report.outcome.added, report.outcome.changed,
                report.outcome.retired);
    return PW_OK;
}

/* From now on the server may go to the internet by itself. */
static pw_code note_success(struct txn *txn, void *arg, struct err *err) {
    (void)arg;
    return settings_put(txn, UPDATER_SETTING, STR("yes"), err);
}

/* All that were asked for are tried; the first failure decides the exit code. */
static int update(struct cli *cli, struct store *store, const struct config *config) {
    int    code = CLI_DONE;
    size_t done = 0;

    for (const struct feed *feed = feeds; feed->name != NULL && !atomic_load(&interrupted);
         feed++) {
        struct err err = ERR_NONE;

        if (feed->url == NULL || (cli->count > 0 && strcmp(cli->arguments[0], feed->name) != 0) ||
            (cli->count == 0 && cli_value(cli, "quick") != NULL && !is_quick(feed)))
            continue;
        if (update_one(cli, store, config, feed, &err) == PW_OK &&
            store_write(store, STORE_FOREGROUND, note_success, NULL, &err) == PW_OK)
            done++;
        else
            code = cli_failed(cli, &err);
    }
    if (cli->json)
        fprintf(cli->out, "{\"updated\":%zu}\n", done);
    return atomic_load(&interrupted) ? CLI_FAILED : code;
}

int cmd_feeds_update(struct cli *cli) {
    AUTO(config_freep) struct config *config = NULL;
    AUTO(end_store) struct store     *store = NULL;
    struct err                        err = ERR_NONE;
    const struct feed *named = cli->count > 0 ? feeds_find(str_of(cli->arguments[0])) : NULL;

    if (cli->count > 0 && (named == NULL || named->url == NULL))
        return cli_usage(
            cli, "there is no feed \"%s\" with an address; `portwarden feeds list` names them",
            cli->arguments[0]);
    if (cli_load_config(cli, &config, &err) != PW_OK) {
        (void)cli_failed(cli, &err);
        return CLI_USAGE;
    }
    if (data_dir_make(cli->data, &err) != PW_OK ||
        data_dir_open_store(cli->data, true, false, &store, &err) != PW_OK)
        return cli_failed(cli, &err);
    (void)signal(SIGINT, on_interrupt);
    (void)signal(SIGTERM, on_interrupt);
    return update(cli, store, config);
}
