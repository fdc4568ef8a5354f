/* Requests and answers: what handlers see, what clients get. */
#include <fcntl.h>
#include <sys/stat.h>

#include "http/range.h"
#include "wire.h"

static _Atomic int stream_ends, stream_wanted_fail;

/* --- handlers --- */

static pw_code show(struct http_request *q, struct http_reply *reply, struct err *err) {
    str value = STR("-"), second = STR("-");

    http_query(q, "n", &value);
    http_query_at(q, "n", 1, &second);
    http_reply_header(reply, "X-Method", STR_FMT, STR_ARG(http_method(q)));
    http_reply_header(reply, "X-Pattern", "%s", http_route_pattern(q));
    http_reply_header(reply, "X-Target", STR_FMT, STR_ARG(http_target(q)));
    http_reply_header(reply, "X-Peer", STR_FMT, STR_ARG(http_peer(q)));
    http_reply_header(reply, "X-App", "%s", (const char *)http_app(q));
    str text =
        arena_strf(http_arena(q), "name=" STR_FMT " n=" STR_FMT "," STR_FMT " agent=" STR_FMT,
                   STR_ARG(http_param(q, "name")), STR_ARG(value), STR_ARG(second),
                   STR_ARG(http_header(q, "user-agent")));
    http_reply_borrow(reply, "text/plain", text);
    return PW_OK;
}

static pw_code accepts(struct http_request *q, struct http_reply *reply, struct err *err) {
    AUTO(buf_done) struct buf out = BUF_INIT(4096);
    str                       value;

    for (size_t i = 0; http_header_at(q, "accept", i, &value); i++)
        buf_addf(&out, "[" STR_FMT "]", STR_ARG(value));
    http_reply_body(reply, "text/plain", buf_str(&out));
    return PW_OK;
}

static pw_code echo(struct http_request *q, struct http_reply *reply, struct err *err) {
    str body;

    PW_TRY(http_body_all(q, 40000, &body, err));
    http_reply_header(reply, "X-Length", "%lld", (long long)http_body_length(q));
    http_reply_body(reply, "text/plain", body);
    return PW_OK;
}

static pw_code nobody(struct http_request *q, struct http_reply *reply, struct err *err) {
    uint64_t status = 204;
    str      text;

    if (http_query(q, "status", &text))
        str_to_u64(text, 999, &status);
    http_reply_status(reply, (int)status);
    http_reply_header(reply, "ETag", "\"x\"");
    return PW_OK;
}

static pw_code file(struct http_request *q, struct http_reply *reply, struct err *err) {
    struct stat st;
    int         fd = open(getenv("WIRE_FILE"), O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0)
        return err_errno(err, "the file");
    http_reply_header(reply, "ETag", "\"v1\"");
    return http_range_reply_file(q, reply, "application/octet-stream", fd, (uint64_t)st.st_size,
                                 err);
}

static pw_code read_letters(void *ctx, uint64_t at, char *out, size_t n, size_t *ret_n,
                            struct err *err) {
    *ret_n = n < 7 ? n : 7;
    for (size_t i = 0; i < *ret_n; i++)
        out[i] = (char)('a' + (at + i) % 26);
    return PW_OK;
}

static void count_end(void *ctx) {
    stream_ends++;
}

static pw_code letters(struct http_request *q, struct http_reply *reply, struct err *err) {
    struct http_range_source source = {NULL, read_letters, count_end};

    return http_range_reply_source(q, reply, "text/plain", source, 260, err);
}

struct count {
    int at, last;
};

static pw_code next_line(void *ctx, char *out, size_t room, size_t *ret_n, struct err *err) {
    struct count *c = ctx;

    if (stream_wanted_fail && c->at == c->last / 2)
        return err_set(err, PW_CORRUPT, "half of it is missing");
    *ret_n = c->at == c->last ? 0 : (size_t)snprintf(out, room, "line %d\n", c->at++);
    return PW_OK;
}

static pw_code lines(struct http_request *q, struct http_reply *reply, struct err *err) {
    struct count *c = arena_new(http_arena(q), struct count);

    c->last = 5000;
    http_reply_stream(reply, "text/plain", (struct http_stream){c, next_line, count_end});
    return PW_OK;
}

static pw_code sized(struct http_request *q, struct http_reply *reply, struct err *err) {
    http_reply_length(reply, 12345678901);
    return PW_OK;
}

