/* status_images.c - "/": the images of the registry and how they stand. */
#include "api/app.h"
#include "api/status_html.h"
#include "api/status_routes.h"
#include "base/limits.h"

enum { IMAGES_SHOWN = 200 };

struct page {
    const struct app *app;
    struct buf       *out;
    size_t            unhealthy, shown;
};

static void put_counts(struct buf *out, const struct finding_counts *counts) {
    for (int severity = SEVERITY_CRITICAL; severity >= SEVERITY_UNRATED; severity--)
        status_html_severity(out, (enum severity)severity, counts->active[severity]);
    if (counts->listed > 0)
        buf_addf(out,
                 "<span class=\"dim\" title=\"unimportant, not known, or past its end of "
                 "life\">+%zu listed</span>",
                 counts->listed);
}

static pw_code put_image(struct txn *txn, struct page *page, const struct image_row *image,
                         struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(64));
    struct image_summary          summary;
    struct text_list              tags;
    struct buf                   *out = page->out;

    PW_TRY(reports_summary(txn, &arena, image, &page->app->rules, &summary, err));
    PW_TRY(scans_tags(txn, &arena, image, &tags, err));
    page->unhealthy += summary.state == IMAGE_UNHEALTHY;
    page->shown++;
    buf_adds(out, "<tr><td>");
    status_html_text(out, image->repository);
    buf_adds(out, "</td><td>");
    for (size_t i = 0; i < tags.count; i++) {
        buf_adds(out, "<span class=\"tag\">");
        status_html_text(out, tags.items[i]);
        buf_adds(out, "</span>");
    }
    buf_adds(out, "</td><td><a href=\"/images/");
    status_html_text(out, image->digest);
    buf_adds(out, "\"><code>");
    status_html_text(
        out, str_sub(str_from(image->digest, str_find_char(image->digest, ':') + 1), 0, 12));
    buf_adds(out, "</code></a></td><td>");
    status_html_time(out, image->pushed_at);
    buf_adds(out, "</td><td>");
    status_html_state(out, summary.state, summary.reason);
    if (summary.state == IMAGE_UNHEALTHY && summary.coverage != COVERAGE_FULL)
        buf_adds(out, " <span class=\"dim\">(partly scanned)</span>");
    buf_adds(out, "</td><td>");
    put_counts(out, &summary.counts);
    if (summary.sample)
        status_html_sample(out);
    buf_adds(out, "</td></tr>");
    return PW_OK;
}

static pw_code fill(struct txn *txn, void *arg, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(16));
    struct page                  *page = arg;
    struct image_list             images;

    PW_TRY(scans_newest(txn, &arena, IMAGES_SHOWN, &images, err));
    if (images.count == 0) {
        buf_adds(page->out,
                 "<p>No images yet. Push one:</p><p><code>skopeo copy docker-daemon:IMAGE:TAG "
                 "docker://HOST/NAME:TAG --dest-tls-verify=false</code></p>");
        return PW_OK;
    }
    buf_adds(page->out,
             "<table><thead><tr><th>Repository</th><th>Tags</th><th>Digest</th><th>Pushed</th>"
             "<th>State</th><th>Findings</th></tr></thead><tbody>");
    for (size_t i = 0; i < images.count; i++)
        PW_TRY(put_image(txn, page, &images.rows[i], err));
    buf_adds(page->out, "</tbody></table>");
    if (images.count == IMAGES_SHOWN)
        buf_addf(page->out, "<p class=\"dim\">The newest %d images are shown.</p>", IMAGES_SHOWN);
    return PW_OK;
}

pw_code status_images_page(struct http_request *request, struct http_reply *reply,
                           struct err *err) {
    AUTO(buf_done) struct buf body = BUF_INIT(MIB(16));
    struct page               page = {.app = app_of(request), .out = &body};

    status_html_open(&body, "Images");
    buf_adds(&body, "<h1>Images</h1>");
    PW_TRY(store_read(page.app->api.store, fill, &page, err));
    status_html_close(&body);
    return status_html_reply(reply, &body, err);
}
