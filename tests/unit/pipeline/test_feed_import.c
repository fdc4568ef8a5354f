/* Feeds from files, archives, folders and a web server into a store. */
#include "store_fixture.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include "base/limits.h"
#include "pipeline/feed_import.h"
#include "store/feeds.h"

#define RECORD(id, ecosystem, package, fixed)                                                      \
    "{\"id\":\"" id "\",\"affected\":[{\"package\":{\"ecosystem\":\"" ecosystem                    \
    "\",\"name\":\"" package "\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{"               \
                             "\"introduced\":\"0\"},{\"fixed\":\"" fixed "\"}]}]}]}"

/* --- files --- */

static void write_file(struct fixture *f, const char *name, const char *text) {
    struct err err = ERR_NONE;
    char       path[512], folder[512] = "";

    snprintf(path, sizeof path, "%s/in/%s", f->folder, name);
    CHECK(str_copy(str_of(path), folder, sizeof folder));
    *strrchr(folder, '/') = '\0';
    CHECK_OK(dir_make(folder, 0700, &err));
    CHECK_OK(file_write(path, str_of(text), 0600, &err));
}

static void run(struct fixture *f, const char *command) {
    char line[4096];

    snprintf(line, sizeof line, "cd %s/in && %s", f->folder, command);
    if (system(line) != 0)
        fail_msg("failed: %s", line);
}

static pw_code import(struct fixture *f, const char *feed, const char *name,
                      struct feed_import_report *ret_report, struct err *ret_err) {
    struct feed_import_options options = {.store = f->store, .feed = feeds_find(str_of(feed))};
    char                       path[512];

    snprintf(path, sizeof path, "%s/in/%s", f->folder, name);
    return feed_import_path(&options, path, ret_report, ret_err);
}

/* --- what is answered --- */

struct look {
    const char          *ecosystem, *package;
    size_t               candidates;
    struct feed_standing standing;
};

static pw_code look_up(struct txn *txn, void *arg, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT((size_t)1 << 20);
    struct look                  *l = arg;
    struct candidate_list         list;

    PW_TRY(
        advisories_candidates(txn, &arena, str_of(l->ecosystem), str_of(l->package), &list, err));
    l->candidates = list.count;
    return feeds_answer(txn, str_of(l->ecosystem), 0, &l->standing, err);
}

static void check_look(struct fixture *f, const char *ecosystem, const char *package,
                       size_t candidates, const char *answer) {
    struct look l = {.ecosystem = ecosystem, .package = package};
    struct err  err = ERR_NONE;

    CHECK_OK(store_read(f->store, look_up, &l, &err));
    CHECK_EQ(l.candidates, candidates);
    CHECK_TEXT(feed_answer_word(l.standing.answer), answer);
}

static pw_code find_failure(struct txn *txn, void *arg, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT((size_t)1 << 20);
    struct feed_rows              rows;

    PW_TRY(feeds_list(txn, &arena, &rows, err));
    buf_clear(arg);
    for (size_t i = 0; i < rows.count; i++)
        buf_add(arg, rows.rows[i].failure);
    return PW_OK;
}

static void check_failure(struct fixture *f, const char *want) {
    struct buf text = BUF_INIT(4096);
    struct err err = ERR_NONE;

    CHECK_OK(store_read(f->store, find_failure, &text, &err));
    if (str_find(buf_str(&text), str_of(want)) == STR_NPOS)
        fail_msg("got  " STR_FMT "\nwant ... %s ...", STR_ARG(buf_str(&text)), want);
    buf_done(&text);
}

/* --- tests --- */

static struct feed_import_report report;

STORE_TEST(a_zip_is_the_whole_of_its_ecosystem) {
    write_file(f, "npm/A.json", RECORD("G-1", "npm", "a", "1.0.0"));
    write_file(f, "npm/B.json", RECORD("G-2", "npm", "b", "1.0.0"));
    run(f, "cd npm && python3 -m zipfile -c all.zip A.json B.json && rm A.json B.json");
    CHECK_OK(import(f, "osv", "npm/all.zip", &report, &err));
    CHECK_EQ(report.documents, 2);
    CHECK_EQ(report.outcome.added, 2);
    check_look(f, "npm", "b", 1, "complete");
    write_file(f, "npm/A.json", RECORD("G-1", "npm", "a", "1.0.0"));
    run(f, "cd npm && python3 -m zipfile -c all.zip A.json");
    CHECK_OK(import(f, "osv", "npm", &report, &err)); /* also as part of a folder */
    CHECK_EQ(report.outcome.retired, 1);
    check_look(f, "npm", "b", 0, "complete");
}