static pw_code evil(struct http_request *q, struct http_reply *reply, struct err *err) {
    http_reply_header(reply, "X-Evil", "a\r\nSet-Cookie: b\nc");
    http_reply_body(reply, "text/plain", STR("ok"));
    return PW_OK;
}

static pw_code greedy(struct http_request *q, struct http_reply *reply, struct err *err) {
    static char much[8192];

    memset(much, 'x', sizeof much - 1);
    http_reply_header(reply, "X-Much", "%s", much);
    return PW_OK;
}

static pw_code broken(struct http_request *q, struct http_reply *reply, struct err *err) {
    http_reply_header(reply, "X-Half", "done");
    http_reply_body(reply, "text/plain", STR("half an answer"));
    return err_set(err, PW_IO, "/secret/path is broken");
}

static void write_error(int face, struct http_request *q, pw_code code, const struct err *err,
                        struct http_reply *reply) {
    static const int statuses[PW_CODE_COUNT] = {
        [PW_NOT_FOUND] = 404, [PW_UNAUTHORIZED] = 401, [PW_TOO_LARGE] = 413,
        [PW_INVALID] = 400,   [PW_BUSY] = 503,         [PW_TIMEOUT] = 408};
    str text = arena_strf(http_arena(q), "{\"face\":%d,\"code\":\"%s\",\"text\":\"%s\"}", face,
                          pw_code_name(code), statuses[code] ? err_text(err) : "hidden");

    http_reply_status(reply, statuses[code] ? statuses[code] : 500);
    http_reply_borrow(reply, "application/json", text);
}

static const struct http_route routes[] = {
    {"GET", "/show/{name*}", HTTP_EVENT, 1, show}, {"GET", "/wshow/{name*}", HTTP_WORKER, 1, show},
    {"GET", "/accepts", HTTP_EVENT, 1, accepts},   {"POST", "/echo", HTTP_WORKER, 1, echo},
    {"GET", "/nobody", HTTP_EVENT, 1, nobody},     {"GET", "/wnobody", HTTP_WORKER, 1, nobody},
    {"GET", "/file", HTTP_WORKER, 1, file},        {"GET", "/letters", HTTP_WORKER, 1, letters},
    {"GET", "/lines", HTTP_WORKER, 1, lines},      {"HEAD", "/sized", HTTP_EVENT, 1, sized},
    {"GET", "/sized", HTTP_EVENT, 1, show},        {"GET", "/evil", HTTP_EVENT, 1, evil},
    {"GET", "/greedy", HTTP_EVENT, 1, greedy},     {"GET", "/fail", HTTP_EVENT, 3, broken},
};

static struct http_server *server;
static unsigned            port;

static int setup(void **state) {
    struct http_options options = {.address = "127.0.0.1",
                                   .routes = routes,
                                   .route_count = COUNT_OF(routes),
                                   .app = (void *)"the app",
                                   .error = write_error,
                                   .default_face = 9};
    struct err          err = ERR_NONE;

    (void)signal(SIGPIPE, SIG_IGN);
    if (http_server_open(&options, &server, &err) != PW_OK)
        return -1;
    port = http_server_port(server);
    return 0;
}

