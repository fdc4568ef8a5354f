/* cmd_version.c - version and help. */
#include "base/json_write.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "store/store.h"

int cmd_version(struct cli *cli) {
    AUTO(buf_done) struct buf text = BUF_INIT(KIB(4));
    struct json_writer        w = JSON_WRITER(&text);

    if (!cli->json) {
        fprintf(cli->out, "portwarden %s\n", PORTWARDEN_VERSION);
        return CLI_DONE;
    }
    json_open(&w);
    json_put_text(&w, "version", PORTWARDEN_VERSION);
    json_put_int(&w, "schema", store_schema_version());
    json_close(&w);
    fprintf(cli->out, STR_FMT "\n", STR_ARG(buf_str(&text)));
    return CLI_DONE;
}

int cmd_help(struct cli *cli) {
    char name[128] = "";

    if (cli->count == 0) {
        cli_help(cli, NULL, cli->out);
        return CLI_DONE;
    }
    snprintf(name, sizeof name, "%s%s%s", cli->arguments[0], cli->count > 1 ? " " : "",
             cli->count > 1 ? cli->arguments[1] : "");
    if (cli_find(str_of(name)) == NULL)
        return cli_usage(cli, "there is no command \"%s\"", name);
    cli_help(cli, cli_find(str_of(name)), cli->out);
    return CLI_DONE;
}
