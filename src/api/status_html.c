/* status_html.c - the frame of the pages. */
#include "api/status_html.h"

#include "base/clock.h"
#include "http/server.h"

static const char style[] =
    ":root{color-scheme:light "
    "dark;--line:#d8dee4;--dim:#59636e;--bg:#fff;--fg:#1f2328;--card:#f6f8fa}"
    "@media(prefers-color-scheme:dark){:root{--line:#3d444d;--dim:#9198a1;--bg:#0d1117;--fg:#"
    "f0f6fc;--card:#151b23}}"
    "body{margin:0;font:15px/1.5 system-ui,sans-serif;background:var(--bg);color:var(--fg)}"
    "header{padding:1rem 2rem;border-bottom:1px solid var(--line);background:var(--card)}"
    "header a{color:inherit;text-decoration:none;font-weight:600;font-size:1.2rem}"
    "main{padding:1.5rem 2rem;max-width:90rem}h1{font-size:1.4rem;margin:.2rem 0 "
    "1rem;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.45rem "
    ".7rem;vertical-align:top;"
    "border-bottom:1px solid "
    "var(--line);overflow-wrap:break-word}th{color:var(--dim);font-weight:600;white-space:nowrap}"
    ".n,.tag,.sample,td:first-child{white-space:nowrap}"
    "code{font:13px ui-monospace,monospace}a{color:#0969da}.dim{color:var(--dim)}"
    ".tag{display:inline-block;border:1px solid var(--line);border-radius:1rem;padding:0 "
    ".6rem;margin:0 .2rem .2rem 0}"
    ".n{display:inline-block;min-width:1.6rem;text-align:center;border-radius:.3rem;padding:0 "
    ".4rem;margin-right:.25rem;"
    "color:#fff}.critical{background:#82071e}.high{background:#cf222e}.medium{background:#9a6700}."
    "low{background:#0969da}"
    ".unrated,.none{background:#6e7781}.sample{background:#8250df;color:#fff;border-radius:.3rem;"
    "padding:.1rem .5rem}"
    ".s-healthy{color:#1a7f37}.s-unhealthy{color:#cf222e}.state{font-weight:600}"
    "@media(prefers-color-scheme:dark){a{color:#4493f8}.s-healthy{color:#3fb950}.s-unhealthy{color:"
    "#f85149}}";

void status_html_text(struct buf *out, str text) {
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '&':
            buf_adds(out, "&amp;");
            break;
        case '<':
            buf_adds(out, "&lt;");
            break;
        case '>':
            buf_adds(out, "&gt;");
            break;
        case '"':
            buf_adds(out, "&quot;");
            break;
        case '\'':
            buf_adds(out, "&#39;");
            break;
        default:
            buf_addc(out, text.ptr[i]);
        }
    }
}

void status_html_open(struct buf *out, const char *title) {
    buf_addf(out, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>");
    status_html_text(out, str_of(title));
    buf_addf(out,
             " - Portwarden</title><style>%s</style></head><body><header><a "
             "href=\"/\">Portwarden</a></header><main>",
             style);
}

void status_html_close(struct buf *out) {
    buf_adds(out, "</main></body></html>\n");
}

void status_html_state(struct buf *out, enum image_state state, str reason) {
    buf_addf(out, "<span class=\"state%s\">%s</span>",
             state == IMAGE_HEALTHY     ? " s-healthy"
             : state == IMAGE_UNHEALTHY ? " s-unhealthy"
                                        : "",
             image_state_word(state));
    if (reason.len > 0) {
        buf_adds(out, ": <span class=\"dim\">");
        status_html_text(out, reason);
        buf_adds(out, "</span>");
    }
}

void status_html_severity(struct buf *out, enum severity severity, size_t count) {
    if (count > 0)
        buf_addf(out, "<span class=\"n %s\" title=\"%s\">%zu %c</span>", severity_word(severity),
                 severity_word(severity), count, severity_word(severity)[0] - 32);
}

void status_html_sample(struct buf *out) {
    buf_adds(out, "<span class=\"sample\">sample advisories</span>");
}

void status_html_time(struct buf *out, int64_t at) {
    char text[TIME_TEXT_SIZE];

    buf_add(out, at != 0 ? time_format(at, text) : STR("-"));
}

pw_code status_html_reply(struct http_reply *reply, const struct buf *page, struct err *err) {
    str text;

    PW_TRY(buf_finish(page, &text, err));
    http_reply_header(
        reply, "Content-Security-Policy", "%s",
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'");
    http_reply_header(reply, "X-Content-Type-Options", "nosniff");
    http_reply_header(reply, "Referrer-Policy", "no-referrer");
    http_reply_header(reply, "Cache-Control", "no-cache");
    http_reply_body(reply, "text/html; charset=utf-8", text);
    return PW_OK;
}
