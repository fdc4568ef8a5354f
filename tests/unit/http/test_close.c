/* Closing the server while everything is in use: nobody hangs, nothing aborts, answers arrive. */
#include "wire.h"

static _Atomic int     begun, ended, stream_ends;
static _Atomic pw_code last_code;
static _Atomic int     commit_ms;

static pw_code hello(struct http_request *q, struct http_reply *reply, struct err *err) {
    http_reply_borrow(reply, "text/plain", STR("hello"));
    return PW_OK;
}

/* Holds on as a commit does: not to be interrupted. */
static pw_code commit(struct http_request *q, struct http_reply *reply, struct err *err) {
    str body;

    PW_TRY(http_body_all(q, (size_t)64 << 20, &body, err));
    begun++;
    wire_sleep_ms(commit_ms);
    http_reply_status(reply, 201);
    ended++;
    return PW_OK;
}

/* Reads a little of a large body, then commits: the connection is suspended with a full ring. */
static pw_code choke(struct http_request *q, struct http_reply *reply, struct err *err) {
    str chunk;

    PW_TRY(http_body_next(q, &chunk, err));
    begun++;
    wire_sleep_ms(commit_ms);
    ended++;
    return PW_OK;
}

static pw_code upload(struct http_request *q, struct http_reply *reply, struct err *err) {
    pw_code code;
    str     chunk;

    begun++;
    do {
        code = http_body_next(q, &chunk, err);
    } while (code == PW_OK && chunk.len > 0);
    last_code = code;
    ended++;
    http_reply_status(reply, 201);
    return code;
}

static pw_code patient(struct http_request *q, struct http_reply *reply, struct err *err) {
    begun++;
    while (!http_stopping(q))
        wire_sleep_ms(5);
    ended++;
    http_reply_body(reply, "text/plain", STR("ended early"));
    return PW_OK;
}

static pw_code slow_bytes(void *ctx, char *out, size_t room, size_t *ret_n, struct err *err) {
    begun++;
    wire_sleep_ms(commit_ms);
    memset(out, 'x', room);
    *ret_n = room;
    return PW_OK;
}

static void stream_end(void *ctx) {
    stream_ends++;
}

static pw_code stream(struct http_request *q, struct http_reply *reply, struct err *err) {
    http_reply_stream(reply, "text/plain", (struct http_stream){NULL, slow_bytes, stream_end});
    return PW_OK;
}

static const struct http_route routes[] = {
    {"GET", "/", HTTP_EVENT, 0, hello},           {"PUT", "/commit", HTTP_WORKER, 0, commit},
    {"PUT", "/choke", HTTP_WORKER, 0, choke},     {"PUT", "/upload", HTTP_WORKER, 0, upload},
    {"GET", "/patient", HTTP_WORKER, 0, patient}, {"GET", "/stream", HTTP_WORKER, 0, stream},
};

static struct http_server *open_server(unsigned event_threads) {
    struct http_options options = {.address = "127.0.0.1",
                                   .routes = routes,
                                   .route_count = COUNT_OF(routes),
                                   .event_threads = event_threads};
    struct http_server *server = NULL;
    struct err          err = ERR_NONE;

    CHECK_OK(http_server_open(&options, &server, &err));
    begun = ended = stream_ends = 0;
    last_code = PW_OK;
    return server;
}

struct closing {
    struct http_server *server;
    double              grace;
};

static void *close_thread(void *arg) {
    struct closing *c = arg;

    http_server_close(c->server, c->grace);
    return NULL;
}

static void wait_for(_Atomic int *value, int want) {
    for (int i = 0; i < 1000 && *value < want; i++)
        wire_sleep_ms(10);
    CHECK(*value >= want);
}

#define UPLOAD "PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc"
#define COMMIT "PUT /commit HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"

