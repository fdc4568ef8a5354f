#pragma once
/*
 * wire.h - a client for tests that says exactly what goes over the socket.
 *
 *   int fd = wire_connect(port);
 *   wire_send(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
 *   wire_answer(fd, &answer)     one answer: status, header, body (lengths and chunks understood)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/limits.h"
#include "http/server.h"
#include "test.h"

struct answer {
    int    status; /* 0: the connection ended without an answer */
    bool   closed; /* it ended before or within this answer's body */
    char   header[8192];
    char   body[65536];
    size_t body_len;
    size_t rest; /* bytes behind this answer */
};

static inline int wire_connect(unsigned port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(fd >= 0);
    CHECK_EQ(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline bool wire_send_n(int fd, const void *bytes, size_t n) {
    const char *at = bytes;

    while (n > 0) {
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        at += sent;
        n -= (size_t)sent;
    }
    return true;
}

static inline bool wire_send(int fd, const char *text) {
    return wire_send_n(fd, text, strlen(text));
}

/* One byte; false at the end or after ten seconds. */
static inline bool wire_byte(int fd, char *out) {
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    return poll(&wait, 1, 10000) == 1 && recv(fd, out, 1, 0) == 1;
}

static inline bool wire_until(int fd, char *out, size_t size, const char *end) {
    size_t used = 0, n = strlen(end);

    while (used + 1 < size && wire_byte(fd, out + used)) {
        out[++used] = '\0';
        if (used >= n && memcmp(out + used - n, end, n) == 0)
            return true;
    }
    out[used] = '\0';
    return false;
}

/* The value of a header of the answer, or NULL. One static place. */
static inline const char *wire_header(const struct answer *a, const char *name) {
    static char value[2048];
    str         rest = str_of(a->header), line, key;

    while (str_line(&rest, &line)) {
        str v = line;

        str_cut(&v, ':', &key);
        if (str_eq_nocase(key, str_of(name)) && str_copy(str_trim(v), value, sizeof value))
            return value;
    }
    return NULL;
}

static inline void wire_body(int fd, struct answer *a, uint64_t length) {
    while (a->body_len < length && a->body_len < sizeof a->body - 1) {
        if (!wire_byte(fd, a->body + a->body_len)) {
            a->closed = true;
            break;
        }
        a->body_len++;
    }
    a->body[a->body_len] = '\0';
}

static inline void wire_chunks(int fd, struct answer *a) {
    char line[64];

    while (wire_until(fd, line, sizeof line, "\r\n")) {
        size_t n = strtoul(line, NULL, 16);

        if (n == 0) {
            a->closed = !wire_until(fd, line, sizeof line, "\r\n");
            return;
        }
        wire_body(fd, a, a->body_len + n);
        wire_until(fd, line, sizeof line, "\r\n");
    }
    a->closed = true;
}

static inline int wire_answer_to(int fd, struct answer *a, bool head) {
    const char *length, *coding;

    memset(a, 0, offsetof(struct answer, header) + 1);
    a->body_len = a->rest = 0;
    a->body[0] = '\0';
    if (!wire_until(fd, a->header, sizeof a->header, "\r\n\r\n") ||
        sscanf(a->header, "HTTP/1.1 %d ", &a->status) != 1) {
        a->closed = true;
        return a->status = 0;
    }
    if (head || a->status == 100 || a->status == 204 || a->status == 304)
        return a->status;
    coding = wire_header(a, "Transfer-Encoding");
    if (coding != NULL && strcmp(coding, "chunked") == 0) {
        wire_chunks(fd, a);
    } else {
        length = wire_header(a, "Content-Length");
        wire_body(fd, a, length != NULL ? strtoull(length, NULL, 10) : sizeof a->body);
    }
    return a->status;
}

static inline int wire_answer(int fd, struct answer *a) {
    return wire_answer_to(fd, a, false);
}

/* True when the other side closed: nothing more comes. */
static inline bool wire_closed(int fd, int milliseconds) {
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    char          byte;

    return poll(&wait, 1, milliseconds) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

/* Connect, send, one answer, close. */
static inline int wire_ask(unsigned port, const char *text, struct answer *a) {
    int fd = wire_connect(port);

    wire_send(fd, text);
    wire_answer(fd, a);
    close(fd);
    return a->status;
}

/* abc...zabc..., n bytes and a NUL; free it. */
static inline char *wire_letters(size_t n) {
    char *text = malloc(n + 1);

    for (size_t i = 0; i < n; i++)
        text[i] = (char)('a' + i % 26);
    text[n] = '\0';
    return text;
}

static inline void wire_sleep_ms(int ms) {
    poll(NULL, 0, ms);
}

static inline double wire_seconds(void) {
    return (double)clock_mono_ns() / 1e9;
}
