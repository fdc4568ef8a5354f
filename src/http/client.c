/* client.c - one HTTP request by libcurl. */
#include "http/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>

#include "base/file.h"
#include "base/limits.h"

enum { ERROR_TEXT = 4096, HEADER_TEXT = 65536, REDIRECTS = 5 };

struct exchange {
    const struct client_request *request;
    struct buf                   headers, error_text;
    uint64_t                     ceiling, bytes;
    int                          status;
    pw_code                      code; /* why a callback stopped the transfer */
    struct err                   why;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_library(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* The URL for error texts: credentials and signed queries are secrets. */
static str public_url(const char *url, struct arena *arena) {
    str    s = str_of(url), scheme;
    size_t at = str_find(s, STR("://"));
    size_t end;

    if (at == STR_NPOS)
        return STR("the URL");
    scheme = str_sub(s, 0, at + 3);
    s = str_from(s, at + 3);
    for (end = 0; end < s.len && s.ptr[end] != '?' && s.ptr[end] != '#'; end++)
        continue;
    s = str_sub(s, 0, end);
    at = str_rfind_char(str_sub(s, 0, str_find_char(s, '/')), '@');
    if (at != STR_NPOS)
        s = str_from(s, at + 1);
    s = arena_strf(arena, STR_FMT STR_FMT, STR_ARG(scheme), STR_ARG(s));
    return s.ptr != NULL ? s : STR("the URL");
}

static size_t on_header(char *line, size_t size, size_t n, void *ctx) {
    struct exchange *x = ctx;
    str              text = str_make(line, size * n);

    if (str_starts(text, STR("HTTP/"))) { /* of a redirect, of "100 Continue", then the real one */
        buf_clear(&x->headers);
        buf_clear(&x->error_text);
    }
    buf_add(&x->headers, text);
    if (!buf_ok(&x->headers)) {
        x->code = err_set(&x->why, PW_TOO_LARGE, "the answer's header is larger than %d bytes",
                          HEADER_TEXT);
        return 0;
    }
    return size * n;
}

static pw_code keep(struct exchange *x, str bytes) {
    const struct client_request *r = x->request;

    if (bytes.len > x->ceiling - x->bytes)
        return err_set(&x->why, PW_TOO_LARGE, "the body is larger than the %llu bytes allowed",
                       (unsigned long long)x->ceiling);
    x->bytes += bytes.len;
    if (r->fd >= 0)
        return fd_write_all(r->fd, bytes.ptr, bytes.len, &x->why);
    if (r->out == NULL)
        return PW_OK;
    buf_add(r->out, bytes);
    return buf_ok(r->out) ? PW_OK : err_set(&x->why, r->out->failed, "the body does not fit");
}

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx) {
    struct exchange *x = ctx;
    str              text = str_make(bytes, size * n);

    if (x->status < 200 || x->status > 299) {
        size_t room = x->error_text.ceiling - x->error_text.len;

        buf_add(&x->error_text, str_sub(text, 0, room));
        return text.len;
    }
    x->code = keep(x, text);
    return x->code == PW_OK ? text.len : 0;
}

/* The status is known when the first byte of the body comes. */
static size_t on_bytes(char *bytes, size_t size, size_t n, void *ctx) {
    struct exchange *x = ctx;
    str              rest = buf_str(&x->headers), line, word;
    uint64_t         status = 0;

    str_line(&rest, &line);
    str_cut(&line, ' ', &word);
    str_to_u64(str_sub(line, 0, 3), 999, &status);
    x->status = (int)status;
    return on_body(bytes, size, n, ctx);
}

static int on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total PW_UNUSED,
                       curl_off_t up_now PW_UNUSED) {
    struct exchange             *x = ctx;
    const struct client_request *r = x->request;

    if (r->progress == NULL || r->progress(r->ctx, (uint64_t)now, (uint64_t)total))
        return 0;
    x->code = err_set(&x->why, PW_CANCELLED, "ended on request");
    return 1;
}

static bool add_line(struct curl_slist **list, struct arena *arena, const char *name,
                     const char *value) {
    str                line = arena_strf(arena, "%s: %s", name, value);
    struct curl_slist *more;

    if (line.ptr == NULL || strpbrk(line.ptr, "\r\n") != NULL)
        return false;
    more = curl_slist_append(*list, line.ptr);
    if (more == NULL)
        return false;
    *list = more;
    return true;
}

static pw_code make_headers(const struct client_request *r, struct arena *arena,
                            struct curl_slist **ret_list, struct err *err) {
    bool fine = true;

    if (r->etag != NULL)
        fine = add_line(ret_list, arena, "If-None-Match", r->etag);
    if (fine && r->last_modified != NULL)
        fine = add_line(ret_list, arena, "If-Modified-Since", r->last_modified);
    for (size_t i = 0; fine && i < r->header_count; i++)
        fine = add_line(ret_list, arena, r->headers[i].name, r->headers[i].value);
    if (fine && r->body.len > 0)
        fine = add_line(ret_list, arena, "Expect", ""); /* no second round trip for small bodies */
    return fine ? PW_OK : err_set(err, PW_INVALID, "a request header cannot be sent");
}

