/* Uploads that are cut, resumed, doubled, watched, cancelled. */
#include <pthread.h>
#include "base/limits.h"
#include "registry_fixture.h"
#include "store/blobs.h"
#include "store/uploads.h"

#define MEGABYTE ((size_t)1 << 20)

static str pattern(size_t size, unsigned seed) {
    static char  *bytes;
    static size_t room;

    if (room < size) {
        bytes = realloc(bytes, size);
        room = size;
    }
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)((i * 2654435761u + seed * 40503u) >> 13);
    return str_make(bytes, size);
}

static const char *digest_text(str bytes) {
    static char   text[DIGEST_TEXT_SIZE];
    struct digest digest;

    digest_of(DIGEST_SHA256, bytes, &digest);
    digest_format(&digest, text);
    return text;
}

/* One request that must be answered with `status`; the Location it came with. */
static str ask(struct registry *r, const char *method, const char *target, const char *headers,
               str body, int status) {
    static char   location[512];
    struct answer a;

    call(r, method, target, headers, body, &a);
    if (a.status != status)
        fail_msg("%s %s answered %d, not %d: %s", method, target, a.status, status,
                 a.body.len > 0 ? a.body.ptr : "");
    if (answer_header(&a, "Location").ptr != NULL)
        CHECK(str_copy(answer_header(&a, "Location"), location, sizeof location));
    answer_done(&a);
    return str_of(location);
}

static uint64_t offset_of(struct registry *r, const char *location) {
    struct answer a;
    uint64_t      offset = 0;

    call(r, "GET", location, "", STR(""), &a);
    CHECK_EQ(a.status, 204);
    CHECK(str_to_u64(answer_header(&a, "Upload-Offset"), UINT64_MAX, &offset));
    answer_done(&a);
    return offset;
}

static void start(struct registry *r, char location[512]) {
    CHECK(str_copy(ask(r, "POST", "/v2/a/blobs/uploads/", "", STR(""), 202), location, 512));
}

static void finish(struct registry *r, const char *location, str all, str last, int status) {
    char target[1024];

    snprintf(target, sizeof target, "%s?digest=%s", location, digest_text(all));
    ask(r, "PUT", target, "", last, status);
}

static void check_blob(struct registry *r, str all) {
    char          target[512];
    struct answer a;

    snprintf(target, sizeof target, "/v2/a/blobs/%s", digest_text(all));
    call(r, "GET", target, "", STR(""), &a);
    CHECK_EQ(a.status, 200);
    CHECK(str_eq(buf_str(&a.body), all));
    answer_done(&a);
}

/* --- restarts --- */

STORE_TEST(restart_in_the_middle) {
    struct registry r;
    char            location[512];
    str             all = pattern(3 * MEGABYTE + 17, 1);

    registry_open(&r, f, NULL);
    start(&r, location);
    registry_restart(&r); /* nothing received yet */
    ask(&r, "PATCH", location, "", str_sub(all, 0, MEGABYTE), 202);
    registry_restart(&r);
    CHECK_EQ(offset_of(&r, location), MEGABYTE);
    ask(&r, "PATCH", location, "Content-Range: 1048576-2097151", str_sub(all, MEGABYTE, MEGABYTE),
        202);
    registry_restart(&r);
    finish(&r, location, all, str_from(all, 2 * MEGABYTE), 201);
    check_blob(&r, all);
    registry_done(&r);
}

static pw_code forget_state(struct txn *txn, void *arg, struct err *err) {
    return uploads_save(txn, *(str *)arg, MEGABYTE, STR("written by another build"), err);
}

STORE_TEST(state_of_another_build) {
    struct registry r;
    char            location[512];
    str             all = pattern(2 * MEGABYTE, 2), id;

    registry_open(&r, f, NULL);
    start(&r, location);
    ask(&r, "PATCH", location, "", str_sub(all, 0, MEGABYTE), 202);
    id = str_from(str_of(location), strlen("/v2/a/blobs/uploads/"));
    CHECK_OK(store_write(f->store, STORE_FOREGROUND, forget_state, &id, &err));
    finish(&r, location, all, str_from(all, MEGABYTE), 201); /* hashed again from the file */
    check_blob(&r, all);
    registry_done(&r);
}

/* The file of an upload below the fixture's folder. */
static void upload_path(struct fixture *f, const char *location, char out[1024]) {
    snprintf(out, 1024, "%s/blobs/uploads/%s", f->folder,
             location + strlen("/v2/a/blobs/uploads/"));
    CHECK(file_exists(out));
}

