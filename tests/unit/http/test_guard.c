/* What must not get past the wire: each case is the bytes sent and the status that must come back.
 * "then" asks whether a second request hidden behind the first was served (it must not be). */
#include <microhttpd.h>
#include "wire.h"

static _Atomic int served; /* handlers that ran */

static pw_code hello(struct http_request *request, struct http_reply *reply, struct err *err) {
    served++;
    http_reply_body(reply, "text/plain", http_path(request));
    return PW_OK;
}

static pw_code echo(struct http_request *request, struct http_reply *reply, struct err *err) {
    str body;

    served++;
    PW_TRY(http_body_all(request, MIB(1), &body, err));
    http_reply_body(reply, "text/plain", body);
    return PW_OK;
}

static const struct http_route routes[] = {
    {"GET", "/{path*}", HTTP_EVENT, 0, hello},
    {"GET", "/", HTTP_EVENT, 0, hello},
    {"POST", "/echo", HTTP_WORKER, 0, echo},
};

static struct http_server *open_server(void) {
    struct http_options options = {.address = "127.0.0.1",
                                   .routes = routes,
                                   .route_count = COUNT_OF(routes),
                                   .header_seconds = 2};
    struct http_server *server = NULL;
    struct err          err = ERR_NONE;

    CHECK_OK(http_server_open(&options, &server, &err));
    return server;
}

#define HOST   "Host: x\r\n"
#define SECOND "GET /second HTTP/1.1\r\nHost: x\r\n\r\n"

struct wire_case {
    const char *why, *bytes;
    size_t      len; /* 0: a C string */
    int         want;
    int         runs; /* handlers that may run */
};
#define RAW(text) (text), sizeof(text) - 1

