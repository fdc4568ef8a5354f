/* oci_routes.c - the routes of the distribution protocol, and what its handlers share. */
#include "api/oci.h"

static pw_code version(struct http_request *request, struct http_reply *reply, struct err *err) {
    oci_reply(reply, 200);
    http_reply_borrow(reply, "application/json", STR("{}"));
    return PW_OK;
}

static pw_code redirect(struct http_request *request, struct http_reply *reply, struct err *err) {
    oci_reply(reply, 301);
    http_reply_header(reply, "Location", "/v2/");
    return PW_OK;
}

/* No extension is offered: an empty list says so. */
static pw_code discover(struct http_request *request, struct http_reply *reply, struct err *err) {
    oci_reply(reply, 200);
    http_reply_borrow(reply, "application/json", STR("{\"extensions\":[]}"));
    return PW_OK;
}

const struct http_route oci_routes[] = {
    {"GET", "/v2/", HTTP_EVENT, FACE_OCI, version},
    {"GET", "/v2", HTTP_EVENT, FACE_OCI, redirect},
    {"GET", "/v2/_catalog", HTTP_WORKER, FACE_OCI, oci_catalog},
    {"GET", "/v2/_oci/ext/discover", HTTP_EVENT, FACE_OCI, discover},

    {"GET", "/v2/{name*}/blobs/{digest}", HTTP_EVENT, FACE_OCI, oci_blob_get},
    {"DELETE", "/v2/{name*}/blobs/{digest}", HTTP_WORKER, FACE_OCI, oci_blob_delete},

    {"POST", "/v2/{name*}/blobs/uploads/", HTTP_WORKER, FACE_OCI, oci_upload_start},
    {"POST", "/v2/{name*}/blobs/uploads", HTTP_WORKER, FACE_OCI, oci_upload_start},
    {"GET", "/v2/{name*}/blobs/uploads/{id}", HTTP_WORKER, FACE_OCI, oci_upload_status},
    {"PATCH", "/v2/{name*}/blobs/uploads/{id}", HTTP_WORKER, FACE_OCI, oci_upload_append},
    {"PUT", "/v2/{name*}/blobs/uploads/{id}", HTTP_WORKER, FACE_OCI, oci_upload_finish},
    {"DELETE", "/v2/{name*}/blobs/uploads/{id}", HTTP_WORKER, FACE_OCI, oci_upload_cancel},

    {"GET", "/v2/{name*}/manifests/{reference}", HTTP_EVENT, FACE_OCI, oci_manifest_get},
    {"PUT", "/v2/{name*}/manifests/{reference}", HTTP_WORKER, FACE_OCI, oci_manifest_put},
    {"DELETE", "/v2/{name*}/manifests/{reference}", HTTP_WORKER, FACE_OCI, oci_manifest_delete},

    {"GET", "/v2/{name*}/tags/list", HTTP_WORKER, FACE_OCI, oci_tags_list},
    {"GET", "/v2/{name*}/referrers/{digest}", HTTP_WORKER, FACE_OCI, oci_referrers},
};
const size_t oci_route_count = COUNT_OF(oci_routes);

/* --- shared --- */

void oci_reply(struct http_reply *reply, int status) {
    http_reply_status(reply, status);
    http_reply_header(reply, "Docker-Distribution-Api-Version", "registry/2.0");
}

void oci_reply_digest(struct http_reply *reply, const struct digest *digest) {
    char text[DIGEST_TEXT_SIZE];

    digest_format(digest, text);
    http_reply_header(reply, "Docker-Content-Digest", "%s", text);
    http_reply_header(reply, "ETag", "\"%s\"", text);
}

bool oci_not_modified(struct http_request *request, const struct digest *digest) {
    char text[DIGEST_TEXT_SIZE + 2] = "\"";
    str  value;

    digest_format(digest, text + 1);
    strcat(text, "\"");
    for (size_t i = 0; http_header_at(request, "If-None-Match", i, &value); i++)
        if (str_eq(str_trim(value), STR("*")) || str_find(value, str_of(text)) != STR_NPOS)
            return true;
    return false;
}

void oci_reply_namespace(struct http_request *request, struct http_reply *reply) {
    str value;

    if (!http_query(request, "ns", &value) || value.len == 0 || value.len > 255)
        return;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.' || c == '-' || c == ':' || c == '_'))
            return;
    }
    http_reply_header(reply, "OCI-Namespace", STR_FMT, STR_ARG(value));
}

pw_code oci_page(struct http_request *request, size_t *ret_n, str *ret_last, struct err *err) {
    uint64_t n = SIZE_MAX;
    str      value;

    if (http_query(request, "n", &value) && !str_to_u64(value, INT64_MAX, &n)) {
        err_set(err, PW_INVALID, "n=\"" STR_FMT "\" is not a number of entries",
                STR_ARG(str_sub(value, 0, 64)));
        (void)err_tag(err, "PAGINATION_NUMBER_INVALID");
        return PW_INVALID;
    }
    *ret_last = STR("");
    (void)http_query(request, "last", ret_last); /* absent: from the beginning */
    *ret_n = n;
    return PW_OK;
}
