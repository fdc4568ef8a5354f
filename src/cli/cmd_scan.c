/* cmd_scan.c - `scan TARGET` and `report IMAGE`. */
#include "api/report_json.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/local_scan.h"
#include "cli/report_table.h"
#include "server/data_dir.h"
#include "store/reports.h"

#define FORMATS "table|json"
#define LEVELS  "low|medium|high|critical"

static void end_store(struct store **store) {
    store_close(*store);
}

/* False: the options are wrong, and that was said. */
static bool check_options(struct cli *cli) {
    const char *format = cli_value(cli, "format"), *level = cli_value(cli, "fail-on");

    return (format == NULL || cli_choice(cli, "format", FORMATS, str_of(format))) &&
           (level == NULL || cli_choice(cli, "fail-on", LEVELS, str_of(level)));
}

static bool wants_json(const struct cli *cli) {
    const char *format = cli_value(cli, "format");

    return format != NULL ? str_eq(str_of(format), STR("json")) : cli->json;
}

static int print_report(struct cli *cli, const struct report *report) {
    AUTO(buf_done) struct buf text = BUF_INIT(GIB(1));
    struct json_writer        w = JSON_WRITER(&text);
    struct err                err = ERR_NONE;
    str                       json;

    if (!wants_json(cli)) {
        report_table_print(cli, report);
        return CLI_DONE;
    }
    report_json_write(&w, report);
    buf_addc(&text, '\n');
    if (buf_finish(&text, &json, &err) != PW_OK)
        return cli_failed(cli, &err);
    return fwrite(json.ptr, 1, json.len, cli->out) == json.len ? CLI_DONE : CLI_FAILED;
}

static bool reaches(const struct report *report, const char *level) {
    enum severity least = SEVERITY_CRITICAL;

    while (least > SEVERITY_LOW && strcmp(severity_word(least), level) != 0)
        least--;
    for (size_t i = 0; i < report->finding_count; i++)
        if (finding_is_active(report->findings[i].finding.state) &&
            report->findings[i].finding.severity >= least)
            return true;
    return false;
}

static int answer(struct cli *cli, const struct report *report) {
    const char *level = cli_value(cli, "fail-on");
    int         code = print_report(cli, report);

    if (code == CLI_DONE && level != NULL && reaches(report, level))
        return CLI_FINDINGS;
    return code;
}

/* The data folder's database: writable when possible; none is no error. */
static pw_code open_store(struct cli *cli, struct store **ret_store, bool *ret_keep,
                          struct err *err) {
    pw_code code = data_dir_open_store(cli->data, false, false, ret_store, err);

    *ret_keep = code == PW_OK;
    if (code == PW_NOT_FOUND) {
        *err = (struct err)ERR_NONE;
        return PW_OK;
    }
    if (code != PW_OK && code != PW_UNSUPPORTED && code != PW_CORRUPT) {
        *err = (struct err)ERR_NONE;
        code = data_dir_open_store(cli->data, false, true, ret_store, err);
    }
    return code;
}

static void hint_at_advisories(struct cli *cli, const struct report *report) {
    if (report->feed_count == 0)
        cli_note(cli,
                 "There are no advisories in %s: `portwarden feeds update --data %s`, or "
                 "`portwarden feeds import FEED PATH --data %s` (see `portwarden feeds list`).",
                 cli->data, cli->data, cli->data);
}

int cmd_scan(struct cli *cli) {
    AUTO(arena_done) struct arena    arena = ARENA_INIT(LIMIT_SCAN_MEMORY);
    AUTO(end_store) struct store    *store = NULL;
    AUTO(target_close) struct target target = {0};
    const char                      *platform = cli_value(cli, "platform");
    struct target_question           question = {&arena, str_of(cli->arguments[0]),
                                                 str_of(platform != NULL ? platform : "linux/amd64")};
    struct local_scan                scan = {.cli = cli, .target = &target, .arena = &arena};
    struct report                    report;
    struct err                       err = ERR_NONE;

    if (!check_options(cli))
        return CLI_USAGE;
    if (!target_is_known(question.text))
        return cli_usage(
            cli,
            "\"%s\" is no target: it is oci:DIR[:TAG], docker-archive:FILE, rootfs:DIR or "
            "HOST/NAME[:TAG|@DIGEST]",
            cli->arguments[0]);
    if (target_open(&question, &target, &err) != PW_OK ||
        open_store(cli, &store, &scan.keep, &err) != PW_OK)
        return cli_failed(cli, &err);
    scan.store = store;
    if (local_scan_run(&scan, &report, &err) != PW_OK)
        return cli_failed(cli, &err);
    hint_at_advisories(cli, &report);
    return answer(cli, &report);
}

struct report_question {
    struct arena *arena;
    str           repository, tag, digest;
    struct report report;
};

static pw_code load_report(struct txn *txn, void *arg, struct err *err) {
    static const struct report_rules rules = {.fresh_seconds = LIMIT_FEED_FRESH_SECONDS};
    struct report_question          *q = arg;
    struct image_row                 image;

    if (q->digest.len > 0)
        PW_TRY(scans_image(txn, q->arena, q->repository, q->digest, &image, err));
    else
        PW_TRY(scans_image_tagged(txn, q->arena, q->repository, q->tag, &image, err));
    return reports_load(txn, q->arena, &image, &rules, &q->report, err);
}

int cmd_report(struct cli *cli) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(LIMIT_SCAN_MEMORY);
    AUTO(end_store) struct store *store = NULL;
    struct report_question        q = {.arena = &arena, .repository = str_of(cli->arguments[0])};
    struct err                    err = ERR_NONE;
    size_t                        at = str_find_char(q.repository, '@');
    size_t                        colon = str_rfind_char(q.repository, ':');

    if (!check_options(cli))
        return CLI_USAGE;
    q.tag = STR("latest");
    if (at != STR_NPOS) {
        q.digest = str_from(q.repository, at + 1);
        q.repository = str_sub(q.repository, 0, at);
    } else if (colon != STR_NPOS) {
        q.tag = str_from(q.repository, colon + 1);
        q.repository = str_sub(q.repository, 0, colon);
    }
    if (data_dir_open_store(cli->data, false, true, &store, &err) != PW_OK ||
        store_read(store, load_report, &q, &err) != PW_OK)
        return cli_failed(cli, &err);
    if (q.report.state == IMAGE_PENDING)
        return cli_failed(
            cli, (err_set(&err, PW_BUSY, "the image " STR_FMT, STR_ARG(q.report.reason)), &err));
    return answer(cli, &q.report);
}