/* Each row of the table in docs/adr/0002-http-framing.md. */
static const struct wire_case cases[] = {
    /* honest requests first: the guard must not refuse them */
    {"plain", RAW("GET /a HTTP/1.1\r\n" HOST "\r\n"), 200, 1},
    {"no blank after the colon", RAW("GET /a HTTP/1.1\r\nHost:x\r\nA:b\r\n\r\n"), 200, 1},
    {"tabs and blanks around a value", RAW("GET /a HTTP/1.1\r\nHost: \t x \t\r\n\r\n"), 200, 1},
    {"empty value", RAW("GET /a HTTP/1.1\r\n" HOST "A:\r\nB: \r\n\r\n"), 200, 1},
    {"a colon in a value", RAW("GET /a HTTP/1.1\r\nHost: x:80\r\nA: b: c\r\n\r\n"), 200, 1},
    {"cookies", RAW("GET /a HTTP/1.1\r\n" HOST "Cookie: a=b; c=\"d\"\r\nCookie: e=f\r\n\r\n"), 200,
     1},
    {"query", RAW("GET /a?b=c&d=e&f HTTP/1.1\r\n" HOST "\r\n"), 200, 1},
    {"HTTP/1.0 without Host", RAW("GET /a HTTP/1.0\r\n\r\n"), 200, 1},
    {"leading empty line (RFC 9112 2.2)", RAW("\r\nGET /a HTTP/1.1\r\n" HOST "\r\n"), 200, 1},
    {"absolute form", RAW("GET http://x/a HTTP/1.1\r\n" HOST "\r\n"), 200, 1},
    {"utf-8 in a value", RAW("GET /a HTTP/1.1\r\n" HOST "A: \xe2\x82\xac\r\n\r\n"), 200, 1},
    {"many Accept lines", RAW("GET /a HTTP/1.1\r\n" HOST "Accept: a/b\r\nAccept: c/d\r\n\r\n"), 200,
     1},
    {"body by length", RAW("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"), 200, 1},
    {"body by chunks",
     RAW("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
     200, 1},
    {"CHUNKED",
     RAW("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
     200, 1},
    {"chunk extension and trailer",
     RAW("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked"
         "\r\n\r\n3;a=b\r\nabc\r\n0\r\nA: b\r\n\r\n"),
     200, 1},

    /* two lengths */
    {"CL and TE",
     RAW("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n"
         "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SECOND),
     400, 0},
    {"TE and CL",
     RAW("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
         "Content-Length: 3\r\n\r\n0\r\n\r\n" SECOND),
     400, 0},
    {"two different CL",
     RAW("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n"
         "Content-Length: 5\r\n\r\nabcde" SECOND),
     400, 0},
    {"two equal CL",
     RAW("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n"
         "content-length: 3\r\n\r\nabc" SECOND),
     400, 0},
    {"two TE",
     RAW("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
         "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" SECOND),
     400, 0},
    {"CL list", RAW("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5,5\r\n\r\nabcde" SECOND), 400,
     0},
    {"CL with sign", RAW("POST /echo HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\nabcde"), 400, 0},
    {"negative CL", RAW("POST /echo HTTP/1.1\r\n" HOST "Content-Length: -5\r\n\r\nabcde"), 400, 0},
    {"hexadecimal CL", RAW("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\nabcde"), 400,
     0},
    {"empty CL", RAW("POST /echo HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\nabcde"), 400, 0},
    {"CL beyond 64 bits",
     RAW("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n"), 413, 0},
    {"CL beyond 63 bits",
     RAW("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551615\r\n\r\n"), 400, 0},
    /* codings */
    {"unknown TE", RAW("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n" SECOND),
     501, 0},
    {"gzip, chunked",
     RAW("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" SECOND),
     501, 0},
    {"identity", RAW("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n" SECOND),
     501, 0},
    {"TE in HTTP/1.0", RAW("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
     400, 0},
    /* lines */
    {"blank before the colon of CL",
     RAW("POST /echo HTTP/1.1\r\n" HOST "Content-Length : 5\r\n\r\nabcde" SECOND), 400, 0},
    {"tab before the colon of TE",
     RAW("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n" SECOND),
     400, 0},
    {"folded line", RAW("GET /a HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n"), 400, 0},
    {"folded into a length",
     RAW("POST /echo HTTP/1.1\r\n" HOST "Content-\r\n Length: 5\r\n\r\nabcde" SECOND), 400, 0},
    {"folded last line", RAW("GET /a HTTP/1.1\r\nHost: x\r\n\ty\r\n\r\n"), 400, 0},
    {"fold that is empty", RAW("GET /a HTTP/1.1\r\n" HOST "A: b\r\n \r\n\r\n"), 400, 0},
    {"NUL in a value", RAW("GET /a HTTP/1.1\r\n" HOST "A: b\0c\r\n\r\n"), 400, 0},
    {"NUL in a length", RAW("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\0 7\r\n\r\nabcde"),
     400, 0},
    {"NUL at the end of a value", RAW("GET /a HTTP/1.1\r\n" HOST "A: b\0\r\n\r\n"), 400, 0},
    {"NUL in a name", RAW("GET /a HTTP/1.1\r\n" HOST "A\0B: c\r\n\r\n"), 400, 0},
    {"NUL in the target", RAW("GET /a\0b HTTP/1.1\r\n" HOST "\r\n"), 400, 0},
    {"bare CR in a value", RAW("GET /a HTTP/1.1\r\n" HOST "A: b\rContent-Length: 5\r\n\r\n"), 400,
     0},
    {"bare CR at the end", RAW("GET /a HTTP/1.1\r\n" HOST "A: b\r\r\n\r\n"), 400, 0},
    {"bare LF behind a header", RAW("GET /a HTTP/1.1\r\n" HOST "A: b\nC: d\r\n\r\n"), 400, 0},
    {"bare LF behind the last header", RAW("GET /a HTTP/1.1\r\nHost: x\n\r\n"), 400, 0},
    {"bare LF behind the request line", RAW("GET /a HTTP/1.1\n" HOST "\r\n"), 400, 0},
    {"bare LF as the empty line", RAW("GET /a HTTP/1.1\r\n" HOST "\n"), 400, 0},
    {"only bare LF", RAW("GET /a HTTP/1.1\nHost: x\n\n"), 400, 0},
    {"no header at all, bare LF", RAW("GET /a HTTP/1.0\n\n"), 400, 0},
    {"a line without colon", RAW("GET /a HTTP/1.1\r\n" HOST "nonsense\r\n\r\n"), 400, 0},
    {"an empty name", RAW("GET /a HTTP/1.1\r\n" HOST ": b\r\n\r\n"), 400, 0},
    {"a name with a quote", RAW("GET /a HTTP/1.1\r\n" HOST "A\"B: c\r\n\r\n"), 400, 0},
    {"control character in a value", RAW("GET /a HTTP/1.1\r\n" HOST "A: b\x01\r\n\r\n"), 400, 0},
    {"DEL in a value", RAW("GET /a HTTP/1.1\r\n" HOST "A: b\x7f\r\n\r\n"), 400, 0},
    /* hosts */
    {"no Host", RAW("GET /a HTTP/1.1\r\nA: b\r\n\r\n"), 400, 0},
    {"no header", RAW("GET /a HTTP/1.1\r\n\r\n"), 400, 0},
    {"two Hosts", RAW("GET /a HTTP/1.1\r\n" HOST "Host: y\r\n\r\n"), 400, 0},
    {"two equal Hosts", RAW("GET /a HTTP/1.1\r\n" HOST HOST "\r\n"), 400, 0},
    {"Host with a path", RAW("GET /a HTTP/1.1\r\nHost: x/y\r\n\r\n"), 400, 0},
    {"Host with a user", RAW("GET /a HTTP/1.1\r\nHost: u@x\r\n\r\n"), 400, 0},
    {"absolute form of another host", RAW("GET http://y/a HTTP/1.1\r\n" HOST "\r\n"), 400, 0},
    {"two Authorizations",
     RAW("GET /a HTTP/1.1\r\n" HOST "Authorization: a\r\nAuthorization: b\r\n\r\n"), 400, 0},
    /* request lines */
    {"a space in the target", RAW("GET /a b HTTP/1.1\r\n" HOST "\r\n"), 400, 0},
    {"two spaces", RAW("GET  /a HTTP/1.1\r\n" HOST "\r\n"), 400, 0},
    {"a tab", RAW("GET /a\tHTTP/1.1\r\n" HOST "\r\n"), 400, 0},
    {"control character in the target", RAW("GET /a\x01 HTTP/1.1\r\n" HOST "\r\n"), 400, 0},
    {"%00", RAW("GET /a%00 HTTP/1.1\r\n" HOST "\r\n"), 400, 0},
    {"bad percent-encoding", RAW("GET /a%4 HTTP/1.1\r\n" HOST "\r\n"), 400, 0},
    {"bad percent-encoding in the query", RAW("GET /a?b=%zz HTTP/1.1\r\n" HOST "\r\n"), 400, 0},
    {"asterisk form", RAW("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), 400, 0},
    {"CONNECT", RAW("CONNECT x:443 HTTP/1.1\r\n" HOST "\r\n"), 400, 0},
    {"HTTP/2.0", RAW("GET /a HTTP/2.0\r\n" HOST "\r\n"), 505, 0},
    {"HTTP/1.10", RAW("GET /a HTTP/1.10\r\n" HOST "\r\n"), 400, 0},
    {"HTTP/2 preface", RAW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505, 0},
    {"TLS hello", RAW("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n"), 0, 0},
    {"unknown expectation",
     RAW("POST /echo HTTP/1.1\r\n" HOST "Expect: cake\r\nContent-Length: 1\r\n\r\na"), 417, 0},
    {"unknown method", RAW("FOO /a HTTP/1.1\r\n" HOST "\r\n"), 405, 0},
    /* chunks: parsed by the library */
    {"chunk size 0x5",
     RAW("POST /echo HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n"),
     400, 1},
    {"chunk size -1",
     RAW("POST /echo HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\n\r\n-1\r\nabcde\r\n0\r\n\r\n"),
     400, 1},
    {"chunk size beyond 64 bits",
     RAW("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
         "\r\n11111111111111111\r\nabcde\r\n0\r\n\r\n"),
     413, 1},
    {"chunk longer than its size",
     RAW("POST /echo HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n0\r\n\r\n"),
     400, 1},
};

TEST(requests) {
    struct http_server *server = open_server();
    unsigned            port = http_server_port(server);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct wire_case *c = &cases[i];
        static struct answer    a, then;
        int                     fd = wire_connect(port);

        print_message("%s\n", c->why);
        served = 0;
        wire_send_n(fd, c->bytes, c->len);
        CHECK_EQ(wire_answer(fd, &a), c->want);
        if (a.status >= 400 && a.status != 405) {
            CHECK_EQ(wire_answer(fd, &then),
                     0); /* nothing behind it was served, and it is closed */
            CHECK_TEXT(wire_header(&a, "Connection"), "close");
        }
        close(fd);
        CHECK(served <= c->runs);
        if (c->want == 200)
            CHECK_EQ(served, 1);
    }
    http_server_close(server, 1);
}

/* The same honest request in pieces of every size: lines may arrive anyhow. */
TEST(pieces) {
    static const char    text[] = "GET /pieces?a=b HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n"
                                  "Cookie: a=b\r\nX-Empty:\r\nX-Long: 0123456789\r\n\r\n";
    struct http_server  *server = open_server();
    static struct answer a;

    for (size_t step = 1; step < 24; step += 5) {
        int fd = wire_connect(http_server_port(server)), on = 1;

        setsockopt(fd, 6 /* TCP */, 1 /* NODELAY */, &on, sizeof on);
        for (size_t at = 0; at < sizeof text - 1; at += step) {
            size_t n = sizeof text - 1 - at;

            wire_send_n(fd, text + at, n < step ? n : step);
            wire_sleep_ms(1);
        }
        CHECK_EQ(wire_answer(fd, &a), 200);
        close(fd);
    }
    http_server_close(server, 1);
}

/* Headers of all sizes up to the limits pass on one connection, one after the other. */
TEST(sizes) {
    static const struct {
        const char *what;
        size_t      target, lines, line;
        int         want;
    } sizes[] = {
        {"small", 10, 1, 10, 200},
        {"a long target", 8 * 1024, 1, 10, 200},
        {"too long a target", 8 * 1024 + 1, 1, 10, 414},
        {"a far too long target", 100000, 1, 10, 414},
        {"a token of 8 KiB", 10, 1, 8192, 200},
        {"90 lines of 300", 10, 90, 300, 200},
        {"31 KiB in one line", 10, 1, 31 * 1024, 200},
        {"33 KiB in one line", 10, 1, 33 * 1024, 431},
        {"far too much in one line", 10, 1, 200000, 431},
        {"33 KiB in lines", 10, 90, 370, 431},
        {"98 lines and Host", 10, 98, 10, 200},
        {"101 lines and Host", 10, 101, 10, 431},
        {"far too many lines", 10, 20000, 10, 431},
    };
    struct http_server *server = open_server();
    char               *text = malloc((size_t)1 << 20);

    EACH (c, sizes) {
        static struct answer a;
        size_t               n = (size_t)sprintf(text, "GET /");
        int                  fd = wire_connect(http_server_port(server));

        print_message("%s\n", c->what);
        memset(text + n, 'a', c->target - 1);
        n += c->target - 1;
        n += (size_t)sprintf(text + n, " HTTP/1.1\r\nHost: x\r\n");
        for (size_t i = 0; i < c->lines; i++) {
            n += (size_t)sprintf(text + n, "X-%05zu: ", i);
            memset(text + n, 'b', c->line);
            n += c->line;
            n += (size_t)sprintf(text + n, "\r\n");
        }
        n += (size_t)sprintf(text + n, "\r\n");
        wire_send_n(fd, text, n);
        CHECK_EQ(wire_answer(fd, &a), c->want);
        if (c->want == 200) { /* and again: the pool of the connection is as new */
            wire_send_n(fd, text, n);
            CHECK_EQ(wire_answer(fd, &a), c->want);
        }
        close(fd);
    }
    free(text);
    http_server_close(server, 1);
}

/* Texts that people see. */
TEST(texts) {
    static const struct {
        const char *bytes, *text;
    } texts[] = {
        {"GET /a HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
         "the request has more than one Host header"},
        {"GET /a HTTP/1.1\r\n\r\n", "an HTTP/1.1 request needs a Host header"},
        {"GET /a%zz HTTP/1.1\r\nHost: x\r\n\r\n",
         "bad percent-encoding \"%zz\" at byte 2 of the request target"},
        {"DELETE /a HTTP/1.1\r\nHost: x\r\n\r\n", "DELETE is not served here, only GET, HEAD"},
        {"GET /a HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
         "the request header holds a folded line, a NUL, or a line that does not end with CR LF"},
    };
    struct http_server *server = open_server();

    EACH (c, texts) {
        static struct answer a;

        wire_ask(http_server_port(server), c->bytes, &a);
        CHECK_TEXT(a.body, c->text);
        CHECK_TEXT(wire_header(&a, "X-Content-Type-Options"), "nosniff");
    }
    http_server_close(server, 1);
}

RUN_TESTS(UNIT(requests), UNIT(pieces), UNIT(sizes), UNIT(texts))