STORE_TEST(one_record_is_a_part) {
    write_file(f, "G-1.json", RECORD("G-1", "npm", "a", "1.0.0"));
    CHECK_OK(import(f, "osv", "G-1.json", &report, &err));
    check_look(f, "npm", "a", 1, "partial");
    run(f, "mkdir loose && mv G-1.json loose/"); /* as is a folder of another name */
    CHECK_OK(import(f, "osv", "loose", &report, &err));
    check_look(f, "npm", "a", 1, "partial");
    run(f, "mv loose npm"); /* a folder named as the ecosystem is the unpacked bucket */
    CHECK_OK(import(f, "osv", "npm", &report, &err));
    check_look(f, "npm", "a", 1, "complete");
}

STORE_TEST(an_archive_of_several_ecosystems_is_a_part) {
    write_file(f, "A.json", RECORD("G-1", "npm", "a", "1.0.0"));
    write_file(f, "B.json", RECORD("G-2", "PyPI", "b", "1.0.0"));
    run(f, "python3 -m zipfile -c mixed.zip A.json B.json");
    CHECK_OK(import(f, "osv", "mixed.zip", &report, &err));
    check_look(f, "npm", "a", 1, "partial");
    check_look(f, "PyPI", "b", 1, "partial");
}

STORE_TEST(the_sample_is_a_sample) {
    write_file(f, "sample/npm/A.json", RECORD("G-1", "npm", "a", "1.0.0"));
    write_file(f, "sample/Debian/B.json", RECORD("D-1", "Debian:12", "b", "1.0-1"));
    CHECK_OK(import(f, "sample", "sample", &report, &err));
    check_look(f, "npm", "a", 1, "sample");
    check_look(f, "Debian:12", "b", 1, "sample");
}

STORE_TEST(compressed_documents) {
    static const struct {
        const char *pack, *name;
    } cases[] = {
        {"gzip -k kev.json", "kev.json.gz"},
        {"xz -k kev.json", "kev.json.xz"},
        {"bzip2 -k kev.json", "kev.json.bz2"},
        {"cp kev.json.gz kev-without-ending", "kev-without-ending"},
        {"python3 -m zipfile -c kev.zip kev.json", "kev.zip"},
        {"tar -czf kev.tgz kev.json", "kev.tgz"},
    };

    write_file(f, "kev.json",
               "{\"catalogVersion\":\"1\",\"vulnerabilities\":[{\"cveID\":\"CVE-1\",\"dateAdded\":"
               "\"2020-01-01\"}]}");
    EACH (c, cases) {
        run(f, c->pack);
        CHECK_OK(import(f, "kev", c->name, &report, &err));
        CHECK_EQ(report.read, 1);
        CHECK_TEXT(report.version, "1");
    }
}

STORE_TEST(damaged_records_are_skipped_and_named) {
    write_file(f, "npm/A.json", RECORD("G-1", "npm", "a", "1.0.0"));
    write_file(f, "npm/B.json", "{\"id\": \"G-2\", \"affected\": [{\"package\": {}}]}");
    write_file(f, "npm/C.json", "<html>");
    write_file(f, "npm/notes.txt", "not looked at");
    CHECK_OK(import(f, "osv", "npm", &report, &err));
    CHECK_EQ(report.read, 1);
    CHECK_EQ(report.bad, 2);
    CHECK_EQ(report.shown_count, 2);
    CHECK_TEXT(report.shown[0].record, "G-2");
    CHECK_TEXT(report.shown[0].what, "a package has no ecosystem or no name");
    CHECK_TEXT(report.shown[1].record, "C.json");
    check_look(f, "npm", "a", 1, "complete");
}

