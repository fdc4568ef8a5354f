/* The client against our own server. */
#include <fcntl.h>

#include "http/client.h"
#include "wire.h"

static unsigned port;

static pw_code feed(struct http_request *q, struct http_reply *reply, struct err *err) {
    http_reply_header(reply, "ETag", "\"v7\"");
    http_reply_header(reply, "Last-Modified", "Sat, 21 Nov 2026 18:00:00 GMT");
    if (str_eq(http_header(q, "If-None-Match"), STR("\"v7\"")) ||
        http_header(q, "If-Modified-Since").len > 0) {
        http_reply_status(reply, 304);
        return PW_OK;
    }
    http_reply_body(reply, "application/json", STR("{\"feed\":true}"));
    return PW_OK;
}

static pw_code show(struct http_request *q, struct http_reply *reply, struct err *err) {
    str body = STR_NONE;

    PW_TRY(http_body_all(q, 1000, &body, err));
    body = arena_strf(http_arena(q),
                      STR_FMT " agent=" STR_FMT " type=" STR_FMT " auth=" STR_FMT " body=" STR_FMT,
                      STR_ARG(http_method(q)), STR_ARG(http_header(q, "User-Agent")),
                      STR_ARG(http_header(q, "Content-Type")),
                      STR_ARG(http_header(q, "Authorization")), STR_ARG(body));
    http_reply_borrow(reply, "text/plain", body);
    return PW_OK;
}

/* /hop?n=3 leads to /hop?n=2 ... to /feed; /hop?to=X leads to X. */
static pw_code hop(struct http_request *q, struct http_reply *reply, struct err *err) {
    uint64_t n = 0;
    str      text;

    http_reply_status(reply, 302);
    http_reply_body(reply, "text/plain", STR("not the feed"));
    if (http_query(q, "to", &text)) {
        http_reply_header(reply, "Location", STR_FMT, STR_ARG(text));
    } else {
        http_query(q, "n", &text);
        str_to_u64(text, 100, &n);
        if (n == 0)
            http_reply_header(reply, "Location", "/feed");
        else
            http_reply_header(reply, "Location", "/hop?n=%llu", (unsigned long long)n - 1);
    }
    return PW_OK;
}

struct flow {
    uint64_t left;
    int      pause_ms;
};

static pw_code next(void *ctx, char *out, size_t room, size_t *ret_n, struct err *err) {
    struct flow *f = ctx;

    wire_sleep_ms(f->pause_ms);
    *ret_n = room < f->left ? room : (size_t)f->left;
    f->left -= *ret_n;
    memset(out, 'x', *ret_n);
    return PW_OK;
}

static pw_code flow(struct http_request *q, struct http_reply *reply, struct err *err) {
    struct flow *f = arena_new(http_arena(q), struct flow);
    uint64_t     pause = 0;
    str          text;

    http_query(q, "n", &text);
    str_to_u64(text, UINT64_MAX, &f->left);
    if (http_query(q, "pause", &text))
        str_to_u64(text, 10000, &pause);
    f->pause_ms = (int)pause;
    http_reply_stream(reply, "text/plain", (struct http_stream){f, next, NULL});
    return PW_OK;
}

static pw_code missing(struct http_request *q, struct http_reply *reply, struct err *err) {
    return err_set(err, PW_NOT_FOUND, "no such feed");
}

static const struct http_route routes[] = {
    {"GET", "/feed", HTTP_EVENT, 0, feed},       {"GET", "/show", HTTP_EVENT, 0, show},
    {"POST", "/show", HTTP_WORKER, 0, show},     {"PUT", "/show", HTTP_WORKER, 0, show},
    {"GET", "/hop", HTTP_EVENT, 0, hop},         {"GET", "/flow", HTTP_WORKER, 0, flow},
    {"GET", "/missing", HTTP_EVENT, 0, missing},
};

static struct http_server *server;

