/* cmd_fsck.c - `fsck`. */
#include "base/file.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "registry/fsck.h"
#include "server/data_dir.h"
#include "store/blob_store.h"
#include "store/subscriptions.h"

struct checking {
    struct cli        *cli;
    struct json_writer w;
    struct buf         text;
};

struct opened {
    struct store      *store;
    struct blob_store *blobs;
    int                lock; /* -1: a server works on the folder */
    int64_t            registry_id;
};

static void close_all(struct opened *o) {
    if (o->blobs != NULL)
        blob_store_close(o->blobs);
    store_close(o->store);
    fd_close(&o->lock);
}

static pw_code find_registry(struct txn *txn, void *arg, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(1));
    struct subscriptions_default  rows;

    PW_TRY(subscriptions_default(txn, &arena, &rows, err));
    *(int64_t *)arg = rows.registry.id;
    return PW_OK;
}

static pw_code open_all(struct cli *cli, bool alone, struct opened *o, struct err *err) {
    char    blobs[DATA_PATH_SIZE];
    pw_code code;

    PW_TRY(data_dir_path(cli->data, "blobs", blobs, err));
    if (!file_exists(blobs))
        return err_set(err, PW_NOT_FOUND, "there is no data folder at %s", cli->data);
    code = data_dir_lock(cli->data, &o->lock, err);
    if (code != PW_OK && (code != PW_BUSY || alone))
        return code;
    PW_TRY(data_dir_open_store(cli->data, alone, false, &o->store, err));
    PW_TRY(store_write(o->store, STORE_FOREGROUND, find_registry, &o->registry_id, err));
    return blob_files_open(blobs, &o->blobs, err);
}

static void found(void *ctx, const struct fsck_finding *f) {
    struct checking *c = ctx;

    if (c->cli->json) {
        json_open(&c->w);
        json_put_text(&c->w, "kind", fsck_kind_name(f->kind));
        json_put_text(&c->w, "name", f->name);
        json_put_text(&c->w, "text", f->text);
        json_put_bool(&c->w, "repaired", f->repaired);
        json_close(&c->w);
        return;
    }
    terminal_progress_done(c->cli);
    fprintf(c->cli->out, "%s: ", fsck_kind_name(f->kind));
    terminal_text(c->cli->out, str_of(f->name));
    fputs(": ", c->cli->out);
    terminal_text(c->cli->out, str_of(f->text));
    fprintf(c->cli->out, "%s\n", f->repaired ? " (repaired)" : "");
}

static void progress(void *ctx, const char *what, uint64_t done) {
    struct checking *c = ctx;

    terminal_progress(c->cli, "%llu %s", (unsigned long long)done, what);
}

/* Trouble that is left; what was healthy after all is good news. */
static uint64_t trouble_left(const struct fsck_report *r) {
    uint64_t left = 0;

    for (int kind = 0; kind < FSCK_KIND_COUNT; kind++)
        if (kind != FSCK_BLOB_HEALTHY)
            left += r->found[kind] - MIN_OF(r->repaired[kind], r->found[kind]);
    return left;
}

static int report_json(struct checking *c, const struct fsck_report *r) {
    struct err err = ERR_NONE;
    str        text;

    json_close_list(&c->w);
    json_put_int(&c->w, "blobs", (int64_t)r->blobs);
    json_put_int(&c->w, "bytes", (int64_t)r->bytes);
    json_put_int(&c->w, "keys", (int64_t)r->keys);
    json_put_int(&c->w, "uploads", (int64_t)r->uploads);
    json_put_int(&c->w, "manifests", (int64_t)r->manifests);
    json_put_int(&c->w, "tags", (int64_t)r->tags);
    json_put_int(&c->w, "records", (int64_t)r->records);
    json_put_int(&c->w, "trouble", (int64_t)trouble_left(r));
    json_close(&c->w);
    if (buf_finish(&c->text, &text, &err) != PW_OK)
        return cli_failed(c->cli, &err);
    fprintf(c->cli->out, STR_FMT "\n", STR_ARG(text));
    return trouble_left(r) == 0 ? CLI_DONE : CLI_FAILED;
}

static int report(struct checking *c, const struct fsck_report *r, bool rebuilt) {
    if (c->cli->json)
        return report_json(c, r);
    fprintf(c->cli->out, "%s %llu blobs (%llu bytes), %llu manifests, %llu tags: ",
            rebuilt ? "Restored" : "Looked at", (unsigned long long)r->blobs,
            (unsigned long long)r->bytes, (unsigned long long)r->manifests,
            (unsigned long long)r->tags);
    if (trouble_left(r) == 0)
        fprintf(c->cli->out, "all is well.\n");
    else
        fprintf(c->cli->out, "%llu things are wrong%s.\n", (unsigned long long)trouble_left(r),
                cli_value(c->cli, "repair") == NULL && !rebuilt
                    ? "; `--repair` mends what can be mended"
                    : "");
    return trouble_left(r) == 0 ? CLI_DONE : CLI_FAILED;
}

static int check(struct cli *cli, const struct opened *o, bool rebuild) {
    struct checking     c = {.cli = cli, .text = BUF_INIT(MIB(64))};
    struct fsck_options options = {.store = o->store,
                                   .blobs = o->blobs,
                                   .registry_id = o->registry_id,
                                   .deep = cli_value(cli, "deep") != NULL,
                                   .repair = cli_value(cli, "repair") != NULL,
                                   .offline = o->lock >= 0,
                                   .ctx = &c,
                                   .found = found,
                                   .progress = progress};
    struct fsck_report  r = {0};
    struct err          err = ERR_NONE;
    pw_code             code;
    int                 status;

    c.w = (struct json_writer)JSON_WRITER(&c.text);
    json_open(&c.w);
    json_key(&c.w, "findings");
    json_open_list(&c.w);
    code = rebuild ? fsck_rebuild(&options, &r, &err) : fsck_check(&options, &r, &err);
    terminal_progress_done(cli);
    status = code == PW_OK ? report(&c, &r, rebuild) : cli_failed(cli, &err);
    buf_done(&c.text);
    return status;
}

int cmd_fsck(struct cli *cli) {
    AUTO(close_all) struct opened opened = {.lock = -1};
    struct err                    err = ERR_NONE;
    bool                          rebuild = cli_value(cli, "rebuild") != NULL;

    if (open_all(cli, rebuild, &opened, &err) != PW_OK)
        return cli_failed(cli, &err);
    if (!rebuild && store_check(opened.store, &err) != PW_OK)
        return cli_failed(cli, &err);
    return check(cli, &opened, rebuild);
}
