#pragma once
/*
 * range.h - parts of a representation: the Range header, 206 and 416.
 *
 * Spec:    RFC 9110 section 14. Two deviations, both asked for by the OCI conformance suite or by
 *          prudence: "bytes=500-0" is 416 (the RFC would ignore it), and parts that overlap so much
 *          that they are larger than the whole get the whole.
 * Errors:  none; a header that cannot be understood asks for the whole.
 * Threads: http_range_parse is pure; the others belong to a handler.
 */
#include "http/server.h"

struct http_range {
    uint64_t first, length;
};

enum http_range_answer { HTTP_RANGE_WHOLE, HTTP_RANGE_PARTS, HTTP_RANGE_NONE_FITS };

/* `room` is the most parts that are served; more of them get the whole. */
enum http_range_answer http_range_parse(str header, uint64_t size, struct http_range *out,
                                        size_t room, size_t *ret_count);

/* Where the bytes come from. read_at gives 1..n bytes; runs where it may block. */
struct http_range_source {
    void *ctx;
    pw_code (*read_at)(void *ctx, uint64_t at, char *out, size_t n, size_t *ret_n, struct err *err);
    void (*end)(void *ctx); /* always called once; may be NULL */
};

/* Fills the reply for the request's Range (and If-Range, compared with the reply's ETag, which is
 * set before): 200, 206 or 416, with Accept-Ranges and Content-Range; a 416 loses Cache-Control.
 * One part of a file goes by sendfile; several are multipart/byteranges with a Content-Length. fd
 * becomes the reply's. */
pw_code http_range_reply_file(struct http_request *request, struct http_reply *reply,
                              const char *media_type, int fd, uint64_t size, struct err *err);
pw_code http_range_reply_source(struct http_request *request, struct http_reply *reply,
                                const char *media_type, struct http_range_source source,
                                uint64_t size, struct err *err);
