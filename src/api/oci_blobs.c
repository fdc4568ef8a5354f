/* oci_blobs.c - blobs are read and deleted. */
#include <stdio.h>
#include <stdlib.h>
#include "api/byte_range.h"
#include "api/oci.h"
#include "base/file.h"
#include "registry/pull.h"
#include "registry/remove.h"

#define MEDIA_TYPE "application/octet-stream"
#define BOUNDARY   "portwarden-part-5b1f0c27d9e84a63"

/* --- several parts in one answer --- */

struct parts {
    int                fd;
    uint64_t           size; /* of the blob */
    size_t             count, next;
    uint64_t           at, left;  /* of the part that is being sent */
    char               head[256]; /* text that comes before it, and what of it is left */
    size_t             head_at, head_len;
    bool               closed;
    struct byte_range *ranges;
};

static size_t part_head(char *out, size_t room, const struct byte_range *range, uint64_t size) {
    return (size_t)snprintf(out, room,
                            "\r\n--" BOUNDARY "\r\nContent-Type: " MEDIA_TYPE
                            "\r\nContent-Range: bytes %llu-%llu/%llu\r\n\r\n",
                            (unsigned long long)range->first,
                            (unsigned long long)(range->first + range->length - 1),
                            (unsigned long long)size);
}

#define PARTS_END "\r\n--" BOUNDARY "--\r\n"

static uint64_t parts_length(const struct byte_range *ranges, size_t count, uint64_t size) {
    uint64_t length = sizeof PARTS_END - 1;
    char     head[256];

    for (size_t i = 0; i < count; i++)
        length += part_head(head, sizeof head, &ranges[i], size) + ranges[i].length;
    return length;
}

/* The text before the next part, or behind the last. */
static void next_part(struct parts *parts) {
    const struct byte_range *range = &parts->ranges[parts->next];

    parts->head_at = 0;
    if (parts->next == parts->count) {
        parts->closed = true;
        parts->head_len = sizeof PARTS_END - 1;
        memcpy(parts->head, PARTS_END, sizeof PARTS_END);
        return;
    }
    parts->head_len = part_head(parts->head, sizeof parts->head, range, parts->size);
    parts->at = range->first;
    parts->left = range->length;
    parts->next++;
}

static pw_code parts_next(void *ctx, char *out, size_t room, size_t *ret_n, struct err *err) {
    struct parts *parts = ctx;
    size_t        n;

    if (parts->head_at == parts->head_len && parts->left == 0 && !parts->closed)
        next_part(parts);
    if (parts->head_at < parts->head_len) {
        n = MIN_OF(room, parts->head_len - parts->head_at);
        memcpy(out, parts->head + parts->head_at, n);
        parts->head_at += n;
        *ret_n = n;
        return PW_OK;
    }
    PW_TRY(fd_pread_all(parts->fd, out, MIN_OF((uint64_t)room, parts->left), (off_t)parts->at, &n,
                        err));
    if (n == 0 && parts->left > 0)
        return err_set(err, PW_CORRUPT, "a blob became shorter while it was sent");
    parts->at += n;
    parts->left -= n;
    *ret_n = n;
    return PW_OK;
}

static void parts_end(void *ctx) {
    struct parts *parts = ctx;

    fd_close(&parts->fd);
    free(parts->ranges);
    free(parts);
}

/* Takes the descriptor over, also when it fails. */
static pw_code reply_parts(struct http_reply *reply, struct pulled_blob *blob,
                           const struct byte_range *ranges, size_t count, struct err *err) {
    struct parts *parts = calloc(1, sizeof *parts);

    if (parts != NULL)
        parts->ranges = calloc(count, sizeof *ranges);
    if (parts == NULL || parts->ranges == NULL) {
        free(parts);
        fd_close(&blob->fd);
        return err_set(err, PW_MEMORY, "no memory for a reply");
    }
    memcpy(parts->ranges, ranges, count * sizeof *ranges);
    parts->fd = blob->fd;
    parts->size = blob->size;
    parts->count = count;
    http_reply_status(reply, 206);
    http_reply_length(reply, parts_length(ranges, count, blob->size));
    http_reply_stream(reply, "multipart/byteranges; boundary=" BOUNDARY,
                      (struct http_stream){parts, parts_next, parts_end});
    /* cppcheck-suppress memleak ; the reply calls parts_end */
    return PW_OK;
}

/* --- GET, HEAD --- */

static void reply_headers(struct http_request *request, struct http_reply *reply, int status,
                          const struct digest *digest) {
    oci_reply(reply, status);
    oci_reply_digest(reply, digest);
    oci_reply_namespace(request, reply);
    http_reply_header(reply, "Accept-Ranges", "bytes");
    http_reply_header(reply, "Cache-Control", "max-age=31536000, immutable");
}

/* If-Range of another ETag asks for the whole. */
static str wanted_range(struct http_request *request, const struct digest *digest) {
    char text[DIGEST_TEXT_SIZE];
    str  condition = http_header(request, "If-Range");

    if (!str_empty(condition) && str_find(condition, digest_format(digest, text)) == STR_NPOS)
        return STR_NONE;
    return http_header(request, "Range");
}

static pw_code reply_blob(struct http_request *request, struct http_reply *reply,
                          struct pulled_blob *blob, const struct digest *digest, struct err *err) {
    struct byte_range *ranges =
        arena_array(http_arena(request), LIMIT_RANGES, sizeof(struct byte_range));
    size_t count = 0;

    if (ranges == NULL) {
        fd_close(&blob->fd);
        return arena_error(http_arena(request), err);
    }
    switch (byte_range_parse(wanted_range(request, digest), blob->size, ranges, &count)) {
    case BYTE_RANGE_WHOLE:
        reply_headers(request, reply, 200, digest);
        http_reply_file(reply, MEDIA_TYPE, blob->fd, 0, blob->size);
        return PW_OK;
    case BYTE_RANGE_NONE:
        fd_close(&blob->fd);
        oci_reply(reply, 416);
        http_reply_header(reply, "Content-Range", "bytes */%llu", (unsigned long long)blob->size);
        return PW_OK;
    case BYTE_RANGE_PARTS:
        break;
    }
    reply_headers(request, reply, 206, digest);
    if (count > 1)
        return reply_parts(reply, blob, ranges, count, err);
    http_reply_header(reply, "Content-Range", "bytes %llu-%llu/%llu",
                      (unsigned long long)ranges[0].first,
                      (unsigned long long)(ranges[0].first + ranges[0].length - 1),
                      (unsigned long long)blob->size);
    http_reply_file(reply, MEDIA_TYPE, blob->fd, ranges[0].first, ranges[0].length);
    return PW_OK;
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
    if (!head)
        return reply_blob(request, reply, &blob, &digest, err);
    reply_headers(request, reply, 200, &digest);
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