static int setup(void **state) {
    struct http_options options = {
        .address = "127.0.0.1", .routes = routes, .route_count = COUNT_OF(routes)};
    struct err err = ERR_NONE;

    unsetenv("http_proxy");
    if (http_server_open(&options, &server, &err) != PW_OK)
        return -1;
    port = http_server_port(server);
    return 0;
}

static int teardown(void **state) {
    http_server_close(server, 0.1);
    return 0;
}

static const char *url_of(const char *path) {
    static char url[512];

    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, path);
    return url;
}

/* One request into a buf; the code, and everything else for the caller. */
struct got {
    struct arena         arena;
    struct buf           body;
    struct client_answer answer;
    struct err           err;
};

static void got_done(struct got *g) {
    arena_done(&g->arena);
    buf_done(&g->body);
}

static pw_code get(struct client_request *r, const char *path, struct got *g) {
    g->arena = (struct arena)ARENA_INIT(1 << 20);
    g->body = (struct buf)BUF_INIT((size_t)1 << 26);
    r->url = path[0] == '/' ? url_of(path) : path;
    if (r->fd < 0)
        r->out = &g->body;
    return client_do(r, &g->arena, &g->answer, &g->err);
}

TEST(answers) {
    static const struct {
        const char *path, *etag, *since;
        int         status;
        const char *body, *error;
    } cases[] = {
        {"/feed", NULL, NULL, 200, "{\"feed\":true}", ""},
        {"/feed", "\"v6\"", NULL, 200, "{\"feed\":true}", ""},
        {"/feed", "\"v7\"", NULL, 304, "", ""},
        {"/feed", NULL, "Sat, 21 Nov 2026 18:00:00 GMT", 304, "", ""},
        {"/missing", NULL, NULL, 404, "", "no such feed"},
        {"/hop?n=0", NULL, NULL, 200, "{\"feed\":true}", ""},
        {"/hop?n=4", NULL, NULL, 200, "{\"feed\":true}", ""}, /* five redirects */
        {"/show", NULL, NULL, 200,
         "GET agent=portwarden/" PORTWARDEN_VERSION " type= auth= body=", ""},
    };
    EACH (c, cases) {
        struct client_request     r = CLIENT_REQUEST_INIT;
        AUTO(got_done) struct got g = {0};

        print_message("%s\n", c->path);
        r.etag = c->etag;
        r.last_modified = c->since;
        if (get(&r, c->path, &g) != PW_OK)
            fail_msg("%s", err_text(&g.err));
        CHECK_EQ(g.answer.status, c->status);
        CHECK_STR(buf_str(&g.body), c->body);
        CHECK_STR(g.answer.error_text, c->error);
        CHECK_EQ(g.answer.bytes, strlen(c->body));
        if (strstr(c->path, "feed") || strstr(c->path, "hop")) {
            CHECK_STR(g.answer.etag, "\"v7\"");
            CHECK_STR(g.answer.last_modified, "Sat, 21 Nov 2026 18:00:00 GMT");
            CHECK_STR(g.answer.url, url_of("/feed"));
            CHECK_STR(client_header(&g.answer, "x-content-type-options"), "nosniff");
        }
    }
}

TEST(sending) {
    static const struct client_header headers[] = {{"Content-Type", "application/json"},
                                                   {"Authorization", "Bearer t"}};
    static const struct {
        const char *method, *body, *want;
    } cases[] = {
        {NULL, "{}",
         "POST agent=portwarden/" PORTWARDEN_VERSION
         " type=application/json auth=Bearer t body={}"},
        {"PUT", "{}",
         "PUT agent=portwarden/" PORTWARDEN_VERSION " type=application/json auth=Bearer t body={}"},
        {"GET", "",
         "GET agent=portwarden/" PORTWARDEN_VERSION " type=application/json auth=Bearer t body="},
    };
    EACH (c, cases) {
        struct client_request     r = CLIENT_REQUEST_INIT;
        AUTO(got_done) struct got g = {0};

        r.method = c->method;
        r.body = str_of(c->body);
        r.headers = headers;
        r.header_count = COUNT_OF(headers);
        CHECK_EQ(get(&r, "/show", &g), PW_OK);
        CHECK_STR(buf_str(&g.body), c->want);
    }
}

