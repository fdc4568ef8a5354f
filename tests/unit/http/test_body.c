/* Bodies: whole, in pieces, refused, and answered before they end. */
#include "base/digest.h"
#include "wire.h"

static _Atomic int64_t body_seen;

static pw_code show(struct http_request *q, struct http_reply *reply, struct err *err) {
    http_reply_borrow(reply, "text/plain", STR("shown"));
    return PW_OK;
}

static pw_code echo(struct http_request *q, struct http_reply *reply, struct err *err) {
    str body;

    PW_TRY(http_body_all(q, 40000, &body, err));
    http_reply_header(reply, "X-Length", "%lld", (long long)http_body_length(q));
    http_reply_body(reply, "text/plain", body);
    return PW_OK;
}

static pw_code hash(struct http_request *q, struct http_reply *reply, struct err *err) {
    struct hasher hasher;
    struct digest digest;
    char          text[DIGEST_TEXT_SIZE];
    str           chunk;
    int64_t       total = 0;

    hasher_init(&hasher, DIGEST_SHA256);
    do {
        PW_TRY(http_body_next(q, &chunk, err));
        hasher_add(&hasher, chunk.ptr, chunk.len);
        total += (int64_t)chunk.len;
    } while (chunk.len > 0);
    body_seen = total;
    hasher_digest(&hasher, &digest);
    http_reply_status(reply, 201);
    http_reply_body(reply, "text/plain", digest_format(&digest, text));
    return PW_OK;
}

static pw_code deny(struct http_request *q, struct http_reply *reply, struct err *err) {
    return err_set(err, PW_UNAUTHORIZED, "who are you?");
}

/* Reads one piece, then has seen enough. */
static pw_code taste(struct http_request *q, struct http_reply *reply, struct err *err) {
    str chunk;

    PW_TRY(http_body_next(q, &chunk, err));
    return err_set(err, PW_TOO_LARGE, "enough after %s", chunk.len > 0 ? "some" : "none");
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
    {"GET", "/show/{name*}", HTTP_EVENT, 1, show}, {"POST", "/echo", HTTP_WORKER, 1, echo},
    {"PUT", "/hash", HTTP_WORKER, 1, hash},        {"PATCH", "/hash", HTTP_WORKER, 1, hash},
    {"PUT", "/deny", HTTP_WORKER, 2, deny},        {"PUT", "/event-deny", HTTP_EVENT, 2, deny},
    {"PUT", "/taste", HTTP_WORKER, 2, taste},
};

static struct http_server *server;
static unsigned            port;

