/* oci_lists.c - tags, repositories, referrers. */
#include "api/oci.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "registry/listing.h"

#define INDEX_TYPE   "application/vnd.oci.image.index.v1+json"
#define LIST_CEILING MIB(8) /* LIMIT_LIST_PAGE names of 255 characters, escaped */

/* Everything that is not plain in a query value. */
static void add_escaped(struct buf *out, str text) {
    static const char plain[] = "-._~/";

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c != '\0' && strchr(plain, c) != NULL))
            buf_addc(out, c);
        else
            buf_addf(out, "%%%02X", (unsigned char)c);
    }
}

static void reply_link(struct http_request *request, struct http_reply *reply, size_t n, str last) {
    AUTO(buf_done) struct buf link = BUF_INIT(KIB(4));

    buf_addc(&link, '<');
    buf_add(&link, http_path(request)); /* names and keywords: nothing to escape */
    buf_adds(&link, "?");
    if (n != SIZE_MAX)
        buf_addf(&link, "n=%zu&", n);
    buf_adds(&link, "last=");
    add_escaped(&link, last);
    buf_adds(&link, ">; rel=\"next\"");
    http_reply_header(reply, "Link", STR_FMT, STR_ARG(buf_str(&link)));
}

static pw_code reply_names(struct http_request *request, struct http_reply *reply,
                           const struct listing *listing, const char *key, struct err *err) {
    AUTO(buf_done) struct buf out = BUF_INIT(LIST_CEILING);
    struct json_writer        w = JSON_WRITER(&out);
    str                       name = http_param(request, "name"), text;

    json_open(&w);
    if (!str_empty(name))
        json_put_str(&w, "name", name);
    json_key(&w, key);
    json_open_list(&w);
    for (size_t i = 0; i < listing->names.count; i++)
        json_str(&w, listing->names.items[i]);
    json_close_list(&w);
    json_close(&w);
    PW_TRY(buf_finish(&out, &text, err));
    oci_reply(reply, 200);
    http_reply_body(reply, "application/json", text);
    return PW_OK;
}

static pw_code reply_listing(struct http_request *request, struct http_reply *reply,
                             const struct listing *listing, const char *key, size_t n,
                             struct err *err) {
    PW_TRY(reply_names(request, reply, listing, key, err));
    if (listing->has_more && listing->names.count > 0)
        reply_link(request, reply, n, listing->names.items[listing->names.count - 1]);
    return PW_OK;
}

pw_code oci_tags_list(struct http_request *request, struct http_reply *reply, struct err *err) {
    struct listing_page page;
    struct listing      listing;

    PW_TRY(oci_page(request, &page.n, &page.last, err));
    PW_TRY(listing_tags(api_of(request)->registry, http_param(request, "name"), &page,
                        http_arena(request), &listing, err));
    return reply_listing(request, reply, &listing, "tags", page.n, err);
}

pw_code oci_catalog(struct http_request *request, struct http_reply *reply, struct err *err) {
    struct listing_page page;
    struct listing      listing;

    PW_TRY(oci_page(request, &page.n, &page.last, err));
    PW_TRY(
        listing_repositories(api_of(request)->registry, &page, http_arena(request), &listing, err));
    return reply_listing(request, reply, &listing, "repositories", page.n, err);
}

/* --- referrers --- */

static void reply_more_referrers(struct http_request *request, struct http_reply *reply,
                                 const struct listing_referrers *wanted, int64_t next) {
    AUTO(buf_done) struct buf link = BUF_INIT(KIB(4));

    buf_addc(&link, '<');
    buf_add(&link, http_path(request));
    buf_addf(&link, "?after=%lld", (long long)next);
    if (!str_empty(wanted->artifact_type)) {
        buf_adds(&link, "&artifactType=");
        add_escaped(&link, wanted->artifact_type);
    }
    buf_adds(&link, ">; rel=\"next\"");
    http_reply_header(reply, "Link", STR_FMT, STR_ARG(buf_str(&link)));
}

pw_code oci_referrers(struct http_request *request, struct http_reply *reply, struct err *err) {
    struct listing_referrers wanted = {.repository = http_param(request, "name")};
    int64_t                  next;
    uint64_t                 after;
    str                      json, text;

    PW_TRY(digest_parse(http_param(request, "digest"), &wanted.subject, err));
    (void)http_query(request, "artifactType", &wanted.artifact_type); /* absent: all */
    if (http_query(request, "after", &text) && str_to_u64(text, INT64_MAX, &after))
        wanted.after = (int64_t)after;
    PW_TRY(listing_referrers_index(api_of(request)->registry, &wanted, http_arena(request), &json,
                                   &next, err));
    oci_reply(reply, 200);
    if (!str_empty(wanted.artifact_type))
        http_reply_header(reply, "OCI-Filters-Applied", "artifactType");
    if (next != 0)
        reply_more_referrers(request, reply, &wanted, next);
    http_reply_borrow(reply, INDEX_TYPE, json);
    return PW_OK;
}
