/* oci_uploads.c - blobs are pushed. */
#include "api/byte_range.h"
#include "api/oci.h"
#include "api/problems.h"
#include "registry/upload.h"

/* The request's body, as uploads read it. */
static pw_code next_chunk(void *ctx, str *ret_chunk, struct err *err) {
    return http_body_next(ctx, ret_chunk, err);
}

static struct upload_body body_of(struct http_request *request) {
    return (struct upload_body){
        .ctx = request, .length = http_body_length(request), .next = next_chunk};
}

static void reply_state(struct http_request *request, struct http_reply *reply,
                        const struct upload_state *state) {
    str name = http_param(request, "name");

    http_reply_header(reply, "Location", "/v2/" STR_FMT "/blobs/uploads/%s", STR_ARG(name),
                      state->id);
    http_reply_header(reply, "Docker-Upload-UUID", "%s", state->id);
    /* "0-0" is both nothing and one byte: our own header says which. */
    http_reply_header(reply, "Range", "0-%llu",
                      (unsigned long long)(state->received > 0 ? state->received - 1 : 0));
    http_reply_header(reply, "Upload-Offset", "%llu", (unsigned long long)state->received);
}

static void reply_blob(struct http_request *request, struct http_reply *reply,
                       const struct digest *digest) {
    str  name = http_param(request, "name");
    char text[DIGEST_TEXT_SIZE];

    digest_format(digest, text);
    oci_reply(reply, 201);
    http_reply_header(reply, "Location", "/v2/" STR_FMT "/blobs/%s", STR_ARG(name), text);
    http_reply_header(reply, "Docker-Content-Digest", "%s", text);
}

/* --- POST --- */

static pw_code start_session(struct http_request *request, struct http_reply *reply,
                             struct err *err) {
    struct upload_state state;

    PW_TRY(upload_start(api_of(request)->registry, http_param(request, "name"), &state, err));
    oci_reply(reply, 202);
    reply_state(request, reply, &state);
    return PW_OK;
}

/* A mount that is not possible becomes an ordinary upload. */
static pw_code mount(struct http_request *request, struct http_reply *reply,
                     const struct digest *digest, struct err *err) {
    str     from = STR("");
    pw_code code;

    (void)http_query(request, "from", &from); /* absent: from any repository */
    code = upload_mount(api_of(request)->registry, http_param(request, "name"), digest, from, err);
    if (code == PW_NOT_FOUND)
        return start_session(request, reply, err);
    if (code == PW_OK)
        reply_blob(request, reply, digest);
    return code;
}

pw_code oci_upload_start(struct http_request *request, struct http_reply *reply, struct err *err) {
    struct upload_body body = body_of(request);
    struct digest      digest;
    str                text;

    if (http_query(request, "mount", &text) && !str_empty(text)) {
        pw_code code = digest_parse(text, &digest, err);

        if (code == PW_UNSUPPORTED)
            return start_session(request, reply, err);
        return code == PW_OK ? mount(request, reply, &digest, err) : code;
    }
    if (!http_query(request, "digest", &text))
        return start_session(request, reply, err);
    PW_TRY(digest_parse(text, &digest, err));
    PW_TRY(
        upload_whole(api_of(request)->registry, http_param(request, "name"), &body, &digest, err));
    reply_blob(request, reply, &digest);
    return PW_OK;
}

/* --- PATCH, PUT --- */

static pw_code read_chunk(struct http_request *request, struct upload_chunk *ret_chunk,
                          struct err *err) {
    str range = http_header(request, "Content-Range");

    *ret_chunk = (struct upload_chunk){.repository = http_param(request, "name"),
                                       .id = http_param(request, "id"),
                                       .has_range = !str_empty(range),
                                       .body = body_of(request)};
    if (ret_chunk->has_range && !byte_range_of_chunk(range, &ret_chunk->first, &ret_chunk->last)) {
        err_set(err, PW_INVALID, "Content-Range \"" STR_FMT "\" is not of the form first-last",
                STR_ARG(str_sub(range, 0, 64)));
        (void)err_tag(err, "BLOB_UPLOAD_INVALID");
        return PW_INVALID;
    }
    return PW_OK;
}

/* A chunk at the wrong place: the answer says where the upload goes on. */
static pw_code reply_misplaced(struct http_request *request, struct http_reply *reply,
                               struct err *err) {
    struct upload_state state;
    struct err          other = ERR_NONE;

    if (upload_status(api_of(request)->registry, http_param(request, "name"),
                      http_param(request, "id"), &state, &other) != PW_OK)
        return err->code;
    problems_write(FACE_OCI, request, err->code, err, reply);
    reply_state(request, reply, &state);
    return PW_OK;
}

pw_code oci_upload_append(struct http_request *request, struct http_reply *reply, struct err *err) {
    struct upload_chunk chunk;
    struct upload_state state;
    pw_code             code;

    PW_TRY(read_chunk(request, &chunk, err));
    code = upload_append(api_of(request)->registry, &chunk, &state, err);
    if (code == PW_RANGE)
        return reply_misplaced(request, reply, err);
    if (code != PW_OK)
        return code;
    oci_reply(reply, 202);
    reply_state(request, reply, &state);
    return PW_OK;
}

pw_code oci_upload_finish(struct http_request *request, struct http_reply *reply, struct err *err) {
    struct upload_chunk chunk;
    struct digest       digest;
    str                 text = STR("");
    pw_code             code;

    if (!http_query(request, "digest", &text)) {
        err_set(err, PW_INVALID, "the digest parameter is missing");
        (void)err_tag(err, "DIGEST_INVALID");
        return PW_INVALID;
    }
    PW_TRY(digest_parse(text, &digest, err));
    PW_TRY(read_chunk(request, &chunk, err));
    code = upload_finish(api_of(request)->registry, &chunk, &digest, err);
    if (code == PW_RANGE)
        return reply_misplaced(request, reply, err);
    if (code == PW_OK)
        reply_blob(request, reply, &digest);
    return code;
}

/* --- GET, DELETE --- */

pw_code oci_upload_status(struct http_request *request, struct http_reply *reply, struct err *err) {
    struct upload_state state;

    PW_TRY(upload_status(api_of(request)->registry, http_param(request, "name"),
                         http_param(request, "id"), &state, err));
    oci_reply(reply, 204);
    reply_state(request, reply, &state);
    return PW_OK;
}

pw_code oci_upload_cancel(struct http_request *request, struct http_reply *reply, struct err *err) {
    PW_TRY(upload_cancel(api_of(request)->registry, http_param(request, "name"),
                         http_param(request, "id"), err));
    oci_reply(reply, 204);
    return PW_OK;
}