STORE_TEST(bytes_lost_with_the_machine) {
    struct registry r;
    char            location[512], path[1024];
    str             all = pattern(2 * MEGABYTE, 3);

    registry_open(&r, f, NULL);
    start(&r, location);
    ask(&r, "PATCH", location, "", str_sub(all, 0, MEGABYTE), 202);
    upload_path(f, location, path);
    CHECK_EQ(truncate(path, 1000), 0);
    ask(&r, "PATCH", location, "Content-Range: 1048576-2097151", str_from(all, MEGABYTE), 416);
    CHECK_EQ(offset_of(&r, location), 0); /* or the client would come back with the same chunk */
    ask(&r, "PATCH", location, "Content-Range: 0-2097151", all, 202); /* from the beginning */
    finish(&r, location, all, STR(""), 201);
    check_blob(&r, all);
    registry_done(&r);
}

/* --- connections that die --- */

static int send_part(struct registry *r, const char *location, str part, size_t announced) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)http_server_port(r->server))};
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char               head[1024];
    struct err         err = ERR_NONE;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    snprintf(head, sizeof head, "PATCH %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
             location, announced);
    CHECK_OK(fd_write_all(fd, head, strlen(head), &err));
    CHECK_OK(fd_write_all(fd, part.ptr, part.len, &err));
    return fd;
}

static void wait_for_offset(struct registry *r, const char *location, uint64_t offset) {
    for (int tries = 0; offset_of(r, location) < offset; tries++) {
        CHECK(tries < 500);
        usleep(10000);
    }
}

STORE_TEST(connection_cut) {
    struct registry r;
    char            location[512];
    str             all = pattern(2 * MEGABYTE, 4);
    int             fd;
    uint64_t        at;

    registry_open(&r, f, NULL);
    start(&r, location);
    fd = send_part(&r, location, str_sub(all, 0, MEGABYTE), 2 * MEGABYTE);
    wait_for_offset(&r, location, MEGABYTE);
    close(fd);
    at = MEGABYTE; /* all that was received is kept, and goes on at the old Location */
    ask(&r, "PATCH", location, "", str_from(all, at), 202);
    finish(&r, location, all, STR(""), 201);
    check_blob(&r, all);
    registry_done(&r);
}

STORE_TEST(two_writers) {
    struct registry r;
    char            location[512];
    str             all = pattern(2 * MEGABYTE, 5);
    int             fd;

    registry_open(&r, f, NULL);
    start(&r, location);
    fd = send_part(&r, location, str_sub(all, 0, MEGABYTE), 2 * MEGABYTE);
    wait_for_offset(&r, location, MEGABYTE);
    ask(&r, "PATCH", location, "", STR("intruder"), 409);
    ask(&r, "DELETE", location, "", STR(""), 409);
    close(fd);
    ask(&r, "PATCH", location, "", str_from(all, MEGABYTE), 202);
    finish(&r, location, all, STR(""), 201);
    check_blob(&r, all);
    registry_done(&r);
}

/* --- the same bytes many times --- */

struct pusher {
    pthread_t thread;
    unsigned  port;
    str       bytes;
    char      target[256];
    int       status;
};

static void *push(void *arg) {
    struct pusher  *p = arg;
    CURL           *curl = curl_easy_init();
    struct question q = {p->port, "POST", p->target, "", p->bytes};
    struct answer   a;

    call_with(curl, &q, &a);
    p->status = a.status;
    answer_done(&a);
    curl_easy_cleanup(curl);
    return NULL;
}

static pw_code count_key(void *ctx, str name, uint64_t size, int64_t modified_at, struct err *err) {
    ++*(size_t *)ctx;
    return PW_OK;
}

static size_t keys(struct registry *r) {
    size_t     count = 0;
    struct err err = ERR_NONE;

    CHECK_OK(blob_keys_each(r->blobs, count_key, &count, &err));
    return count;
}

static size_t unfinished(struct registry *r) {
    size_t     count = 0;
    struct err err = ERR_NONE;

    CHECK_OK(blob_uploads_each(r->blobs, count_key, &count, &err));
    return count;
}

STORE_TEST(same_blob_at_once) {
    struct registry r;
    struct pusher   pushers[8];
    str             all = pattern(MEGABYTE, 6);

    registry_open(&r, f, NULL);
    EACH (p, pushers) {
        *p = (struct pusher){.port = http_server_port(r.server), .bytes = all};
        snprintf(p->target, sizeof p->target, "/v2/a/blobs/uploads/?digest=%s", digest_text(all));
        pthread_create(&p->thread, NULL, push, p);
    }
    EACH (p, pushers) {
        pthread_join(p->thread, NULL);
        CHECK_EQ(p->status, 201);
    }
    check_blob(&r, all);
    CHECK_EQ(keys(&r), 1); /* one copy stays */
    CHECK_EQ(unfinished(&r), 0);
    registry_done(&r);
}

