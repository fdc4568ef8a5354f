/* Clients that waste our time, one by one and in crowds. Bounds are wide: what is tested is that an
 * end comes, and that others are served meanwhile. */
#include <sys/resource.h>

#include "wire.h"

static _Atomic int     uploads_begun, uploads_ended;
static _Atomic pw_code last_code;

static pw_code hello(struct http_request *q, struct http_reply *reply, struct err *err) {
    http_reply_borrow(reply, "text/plain", STR("hello"));
    return PW_OK;
}

static pw_code upload(struct http_request *q, struct http_reply *reply, struct err *err) {
    pw_code code = PW_OK;
    str     chunk;

    uploads_begun++;
    do {
        code = http_body_next(q, &chunk, err);
    } while (code == PW_OK && chunk.len > 0);
    last_code = code;
    uploads_ended++;
    http_reply_status(reply, 201);
    return code;
}

static pw_code slow_reader(struct http_request *q, struct http_reply *reply, struct err *err) {
    str chunk;

    PW_TRY(http_body_next(q, &chunk, err));
    wire_sleep_ms(1500); /* longer than body_idle_seconds: our pauses are not the client's fault */
    return upload(q, reply, err);
}

static pw_code much(void *ctx, char *out, size_t room, size_t *ret_n, struct err *err) {
    memset(out, 'x', room);
    *ret_n = room;
    return PW_OK;
}

static pw_code endless(struct http_request *q, struct http_reply *reply, struct err *err) {
    http_reply_stream(reply, "text/plain", (struct http_stream){NULL, much, NULL});
    return PW_OK;
}

static const struct http_route routes[] = {
    {"GET", "/", HTTP_EVENT, 0, hello},         {"GET", "/worker", HTTP_WORKER, 0, hello},
    {"PUT", "/upload", HTTP_WORKER, 0, upload}, {"PUT", "/slow", HTTP_WORKER, 0, slow_reader},
    {"PUT", "/write", HTTP_WORKER, 0, upload},  {"GET", "/endless", HTTP_WORKER, 0, endless},
};

static struct http_server *open_server(double header, double body_idle, double idle) {
    struct http_options options = {.address = "127.0.0.1",
                                   .routes = routes,
                                   .route_count = COUNT_OF(routes),
                                   .header_seconds = header,
                                   .body_idle_seconds = body_idle,
                                   .idle_seconds = idle,
                                   .worker_threads = 4};
    struct http_server *server = NULL;
    struct err          err = ERR_NONE;

    CHECK_OK(http_server_open(&options, &server, &err));
    uploads_begun = uploads_ended = 0;
    return server;
}

static void wait_for(_Atomic int *value, int want) {
    for (int i = 0; i < 1000 && *value != want; i++)
        wire_sleep_ms(10);
    CHECK_EQ(*value, want);
}

/* One byte at a time, faster than any inactivity timeout. True when the other side closed. */
static bool dribble(int fd, const char *text, double most) {
    double until = wire_seconds() + most;

    for (size_t i = 0; wire_seconds() < until; i++) {
        char byte = i < strlen(text) ? text[i] : 'a';

        if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1 || wire_closed(fd, 50))
            return true;
    }
    return false;
}

TEST(dribbled_header) {
    struct http_server *server = open_server(1, 60, 60);
    double              began = wire_seconds();
    int                 fd = wire_connect(http_server_port(server));

    CHECK(dribble(fd, "GET / HTTP/1.1\r\nHost: x\r\nX-A: ", 8));
    CHECK(wire_seconds() - began > 0.9);
    close(fd);
    http_server_close(server, 1);
}

TEST(silent_connection) {
    struct http_server *server = open_server(1, 60, 60);
    int                 fd = wire_connect(http_server_port(server));

    CHECK(wire_closed(fd, 8000));
    close(fd);
    http_server_close(server, 1);
}