TEST(refusals) {
    char closed[64], gone[64];
    struct {
        const char *url;
        pw_code     code;
        const char *text; /* what the message holds; it names the URL without its secrets */
    } cases[] = {
        {"/hop?n=5", PW_IO, "more than 5 redirects"},
        {"/hop?to=ftp://127.0.0.1/x", PW_INVALID, "/hop: not an http or https URL"},
        {"/hop?to=file:///etc/passwd", PW_INVALID, "/hop: not an http or https URL"},
        {"file:///etc/passwd", PW_INVALID, "not an http or https URL"},
        {"nonsense://x", PW_INVALID, "not an http or https URL"},
        {"http://", PW_INVALID, "not an http or https URL"},
        {closed, PW_IO, "/x: Failed to connect"},
        {"http://user:secret@no-such-host.invalid/feed?token=secret", PW_IO,
         "http://no-such-host.invalid/feed: Could not resolve"},
        {gone, PW_IO, "SSL"},
        {"/flow?n=100000", PW_TOO_LARGE, "the body is larger than the 65536 bytes allowed"},
    };
    snprintf(closed, sizeof closed, "http://127.0.0.1:%u/x", 1);
    snprintf(gone, sizeof gone, "https://127.0.0.1:%u/feed", port); /* plain, not TLS */
    EACH (c, cases) {
        struct client_request     r = CLIENT_REQUEST_INIT;
        AUTO(got_done) struct got g = {0};

        r.ceiling = 65536;
        CHECK_EQ(get(&r, c->url, &g), c->code);
        print_message("%s\n", err_text(&g.err));
        CHECK(strstr(err_text(&g.err), c->text) != NULL);
        CHECK(strstr(err_text(&g.err), "secret") == NULL);
    }
}

static int  pieces;
static bool count_pieces(void *ctx, uint64_t received, uint64_t total) {
    pieces++;
    return received < 1000000;
}

TEST(slow_and_cancelled) {
    static const struct {
        const char *path;
        double      total;
        unsigned    low_seconds;
        bool        progress;
        pw_code     want;
    } cases[] = {
        {"/flow?n=100000000&pause=500", 1, 60, false, PW_TIMEOUT},
        {"/flow?n=100000000&pause=9000", 60, 2, false, PW_TIMEOUT}, /* nothing for two seconds */
        {"/flow?n=100000000&pause=1", 60, 60, true, PW_CANCELLED},
    };
    EACH (c, cases) {
        struct client_request     r = CLIENT_REQUEST_INIT;
        AUTO(got_done) struct got g = {0};

        r.total_seconds = c->total;
        r.low_seconds = c->low_seconds;
        r.progress = c->progress ? count_pieces : NULL;
        CHECK_EQ(get(&r, c->path, &g), c->want);
    }
    CHECK(pieces > 0);
}

TEST(into_a_file) {
    struct client_request     r = CLIENT_REQUEST_INIT;
    AUTO(got_done) struct got g = {0};
    char                      name[] = "/tmp/client_XXXXXX";

    r.fd = mkstemp(name);
    CHECK(r.fd >= 0);
    CHECK_EQ(get(&r, "/flow?n=5000000", &g), PW_OK);
    CHECK_EQ(g.answer.bytes, 5000000);
    CHECK_EQ(lseek(r.fd, 0, SEEK_END), 5000000);
    close(r.fd);
    unlink(name);
    /* a disk that is full */
    r.fd = open("/dev/full", O_WRONLY);
    got_done(&g);
    CHECK_EQ(get(&r, "/flow?n=5000000", &g), PW_NO_SPACE);
    close(r.fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {UNIT(answers), UNIT(sending), UNIT(refusals),
                                       UNIT(slow_and_cancelled), UNIT(into_a_file)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