/* The connection to the database ends at the commit: was it done? The bytes have to stay. */
STORE_TEST(lost_commit) {
    static const char trigger[] =
        "CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';"
        "CREATE CONSTRAINT TRIGGER hang_up AFTER INSERT ON blob DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION hang_up()";
    const char     *database;
    struct registry r;
    char            target[256];
    str             all = pattern(1000, 10);

    if (f->kind != FIXTURE_POSTGRES)
        SKIP("a file does not hang up");
    database = strstr(f->postgres, "dbname=") + strlen("dbname=");
    registry_open(&r, f, NULL);
    fixture_sql(database, trigger);
    snprintf(target, sizeof target, "/v2/a/blobs/uploads/?digest=%s", digest_text(all));
    ask(&r, "POST", target, "", all, 500);
    CHECK_EQ(keys(&r), 1);
    fixture_sql(database, "DROP TRIGGER hang_up ON blob");
    ask(&r, "POST", target, "", all, 201);
    check_blob(&r, all);
    registry_done(&r);
}

/* --- idle ones --- */

STORE_TEST(idle_uploads_end) {
    struct registry r;
    char            old[512], young[512];
    size_t          dropped = 0;

    registry_open(&r, f, NULL);
    start(&r, old);
    ask(&r, "PATCH", old, "", STR("abc"), 202);
    clock_move(&f->clock, LIMIT_UPLOAD_IDLE_SECONDS - 10);
    start(&r, young);
    CHECK_OK(upload_expire(r.service, LIMIT_UPLOAD_IDLE_SECONDS, &dropped, &err));
    CHECK_EQ(dropped, 0);
    clock_move(&f->clock, 11);
    CHECK_OK(upload_expire(r.service, LIMIT_UPLOAD_IDLE_SECONDS, &dropped, &err));
    CHECK_EQ(dropped, 1);
    ask(&r, "GET", old, "", STR(""), 404);
    ask(&r, "GET", young, "", STR(""), 204);
    CHECK_EQ(unfinished(&r), 0); /* the young one has no bytes yet */
    registry_done(&r);
}

/* --- watching --- */

struct watcher {
    bool       declines;
    struct buf log;
    uint64_t   length;
    int        fd;
};

static void *watch_begin(void *ctx, int fd, uint64_t length, bool complete) {
    struct watcher *w = ctx;

    buf_addf(&w->log, "begin%s ", complete ? "-complete" : "");
    CHECK(!complete || w->length <= length);
    w->length = length;
    if (w->declines)
        return NULL;
    w->fd = dup(fd);
    return w;
}

static void watch_grew(void *handle, uint64_t length) {
    struct watcher *w = handle;

    CHECK(length > w->length);
    w->length = length;
}

static void watch_end(void *handle, const struct digest *digest, uint64_t length) {
    struct watcher *w = handle;
    struct stat     facts;

    CHECK_EQ(fstat(w->fd, &facts), 0);
    if (digest != NULL)
        CHECK_EQ((uint64_t)facts.st_size, length);
    close(w->fd);
    buf_adds(&w->log, digest != NULL ? "end " : "cancelled ");
    w->length = 0;
}

struct watch_step {
    const char *method;
    size_t      from, to; /* of the bytes */
    const char *headers;
    int         status;
};

