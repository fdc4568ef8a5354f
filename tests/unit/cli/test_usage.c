/* test_usage.c - what people type, what they read, what scripts get: the real program. */
#include <sys/wait.h>
#include "test.h"

static int run(const char *arguments, struct buf *out) {
    char   command[2048];
    FILE  *pipe;
    char   chunk[4096];
    size_t n;
    int    status;

    snprintf(command, sizeof command, "cd /tmp && %s/portwarden %s 2>&1",
             getenv("PORTWARDEN_BUILD"), arguments);
    pipe = popen(command, "r");
    CHECK(pipe != NULL);
    buf_clear(out);
    while ((n = fread(chunk, 1, sizeof chunk, pipe)) > 0)
        buf_add(out, str_make(chunk, n));
    status = pclose(pipe);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

TEST(commands_and_answers) {
    static const struct {
        const char *arguments;
        int         want;
        const char *says;
    } cases[] = {
        {"", 2, "usage: portwarden COMMAND"},
        {"help", 0, "usage: portwarden COMMAND"},
        {"--help", 0, "usage: portwarden COMMAND"},
        {"--version", 0, "portwarden 0."},
        {"version", 0, "portwarden 0."},
        {"version --json", 0, "{\"version\":\"0."},
        {"help scan", 0, "usage: portwarden scan TARGET [options]"},
        {"scan --help", 0, "--fail-on low|medium|high|critical"},
        {"help feeds import", 0, "usage: portwarden feeds import FEED PATH [options]"},
        {"servee", 2, "there is no command \"servee\"; did you mean \"serve\"?"},
        {"feeds", 2, "\"feeds\" needs one more word"},
        {"feeds imprt a b", 2, "\"feeds\" needs one more word"},
        {"xyzzy", 2, "there is no command \"xyzzy\""},
        {"help xyzzy", 2, "there is no command \"xyzzy\""},
        {"scan", 2, "portwarden scan: TARGET is missing\nTry `portwarden help scan`."},
        {"scan a b", 2, "too many arguments: \"b\""},
        {"scan --formt json oci:x", 2, "unknown option \"--formt\"; did you mean \"--format\"?"},
        {"scan --format", 2, "option \"--format\" needs a value"},
        {"scan --format jsn oci:x", 2,
         "--format cannot be \"jsn\"; did you mean \"json\"? (table|json)"},
        {"scan --format pdf oci:x", 2, "--format cannot be \"pdf\"; it is one of table|json"},
        {"scan --fail-on worst oci:x", 2,
         "--fail-on cannot be \"worst\"; it is one of low|medium|high|critical"},
        {"scan nothing", 2, "\"nothing\" is no target: it is oci:DIR[:TAG]"},
        {"scan oci:/nowhere", 3, "/nowhere is not an OCI image layout"},
        {"scan docker-archive:/nowhere", 3, "/nowhere"},
        {"scan rootfs:/nowhere", 3, "/nowhere"},
        {"scan docker.io/library/debian", 3, "only registries on this machine are read over http"},
        {"scan 127.0.0.1:1/a:b", 3, "127.0.0.1:1"},
        {"feeds list", 0, "debian-tracker"},
        {"feeds list --json", 0, "{\"feeds\":[{\"name\":"},
        {"feeds import debian-traker /x", 2,
         "there is no feed \"debian-traker\"; did you mean \"debian-tracker\"?"},
        {"feeds status --data /nowhere", 3,
         "there is no database in /nowhere; `portwarden init --data /nowhere`"},
        {"report a:b --data /nowhere", 3, "there is no database in /nowhere"},
        {"backup /x --data /nowhere", 3, "there is no database in /nowhere"},
        {"serve --print-config", 0, "listen: \"127.0.0.1:5080\""},
        {"serve --listen 0.0.0.0:80 --data /tmp/portwarden-never", 2, "there are no accounts yet"},
        {"serve --config /nowhere.yaml", 3, "/nowhere.yaml"},
    };
    struct buf out = BUF_INIT(1 << 20);

    EACH (c, cases) {
        int code = run(c->arguments, &out);

        if (code != c->want || strstr(out.ptr != NULL ? out.ptr : "", c->says) == NULL)
            fail_msg("portwarden %s\nended with %d (want %d) and said\n%s\nwant\n%s", c->arguments,
                     code, c->want, out.ptr, c->says);
    }
    buf_done(&out);
}

TEST(init_can_run_again) {
    struct buf first = BUF_INIT(1 << 16), second = BUF_INIT(1 << 16);
    char       arguments[256], folder[] = "/tmp/portwarden-init-XXXXXX", mode[64];

    CHECK(mkdtemp(folder) != NULL);
    snprintf(arguments, sizeof arguments, "init --json --data %s/deep/data", folder);
    CHECK_EQ(run(arguments, &first), 0);
    CHECK(strstr(first.ptr, "\"created\":true") != NULL);
    CHECK_EQ(run(arguments, &second), 0);
    CHECK(strstr(second.ptr, "\"created\":false") != NULL);
    CHECK_EQ(strncmp(first.ptr, second.ptr, 120), 0); /* the same subscription */
    snprintf(mode, sizeof mode, "test $(stat -c %%a %s/deep/data) = 700", folder);
    CHECK_EQ(system(mode), 0);
    snprintf(mode, sizeof mode, "rm -r %s", folder);
    CHECK_EQ(system(mode), 0);
    buf_done(&first);
    buf_done(&second);
}

RUN_TESTS(UNIT(commands_and_answers), UNIT(init_can_run_again))