static void set_up(CURL *curl, const struct client_request *r, struct exchange *x,
                   struct curl_slist *headers, char error[CURL_ERROR_SIZE]) {
    double connect = r->connect_seconds > 0 ? r->connect_seconds : 15;
    double total = r->total_seconds > 0 ? r->total_seconds : 3600;

    curl_easy_setopt(curl, CURLOPT_URL, r->url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    /* what was asked for safely is not taken from elsewhere in the clear */
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR,
                     strncmp(r->url, "https:", 6) == 0 ? "https" : "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTS);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "portwarden/" PORTWARDEN_VERSION);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)(connect * 1000));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(total * 1000));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT,
                     r->low_bytes_per_second > 0 ? (long)r->low_bytes_per_second : 1024L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, r->low_seconds > 0 ? (long)r->low_seconds : 60L);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, x);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, r->progress == NULL ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    if (r->ca_file != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, r->ca_file);
    if (r->body.len > 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->body.ptr);
    }
    if (r->method != NULL && strcmp(r->method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else if (r->method != NULL)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
}

/* libcurl's sentence is good; ours says which URL and what kind of failure. */
static pw_code explain(const struct exchange *x, CURLcode result, const char *sentence,
                       struct arena *arena, struct err *err) {
    str         url = public_url(x->request->url, arena);
    pw_code     code = PW_IO;
    const char *text = sentence[0] != '\0' ? sentence : curl_easy_strerror(result);

    if (x->code != PW_OK)
        return err_set(err, x->code, STR_FMT ": %s", STR_ARG(url), err_text(&x->why));
    if (result == CURLE_URL_MALFORMAT || result == CURLE_UNSUPPORTED_PROTOCOL)
        return err_set(err, PW_INVALID, STR_FMT ": not an http or https URL", STR_ARG(url));
    if (result == CURLE_OPERATION_TIMEDOUT)
        code = PW_TIMEOUT;
    else if (result == CURLE_OUT_OF_MEMORY)
        code = PW_MEMORY;
    else if (result == CURLE_TOO_MANY_REDIRECTS)
        text = "more than 5 redirects";
    return err_set(err, code, STR_FMT ": %s", STR_ARG(url), text);
}

str client_header(const struct client_answer *answer, const char *name) {
    str rest = answer->headers, line, key;

    while (str_line(&rest, &line)) {
        str value = line;

        if (str_cut(&value, ':', &key) && str_eq_nocase(key, str_of(name)))
            return str_trim(value);
    }
    return STR_NONE;
}

static pw_code fill(CURL *curl, const struct exchange *x, struct arena *arena,
                    struct client_answer *out, struct err *err) {
    long  status = 0;
    char *url = NULL;

    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_EFFECTIVE_URL, &url);
    *out = (struct client_answer){.status = (int)status, .bytes = x->bytes};
    out->headers = arena_str(arena, buf_str(&x->headers));
    out->error_text = arena_str(arena, buf_str(&x->error_text));
    out->url = arena_str(arena, str_of(url != NULL ? url : ""));
    if (out->headers.ptr == NULL || out->error_text.ptr == NULL || out->url.ptr == NULL)
        return arena_error(arena, err);
    out->etag = client_header(out, "ETag");
    out->last_modified = client_header(out, "Last-Modified");
    out->content_type = client_header(out, "Content-Type");
    return PW_OK;
}

static void slist_done(struct curl_slist **list) {
    curl_slist_free_all(*list);
}

static void curl_done(CURL **curl) {
    curl_easy_cleanup(*curl);
}

static void exchange_done(struct exchange *x) {
    buf_done(&x->headers);
    buf_done(&x->error_text);
}

pw_code client_do(const struct client_request *request, struct arena *arena,
                  struct client_answer *ret_answer, struct err *err) {
    AUTO(exchange_done)
    struct exchange x = {
        .request = request, .headers = BUF_INIT(HEADER_TEXT), .error_text = BUF_INIT(ERROR_TEXT)};
    AUTO(slist_done) struct curl_slist *headers = NULL;
    AUTO(curl_done) CURL               *curl = NULL;
    char                                error[CURL_ERROR_SIZE] = "";
    CURLcode                            result;

    pthread_once(&once, init_library);
    x.ceiling = request->ceiling > 0 ? request->ceiling : LIMIT_FEED_BYTES;
    PW_TRY(make_headers(request, arena, &headers, err));
    curl = curl_easy_init();
    if (curl == NULL)
        return err_set(err, PW_MEMORY, "out of memory");
    set_up(curl, request, &x, headers, error);
    result = curl_easy_perform(curl);
    if (result != CURLE_OK)
        return explain(&x, result, error, arena, err);
    return fill(curl, &x, arena, ret_answer, err);
}
