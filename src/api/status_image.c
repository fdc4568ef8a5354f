/* status_image.c - "/images/{digest}": one image, its findings and how to fix them. */
#include "api/app.h"
#include "api/remedy.h"
#include "api/status_html.h"
#include "api/status_routes.h"
#include "base/limits.h"

enum { FINDINGS_SHOWN = 5000 };

struct page {
    const struct app *app;
    struct arena     *arena;
    str               digest;
    struct image_row  image;
    struct report     report;
    struct text_list  tags;
};

static pw_code load(struct txn *txn, void *arg, struct err *err) {
    struct page *page = arg;

    PW_TRY(scans_image(txn, page->arena, STR_NONE, page->digest, &page->image, err));
    PW_TRY(scans_tags(txn, page->arena, &page->image, &page->tags, err));
    return reports_load(txn, page->arena, &page->image, &page->app->rules, &page->report, err);
}

static void put_row(struct buf *out, const char *name, str value) {
    buf_addf(out, "<tr><th>%s</th><td>", name);
    status_html_text(out, value);
    buf_adds(out, "</td></tr>");
}

static void put_head(struct buf *out, const struct page *page) {
    const struct report *r = &page->report;

    buf_adds(out, "<h1>");
    status_html_text(out, page->image.repository);
    for (size_t i = 0; i < page->tags.count; i++) {
        buf_adds(out, " <span class=\"tag\">");
        status_html_text(out, page->tags.items[i]);
        buf_adds(out, "</span>");
    }
    buf_adds(out, "</h1><table style=\"width:auto\">");
    put_row(out, "Digest", page->image.digest);
    if (r->os.id.len > 0) {
        buf_adds(out, "<tr><th>System</th><td>");
        status_html_text(out, r->os.id);
        buf_adds(out, " ");
        status_html_text(out, r->os.version_id);
        buf_adds(out, "</td></tr>");
    }
    buf_addf(out, "<tr><th>Packages</th><td>%zu</td></tr><tr><th>Pushed</th><td>",
             r->package_count);
    status_html_time(out, page->image.pushed_at);
    buf_adds(out, "</td></tr><tr><th>Scanned</th><td>");
    status_html_time(out, page->image.scanned_at);
    buf_addf(out, "</td></tr><tr><th>Coverage</th><td>%s</td></tr><tr><th>State</th><td>",
             coverage_word(r->coverage));
    status_html_state(out, r->state, r->reason);
    if (r->sample) {
        buf_addc(out, ' ');
        status_html_sample(out);
    }
    buf_adds(out, "</td></tr></table>");
}

static void put_incomplete(struct buf *out, const struct report *r) {
    if (r->incomplete_count == 0)
        return;
    buf_adds(out, "<h2>What is not complete</h2><ul>");
    for (size_t i = 0; i < r->incomplete_count; i++) {
        buf_adds(out, "<li>");
        if (r->incomplete[i].path.len > 0) {
            buf_adds(out, "<code>");
            status_html_text(out, r->incomplete[i].path);
            buf_adds(out, "</code>: ");
        }
        status_html_text(out, r->incomplete[i].reason);
        buf_adds(out, "</li>");
    }
    buf_adds(out, "</ul>");
}

static void put_finding(struct buf *out, const struct report_finding *rf) {
    const struct finding *f = &rf->finding;

    buf_addf(out, "<tr><td><span class=\"n %s\">%s</span><br><span class=\"dim\">",
             severity_word(f->severity), severity_word(f->severity));
    status_html_text(out, f->severity_source);
    buf_adds(out, "</span></td><td>");
    status_html_text(out, f->id);
    if (f->kev_added_at != 0)
        buf_adds(out, "<br><b>known exploited</b>");
    if (f->epss >= 0)
        buf_addf(out, "<br><span class=\"dim\">EPSS %.3f</span>", f->epss);
    buf_adds(out, "</td><td>");
    if (f->package != NULL) {
        status_html_text(out, f->package->name);
        buf_adds(out, " <code>");
        status_html_text(out, f->package->version);
        buf_adds(out, "</code><br><span class=\"dim\">");
        status_html_text(out, f->package->path);
        buf_adds(out, "</span>");
    }
    buf_addf(out, "</td><td>%s</td><td>", finding_state_word(f->state));
    status_html_text(out, f->title);
    buf_adds(out, "</td><td>");
}

static void put_findings(struct buf *out, const struct report *r) {
    AUTO(buf_done) struct buf remedy = BUF_INIT(KIB(64));

    if (r->finding_count == 0)
        return;
    buf_addf(out,
             "<h2>Findings "
             "(%zu)</h2><table><thead><tr><th>Severity</th><th>Vulnerability</th><th>Package</th>"
             "<th>State</th><th>Title</th><th>How to fix</th></tr></thead><tbody>",
             r->finding_count);
    for (size_t i = 0; i < MIN_OF(r->finding_count, (size_t)FINDINGS_SHOWN); i++) {
        put_finding(out, &r->findings[i]);
        buf_clear(&remedy);
        remedy_write(&remedy, &r->findings[i].finding);
        status_html_text(out, buf_str(&remedy));
        if (r->findings[i].sample)
            status_html_sample(out);
        buf_adds(out, "</td></tr>");
    }
    buf_adds(out, "</tbody></table>");
    if (r->finding_count > FINDINGS_SHOWN)
        buf_addf(out, "<p class=\"dim\">The most severe %d are shown.</p>", FINDINGS_SHOWN);
}

pw_code status_image_page(struct http_request *request, struct http_reply *reply, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(LIMIT_SCAN_MEMORY);
    AUTO(buf_done) struct buf     body = BUF_INIT(MIB(64));
    struct page                   page = {
                          .app = app_of(request), .arena = &arena, .digest = http_param(request, "digest")};

    PW_TRY(store_read(page.app->api.store, load, &page, err));
    status_html_open(&body, "Image");
    put_head(&body, &page);
    put_incomplete(&body, &page.report);
    put_findings(&body, &page.report);
    status_html_close(&body);
    return status_html_reply(reply, &body, err);
}
