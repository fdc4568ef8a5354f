/* cmd_serve.c - `serve`. */
#include <unistd.h>
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "cli/cli.h"
#include "server/config.h"
#include "server/data_dir.h"
#include "server/serve.h"

static int print_config(struct cli *cli) {
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1));
    struct err                err = ERR_NONE;
    str                       all;

    config_print(&text);
    if (buf_finish(&text, &all, &err) != PW_OK)
        return cli_failed(cli, &err);
    fwrite(all.ptr, 1, all.len, cli->out);
    return CLI_DONE;
}

static void say_ready(void *ctx, const char *address, unsigned port) {
    struct cli *cli = ctx;
    bool        six = str_find_char(str_of(address), ':') != STR_NPOS;

    if (cli->json)
        fprintf(cli->out, "{\"url\":\"http://%s%s%s:%u/\"}\n", six ? "[" : "", address,
                six ? "]" : "", port);
    else
        fprintf(cli->out, "Portwarden listens on http://%s%s%s:%u/ (data: %s)\n", six ? "[" : "",
                address, six ? "]" : "", port, cli->data);
    fflush(cli->out);
}

/* --config, else DATA/portwarden.yaml when it is there. */
pw_code cli_load_config(struct cli *cli, struct config **ret_config, struct err *err) {
    const char *file = cli_value(cli, "config");
    char        path[DATA_PATH_SIZE];

    PW_TRY(data_dir_path(cli->data, "portwarden.yaml", path, err));
    if (file == NULL && file_exists(path))
        file = path;
    return config_load(file, environ, ret_config, err);
}

int cmd_serve(struct cli *cli) {
    AUTO(config_freep) struct config *config = NULL;
    struct serve_options              options = {
                     .listen = cli_value(cli, "listen"), .ready = say_ready, .ctx = cli};
    struct err     err = ERR_NONE;
    enum log_level level = LOG_INFO;
    str            data;
    pw_code        code;

    if (cli_value(cli, "print-config") != NULL)
        return print_config(cli);
    code = cli_load_config(cli, &config, &err);
    if (code == PW_OK) {
        (void)log_level_parse(config_text(config, "log_level"), &level);
        log_set_level(level);
        data = config_text(config, "data");
        if (data.len > 0 && !cli->data_given)
            cli->data = data.ptr;
        options.config = config;
        options.data = cli->data;
        code = serve_run(&options, &err);
    }
    if (code == PW_OK)
        return CLI_DONE;
    (void)cli_failed(cli, &err);
    return code == PW_INVALID || code == PW_DENIED ? CLI_USAGE : CLI_FAILED;
}