/* What a client sees when the server closes under it. */
TEST(in_the_middle) {
    static const struct {
        const char *why, *bytes;
        size_t      more;      /* bytes of body behind it */
        int         commit_ms; /* how long the handler holds on */
        double      grace;
        int         want;
        pw_code     code; /* what body reads gave */
    } cases[] = {
        {"the commit ends within the grace", COMMIT, 0, 300, 5, 201, PW_OK},
        {"the commit takes longer", COMMIT, 0, 1700, 0.2, 503, PW_OK},
        {"an upload that waits for its client", UPLOAD, 0, 0, 0.2, 503, PW_CANCELLED},
        {"a handler that looks at http_stopping", "GET /patient HTTP/1.1\r\nHost: x\r\n\r\n", 0, 0,
         5, 200, PW_OK},
        {"suspended with a full ring, handler busy",
         "PUT /choke HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n", (size_t)6 << 20,
         1700, 0.2, 503, PW_OK},
        {"a large body, committing",
         "PUT /commit HTTP/1.1\r\nHost: x\r\nContent-Length: 4194304\r\n\r\n", (size_t)4 << 20,
         1700, 0.2, 503, PW_OK},
        {"a large body, in time",
         "PUT /commit HTTP/1.1\r\nHost: x\r\nContent-Length: 4194304\r\n\r\n", (size_t)4 << 20, 300,
         5, 201, PW_OK},
    };
    for (unsigned threads = 1; threads <= 2; threads++) {
        EACH (c, cases) {
            static struct answer a;
            struct closing       closing = {open_server(threads), c->grace};
            int                  fd = wire_connect(http_server_port(closing.server));
            int                  idle = wire_connect(http_server_port(closing.server));
            char                *more = calloc(1, c->more + 1);
            pthread_t            thread;

            print_message("%s\n", c->why);
            commit_ms = c->commit_ms;
            wire_send(fd, c->bytes);
            for (size_t sent = 0; sent < c->more;) { /* what goes without waiting */
                ssize_t n = send(fd, more + sent, c->more - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

                if (n <= 0 && begun > 0)
                    break;
                sent += n > 0 ? (size_t)n : 0;
            }
            wait_for(&begun, 1);
            CHECK_EQ(pthread_create(&thread, NULL, close_thread, &closing), 0);
            CHECK_EQ(wire_answer(fd, &a), c->want);
            CHECK(wire_closed(fd, 5000));
            pthread_join(thread, NULL);
            CHECK(wire_closed(idle, 5000));
            CHECK_EQ(begun, ended); /* handlers ran to their end before close returned */
            CHECK_EQ(last_code, c->code);
            close(fd);
            close(idle);
            free(more);
        }
    }
}

TEST(streams) {
    static const struct {
        int    ms;
        double grace;
    } cases[] = {{5, 0.1}, {1500, 0.1}};

    EACH (c, cases) {
        struct closing closing = {open_server(2), c->grace};
        int            reading = wire_connect(http_server_port(closing.server));
        int            unread = wire_connect(http_server_port(closing.server));
        pthread_t      thread;
        char           byte;

        commit_ms = c->ms;
        wire_send(reading, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
        wire_send(unread, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
        wait_for(&begun, 2);
        CHECK_EQ(pthread_create(&thread, NULL, close_thread, &closing), 0);
        while (wire_byte(reading, &byte))
            continue;
        pthread_join(thread, NULL);
        CHECK_EQ(stream_ends, 2);
        close(reading);
        close(unread);
    }
}

/* New requests on old connections are sent away; new connections find nobody. */
TEST(latecomers) {
    static struct answer a;
    struct closing       closing = {open_server(2), 5};
    unsigned             port = http_server_port(closing.server);
    int                  busy = wire_connect(port), kept = wire_connect(port);
    pthread_t            thread;

    commit_ms = 1000;
    wire_send(kept, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_EQ(wire_answer(kept, &a), 200);
    wire_send(busy, COMMIT);
    wait_for(&begun, 1);
    CHECK_EQ(pthread_create(&thread, NULL, close_thread, &closing), 0);
    wire_sleep_ms(200);
    wire_send(kept, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_EQ(wire_answer(kept, &a), 503);
    CHECK_TEXT(wire_header(&a, "Retry-After"), "1");
    CHECK_EQ(wire_answer(busy, &a), 201);
    pthread_join(thread, NULL);
    close(kept);
    close(busy);
}

/* Many at once, of every kind, with no grace at all. */
TEST(crowd) {
    enum { EACH_KIND = 20 };
    static const char *const kinds[] = {
        UPLOAD,
        COMMIT,
        "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "PUT /choke HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\nabc",
        "PUT /upload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99\r\n\r\n",
        "GET / HTTP/1.1\r\nHos",
    };
    for (int round = 0; round < 3; round++) {
        struct http_server *server = open_server(2);
        int                 fds[EACH_KIND * COUNT_OF(kinds)];

        commit_ms = 700;
        for (size_t i = 0; i < COUNT_OF(fds); i++) {
            fds[i] = wire_connect(http_server_port(server));
            wire_send(fds[i], kinds[i % COUNT_OF(kinds)]);
        }
        wire_sleep_ms(round * 30);
        http_server_close(server, 0);
        for (size_t i = 0; i < COUNT_OF(fds); i++)
            close(fds[i]);
    }
}

RUN_TESTS(UNIT(in_the_middle), UNIT(streams), UNIT(latecomers), UNIT(crowd))
