/* oci_blobs.c - blobs are read and deleted. */
#include "api/oci.h"
#include "base/file.h"
#include "http/range.h"
#include "registry/pull.h"
#include "registry/remove.h"

#define MEDIA_TYPE "application/octet-stream"

/* --- GET, HEAD --- */

static void reply_headers(struct http_request *request, struct http_reply *reply, int status,
                          const struct digest *digest) {
    oci_reply(reply, status);
    oci_reply_digest(reply, digest);
    oci_reply_namespace(request, reply);
    http_reply_header(reply, "Cache-Control", "max-age=31536000, immutable");
}

pw_code oci_blob_get(struct http_request *request, struct http_reply *reply, struct err *err) {
    bool               head = http_is_head(request);
    struct digest      digest;
    struct pulled_blob blob;

    PW_TRY(digest_parse(http_param(request, "digest"), &digest, err));
    PW_TRY(pull_blob(api_of(request)->registry, http_param(request, "name"), &digest, head, &blob,
                     err));
    if (oci_not_modified(request, &digest)) {
        fd_close(&blob.fd);
        reply_headers(request, reply, 304, &digest);
        return PW_OK;
    }
    reply_headers(request, reply, 200, &digest);
    if (!head)
        return http_range_reply_file(request, reply, MEDIA_TYPE, blob.fd, blob.size, err);
    http_reply_header(reply, "Accept-Ranges", "bytes");
    http_reply_file(reply, MEDIA_TYPE, blob.fd, 0, blob.size); /* says its length, sends nothing */
    return PW_OK;
}

pw_code oci_blob_delete(struct http_request *request, struct http_reply *reply, struct err *err) {
    struct digest digest;

    PW_TRY(digest_parse(http_param(request, "digest"), &digest, err));
    PW_TRY(remove_blob(api_of(request)->registry, http_param(request, "name"), &digest, err));
    oci_reply(reply, 202);
    return PW_OK;
}
