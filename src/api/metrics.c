/* metrics.c - /metrics in Prometheus' text form. */
#include "api/app.h"
#include "api/status_routes.h"
#include "base/limits.h"
#include "store/blob_store.h"
#include "store/jobs.h"

struct numbers {
    size_t  images[4];
    int64_t waiting[2], failed[2];
};
static const char *const job_kinds[] = {"scan", "rematch"};

static pw_code load(struct txn *txn, void *arg, struct err *err) {
    struct numbers *n = arg;

    PW_TRY(scans_totals(txn, n->images, err));
    for (size_t i = 0; i < COUNT_OF(job_kinds); i++)
        PW_TRY(jobs_count(txn, str_of(job_kinds[i]), &n->waiting[i], &n->failed[i], err));
    return PW_OK;
}

static void head(struct buf *out, const char *name, const char *type, const char *help) {
    buf_addf(out, "# HELP portwarden_%s %s\n# TYPE portwarden_%s %s\n", name, help, name, type);
}

static void one(struct buf *out, const char *name, const char *type, const char *help,
                uint64_t value) {
    head(out, name, type, help);
    buf_addf(out, "portwarden_%s %llu\n", name, (unsigned long long)value);
}

static void put_http(struct buf *out, const struct http_server *server) {
    struct http_stats s;

    if (server == NULL)
        return;
    http_server_stats(server, &s);
    one(out, "http_requests_total", "counter", "Requests answered.", s.requests);
    one(out, "http_errors_4xx_total", "counter", "Requests refused.", s.errors_4xx);
    one(out, "http_errors_5xx_total", "counter", "Requests that failed.", s.errors_5xx);
    one(out, "http_connections", "gauge", "Connections open now.", s.connections_now);
    one(out, "http_connections_total", "counter", "Connections accepted.", s.connections_total);
    one(out, "http_received_bytes_total", "counter", "Body bytes received.", s.bytes_in);
    one(out, "http_sent_bytes_total", "counter", "Body bytes sent.", s.bytes_out);
}

static void put_numbers(struct buf *out, const struct numbers *n) {
    head(out, "images", "gauge", "Images by how far their scan is.");
    for (size_t i = 0; i < COUNT_OF(n->images); i++)
        buf_addf(out, "portwarden_images{progress=\"%s\"} %zu\n",
                 image_progress_word((enum image_progress)i), n->images[i]);
    head(out, "jobs_waiting", "gauge", "Jobs that are ready or running.");
    for (size_t i = 0; i < COUNT_OF(job_kinds); i++)
        buf_addf(out, "portwarden_jobs_waiting{kind=\"%s\"} %lld\n", job_kinds[i],
                 (long long)n->waiting[i]);
    head(out, "jobs_failed", "gauge", "Jobs that failed for good.");
    for (size_t i = 0; i < COUNT_OF(job_kinds); i++)
        buf_addf(out, "portwarden_jobs_failed{kind=\"%s\"} %lld\n", job_kinds[i],
                 (long long)n->failed[i]);
}

pw_code metrics_get(struct http_request *request, struct http_reply *reply, struct err *err) {
    AUTO(buf_done) struct buf body = BUF_INIT(MIB(1));
    const struct app         *app = app_of(request);
    struct numbers            numbers = {0};
    struct app_health         health = {0};
    uint64_t                  room = blob_free_bytes(app->api.blobs);
    str                       text;

    PW_TRY(store_read(app->api.store, load, &numbers, err));
    app->health(app->health_ctx, &health);
    head(&body, "build_info", "gauge", "The version that runs.");
    buf_addf(&body, "portwarden_build_info{version=\"%s\"} 1\n", PORTWARDEN_VERSION);
    put_http(&body, app->http);
    put_numbers(&body, &numbers);
    one(&body, "sandbox_up", "gauge", "1 while layers can be read.", health.sandbox_alive);
    one(&body, "sandbox_children", "gauge", "Layers being read now.", health.sandbox_children);
    one(&body, "sandbox_restarts_total", "counter",
        "How often the sandbox had to be started again.", health.sandbox_restarts);
    if (room != UINT64_MAX)
        one(&body, "storage_free_bytes", "gauge", "Room for more blobs.", room);
    PW_TRY(buf_finish(&body, &text, err));
    http_reply_body(reply, "text/plain; version=0.0.4; charset=utf-8", text);
    return PW_OK;
}
