/* cmd_init.c - `init` and `backup`. */
#include "base/json_write.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "server/data_dir.h"
#include "store/subscriptions.h"

static void end_store(struct store **store) {
    store_close(*store);
}

struct making {
    struct arena                *arena;
    struct subscriptions_default rows;
};

static pw_code make(struct txn *txn, void *arg, struct err *err) {
    struct making *m = arg;

    return subscriptions_default(txn, m->arena, &m->rows, err);
}

static pw_code print_json(struct cli *cli, const struct subscriptions_default *rows,
                          struct err *err) {
    AUTO(buf_done) struct buf text = BUF_INIT(KIB(64));
    struct json_writer        w = JSON_WRITER(&text);
    str                       json;

    json_open(&w);
    json_put_text(&w, "data", cli->data);
    json_put_str(&w, "subscription", rows->subscription.id);
    json_put_str(&w, "resource_group", rows->registry.resource_group);
    json_put_str(&w, "registry", rows->registry.name);
    json_put_bool(&w, "created", rows->made);
    json_close(&w);
    buf_addc(&text, '\n');
    PW_TRY(buf_finish(&text, &json, err));
    fputs(json.ptr, cli->out);
    return PW_OK;
}

int cmd_init(struct cli *cli) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(1));
    AUTO(end_store) struct store *store = NULL;
    struct making                 making = {.arena = &arena};
    struct err                    err = ERR_NONE;

    if (data_dir_make(cli->data, &err) != PW_OK ||
        data_dir_open_store(cli->data, true, false, &store, &err) != PW_OK ||
        store_write(store, STORE_FOREGROUND, make, &making, &err) != PW_OK)
        return cli_failed(cli, &err);
    if (cli->json)
        return print_json(cli, &making.rows, &err) == PW_OK ? CLI_DONE : cli_failed(cli, &err);
    fprintf(cli->out,
            "data            %s%s\nsubscription    " STR_FMT "\nresource group  " STR_FMT
            "\nregistry        " STR_FMT "\n",
            cli->data, making.rows.made ? " (created)" : "", STR_ARG(making.rows.subscription.id),
            STR_ARG(making.rows.registry.resource_group), STR_ARG(making.rows.registry.name));
    return CLI_DONE;
}

int cmd_backup(struct cli *cli) {
    AUTO(end_store) struct store *store = NULL;
    struct err                    err = ERR_NONE;

    if (data_dir_open_store(cli->data, false, false, &store, &err) != PW_OK ||
        store_backup(store, cli->arguments[0], &err) != PW_OK)
        return cli_failed(cli, &err);
    if (cli->json)
        fprintf(cli->out, "{\"done\":true}\n");
    else
        fprintf(cli->out,
                "The database was copied. Copy %s/blobs behind it: its files never change.\n",
                cli->data);
    return CLI_DONE;
}
