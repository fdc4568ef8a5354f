#pragma once
/*
 * oci.h - the distribution protocol: /v2/...
 *
 * Spec:    OCI distribution 1.1 (end-1 to end-13) with what Docker clients expect beside it.
 *          Handlers are thin: they turn requests into calls of registry/ and results into headers.
 * Threads: reads of one manifest or blob run on the event thread, everything else on workers.
 */
#include "api/api.h"
#include "base/digest.h"

extern const struct http_route oci_routes[];
extern const size_t            oci_route_count;

/* --- shared by the handlers of this face --- */
void oci_reply(struct http_reply *reply, int status); /* with the headers every answer has */
void oci_reply_digest(struct http_reply *reply, const struct digest *digest);
/* If-None-Match names the ETag of this digest. */
bool oci_not_modified(struct http_request *request, const struct digest *digest);
/* "?ns=": clients that use us as a mirror say whose image they ask for, and want it said again. */
void oci_reply_namespace(struct http_request *request, struct http_reply *reply);
/* ?n= and ?last=; PW_INVALID (PAGINATION_NUMBER_INVALID). n is SIZE_MAX when absent. */
pw_code oci_page(struct http_request *request, size_t *ret_n, str *ret_last, struct err *err);

pw_code oci_blob_get(struct http_request *request, struct http_reply *reply, struct err *err);
pw_code oci_blob_delete(struct http_request *request, struct http_reply *reply, struct err *err);
pw_code oci_upload_start(struct http_request *request, struct http_reply *reply, struct err *err);
pw_code oci_upload_status(struct http_request *request, struct http_reply *reply, struct err *err);
pw_code oci_upload_append(struct http_request *request, struct http_reply *reply, struct err *err);
pw_code oci_upload_finish(struct http_request *request, struct http_reply *reply, struct err *err);
pw_code oci_upload_cancel(struct http_request *request, struct http_reply *reply, struct err *err);
pw_code oci_manifest_get(struct http_request *request, struct http_reply *reply, struct err *err);
pw_code oci_manifest_put(struct http_request *request, struct http_reply *reply, struct err *err);
pw_code oci_manifest_delete(struct http_request *request, struct http_reply *reply,
                            struct err *err);
pw_code oci_tags_list(struct http_request *request, struct http_reply *reply, struct err *err);
pw_code oci_catalog(struct http_request *request, struct http_reply *reply, struct err *err);
pw_code oci_referrers(struct http_request *request, struct http_reply *reply, struct err *err);
