/* health.c - /healthz: the process answers. /readyz: it can do its work. */
#include "api/app.h"
#include "api/status_routes.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/log.h"

pw_code health_live(struct http_request *request, struct http_reply *reply, struct err *err) {
    http_reply_header(reply, "Cache-Control", "no-store");
    http_reply_borrow(reply, "text/plain; charset=utf-8", STR("ok\n"));
    return PW_OK;
}

/* An empty write: it fails when the disk is full or the database is gone. */
static pw_code touch(struct txn *txn, void *arg, struct err *err) {
    return PW_OK;
}

static pw_code count_feeds(struct txn *txn, void *arg, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(1));
    struct feed_list              feeds;

    PW_TRY(scans_feeds(txn, &arena, &feeds, err));
    *(size_t *)arg = feeds.count;
    return PW_OK;
}

pw_code health_ready(struct http_request *request, struct http_reply *reply, struct err *err) {
    AUTO(buf_done) struct buf body = BUF_INIT(KIB(4));
    struct json_writer        w = JSON_WRITER(&body);
    const struct app         *app = app_of(request);
    struct app_health         health = {0};
    size_t                    feeds = 0;
    bool                      store_ok;

    app->health(app->health_ctx, &health);
    store_ok = store_write(app->api.store, STORE_FOREGROUND, touch, NULL, err) == PW_OK &&
               store_read(app->api.store, count_feeds, &feeds, err) == PW_OK;
    if (!store_ok)
        log_err(LOG_ERROR, "the database is not ready", err);
    json_open(&w);
    json_put_bool(&w, "ready", store_ok && health.sandbox_alive);
    json_put_bool(&w, "store", store_ok);
    json_put_bool(&w, "sandbox", health.sandbox_alive);
    json_put_text(&w, "isolation", health.isolation);
    json_put_int(&w, "feeds",
                 (int64_t)feeds); /* none is fine: images are then unscanned, with the reason */
    json_close(&w);
    buf_addc(&body, '\n');
    http_reply_status(reply, store_ok && health.sandbox_alive ? 200 : 503);
    http_reply_header(reply, "Cache-Control", "no-store");
    http_reply_body(reply, "application/json", buf_str(&body));
    return PW_OK;
}
