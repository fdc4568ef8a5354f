/* test_config.c - the file, the environment, and what is refused with which words. */
#include <unistd.h>
#include "server/config.h"
#include "server/config_yaml.h"
#include "server/data_dir.h"
#include "server/updater.h"
#include "test.h"

static pw_code read_text(const char *text, struct config **ret_config, struct err *err) {
    char           path[] = "/tmp/portwarden-config-XXXXXX";
    struct err     none = ERR_NONE;
    struct config *config = NULL;
    int            fd = mkstemp(path);
    pw_code        code;

    CHECK(fd >= 0);
    close(fd);
    check_ok(file_write(path, str_of(text), 0600, &none), &none, __FILE__, __LINE__);
    code = config_load(path, NULL, &config, err);
    unlink(path);
    if (code == PW_OK)
        *ret_config = config;
    return code;
}

TEST(files_that_are_read) {
    static const struct {
        const char *text, *key, *want;
    } cases[] = {
        {"", "listen", "127.0.0.1:5080"}, /* the default */
        {"# nothing but a comment\n", "workers", "2"},
        {"listen: 127.0.0.1:8080\n", "listen", "127.0.0.1:8080"},
        {"listen: '[::1]:8080'\n", "listen", "[::1]:8080"},
        {"workers: 8\n", "workers", "8"},
        {"limits:\n  scan_seconds: 60\n", "limits.scan_seconds", "60"},
        {"limits: {scan_seconds: 60}\nworkers: 3\n", "workers", "3"}, /* behind a mapping */
        {"feeds:\n  osv:\n    url: http://127.0.0.1:1/{}/all.zip\n", "feeds.osv.url",
         "http://127.0.0.1:1/{}/all.zip"},
        {"feeds:\n  osv:\n    url: http://a/\n  nvd:\n    url: http://b/\n", "feeds.nvd.url",
         "http://b/"},
    };

    EACH (c, cases) {
        struct config *config = NULL;
        struct err     err = ERR_NONE;

        CHECK_OK(read_text(c->text, &config, &err));
        CHECK_STR(config_text(config, c->key), c->want);
        config_free(config);
    }
}

TEST(files_that_are_refused) {
    static const struct {
        const char *text, *want; /* behind the file's name */
    } cases[] = {
        {"lisen: 127.0.0.1:80\n", "line 1: unknown key \"lisen\"; did you mean \"listen\"?"},
        {"\n\nfeeds:\n  osv:\n    ulr: http://a/\n",
         "line 5: unknown key \"feeds.osv.ulr\"; did you mean \"feeds.osv.url\"?"},
        {"zebra: 1\n",
         "line 1: unknown key \"zebra\"; `portwarden serve --print-config` lists all keys"},
        {"workers: 2\nworkers: 3\n", "line 2: key \"workers\" is set twice"},
        {"workers: many\n", "line 1: workers: \"many\" is not a number from 1 to 64"},
        {"workers: 0\n", "line 1: workers: \"0\" is not a number from 1 to 64"},
        {"listen: 0.0.0.0:5080\n", "line 1: listen: will not listen on 0.0.0.0: there are no "
                                   "accounts yet, so only this machine may ask; "
                                   "use 127.0.0.1 or ::1"},
        {"listen: 5080\n", "line 1: listen: \"5080\" is not ADDRESS:PORT, e.g. 127.0.0.1:5080"},
        {"log_level: loud\n", "line 1: log_level: \"loud\" is not debug, info, warn, error or off"},
        {"feeds: {osv: {url: ftp://a}}\n",
         "line 1: feeds.osv.url: \"ftp://a\" is not an http:// or https:// address"},
        {"listen: [a, b]\n", "line 1: no key takes a list"},
        {"a: &x 1\nb: *x\n",
         "line 1: unknown key \"a\"; `portwarden serve --print-config` lists all keys"},
        {"workers: 2\n---\nworkers: 3\n", "line 2: a second document"},
        {"just text\n", "line 1: expected \"key: value\""},
        {"a: {b: {c: {d: {e: 1}}}}\n", "line 1: nested too deeply"},
        {"workers: \"2\n", "line 2: found unexpected end of stream"},
    };

    EACH (c, cases) {
        struct config *config = NULL;
        struct err     err = ERR_NONE;
        const char    *text;

        CHECK(read_text(c->text, &config, &err) != PW_OK);
        text = strstr(err_text(&err), "line ");
        CHECK(text != NULL);
        CHECK_TEXT(text, c->want);
    }
}

TEST(the_environment_is_stronger) {
    char workers[] = "PORTWARDEN_WORKERS=5",
         url[] = "PORTWARDEN_FEEDS_DEBIAN_TRACKER_URL=http://x/";
    char  near[] = "PORTWARDEN_FEEDS_KEV_URL=http://y/"; /* near to others, and a key itself */
    char  other[] = "PORTWARDEN_TESTDATA=/somewhere", home[] = "HOME=/";
    char *environment[] = {workers, url, near, other, home, NULL};
    struct config *config = NULL;
    struct err     err = ERR_NONE;

    CHECK_OK(config_load(NULL, environment, &config, &err));
    CHECK_EQ(config_number(config, "workers"), 5);
    CHECK_STR(config_text(config, "feeds.debian-tracker.url"), "http://x/");
    CHECK_STR(config_text(config, "feeds.kev.url"), "http://y/");
    config_free(config);
}