STORE_TEST(what_is_no_feed_changes_nothing) {
    static const struct {
        const char *feed, *name, *text, *want;
    } cases[] = {
        {"osv", "a.json", "<html>", "a.json: not the JSON that was expected"},
        {"osv", "a.json", "{}", "not an OSV record"},
        {"debian-tracker", "a.json", "[]", "feed debian-tracker was not imported"},
        {"debian-tracker", "a.json", "{\"a\":{\"CVE-1\":{\"releases\"",
         "feed debian-tracker was not imported"},
        {"alpine-secdb", "a.json", "{}", "not a secdb document"},
        {"nvd", "a.json", "{}", "not NVD 2.0"},
        {"kev", "a.json", "{}", "not the KEV catalogue"},
        {"epss", "a.csv", "a,b\n", "not EPSS scores"},
        {"epss", "a.csv", "", "not EPSS scores"},
    };

    EACH (c, cases) {
        write_file(f, c->name, c->text);
        CHECK(import(f, c->feed, c->name, &report, &err) != PW_OK);
        if (strstr(err_text(&err), c->want) == NULL)
            fail_msg("got  %s\nwant ... %s ...", err_text(&err), c->want);
        check_failure(f, c->want);
    }
    CHECK_EQ(import(f, "osv", "absent", &report, &err), PW_NOT_FOUND);
    run(f, "mkdir empty && touch empty/notes.txt");
    CHECK_EQ(import(f, "osv", "empty", &report, &err), PW_INVALID);
    CHECK(strstr(err_text(&err), "holds no document of feed osv") != NULL);
}

STORE_TEST(a_truncated_archive_changes_nothing) {
    struct err why = ERR_NONE;

    write_file(f, "npm/A.json", RECORD("G-1", "npm", "a", "1.0.0"));
    CHECK_OK(import(f, "osv", "npm", &report, &err));
    write_file(f, "npm/A.json", RECORD("G-1", "npm", "a", "2.0.0"));
    run(f, "gzip npm/A.json && head -c 40 npm/A.json.gz > npm/cut && mv npm/cut npm/A.json.gz");
    CHECK_EQ(import(f, "osv", "npm/A.json.gz", &report, &why), PW_CORRUPT);
    check_look(f, "npm", "a", 1, "complete");
}

STORE_TEST(too_many_damaged_records_are_no_feed) {
    struct buf text = BUF_INIT((size_t)4 << 20);

    buf_adds(&text, "{\"catalogVersion\":\"1\",\"vulnerabilities\":[{\"cveID\":\"CVE-1\","
                    "\"dateAdded\":\"2020-01-01\"}");
    for (int i = 0; i < LIMIT_FEED_BAD; i++)
        buf_adds(&text, ",{}");
    buf_adds(&text, "]}");
    write_file(f, "kev.json", text.ptr);
    CHECK_EQ(import(f, "kev", "kev.json", &report, &err), PW_INVALID);
    CHECK(strstr(err_text(&err), "records are damaged") != NULL);
    buf_done(&text);
}

STORE_TEST(an_import_can_be_cancelled) {
    atomic_bool                cancel = true;
    struct feed_import_options options = {
        .store = f->store, .feed = feeds_find(STR("osv")), .cancel = &cancel};
    char path[512];

    write_file(f, "npm/A.json", RECORD("G-1", "npm", "a", "1.0.0"));
    snprintf(path, sizeof path, "%s/in/npm", f->folder);
    CHECK_EQ(feed_import_path(&options, path, &report, &err), PW_CANCELLED);
    check_look(f, "npm", "a", 0, "none");
    cancel = false;
    CHECK_OK(feed_import_path(&options, path, &report, &err));
}

/* --- from the network --- */

struct web {
    pid_t pid;
    int   port;
};

static int free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t          size = sizeof address;
    int                fd = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    close(fd);
    return ntohs(address.sin_port);
}

static bool answers(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int                fd = socket(AF_INET, SOCK_STREAM, 0);
    bool               open = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;

    close(fd);
    return open;
}

/* The folder "in" of the fixture on a web server that knows If-Modified-Since. */
static struct web serve(struct fixture *f) {
    struct web web = {.port = free_port()};
    char       port[16], folder[128];

    snprintf(port, sizeof port, "%d", web.port);
    snprintf(folder, sizeof folder, "%s/in", f->folder);
    web.pid = fork();
    if (web.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (freopen("/dev/null", "w", stderr) != NULL && freopen("/dev/null", "w", stdout) != NULL)
            execlp("python3", "python3", "-m", "http.server", "--bind", "127.0.0.1", "-d", folder,
                   port, NULL);
        _exit(127);
    }
    for (int tries = 0; tries < 400 && !answers(web.port); tries++)
        usleep(25000);
    CHECK(answers(web.port));
    return web;
}

static pw_code fetch(struct fixture *f, const struct web *web, const char *feed, const char *path,
                     struct feed_fetch_report *ret_fetched) {
    struct feed_import_options options = {.store = f->store, .feed = feeds_find(str_of(feed))};
    char                       address[128], folder[128];
    struct feed_fetch          how = {.address = address, .folder = folder};
    struct err                 err = ERR_NONE;

    snprintf(address, sizeof address, "http://127.0.0.1:%d%s", web->port, path);
    snprintf(folder, sizeof folder, "%s/scratch", f->folder);
    return feed_import_url(&options, &how, &report, ret_fetched, &err);
}

