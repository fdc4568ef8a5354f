/* wire.c - a server with nothing behind it, for wrk and curl: what the HTTP face alone costs.
 *
 *   build/tests/unit/http/bench_wire 5099 FILE &
 *   wrk -t2 -c64 -d10s http://127.0.0.1:5099/small           400 bytes from an event thread
 *   wrk -t2 -c64 -d10s http://127.0.0.1:5099/worker          the same by way of a worker
 *   curl -T BIG http://127.0.0.1:5099/hash                   a worker hashes the body (SHA-256)
 *   curl -o /dev/null http://127.0.0.1:5099/file             FILE by sendfile
 *   curl -o /dev/null http://127.0.0.1:5099/stream           1 GiB made while it is sent
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "base/digest.h"
#include "http/server.h"

static const char *file_path;
static char        small_body[401];

static pw_code small(struct http_request *request, struct http_reply *reply, struct err *err) {
    http_reply_header(reply, "Docker-Content-Digest", "sha256:%064d", 7);
    http_reply_header(reply, "ETag", "\"sha256:%064d\"", 7);
    http_reply_borrow(reply, "application/vnd.oci.image.manifest.v1+json",
                      str_make(small_body, 400));
    return PW_OK;
}

static pw_code hash(struct http_request *request, struct http_reply *reply, struct err *err) {
    struct hasher hasher;
    struct digest digest;
    char          text[DIGEST_TEXT_SIZE];
    str           chunk;

    hasher_init(&hasher, DIGEST_SHA256);
    do {
        PW_TRY(http_body_next(request, &chunk, err));
        hasher_add(&hasher, chunk.ptr, chunk.len);
    } while (chunk.len > 0);
    hasher_digest(&hasher, &digest);
    http_reply_status(reply, 201);
    http_reply_body(reply, "text/plain", digest_format(&digest, text));
    return PW_OK;
}

static pw_code file(struct http_request *request, struct http_reply *reply, struct err *err) {
    struct stat st;
    int         fd = open(file_path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0)
        return err_errno(err, "%s", file_path);
    http_reply_file(reply, "application/octet-stream", fd, 0, (uint64_t)st.st_size);
    return PW_OK;
}

static pw_code next(void *ctx, char *out, size_t room, size_t *ret_n, struct err *err) {
    size_t *left = ctx;

    *ret_n = room < *left ? room : *left;
    *left -= *ret_n;
    memset(out, 'x', *ret_n);
    return PW_OK;
}

static pw_code stream(struct http_request *request, struct http_reply *reply, struct err *err) {
    size_t *left = arena_alloc(http_arena(request), sizeof *left);

    *left = (size_t)1 << 30;
    http_reply_stream(reply, "application/octet-stream", (struct http_stream){left, next, NULL});
    return PW_OK;
}

int main(int argc, char **argv) {
    static const struct http_route routes[] = {
        {"GET", "/small", HTTP_EVENT, 0, small},
        {"GET", "/worker", HTTP_WORKER, 0, small},
        {"PUT", "/hash", HTTP_WORKER, 0, hash},
        {"GET", "/file", HTTP_WORKER, 0, file},
        {"GET", "/stream", HTTP_WORKER, 0, stream},
        {"GET", "/v2/{name*}/manifests/{reference}", HTTP_EVENT, 0, small},
    };
    struct http_options options = {
        .address = "127.0.0.1", .routes = routes, .route_count = COUNT_OF(routes)};
    struct http_server *server;
    struct err          err = ERR_NONE;
    sigset_t            set;
    int                 signal_number;

    options.port = argc > 1 ? (unsigned)atoi(argv[1]) : 5099;
    file_path = argc > 2 ? argv[2] : "/dev/null";
    memset(small_body, '{', 400);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (http_server_open(&options, &server, &err) != PW_OK) {
        fprintf(stderr, "%s\n", err_text(&err));
        return 1;
    }
    sigwait(&set, &signal_number);
    http_server_close(server, 5);
    return 0;
}