TEST(the_environment_is_checked) {
    static const struct {
        const char *variable, *want;
    } cases[] = {
        {"PORTWARDEN_WORKERS=none",
         "environment variable PORTWARDEN_WORKERS: workers: \"none\" is not a number from 1 to 64"},
        {"PORTWARDEN_LISEN=x",
         "unknown environment variable PORTWARDEN_LISEN; did you mean PORTWARDEN_LISTEN?"},
    };

    EACH (c, cases) {
        char          *environment[] = {(char *)c->variable, NULL};
        struct config *config = NULL;
        struct err     err = ERR_NONE;

        CHECK_EQ(config_load(NULL, environment, &config, &err), PW_INVALID);
        CHECK_TEXT(err_text(&err), c->want);
    }
}

TEST(what_is_printed_is_read_back) {
    struct buf     text = BUF_INIT(1 << 20);
    struct config *config = NULL;
    struct err     err = ERR_NONE;

    config_print(&text);
    CHECK(buf_ok(&text));
    CHECK_OK(read_text(text.ptr, &config, &err));
    for (const struct config_key *key = config_keys; key->name != NULL; key++)
        CHECK_STR(config_text(config, key->name), key->value);
    config_free(config);
    buf_done(&text);
}

TEST(addresses_to_listen_on) {
    static const struct {
        const char *text, *address;
        unsigned    port;
        pw_code     want;
    } cases[] = {
        {"127.0.0.1:5080", "127.0.0.1", 5080, PW_OK},
        {"127.1.2.3:1", "127.1.2.3", 1, PW_OK},
        {"localhost:80", "127.0.0.1", 80, PW_OK},
        {"[::1]:65535", "::1", 65535, PW_OK},
        {"127.0.0.1:0", "127.0.0.1", 0, PW_OK}, /* any free port */
        {"0.0.0.0:80", "", 0, PW_DENIED},
        {"[::]:80", "", 0, PW_DENIED},
        {"10.0.0.1:80", "", 0, PW_DENIED},
        {"example.org:80", "", 0, PW_DENIED},
        {"127.0.0.1", "", 0, PW_INVALID},
        {"127.0.0.1:65536", "", 0, PW_INVALID},
        {":80", "", 0, PW_INVALID},
        {"", "", 0, PW_INVALID},
        {"[::ffff:127.0.0.1]:80", "", 0, PW_DENIED}, /* mapped: not what it looks like */
    };

    EACH (c, cases) {
        char       address[LISTEN_ADDRESS_SIZE] = "";
        unsigned   port = 0;
        struct err err = ERR_NONE;

        CHECK_EQ(config_listen(str_of(c->text), address, &port, &err), c->want);
        CHECK_TEXT(address, c->address);
        CHECK_EQ(port, c->port);
    }
}

TEST(intervals) {
    static const struct {
        const char *text;
        uint64_t    want;
    } cases[] = {{"off", 0}, {"\"\"", 0}, {"30m", 1800}, {"6h", 21600}, {"2d", 172800}};
    static const char *const bad[] = {"6", "h", "0h", "6 h", "-1h", "often"};

    EACH (c, cases) {
        struct config *config = NULL;
        struct err     err = ERR_NONE;
        char           text[128];

        snprintf(text, sizeof text, "feeds: {osv: {every: %s}}\n", c->text);
        CHECK_OK(read_text(text, &config, &err));
        CHECK_EQ(config_number(config, "feeds.osv.every"), c->want);
        config_free(config);
    }
    EACH (b, bad) {
        struct config *config = NULL;
        struct err     err = ERR_NONE;
        char           text[128];

        snprintf(text, sizeof text, "feeds: {osv: {every: '%s'}}\n", *b);
        CHECK_EQ(read_text(text, &config, &err), PW_INVALID);
    }
}

TEST(when_feeds_are_due) {
    static const struct {
        struct updater_feed feed;
        bool                want; /* at 100000 */
    } cases[] = {
        {{.interval = 0}, false},   /* off */
        {{.interval = 3600}, true}, /* never fetched */
        {{.interval = 3600, .updated_at = 99000}, false},
        {{.interval = 3600, .updated_at = 96400}, true},
        {{.interval = 3600, .updated_at = 1000, .failed_at = 99900}, false}, /* give it a rest */
        {{.interval = 3600, .updated_at = 1000, .failed_at = 99100}, true},
        {{.interval = 3600, .failed_at = 99900}, false},
    };

    EACH (c, cases)
        CHECK_EQ(updater_is_due(&c->feed, 100000), c->want);
}

TEST(a_data_folder_has_one_server) {
    char       folder[] = "/tmp/portwarden-data-XXXXXX", path[DATA_PATH_SIZE];
    int        first = -1, second = -1;
    struct err err = ERR_NONE;

    CHECK(mkdtemp(folder) != NULL);
    CHECK_OK(data_dir_lock(folder, &first, &err));
    CHECK_EQ(data_dir_lock(folder, &second, &err), PW_BUSY);
    CHECK(strstr(err_text(&err), "another server (process ") != NULL);
    fd_close(&first);
    CHECK_OK(data_dir_lock(folder, &second, &err)); /* a dead server's lock is nobody's */
    fd_close(&second);
    CHECK_OK(data_dir_path(folder, "lock", path, &err));
    unlink(path);
    rmdir(folder);
}

RUN_TESTS(UNIT(files_that_are_read), UNIT(files_that_are_refused),
          UNIT(the_environment_is_stronger), UNIT(the_environment_is_checked),
          UNIT(what_is_printed_is_read_back), UNIT(addresses_to_listen_on), UNIT(intervals),
          UNIT(when_feeds_are_due), UNIT(a_data_folder_has_one_server))
