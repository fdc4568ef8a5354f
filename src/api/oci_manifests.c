/* oci_manifests.c - manifests are read, pushed and deleted. */
#include "api/oci.h"
#include "base/limits.h"
#include "registry/pull.h"
#include "registry/push.h"
#include "registry/remove.h"

pw_code oci_manifest_get(struct http_request *request, struct http_reply *reply, struct err *err) {
    struct api_context    *api = api_of(request);
    struct pulled_manifest found;

    PW_TRY(pull_manifest(api->registry, http_arena(request), http_param(request, "name"),
                         http_param(request, "reference"), &found, err));
    if (oci_not_modified(request, &found.digest)) {
        oci_reply(reply, 304);
        oci_reply_digest(reply, &found.digest);
        return PW_OK;
    }
    oci_reply(reply, 200);
    oci_reply_digest(reply, &found.digest);
    oci_reply_namespace(request, reply);
    http_reply_borrow(reply, found.media_type.ptr, found.body); /* a NUL follows arena text */
    if (!http_is_head(request))
        pull_count(api->registry, &found);
    return PW_OK;
}

/* --- PUT --- */

static pw_code read_tags(struct http_request *request, str *tags, size_t *ret_count,
                         struct err *err) {
    size_t count = 0;
    str    value;

    for (; http_query_at(request, "tag", count, &value); count++) {
        if (count == LIMIT_TAG_PARAMS) {
            err_set(err, PW_TOO_LARGE, "at most %d tags can be set at once", LIMIT_TAG_PARAMS);
            (void)err_tag(err, "TOO_MANY_TAGS");
            return PW_TOO_LARGE;
        }
        tags[count] = value;
    }
    *ret_count = count;
    return PW_OK;
}

static pw_code read_push(struct http_request *request, struct push *push, struct digest *digest,
                         struct err *err) {
    str text;

    push->repository = http_param(request, "name");
    push->reference = http_param(request, "reference");
    push->content_type = http_header(request, "Content-Type");
    push->if_match = http_header(request, "If-Match");
    push->if_absent = str_eq(str_trim(http_header(request, "If-None-Match")), STR("*"));
    if (http_query(request, "digest", &text)) {
        PW_TRY(digest_parse(text, digest, err));
        push->digest = digest;
    }
    if (http_body_all(request, LIMIT_MANIFEST_BYTES, &push->body, err) == PW_OK)
        return PW_OK;
    if (err->code == PW_TOO_LARGE)
        (void)err_tag(err, "MANIFEST_INVALID");
    return err->code;
}

static void reply_pushed(struct http_request *request, struct http_reply *reply,
                         const struct push *push, const struct pushed *pushed) {
    char text[DIGEST_TEXT_SIZE], subject[DIGEST_TEXT_SIZE];

    digest_format(&pushed->manifest.digest, text);
    oci_reply(reply, 201);
    http_reply_header(reply, "Location", "/v2/" STR_FMT "/manifests/%s", STR_ARG(push->repository),
                      text);
    http_reply_header(reply, "Docker-Content-Digest", "%s", text);
    for (size_t i = 0; i < push->tag_count; i++)
        http_reply_header(reply, "OCI-Tag", STR_FMT, STR_ARG(push->tags[i]));
    if (pushed->manifest.has_subject) {
        digest_format(&pushed->manifest.subject.digest, subject);
        http_reply_header(reply, "OCI-Subject", "%s", subject);
    }
}

pw_code oci_manifest_put(struct http_request *request, struct http_reply *reply, struct err *err) {
    AUTO(arena_done) struct arena memory = ARENA_INIT(LIMIT_MANIFEST_MEMORY);
    str                           tags[LIMIT_TAG_PARAMS];
    struct push                   push = {.tags = tags};
    struct pushed                 pushed;
    struct digest                 digest;

    PW_TRY(read_tags(request, tags, &push.tag_count, err));
    PW_TRY(read_push(request, &push, &digest, err));
    PW_TRY(push_manifest(api_of(request)->registry, &memory, &push, &pushed, err));
    reply_pushed(request, reply, &push, &pushed);
    return PW_OK;
}

pw_code oci_manifest_delete(struct http_request *request, struct http_reply *reply,
                            struct err *err) {
    PW_TRY(remove_reference(api_of(request)->registry, http_param(request, "name"),
                            http_param(request, "reference"), err));
    oci_reply(reply, 202);
    return PW_OK;
}