static int setup(void **state) {
    struct http_options options = {.address = "127.0.0.1",
                                   .routes = routes,
                                   .route_count = COUNT_OF(routes),
                                   .error = write_error};
    struct err          err = ERR_NONE;

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

/* Through all three ways: in memory, ring with length, ring with chunks. */
TEST(bodies) {
    static const struct {
        size_t n;
        bool   chunked;
        int    want;
    } cases[] = {
        {0, false, 200},     {1, false, 200},      {16384, false, 200}, /* in memory */
        {16385, false, 200}, {40000, false, 200},                       /* through the ring */
        {40001, false, 413},                                            /* the handler's ceiling */
        {0, true, 200},      {1, true, 200},       {40000, true, 200},
        {40001, true, 413},  {300000, false, 413}, {300000, true, 413},
    };
    EACH (c, cases) {
        static struct answer a;
        char                *text = wire_letters(c->n), head[256];
        int                  fd = wire_connect(port);

        print_message("%zu %s\n", c->n, c->chunked ? "chunked" : "");
        if (c->chunked)
            snprintf(head, sizeof head,
                     "POST /echo HTTP/1.1\r\nHost: x\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n");
        else
            snprintf(head, sizeof head,
                     "POST /echo HTTP/1.1\r\nHost: x\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     c->n);
        wire_send(fd, head);
        for (size_t at = 0; at < c->n; at += 10000) {
            size_t n = c->n - at < 10000 ? c->n - at : 10000;

            snprintf(head, sizeof head, "%zx\r\n", n);
            if (c->chunked)
                wire_send(fd, head);
            wire_send_n(fd, text + at, n);
            if (c->chunked)
                wire_send(fd, "\r\n");
        }
        if (c->chunked)
            wire_send(fd, "0\r\n\r\n");
        CHECK_EQ(wire_answer(fd, &a), c->want);
        if (c->want == 200) {
            CHECK_TEXT(a.body, text);
            CHECK_EQ(atoll(wire_header(&a, "X-Length")), c->chunked ? -1 : (long long)c->n);
            wire_send(fd, GET("/show/then")); /* the connection goes on */
            CHECK_EQ(wire_answer(fd, &a), 200);
        } else if (!c->chunked) {
            CHECK(strstr(a.body, "at most 40000 are allowed") != NULL); /* before reading it */
        }
        close(fd);
        free(text);
    }
}

TEST(large_body) {
    static struct answer a;
    size_t               n = (size_t)20 << 20;
    char                *text = wire_letters(n), head[128], want[DIGEST_TEXT_SIZE];
    struct digest        digest;

    digest_of(DIGEST_SHA256, str_make(text, n), &digest);
    digest_format(&digest, want);
    for (int i = 0; i < 2; i++) {
        int fd = wire_connect(port);

        snprintf(head, sizeof head, "%s /hash HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
                 i ? "PUT" : "PATCH", n);
        wire_send(fd, head);
        CHECK(wire_send_n(fd, text, n));
        CHECK_EQ(wire_answer(fd, &a), 201);
        CHECK_TEXT(a.body, want);
        CHECK_EQ(body_seen, n);
        close(fd);
    }
    free(text);
}

/* Expect: 100-continue is answered by the handler's first read, or by the final status. */
TEST(expectations) {
    static const struct {
        const char *path;
        int         first, final;
    } cases[] = {
        {"/echo", 100, 200},     {"/hash", 100, 201},  {"/deny", 401, 0},
        {"/event-deny", 401, 0}, {"/nowhere", 404, 0}, {"/echo?big", 413, 0},
    };
    EACH (c, cases) {
        static struct answer a;
        char                 text[256];
        bool                 big = strstr(c->path, "big") != NULL;
        int                  fd = wire_connect(port);

        print_message("%s\n", c->path);
        snprintf(text, sizeof text,
                 "%s %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                 "Content-Length: %d\r\n\r\n",
                 strstr(c->path, "echo") ? "POST" : "PUT", c->path, big ? 50000 : 3);
        wire_send(fd, text);
        CHECK_EQ(wire_answer(fd, &a), c->first);
        if (c->first == 100) {
            wire_send(fd, "abc");
            CHECK_EQ(wire_answer(fd, &a), c->final);
        } else {
            CHECK(wire_closed(fd, 5000)); /* nobody knows whether the body would still come */
        }
        close(fd);
    }
}

/* A final answer while the body is still being sent: the client sees it, whatever it does. */
TEST(early_answers) {
    static const struct {
        const char *path;
        size_t      declared, sent;
        int         want;
        bool        goes_on;
    } cases[] = {
        {"/deny", 1000, 1000, 401, true},    /* small: read first */
        {"/deny", 20000, 20000, 401, false}, /* before the body */
        {"/deny", (size_t)8 << 20, (size_t)8 << 20, 401,
         false}, /* client sends it all, then reads */
        {"/deny", (size_t)1 << 40, (size_t)8 << 20, 401, false}, /* would never end */
        {"/taste", 200000, 200000, 413, true},                   /* the rest is short: dropped */
        {"/taste", (size_t)8 << 20, (size_t)8 << 20, 413, false},
        {"/taste", (size_t)1 << 40, (size_t)8 << 20, 413, false},
        {"/taste", (size_t)1 << 40, 100000, 413, false}, /* stops sending: sees it all the same */
        {"/nowhere", (size_t)8 << 20, (size_t)8 << 20, 404, false},
        {"/event-deny", 1000, 1000, 401, true},
    };
    EACH (c, cases) {
        static struct answer a;
        char                 head[128], *body = wire_letters(c->sent);
        int                  fd = wire_connect(port);

        print_message("%s %zu\n", c->path, c->sent);
        snprintf(head, sizeof head, "PUT %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
                 c->path, c->declared);
        wire_send(fd, head);
        (void)wire_send_n(fd, body, c->sent);
        CHECK_EQ(wire_answer(fd, &a), c->want);
        CHECK(a.body_len > 0);
        CHECK_TEXT(wire_header(&a, "Content-Type"), "application/json");
        wire_send(fd, GET("/show/then"));
        CHECK_EQ(wire_answer(fd, &a), c->goes_on ? 200 : 0);
        close(fd);
        free(body);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {UNIT(bodies), UNIT(large_body), UNIT(expectations),
                                       UNIT(early_answers)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
