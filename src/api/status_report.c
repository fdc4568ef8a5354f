/* status_report.c - GET /api/v1/images/{repository*}/{digest}/report: what `portwarden scan` prints. */
#include "api/app.h"
#include "api/report_json.h"
#include "api/status_routes.h"
#include "base/limits.h"

struct question {
    const struct app *app;
    struct arena     *arena;
    str               repository, digest;
    struct report     report;
};

/* The last part may also be a tag. */
static pw_code load(struct txn *txn, void *arg, struct err *err) {
    struct question *q = arg;
    struct image_row image;

    if (str_find_char(q->digest, ':') != STR_NPOS)
        PW_TRY(scans_image(txn, q->arena, q->repository, q->digest, &image, err));
    else
        PW_TRY(scans_image_tagged(txn, q->arena, q->repository, q->digest, &image, err));
    return reports_load(txn, q->arena, &image, &q->app->rules, &q->report, err);
}

pw_code status_report_get(struct http_request *request, struct http_reply *reply, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(LIMIT_SCAN_MEMORY);
    AUTO(buf_done) struct buf     body = BUF_INIT(GIB(1));
    struct json_writer            w = JSON_WRITER(&body);
    struct question               q = {.app = app_of(request),
                                       .arena = &arena,
                                       .repository = http_param(request, "repository"),
                                       .digest = http_param(request, "digest")};
    str                           text;

    PW_TRY(store_read(q.app->api.store, load, &q, err));
    report_json_write(&w, &q.report);
    PW_TRY(buf_finish(&body, &text, err));
    if (q.report.state == IMAGE_PENDING) { /* accepted, not scanned yet: ask again */
        http_reply_status(reply, 202);
        http_reply_header(reply, "Retry-After", "1");
    }
    http_reply_header(reply, "Cache-Control", "no-cache");
    http_reply_body(reply, "application/json", text);
    return PW_OK;
}
