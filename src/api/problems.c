/* problems.c - errors as each face says them. */
#include "api/problems.h"

#include "api/api.h"
#include "base/json_write.h"
#include "base/limits.h"

static const struct {
    int         status;
    const char *oci, *arm;
    const char *sentence; /* NULL: the err's own text */
} problems[PW_CODE_COUNT] = {
    [PW_OK] = {500, "UNKNOWN", "InternalServerError", "an error without a cause"},
    [PW_INVALID] = {400, "UNSUPPORTED", "InvalidRequestContent", NULL},
    [PW_NOT_FOUND] = {404, "NAME_UNKNOWN", "ResourceNotFound", NULL},
    [PW_CONFLICT] = {409, "DENIED", "Conflict", NULL},
    [PW_DENIED] = {403, "DENIED", "AuthorizationFailed", NULL},
    [PW_UNAUTHORIZED] = {401, "UNAUTHORIZED", "AuthenticationFailed", NULL},
    [PW_TOO_LARGE] = {413, "SIZE_INVALID", "RequestEntityTooLarge", NULL},
    [PW_UNSUPPORTED] = {405, "UNSUPPORTED", "MethodNotAllowed", NULL},
    [PW_RANGE] = {416, "BLOB_UPLOAD_INVALID", "InvalidRange", NULL},
    [PW_BUSY] = {503, "UNKNOWN", "ServiceUnavailable", "the server is busy: try again in a moment"},
    [PW_NO_SPACE] =
        {507, "DENIED", "InsufficientStorage",
         "the registry's disk is full: delete images or ask its administrator for room"},
    [PW_CORRUPT] = {500, "UNKNOWN", "InternalServerError",
                    "stored data is damaged: the server's log says which"},
    [PW_TIMEOUT] = {408, "BLOB_UPLOAD_INVALID", "RequestTimeout", NULL},
    [PW_CANCELLED] = {503, "UNKNOWN", "ServiceUnavailable",
                      "the request ended early: the server stops, or the client went away"},
    [PW_IO] = {500, "UNKNOWN", "InternalServerError",
               "the server cannot read or write its storage: its log says why"},
    [PW_MEMORY] = {503, "UNKNOWN", "ServiceUnavailable", "the server is out of memory"},
    [PW_INTERNAL] = {500, "UNKNOWN", "InternalServerError",
                     "an error of the server: its log says which"},
};

/* Tags that mean another status than their code does elsewhere. */
static const struct {
    const char *tag;
    int         status;
    const char *oci; /* NULL: the tag */
} tags[] = {
    {"DIGEST_INVALID", 400, NULL}, /* also for algorithms that are not kept here */
    {"PRECONDITION", 412, "DENIED"},
    {"TOO_MANY_TAGS", 414, "TAG_INVALID"},
    {"PAGINATION_NUMBER_INVALID", 400, NULL},
};

static pw_code known(pw_code code) {
    return (unsigned)code < PW_CODE_COUNT ? code : PW_INTERNAL;
}

int problems_status(pw_code code, const struct err *err) {
    EACH (row, tags)
        if (strcmp(row->tag, err->tag) == 0)
            return row->status;
    return problems[known(code)].status;
}

static const char *oci_code(pw_code code, const struct err *err) {
    if (err->tag[0] == '\0' || problems[code].status >= 500)
        return problems[code].oci;
    EACH (row, tags)
        if (strcmp(row->tag, err->tag) == 0 && row->oci != NULL)
            return row->oci;
    return err->tag;
}

static str sentence(pw_code code, const struct err *err) {
    return str_of(problems[code].sentence != NULL ? problems[code].sentence : err_text(err));
}

static void write_list(struct json_writer *w, pw_code code, const struct err *err) {
    json_open(w);
    json_key(w, "errors");
    json_open_list(w);
    json_open(w);
    json_put_text(w, "code", oci_code(code, err));
    json_put_str(w, "message", sentence(code, err));
    json_key(w, "detail");
    json_open(w);
    json_close(w);
    json_close(w);
    json_close_list(w);
    json_close(w);
}

static void write_one(struct json_writer *w, pw_code code, const struct err *err) {
    json_open(w);
    json_key(w, "error");
    json_open(w);
    json_put_text(w, "code",
                  err->tag[0] != '\0' && problems[code].status < 500 ? err->tag
                                                                     : problems[code].arm);
    json_put_str(w, "message", sentence(code, err));
    json_close(w);
    json_close(w);
}

void problems_write(int face, struct http_request *request, pw_code code, const struct err *err,
                    struct http_reply *reply) {
    AUTO(buf_done) struct buf text = BUF_INIT(KIB(16));
    struct json_writer        w = JSON_WRITER(&text);

    code = known(code);
    if (face == FACE_OCI || face == FACE_ACR)
        write_list(&w, code, err);
    else
        write_one(&w, code, err);
    if (face == FACE_OCI)
        http_reply_header(reply, "Docker-Distribution-Api-Version", "registry/2.0");
    http_reply_status(reply, problems_status(code, err));
    http_reply_body(reply, "application/json", buf_str(&text));
}