STORE_TEST(watched) {
    enum { MB = 1 << 20 };
    static const struct {
        const char       *why;
        struct watch_step steps[5];
        bool              declines;
        const char       *log;
    } cases[] = {
        {"a small one, once it is complete",
         {{"PUT", 0, MB, "", 201}},
         false,
         "begin-complete end "},
        {"a large one, while it grows",
         {{"PATCH", 0, 20 * MB, "", 202}, {"PUT", 0, 0, "", 201}},
         false,
         "begin end "},
        {"over several requests",
         {{"PATCH", 0, 5 * MB, "", 202},
          {"PATCH", 5 * MB, 12 * MB, "", 202},
          {"PUT", 12 * MB, 20 * MB, "", 201}},
         false,
         "begin end "},
        {"cancelled",
         {{"PATCH", 0, 9 * MB, "", 202}, {"DELETE", 0, 0, "", 204}},
         false,
         "begin cancelled "},
        {"with the wrong digest", {{"PUT", 0, 9 * MB, "", 400}}, false, "begin cancelled "},
        {"bytes that are taken back",
         {{"PATCH", 0, 9 * MB, "", 202},
          {"PATCH", 9 * MB, 10 * MB, "Content-Range: 9437184-10485758\nchunked", 400},
          {"PUT", 9 * MB, 20 * MB, "", 201}},
         false,
         "begin cancelled begin end "},
        {"nobody wants it",
         {{"PATCH", 0, 9 * MB, "", 202}, {"PUT", 9 * MB, 20 * MB, "", 201}},
         true,
         "begin "},
    };

    EACH (c, cases) {
        struct watcher      watcher = {.declines = c->declines, .log = BUF_INIT(4096)};
        struct upload_watch watch = {&watcher, watch_begin, watch_grew, watch_end};
        struct registry     r;
        char                location[512];
        size_t              last = 0;

        registry_open(&r, f, &watch);
        start(&r, location);
        for (const struct watch_step *s = c->steps; s->method != NULL; s++) {
            str all = pattern(s->status == 201 ? s->to > last ? s->to : last : 20 * MB, 7);

            last = MAX_OF(last, s->to);
            if (strcmp(s->method, "PUT") == 0 && s->status == 400)
                finish(&r, location, STR("something else"), str_sub(all, s->from, s->to - s->from),
                       400);
            else if (strcmp(s->method, "PUT") == 0)
                finish(&r, location, all, str_sub(all, s->from, s->to - s->from), s->status);
            else
                ask(&r, s->method, location, s->headers, str_sub(all, s->from, s->to - s->from),
                    s->status);
        }
        registry_done(&r);
        if (!str_eq(buf_str(&watcher.log), str_of(c->log)))
            fail_msg("%s: %s, not %s", c->why, watcher.log.ptr, c->log);
        buf_done(&watcher.log);
    }
}

STORE_TEST(watched_at_the_stop) {
    struct watcher      watcher = {.log = BUF_INIT(4096)};
    struct upload_watch watch = {&watcher, watch_begin, watch_grew, watch_end};
    struct registry     r;
    char                location[512];
    str                 all = pattern(10 * MEGABYTE, 8);

    registry_open(&r, f, &watch);
    start(&r, location);
    ask(&r, "PATCH", location, "", str_sub(all, 0, 9 * MEGABYTE), 202);
    registry_restart(&r);
    CHECK_STR(buf_str(&watcher.log), "begin cancelled ");
    finish(&r, location, all, str_from(all, 9 * MEGABYTE), 201);
    CHECK_STR(buf_str(&watcher.log), "begin cancelled begin end ");
    registry_done(&r);
    buf_done(&watcher.log);
}

/* --- a full disk --- */

STORE_TEST(disk_full) {
    struct registry r;
    char            folder[128], command[256], location[512];
    str             all = pattern(8 * MEGABYTE, 9);
    struct answer   a;

    snprintf(folder, sizeof folder, "%s/blobs", f->folder);
    CHECK_OK(dir_make(folder, 0700, &err));
    snprintf(command, sizeof command, "mount -t tmpfs -o size=4m none %s 2>/dev/null", folder);
    if (system(command) != 0)
        SKIP("only root may mount a small disk");
    registry_open(&r, f, NULL);
    start(&r, location);
    call(&r, "PATCH", location, "", all, &a); /* announced: refused before a byte is written */
    CHECK_EQ(a.status, 507);
    CHECK(str_find(buf_str(&a.body), STR("the registry's disk is full")) != STR_NPOS);
    CHECK(str_find(buf_str(&a.body), str_of(f->folder)) == STR_NPOS); /* no path leaks */
    answer_done(&a);
    start(&r, location);
    call(&r, "PATCH", location, "chunked", all, &a); /* noticed on the way */
    CHECK_EQ(a.status, 507);
    answer_done(&a);
    ask(&r, "GET", location, "", STR(""), 404);
    CHECK_EQ(unfinished(&r), 0); /* its bytes are free again */
    start(&r, location);
    finish(&r, location, str_sub(all, 0, MEGABYTE), str_sub(all, 0, MEGABYTE), 201);
    check_blob(&r, str_sub(all, 0, MEGABYTE));
    registry_done(&r);
    snprintf(command, sizeof command, "umount %s", folder);
    CHECK_EQ(system(command), 0);
}

RUN_TESTS(STORE_UNITS(restart_in_the_middle), STORE_UNITS(state_of_another_build),
          STORE_UNITS(bytes_lost_with_the_machine), STORE_UNITS(connection_cut),
          STORE_UNITS(two_writers), STORE_UNITS(same_blob_at_once), STORE_UNITS(lost_commit),
          STORE_UNITS(idle_uploads_end), STORE_UNITS(watched), STORE_UNITS(watched_at_the_stop),
          STORE_UNITS(disk_full))
