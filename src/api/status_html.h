#pragma once
/*
 * status_html.h - pages for people: one frame, and text that cannot become markup.
 *
 * Threads: pure; writes into the caller's buf.
 */
#include "base/buf.h"
#include "model/report.h"

struct http_reply;

void status_html_text(struct buf *out, str text); /* escaped, for content and attributes */
void status_html_open(struct buf *out, const char *title);
void status_html_close(struct buf *out);
void status_html_state(struct buf *out, enum image_state state, str reason);
void status_html_severity(struct buf *out, enum severity severity,
                          size_t count);  /* a coloured count */
void status_html_sample(struct buf *out); /* the label of sample advisories */
void status_html_time(struct buf *out, int64_t at);
/* Sends the page: no script, no frame, nothing from elsewhere. */
pw_code status_html_reply(struct http_reply *reply, const struct buf *page, struct err *err);
