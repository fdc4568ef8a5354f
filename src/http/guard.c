/* guard.c - framing checks. */
#include "http/guard.h"

#include "http/wire.h"

struct walk {
    struct http_request *request;
    const char          *expected; /* where the next header must begin; NULL: not looked at */
    bool                 too_many, gap;
};

bool guard_sees_layout(void) {
    return str_starts(str_of(MHD_get_version()), STR("0.9.7"));
}

static pw_code refuse(struct http_request *r, int status, struct err *err, pw_code code,
                      const char *text) {
    r->forced_status = status;
    return err_set(err, code, "%s", text);
}

static bool is_token_char(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(str s) {
    for (size_t i = 0; i < s.len; i++)
        if (!is_token_char((unsigned char)s.ptr[i]))
            return false;
    return s.len > 0;
}

/* Between name and value the library leaves the colon's NUL and the blanks it skipped. */
static bool only_blanks(const char *from, const char *to) {
    for (; from < to; from++)
        if (*from != ' ' && *from != '\t')
            return false;
    return from == to;
}

/* str_trim would take a bare CR away with the blanks. */
static str trim_blanks(str s) {
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s; /* leading blanks were skipped by the library */
}

static enum MHD_Result each_header(void *ctx, enum MHD_ValueKind kind PW_UNUSED, const char *name,
                                   const char *value) {
    struct walk           *walk = ctx;
    struct http_request   *r = walk->request;
    struct request_header *h;

    if (r->header_count == LIMIT_HEADERS) {
        walk->too_many = true;
        return MHD_NO;
    }
    h = &r->headers[r->header_count++];
    h->name = str_of(name);
    h->value = str_of(value != NULL ? value : "");
    if (walk->expected != NULL) {
        const char *colon = name + h->name.len + 1;

        walk->gap = walk->gap || value == NULL || name != walk->expected || value < colon ||
                    !only_blanks(colon, value);
        walk->expected = h->value.ptr + h->value.len + 2;
    }
    h->value = trim_blanks(h->value);
    return MHD_YES;
}

static pw_code check_layout(struct http_request *r, const struct walk *walk, const char *method,
                            const char *url, const char *version, struct err *err) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    const char *end = method + (info != NULL ? info->header_size : 0);

    if (info != NULL && info->header_size > LIMIT_HEADER_BYTES)
        return refuse(r, 431, err, PW_TOO_LARGE, "the request header is larger than 32 KiB");
    if (walk->too_many)
        return refuse(r, 431, err, PW_TOO_LARGE, "the request has more than 100 header lines");
    if (walk->expected == NULL)
        return PW_OK;
    if (method + r->method.len + 1 != url || url + r->target.raw.len + 1 != version)
        return refuse(r, 400, err, PW_INVALID,
                      "the request line must be a method, a target and a version, with one space "
                      "between them");
    if (walk->gap || walk->expected + 2 != end)
        return refuse(r, 400, err, PW_INVALID,
                      "the request header holds a folded line, a NUL, or a line that does not end "
                      "with CR LF");
    return PW_OK;
}

static pw_code check_fields(struct http_request *r, struct err *err) {
    static const str once[] = {STR_INIT("Content-Length"), STR_INIT("Transfer-Encoding"),
                               STR_INIT("Host"), STR_INIT("Authorization")};

    for (unsigned i = 0; i < r->header_count; i++) {
        const struct request_header *h = &r->headers[i];

        if (!is_token(h->name))
            return refuse(
                r, 400, err, PW_INVALID,
                "a header name holds a space or another character that names cannot hold");
        for (size_t k = 0; k < h->value.len; k++) {
            unsigned char c = (unsigned char)h->value.ptr[k];

            if ((c < ' ' && c != '\t') || c == 0x7f)
                return refuse(r, 400, err, PW_INVALID, "a header value holds a control character");
        }
    }
    EACH (name, once) {
        bool again;

        (void)request_header_at(r, *name, 1, &again);
        if (!again)
            continue;
        refuse(r, 400, err, PW_INVALID, "");
        return err_set(err, PW_INVALID, "the request has more than one " STR_FMT " header",
                       STR_ARG(*name));
    }
    return PW_OK;
}

static pw_code check_host(struct http_request *r, struct err *err) {
    bool found;
    str  host = request_header_at(r, STR("Host"), 0, &found);

    if (!found && !r->http_1_0)
        return refuse(r, 400, err, PW_INVALID, "an HTTP/1.1 request needs a Host header");
    for (size_t i = 0; i < host.len; i++) {
        unsigned char c = (unsigned char)host.ptr[i];

        if (!is_token_char(c) && strchr("[]:", c) == NULL)
            return refuse(r, 400, err, PW_INVALID,
                          "the Host header holds a character that host names cannot hold");
    }
    return PW_OK;
}

static pw_code check_body(struct http_request *r, struct err *err) {
    bool     has_length, has_coding, has_expect;
    str      length = request_header_at(r, STR("Content-Length"), 0, &has_length);
    str      coding = request_header_at(r, STR("Transfer-Encoding"), 0, &has_coding);
    str      expect = request_header_at(r, STR("Expect"), 0, &has_expect);
    uint64_t n = 0;

    if (has_length && has_coding)
        return refuse(r, 400, err, PW_INVALID,
                      "the request has both Content-Length and Transfer-Encoding");
    if (has_coding && !str_eq_nocase(coding, STR("chunked")))
        return refuse(r, 501, err, PW_UNSUPPORTED,
                      "the only Transfer-Encoding understood here is \"chunked\"");
    if (has_coding && r->http_1_0)
        return refuse(r, 400, err, PW_INVALID, "HTTP/1.0 has no Transfer-Encoding");
    if (has_length && !str_to_u64(length, INT64_MAX, &n))
        return refuse(r, 400, err, PW_INVALID, "Content-Length is not a number");
    if (has_expect && !str_eq_nocase(expect, STR("100-continue")))
        return refuse(r, 417, err, PW_UNSUPPORTED,
                      "the only expectation understood here is \"100-continue\"");
    r->has_body = has_coding || n > 0;
    r->body_length = has_coding ? -1 : (int64_t)n;
    r->expects = has_expect && r->has_body && !r->http_1_0;
    return PW_OK;
}

pw_code guard_check(struct http_request *r, const char *url, const char *method,
                    const char *version, struct err *err) {
    struct walk walk = {.request = r};
    pw_code     code;

    r->http_1_0 = strcmp(version, "HTTP/1.0") == 0;
    if (r->server->sees_layout)
        walk.expected = version + strlen(version) + 2;
    MHD_get_connection_values(r->mhd, MHD_HEADER_KIND, each_header, &walk);
    /* A refusal over the body must know that bytes may follow. */
    r->has_body = true;
    if (r->target.raw.len > LIMIT_TARGET_BYTES)
        return refuse(r, 414, err, PW_TOO_LARGE, "the request target is longer than 8 KiB");
    code = check_layout(r, &walk, method, url, version, err);
    if (code == PW_OK)
        code = check_fields(r, err);
    if (code == PW_OK)
        code = check_host(r, err);
    return code == PW_OK ? check_body(r, err) : code;
}