static int teardown(void **state) {
    http_server_close(server, 2);
    return 0;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\nUser-Agent: t\r\n\r\n"

TEST(what_handlers_see) {
    static const struct {
        const char *bytes, *body, *pattern;
    } cases[] = {
        {GET("/show/a/b?n=1&n=2"), "name=a/b n=1,2 agent=t", "/show/{name*}"},
        {GET("/show/a%20b"), "name=a b n=-,- agent=t", "/show/{name*}"},
        {GET("/wshow/a/b?n=x%2By"), "name=a/b n=x+y,- agent=t", "/wshow/{name*}"},
        {"GET /show/a HTTP/1.1\r\nHost: x\r\n\r\n", "name=a n=-,- agent=", "/show/{name*}"},
    };
    EACH (c, cases) {
        static struct answer a;

        CHECK_EQ(wire_ask(port, c->bytes, &a), 200);
        CHECK_TEXT(a.body, c->body);
        CHECK_TEXT(wire_header(&a, "X-Pattern"), c->pattern);
        CHECK_TEXT(wire_header(&a, "X-Method"), "GET");
        CHECK_TEXT(wire_header(&a, "X-Peer"), "127.0.0.1");
        CHECK_TEXT(wire_header(&a, "X-App"), "the app");
        CHECK_TEXT(wire_header(&a, "Content-Type"), "text/plain");
        CHECK_TEXT(wire_header(&a, "X-Content-Type-Options"), "nosniff");
    }
}

TEST(repeated_headers) {
    static struct answer a;

    CHECK_EQ(wire_ask(port,
                      "GET /accepts HTTP/1.1\r\nHost: x\r\nAccept: a/b\r\nACCEPT: c/d , e\r\n\r\n",
                      &a),
             200);
    CHECK_TEXT(a.body, "[a/b][c/d , e]");
}

TEST(errors) {
    static const struct {
        const char *bytes;
        int         status;
        const char *body, *header, *value;
    } cases[] = {
        {GET("/nowhere"), 404,
         "{\"face\":9,\"code\":\"not found\",\"text\":\"nothing is served under this path\"}", NULL,
         NULL},
        {"DELETE /show/a HTTP/1.1\r\nHost: x\r\n\r\n", 405,
         "{\"face\":9,\"code\":\"unsupported\",\"text\":\"hidden\"}", "Allow", "GET, HEAD"},
        {"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n", 405,
         "{\"face\":9,\"code\":\"unsupported\",\"text\":\"hidden\"}", "Allow", "POST"},
        {GET("/fail"), 500, "{\"face\":3,\"code\":\"i/o\",\"text\":\"hidden\"}", "X-Half", NULL},
        {GET("/greedy"), 500, "the answer needs too much memory\n", "X-Much", NULL},
    };
    EACH (c, cases) {
        static struct answer a;

        CHECK_EQ(wire_ask(port, c->bytes, &a), c->status);
        CHECK_TEXT(a.body, c->body);
        if (c->header != NULL && c->value != NULL)
            CHECK_TEXT(wire_header(&a, c->header), c->value);
        else if (c->header != NULL)
            CHECK(wire_header(&a, c->header) == NULL);
    }
}

TEST(header_injection) {
    static struct answer a;

    CHECK_EQ(wire_ask(port, GET("/evil"), &a), 200);
    CHECK(wire_header(&a, "Set-Cookie") == NULL);
    CHECK_TEXT(wire_header(&a, "X-Evil"), "a  Set-Cookie: b c");
}

/* Answers without a body, and that the connection goes on behind each. */
TEST(bodiless) {
    static const struct {
        const char *method, *path;
        int         status;
        const char *length; /* of Content-Length; NULL: none */
        bool        goes_on;
    } cases[] = {
        {"GET", "/nobody", 204, NULL, true},
        {"GET", "/wnobody", 204, NULL, true},
        {"GET", "/nobody?status=304", 304, "0", true},
        {"GET", "/nobody?status=202", 202, "0", true},
        {"HEAD", "/show/a", 200, "19", true},
        {"HEAD", "/wshow/a", 200, "19", true},
        {"HEAD", "/sized", 200, "12345678901", true},
        {"HEAD", "/file", 200, "1000", true},
        {"HEAD", "/letters", 200, "260", true},
        {"HEAD", "/lines", 200, NULL, false}, /* length not known: HTTP/1.0 style */
        {"HEAD", "/nowhere", 404, "72", true},
        {"HEAD", "/nobody?status=204", 204, NULL, true},
    };
    EACH (c, cases) {
        static struct answer a, then;
        char                 text[256];
        int                  fd = wire_connect(port);

        print_message("%s %s\n", c->method, c->path);
        snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: x\r\n\r\n", c->method, c->path);
        wire_send(fd, text);
        CHECK_EQ(wire_answer_to(fd, &a, true), c->status);
        if (c->length != NULL)
            CHECK_TEXT(wire_header(&a, "Content-Length"), c->length);
        else
            CHECK(wire_header(&a, "Content-Length") == NULL);
        wire_send(fd, GET("/show/then"));
        CHECK_EQ(wire_answer(fd, &then), c->goes_on ? 200 : 0);
        close(fd);
    }
}

TEST(pipelining_and_connection) {
    static struct answer a;
    int                  fd = wire_connect(port);

    wire_send(fd, GET("/show/1") GET("/wshow/2") "POST /echo HTTP/1.1\r\nHost: x\r\n"
                                                 "Content-Length: 3\r\n\r\nabc" GET(
                                                     "/show/4") "GET /show/5 HTTP/1.1\r\nHost: "
                                                                "x\r\nConnection: close\r\n\r\n");
    CHECK_EQ(wire_answer(fd, &a), 200);
    CHECK_TEXT(a.body, "name=1 n=-,- agent=t");
    CHECK_EQ(wire_answer(fd, &a), 200);
    CHECK_TEXT(a.body, "name=2 n=-,- agent=t");
    CHECK_EQ(wire_answer(fd, &a), 200);
    CHECK_TEXT(a.body, "abc");
    CHECK_EQ(wire_answer(fd, &a), 200);
    CHECK(wire_header(&a, "Connection") == NULL);
    CHECK_EQ(wire_answer(fd, &a), 200);
    CHECK_TEXT(wire_header(&a, "Connection"), "close");
    CHECK(wire_closed(fd, 5000));
    close(fd);
    /* HTTP/1.0 closes unless asked not to */
    fd = wire_connect(port);
    wire_send(fd, "GET /show/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK_EQ(wire_answer(fd, &a), 200);
    wire_send(fd, "GET /show/a HTTP/1.0\r\n\r\n");
    CHECK_EQ(wire_answer(fd, &a), 200);
    CHECK(wire_closed(fd, 5000));
    close(fd);
}

/* --- streams, files, ranges --- */

TEST(streams) {
    static struct answer a;
    int                  ends = stream_ends;

    CHECK_EQ(wire_ask(port, GET("/lines"), &a), 200);
    CHECK_EQ(a.body_len, 10 * 7 + 90 * 8 + 900 * 9 + 4000 * 10);
    CHECK(strstr(a.body, "line 4999\n") != NULL);
    CHECK(!a.closed);
    /* HTTP/1.0: the end of the connection is the end of the body */
    CHECK_EQ(wire_ask(port, "GET /lines HTTP/1.0\r\n\r\n", &a), 200);
    CHECK_EQ(a.body_len, 10 * 7 + 90 * 8 + 900 * 9 + 4000 * 10);
    CHECK_EQ(wire_ask(port, "HEAD /lines HTTP/1.1\r\nHost: x\r\n\r\n", &a), 200);
    stream_wanted_fail = 1; /* a failure cuts the connection: never a complete-looking body */
    CHECK_EQ(wire_ask(port, GET("/lines"), &a), 200);
    CHECK(a.closed);
    stream_wanted_fail = 0;
    for (int i = 0; i < 200 && stream_ends != ends + 4; i++)
        wire_sleep_ms(10);
    CHECK_EQ(stream_ends, ends + 4);
}

TEST(ranges) {
    static const struct {
        const char *path, *lines;
        int         status;
        const char *content_range, *body; /* body NULL: not compared */
    } cases[] = {
        {"/file", "", 200, NULL, NULL},
        {"/file", "Range: bytes=0-9\r\n", 206, "bytes 0-9/1000", "abcdefghij"},
        {"/file", "Range: bytes=990-2000\r\n", 206, "bytes 990-999/1000", "cdefghijkl"},
        {"/file", "Range: bytes=-3\r\n", 206, "bytes 997-999/1000", "jkl"},
        {"/file", "Range: bytes=1000-\r\n", 416, "bytes */1000", ""},
        {"/file", "Range: bytes=500-0\r\n", 416, "bytes */1000", ""},
        {"/file", "Range: lines=0-9\r\n", 200, NULL, NULL},
        {"/file", "Range: bytes=0-9\r\nIf-Range: \"v1\"\r\n", 206, "bytes 0-9/1000", "abcdefghij"},
        {"/file", "Range: bytes=0-9\r\nIf-Range: \"v2\"\r\n", 200, NULL, NULL},
        {"/letters", "", 200, NULL, NULL},
        {"/letters", "Range: bytes=26-51\r\n", 206, "bytes 26-51/260",
         "abcdefghijklmnopqrstuvwxyz"},
        {"/letters", "Range: bytes=260-\r\n", 416, "bytes */260", ""},
    };
    EACH (c, cases) {
        static struct answer a;
        char                 text[256];

        print_message("%s %s\n", c->path, c->lines);
        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", c->path, c->lines);
        CHECK_EQ(wire_ask(port, text, &a), c->status);
        CHECK_TEXT(wire_header(&a, "Accept-Ranges"), "bytes");
        if (c->content_range != NULL)
            CHECK_TEXT(wire_header(&a, "Content-Range"), c->content_range);
        else
            CHECK(wire_header(&a, "Content-Range") == NULL);
        if (c->body != NULL)
            CHECK_TEXT(a.body, c->body);
        else
            CHECK_EQ(a.body_len, c->path[1] == 'f' ? 1000 : 260);
        CHECK(!a.closed);
    }
}

TEST(several_ranges) {
    static const char *const paths[] = {"/file", "/letters"};

    EACH (path, paths) {
        static struct answer a;
        char                 text[256], want[1024], boundary[64];
        unsigned             size = (*path)[1] == 'f' ? 1000 : 260;

        snprintf(text, sizeof text,
                 "GET %s HTTP/1.1\r\nHost: x\r\nRange: bytes=0-2,26-28,-1\r\n\r\n", *path);
        CHECK_EQ(wire_ask(port, text, &a), 206);
        CHECK_EQ(sscanf(wire_header(&a, "Content-Type"), "multipart/byteranges; boundary=%63s",
                        boundary),
                 1);
        snprintf(want, sizeof want,
                 "--%s\r\nContent-Type: %s\r\nContent-Range: bytes 0-2/%u\r\n\r\nabc"
                 "\r\n--%s\r\nContent-Type: %s\r\nContent-Range: bytes 26-28/%u\r\n\r\nabc"
                 "\r\n--%s\r\nContent-Type: %s\r\nContent-Range: bytes %u-%u/%u\r\n\r\n%c"
                 "\r\n--%s--\r\n",
                 boundary, size == 1000 ? "application/octet-stream" : "text/plain", size, boundary,
                 size == 1000 ? "application/octet-stream" : "text/plain", size, boundary,
                 size == 1000 ? "application/octet-stream" : "text/plain", size - 1, size - 1, size,
                 'a' + (size - 1) % 26, boundary);
        CHECK_TEXT(a.body, want);
        CHECK_EQ(atoll(wire_header(&a, "Content-Length")), strlen(want));
    }
}

TEST(statistics) {
    struct http_stats    before, after;
    static struct answer a;

    http_server_stats(server, &before);
    wire_ask(port, GET("/nowhere"), &a);
    wire_ask(port, GET("/fail"), &a);
    wire_ask(port, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", &a);
    http_server_stats(server, &after);
    CHECK_EQ(after.requests - before.requests, 3);
    CHECK_EQ(after.connections_total - before.connections_total, 3);
    CHECK_EQ(after.errors_4xx - before.errors_4xx, 1);
    CHECK_EQ(after.errors_5xx - before.errors_5xx, 1);
    CHECK_EQ(after.bytes_in - before.bytes_in, 3);
    CHECK(after.bytes_out - before.bytes_out > 80);
}

TEST(cannot_open) {
    struct http_route   bad = {"GET", "nowhere", HTTP_EVENT, 0, show};
    struct http_options options = {
        .address = "127.0.0.1", .routes = routes, .route_count = COUNT_OF(routes), .port = port};
    struct http_server *other;
    struct err          err = ERR_NONE;
    char                want[128];

    snprintf(want, sizeof want, "cannot listen on 127.0.0.1 port %u: Address already in use", port);
    CHECK_EQ(http_server_open(&options, &other, &err), PW_IO);
    CHECK_TEXT(err_text(&err), want);
    options.address = "localhost.example";
    CHECK_EQ(http_server_open(&options, &other, &err), PW_INVALID);
    options = (struct http_options){.address = "127.0.0.1", .routes = &bad, .route_count = 1};
    CHECK_EQ(http_server_open(&options, &other, &err), PW_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        UNIT(what_handlers_see), UNIT(repeated_headers), UNIT(errors),
        UNIT(header_injection),  UNIT(bodiless),         UNIT(pipelining_and_connection),
        UNIT(streams),           UNIT(ranges),           UNIT(several_ranges),
        UNIT(statistics),        UNIT(cannot_open),
    };
    char name[] = "/tmp/wire_XXXXXX", *text = wire_letters(1000);
    int  fd = mkstemp(name), failed;

    (void)!write(fd, text, 1000);
    free(text);
    close(fd);
    setenv("WIRE_FILE", name, 1);
    failed = cmocka_run_group_tests(tests, setup, teardown);
    unlink(name);
    return failed;
}
