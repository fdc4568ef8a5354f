/* target_registry.c - an image in a registry on this machine, over http. */
#include <stdio.h>
#include "base/digest.h"
#include "base/file.h"
#include "base/limits.h"
#include "cli/target.h"
#include "http/client.h"

enum { INDEX_DEPTH = 3 };

static const struct client_header accept[] = {
    {"Accept",
     "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
     "application/vnd.docker.distribution.manifest.list.v2+json, "
     "application/vnd.docker.distribution.manifest.v2+json"},
};

struct remote {
    struct arena  *arena;
    str            host, name;
    struct target *target;
};

static bool is_loopback(str host) {
    str    bare = host;
    size_t colon = str_rfind_char(host, ':');

    if (str_starts(host, STR("[::1]")))
        return true;
    if (colon != STR_NPOS)
        bare = str_sub(host, 0, colon);
    return str_eq(bare, STR("localhost")) || (str_starts(bare, STR("127.")) && bare.len <= 15);
}

static pw_code refuse_status(const struct client_answer *answer, const char *url, struct err *err) {
    if (answer->status == 404)
        return err_set(err, PW_NOT_FOUND, "%s: there is no such image", url);
    if (answer->status == 401 || answer->status == 403)
        return err_set(err, PW_UNAUTHORIZED,
                       "%s: the registry wants a login, which is not supported here", url);
    return err_set(err, PW_IO, "%s: the registry answered %d", url, answer->status);
}

static pw_code get_document(struct remote *r, str reference, str *ret_text, str *ret_digest,
                            struct err *err) {
    AUTO(buf_done) struct buf body = BUF_INIT(LIMIT_MANIFEST_BYTES);
    struct client_request     request = CLIENT_REQUEST_INIT;
    struct client_answer      answer;
    struct digest             digest;
    char                      text[DIGEST_TEXT_SIZE];
    str url = arena_strf(r->arena, "http://" STR_FMT "/v2/" STR_FMT "/manifests/" STR_FMT,
                         STR_ARG(r->host), STR_ARG(r->name), STR_ARG(reference));

    if (url.ptr == NULL)
        return arena_error(r->arena, err);
    request.url = url.ptr;
    request.headers = accept;
    request.header_count = COUNT_OF(accept);
    request.out = &body;
    request.ceiling = LIMIT_MANIFEST_BYTES;
    PW_TRY(client_do(&request, r->arena, &answer, err));
    if (answer.status != 200)
        return refuse_status(&answer, url.ptr, err);
    digest_of(DIGEST_SHA256, buf_str(&body), &digest);
    *ret_digest = arena_str(r->arena, digest_format(&digest, text));
    *ret_text = arena_str(r->arena, buf_str(&body));
    if (ret_text->ptr == NULL || ret_digest->ptr == NULL)
        return arena_error(r->arena, err);
    if (str_starts(reference, STR("sha256:")) && !str_eq(reference, *ret_digest))
        return err_set(err, PW_CORRUPT, "%s: the registry answered bytes of another digest",
                       url.ptr);
    return PW_OK;
}

static pw_code open_layer(void *ctx, size_t layer, int *ret_fd, uint64_t *ret_size,
                          struct err *err) {
    struct remote        *r = ctx;
    AUTO(fd_close) int    fd = -1;
    struct client_request request = CLIENT_REQUEST_INIT;
    struct client_answer  answer;
    str                   url =
        arena_strf(r->arena, "http://" STR_FMT "/v2/" STR_FMT "/blobs/" STR_FMT, STR_ARG(r->host),
                   STR_ARG(r->name), STR_ARG(r->target->layers[layer].digest));

    if (url.ptr == NULL)
        return arena_error(r->arena, err);
    PW_TRY(target_scratch(&fd, err));
    request.url = url.ptr;
    request.fd = fd;
    request.ceiling = LIMIT_BLOB_BYTES;
    PW_TRY(client_do(&request, r->arena, &answer, err));
    if (answer.status != 200)
        return refuse_status(&answer, url.ptr, err);
    *ret_size = answer.bytes;
    *ret_fd = fd;
    fd = -1;
    return PW_OK;
}

/* HOST/NAME[:TAG|@DIGEST] */
static pw_code split(str text, struct remote *r, str *ret_reference, struct err *err) {
    size_t at, colon, slash = str_find_char(text, '/');

    r->host = str_sub(text, 0, slash);
    r->name = str_from(text, slash + 1);
    *ret_reference = STR("latest");
    at = str_find_char(r->name, '@');
    colon = str_rfind_char(r->name, ':');
    if (at != STR_NPOS) {
        *ret_reference = str_from(r->name, at + 1);
        r->name = str_sub(r->name, 0, at);
    } else if (colon != STR_NPOS) {
        *ret_reference = str_from(r->name, colon + 1);
        r->name = str_sub(r->name, 0, colon);
    }
    if (r->name.len == 0 || ret_reference->len == 0)
        return err_set(err, PW_INVALID, "\"" STR_FMT "\" is not HOST/NAME[:TAG|@DIGEST]",
                       STR_ARG(text));
    for (size_t i = 0; i < text.len; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@[]",
                   text.ptr[i]) == NULL)
            return err_set(err, PW_INVALID, "\"" STR_FMT "\" has a letter that no image name has",
                           STR_ARG(text));
    return PW_OK;
}

pw_code target_registry(const struct target_question *q, struct target *ret_target,
                        struct err *err) {
    struct remote *r = arena_new(q->arena, struct remote);
    struct target  target = {.open = open_layer, .verify = true, .ctx = r};
    str            reference = STR_NONE, document = STR_NONE, digest = STR_NONE;

    if (r == NULL)
        return arena_error(q->arena, err);
    r->arena = q->arena;
    PW_TRY(split(q->text, r, &reference, err));
    if (!is_loopback(r->host))
        return err_set(
            err, PW_UNSUPPORTED,
            "only registries on this machine are read over http; copy the image first: skopeo copy "
            "docker://" STR_FMT " oci:DIR:TAG",
            STR_ARG(q->text));
    for (int depth = 0; depth < INDEX_DEPTH; depth++) {
        PW_TRY(get_document(r, reference, &document, &digest, err));
        if (!target_is_index(document)) {
            target.digest = digest;
            PW_TRY(target_take_manifest(q->arena, document, &target, err));
            *ret_target = target;
            r->target = ret_target;
            return PW_OK;
        }
        PW_TRY(target_pick(q->arena, document, q->platform, &reference, err));
    }
    return err_set(err, PW_INVALID, "indexes nest deeper than %d", INDEX_DEPTH);
}
