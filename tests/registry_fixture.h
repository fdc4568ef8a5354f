#pragma once
/*
 * registry_fixture.h - a whole registry for a test: store, blobs, service, HTTP server, a client.
 *
 *   struct registry r; registry_open(&r, f); struct answer a; call(&r, "GET", "/v2/", "", STR(""), &a);
 *
 * registry_restart closes and opens all of it over the same data, as a restart of the server does.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/socket.h>
#include "api/oci.h"
#include "api/problems.h"
#include "registry/registry_service.h"
#include "registry/upload.h"
#include "store/blob_store.h"
#include "store_fixture.h"

struct registry {
    struct fixture            *fixture;
    struct blob_store         *blobs;
    struct registry_service   *service;
    struct http_server        *server;
    struct api_context         context;
    const struct upload_watch *watch;
    int64_t                    id;
    CURL                      *curl;
};

static inline void registry_start(struct registry *r) {
    struct err              err = ERR_NONE;
    struct registry_options options = {
        .store = r->fixture->store, .clock = &r->fixture->clock, .watch = r->watch};
    char folder[128];

    snprintf(folder, sizeof folder, "%s/blobs", r->fixture->folder);
    CHECK_OK(dir_make(folder, 0700, &err));
    CHECK_OK(blob_files_open(folder, &r->blobs, &err));
    CHECK_OK(registry_service_default(r->fixture->store, &r->id, &err));
    options.blobs = r->blobs;
    options.registry_id = r->id;
    CHECK_OK(registry_service_open(&options, &r->service, &err));
    r->context = (struct api_context){.store = r->fixture->store,
                                      .blobs = r->blobs,
                                      .registry = r->service,
                                      .clock = &r->fixture->clock};
    CHECK_OK(http_server_open(&(struct http_options){.address = "127.0.0.1",
                                                     .routes = oci_routes,
                                                     .route_count = oci_route_count,
                                                     .app = &r->context,
                                                     .error = problems_write,
                                                     .default_face = FACE_OCI,
                                                     .worker_threads = 8},
                              &r->server, &err));
}

static inline void registry_stop(struct registry *r) {
    curl_easy_reset(r->curl); /* its connections may stay: the server ends them */
    http_server_close(r->server, 1);
    registry_service_close(r->service);
    blob_store_close(r->blobs);
}

static inline void registry_open(struct registry *r, struct fixture *f,
                                 const struct upload_watch *watch) {
    *r = (struct registry){.fixture = f, .watch = watch, .curl = curl_easy_init()};
    registry_start(r);
}

static inline void registry_done(struct registry *r) {
    registry_stop(r);
    curl_easy_cleanup(r->curl);
}

static inline void registry_restart(struct registry *r) {
    registry_stop(r);
    store_close(r->fixture->store);
    fixture_open(r->fixture);
    registry_start(r);
}

/* --- the client --- */

struct answer {
    int        status;
    struct buf head, body;
};

static inline size_t answer_add(char *bytes, size_t size, size_t n, void *out) {
    buf_add(out, str_make(bytes, size * n));
    return size * n;
}

static inline void answer_done(struct answer *a) {
    buf_done(&a->head);
    buf_done(&a->body);
}

/* The value of a header; empty when absent. */
static inline str answer_header(const struct answer *a, const char *name) {
    str rest = buf_str(&a->head), line, key;

    while (str_line(&rest, &line)) {
        str value = line;

        if (str_cut(&value, ':', &key) && value.ptr != NULL && str_eq_nocase(key, str_of(name)))
            return str_trim(value);
    }
    return STR_NONE;
}

struct upload_source {
    str    bytes;
    size_t at;
};

static inline size_t read_source(char *out, size_t size, size_t n, void *ctx) {
    struct upload_source *source = ctx;
    str                   part = str_sub(source->bytes, source->at, size * n);

    memcpy(out, part.len > 0 ? part.ptr : "", part.len);
    source->at += part.len;
    return part.len;
}

struct question {
    unsigned    port;
    const char *method, *target;
    const char *headers; /* lines "Name: value\n"; "chunked" among them makes the body chunked */
    str         body;
};

static inline void call_with(CURL *curl, const struct question *q, struct answer *ret_answer) {
    struct curl_slist   *list = curl_slist_append(NULL, "Expect:");
    struct upload_source source = {.bytes = q->body};
    char                 url[4096], line[2048];
    str                  rest = str_of(q->headers), one;
    bool                 chunked = false;
    long                 status = 0;

    *ret_answer = (struct answer){.head = BUF_INIT(1 << 20), .body = BUF_INIT((size_t)256 << 20)};
    curl_easy_reset(curl);
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", q->port, q->target);
    while (str_line(&rest, &one)) {
        chunked = chunked || str_eq(one, STR("chunked"));
        snprintf(line, sizeof line, STR_FMT, STR_ARG(one));
        if (one.len > 0 && !str_eq(one, STR("chunked")))
            list = curl_slist_append(list, line);
    }
    if (chunked)
        list = curl_slist_append(list, "Transfer-Encoding: chunked");
    if (strstr(q->headers, "Content-Type") == NULL)
        list = curl_slist_append(list, "Content-Type:");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, answer_add);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &ret_answer->body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, answer_add);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &ret_answer->head);
    if (strcmp(q->method, "HEAD") == 0) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (strcmp(q->method, "PUT") == 0 || strcmp(q->method, "PATCH") == 0 ||
               strcmp(q->method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_source);
        curl_easy_setopt(curl, CURLOPT_READDATA, &source);
        if (!chunked)
            curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)q->body.len);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, q->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    (void)curl_easy_perform(curl); /* status 0 tells */
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(list);
    ret_answer->status = (int)status;
}

static inline void call(struct registry *r, const char *method, const char *target,
                        const char *headers, str body, struct answer *ret_answer) {
    struct question q = {http_server_port(r->server), method, target, headers, body};

    call_with(r->curl, &q, ret_answer);
}