/* The second header on a connection has the same deadline, and idling has not. */
TEST(dribbled_second_header) {
    struct http_server  *server = open_server(1, 60, 60);
    static struct answer a;
    int                  fd = wire_connect(http_server_port(server));

    wire_send(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_EQ(wire_answer(fd, &a), 200);
    CHECK(!wire_closed(fd, 2500)); /* nothing was sent: it may idle */
    wire_send(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_EQ(wire_answer(fd, &a), 200);
    CHECK(dribble(fd, "GET / HTTP/1.1\r\nHost: x\r\nX-A: ", 8));
    close(fd);
    http_server_close(server, 1);
}

TEST(idle_connection) {
    struct http_server  *server = open_server(10, 1, 1);
    static struct answer a;
    int                  fd = wire_connect(http_server_port(server));

    wire_send(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_EQ(wire_answer(fd, &a), 200);
    CHECK(wire_closed(fd, 8000));
    close(fd);
    http_server_close(server, 1);
}

/* A body that stops: the handler gets PW_TIMEOUT, the client its 408, and the end. */
TEST(stalled_body) {
    static const char *const heads[] = {
        "PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc",
        "PUT /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    };
    EACH (head, heads) {
        struct http_server  *server = open_server(10, 1, 60);
        static struct answer a;
        int                  fd = wire_connect(http_server_port(server));

        wire_send(fd, *head);
        CHECK_EQ(wire_answer(fd, &a), 408);
        CHECK_TEXT(a.body, "the client sent its body too slowly");
        CHECK(wire_closed(fd, 8000));
        CHECK_EQ(last_code, PW_TIMEOUT);
        close(fd);
        http_server_close(server, 1);
    }
}

/* Bytes that trickle defeat the idle limit, not the least average (which counts after 30 s). */
TEST(trickling_body) {
    struct http_server *server = open_server(10, 60, 60);
    int                 fd = wire_connect(http_server_port(server));

    wire_send(fd, "PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    CHECK(!dribble(fd, "", 25));
    CHECK(dribble(fd, "", 20)); /* the 408 arrives, or the end */
    wait_for(&uploads_ended, 1);
    CHECK_EQ(last_code, PW_TIMEOUT);
    close(fd);
    http_server_close(server, 1);
}

/* A small body that stops holds no worker and is just ended. */
TEST(stalled_small_body) {
    struct http_server *server = open_server(10, 1, 60);
    int                 fd = wire_connect(http_server_port(server));

    wire_send(fd, "PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc");
    CHECK(wire_closed(fd, 8000));
    CHECK_EQ(uploads_begun, 0);
    close(fd);
    http_server_close(server, 1);
}

TEST(slow_handler_is_no_slow_client) {
    struct http_server  *server = open_server(10, 1, 60);
    static struct answer a;
    size_t               n = (size_t)8 << 20;
    char                *text = calloc(1, n), head[128];
    int                  fd = wire_connect(http_server_port(server));

    snprintf(head, sizeof head, "PUT /slow HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", n);
    wire_send(fd, head);
    CHECK(wire_send_n(fd, text, n));
    CHECK_EQ(wire_answer(fd, &a), 201);
    close(fd);
    free(text);
    http_server_close(server, 1);
}

TEST(client_dies_in_body) {
    static const char *const heads[] = {
        "PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc",
        "PUT /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        "PUT /upload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n",
    };
    struct http_server *server = open_server(10, 60, 60);

    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        struct linger hard = {.l_onoff = 1, .l_linger = 0};
        int           fd = wire_connect(http_server_port(server));

        last_code = PW_OK;
        wire_send(fd, heads[i]);
        wait_for(&uploads_begun, (int)i + 1);
        if (i % 2 == 1) /* by RST as well */
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        close(fd);
        wait_for(&uploads_ended, (int)i + 1);
        CHECK_EQ(last_code, PW_CANCELLED);
    }
    http_server_close(server, 1);
}

/* As many stalled uploads as there are rings, and more: lists and writes go on. */
TEST(crowd_of_stalled_uploads) {
    enum { STALLED = 48 };
    struct http_server  *server = open_server(10, 60, 60);
    unsigned             port = http_server_port(server);
    static struct answer a;
    int                  fds[STALLED];
    size_t               n = 600000;
    char                *text = calloc(1, n), head[128];
    double               began;

    for (int i = 0; i < STALLED; i++) {
        fds[i] = wire_connect(port);
        wire_send(fds[i], "PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc");
    }
    wait_for(&uploads_begun, STALLED);
    began = wire_seconds();
    for (int i = 0; i < 20; i++) {
        int fd = wire_connect(port);

        CHECK_EQ(wire_ask(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", &a), 200);
        CHECK_EQ(wire_ask(port, "GET /worker HTTP/1.1\r\nHost: x\r\n\r\n", &a), 200);
        CHECK_EQ(
            wire_ask(port, "PUT /write HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", &a),
            201);
        snprintf(head, sizeof head,
                 "PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", n);
        wire_send(fd, head);
        wire_send_n(fd, text, n);
        CHECK_EQ(wire_answer(fd, &a), 201);
        close(fd);
    }
    CHECK(wire_seconds() - began < 10);
    for (int i = 0; i < STALLED; i++)
        close(fds[i]);
    free(text);
    http_server_close(server, 1);
}

/* More uploads than workers for them: those behind are told to come back, within bounds. */
TEST(no_worker_for_a_body) {
    enum { STALLED = LIMIT_UPLOADS + 4 };
    struct http_server  *server = open_server(10, 60, 60);
    unsigned             port = http_server_port(server);
    static struct answer a;
    int                  fds[STALLED];

    for (int i = 0; i < STALLED; i++) {
        fds[i] = wire_connect(port);
        wire_send(fds[i], "PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc");
        wait_for(&uploads_begun, i < LIMIT_UPLOADS ? i + 1 : LIMIT_UPLOADS);
    }
    CHECK_EQ(wire_ask(port, "GET /worker HTTP/1.1\r\nHost: x\r\n\r\n", &a), 200);
    for (int i = LIMIT_UPLOADS; i < STALLED; i++) {
        CHECK_EQ(wire_answer(fds[i], &a), 503);
        CHECK_TEXT(wire_header(&a, "Retry-After"), "1");
        CHECK(wire_closed(fds[i], 5000));
    }
    for (int i = 0; i < STALLED; i++)
        close(fds[i]);
    http_server_close(server, 1);
}

/* Clients that ask for an endless stream and read nothing: no worker is lost, and they are ended. */
TEST(unread_downloads) {
    enum { READERS = 12 };
    struct http_server  *server = open_server(10, 1, 1);
    unsigned             port = http_server_port(server);
    static struct answer a;
    struct http_stats    stats;
    int                  fds[READERS], small = 4096;
    double               until;

    for (int i = 0; i < READERS; i++) {
        fds[i] = wire_connect(port);
        setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        wire_send(fds[i], "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    wire_sleep_ms(100);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(wire_ask(port, "GET /worker HTTP/1.1\r\nHost: x\r\n\r\n", &a), 200);
    until = wire_seconds() + 20;
    do {
        wire_sleep_ms(50);
        http_server_stats(server, &stats);
    } while (stats.connections_now > 0 && wire_seconds() < until);
    CHECK_EQ(stats.connections_now, 0);
    for (int i = 0; i < READERS; i++)
        close(fds[i]);
    http_server_close(server, 1);
}

/* 4096 connections at once; the next ones are served when some of these are gone. */
TEST(many_connections) {
    enum { MANY = LIMIT_CONNECTIONS - 16 };
    struct rlimit        limit;
    struct http_server  *server = open_server(30, 60, 60);
    unsigned             port = http_server_port(server);
    static struct answer a;
    struct http_stats    stats;
    int                 *fds = calloc(MANY, sizeof *fds);

    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < 2 * LIMIT_CONNECTIONS) {
        free(fds);
        http_server_close(server, 1);
        SKIP("this machine allows too few descriptors for both sides");
    }
    for (int i = 0; i < MANY; i++) {
        fds[i] = wire_connect(port);
        wire_send(fds[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    for (int i = 0; i < MANY; i++)
        CHECK_EQ(wire_answer(fds[i], &a), 200);
    for (int i = 0; i < MANY; i += 7) {
        wire_send(fds[i], "GET /worker HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK_EQ(wire_answer(fds[i], &a), 200);
    }
    http_server_stats(server, &stats);
    CHECK_EQ(stats.connections_now, MANY);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    free(fds);
    http_server_close(server, 1);
}

RUN_TESTS(UNIT(dribbled_header), UNIT(silent_connection), UNIT(dribbled_second_header),
          UNIT(idle_connection), UNIT(stalled_body), UNIT(trickling_body), UNIT(stalled_small_body),
          UNIT(slow_handler_is_no_slow_client), UNIT(client_dies_in_body),
          UNIT(crowd_of_stalled_uploads), UNIT(no_worker_for_a_body), UNIT(unread_downloads),
          UNIT(many_connections))