STORE_TEST(only_what_changed_is_fetched) {
    struct feed_fetch_report fetched;
    struct web               web;

    write_file(f, "osv/npm/A.json", RECORD("G-1", "npm", "a", "1.0.0"));
    write_file(f, "osv/PyPI/B.json", RECORD("G-2", "PyPI", "b", "1.0.0"));
    run(f, "cd osv && for e in npm PyPI; do (cd $e && python3 -m zipfile -c all.zip *.json && "
           "touch -d 2020-01-01 all.zip); done");
    web = serve(f);
    CHECK_EQ(fetch(f, &web, "osv", "/osv", &fetched), PW_OK);
    CHECK_EQ(fetched.fetched, 2);
    CHECK_EQ(fetched.unchanged, 0);
    CHECK_EQ(fetched.failed, 0);
    CHECK(fetched.absent > 5); /* ecosystems that this mirror lacks */
    check_look(f, "npm", "a", 1, "complete");
    check_look(f, "PyPI", "b", 1, "complete");

    clock_move(&f->clock, LIMIT_FEED_FRESH_SECONDS + 1);
    check_look(f, "npm", "a", 1, "stale");
    CHECK_EQ(fetch(f, &web, "osv", "/osv", &fetched), PW_OK);
    CHECK_EQ(fetched.fetched, 0);
    CHECK_EQ(fetched.unchanged, 2);
    check_look(f, "npm", "a", 1, "complete"); /* unchanged is as good as fetched */

    write_file(f, "osv/npm/A.json", RECORD("G-1", "npm", "c", "1.0.0"));
    run(f, "cd osv/npm && python3 -m zipfile -c all.zip *.json && touch -d 2021-01-01 all.zip");
    CHECK_EQ(fetch(f, &web, "osv", "/osv", &fetched), PW_OK);
    CHECK_EQ(fetched.fetched, 1);
    CHECK_EQ(fetched.unchanged, 1);
    check_look(f, "npm", "a", 0, "complete");
    check_look(f, "npm", "c", 1, "complete");
    check_look(f, "PyPI", "b", 1, "complete");

    write_file(f, "hand/npm/A.json", RECORD("G-1", "npm", "hand", "1.0.0"));
    CHECK_EQ(import(f, "osv", "hand/npm", &report, &err),
             PW_OK); /* by hand: everything is fetched again */
    CHECK_EQ(fetch(f, &web, "osv", "/osv", &fetched), PW_OK);
    CHECK_EQ(fetched.fetched, 2);
    check_look(f, "npm", "hand", 0, "complete");
    kill(web.pid, SIGTERM);
    waitpid(web.pid, NULL, 0);
}

STORE_TEST(a_fetch_that_fails_is_told) {
    struct feed_fetch_report fetched;
    struct web               web;

    write_file(f, "kev.json", "<html>");
    web = serve(f);
    CHECK_EQ(fetch(f, &web, "kev", "/absent.json", &fetched), PW_NOT_FOUND);
    check_failure(f, "nothing is published at http://127.0.0.1");
    CHECK_EQ(fetch(f, &web, "kev", "/kev.json", &fetched), PW_INVALID);
    check_failure(f, "not the JSON that was expected");
    CHECK_EQ(fetch(f, &web, "sample", "", &fetched), PW_UNSUPPORTED);
    kill(web.pid, SIGTERM);
    waitpid(web.pid, NULL, 0);
    CHECK_EQ(fetch(f, &web, "kev", "/kev.json", &fetched), PW_IO);
    CHECK_EQ(fetched.failed, 1);
    check_failure(f, "feed kev was not fetched");
}

RUN_TESTS(STORE_UNITS(a_zip_is_the_whole_of_its_ecosystem), STORE_UNITS(one_record_is_a_part),
          STORE_UNITS(an_archive_of_several_ecosystems_is_a_part),
          STORE_UNITS(the_sample_is_a_sample), STORE_UNITS(compressed_documents),
          STORE_UNITS(damaged_records_are_skipped_and_named),
          STORE_UNITS(what_is_no_feed_changes_nothing),
          STORE_UNITS(a_truncated_archive_changes_nothing),
          STORE_UNITS(too_many_damaged_records_are_no_feed),
          STORE_UNITS(an_import_can_be_cancelled), STORE_UNITS(only_what_changed_is_fetched),
          STORE_UNITS(a_fetch_that_fails_is_told))
