/* reply.c - an answer under construction. */
#include "http/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { HEADER_VALUE_SIZE = 4096, READER_BLOCK = 1 };

void reply_init(struct http_reply *reply, struct arena *arena) {
    *reply = (struct http_reply){.arena = arena, .status = 200, .fd = -1};
}

static void drop_body(struct http_reply *reply) {
    if (reply->kind == REPLY_FILE && reply->fd >= 0)
        close(reply->fd);
    if (reply->kind == REPLY_STREAM && reply->stream.end != NULL)
        reply->stream.end(reply->stream.ctx);
    reply->kind = REPLY_EMPTY;
    reply->fd = -1;
    reply->stream = (struct http_stream){0};
    reply->bytes = STR_NONE;
    reply->media_type = NULL;
}

void reply_reset(struct http_reply *reply) {
    drop_body(reply);
    reply_init(reply, reply->arena);
}

void http_reply_status(struct http_reply *reply, int status) {
    reply->status = status;
}

/* A header value cannot end its line: controls become spaces. */
static void clean(char *text) {
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
}

static void add_header(struct http_reply *reply, const char *name, str value) {
    struct reply_header *header = arena_new(reply->arena, struct reply_header);
    str                  copy = arena_str(reply->arena, value);
    str                  own_name = arena_str(reply->arena, str_of(name));

    if (header == NULL || copy.ptr == NULL || own_name.ptr == NULL) {
        reply->broken = true;
        return;
    }
    clean((char *)copy.ptr); /* arena memory of ours */
    header->name = own_name.ptr;
    header->value = copy.ptr;
    if (reply->last != NULL)
        reply->last->next = header;
    else
        reply->first = header;
    reply->last = header;
}

void http_reply_header(struct http_reply *reply, const char *name, const char *fmt, ...) {
    char    value[HEADER_VALUE_SIZE];
    va_list args;
    int     need;

    va_start(args, fmt);
    need = vsnprintf(value, sizeof value, fmt, args);
    va_end(args);
    if (need < 0 || (size_t)need >= sizeof value)
        reply->broken = true; /* half a Location would be worse than a 500 */
    else
        add_header(reply, name, str_make(value, (size_t)need));
}

bool reply_has_header(const struct http_reply *reply, const char *name) {
    for (const struct reply_header *h = reply->first; h != NULL; h = h->next)
        if (str_eq_nocase(str_of(h->name), str_of(name)))
            return true;
    return false;
}

void http_reply_borrow(struct http_reply *reply, const char *media_type, str bytes) {
    drop_body(reply);
    reply->kind = REPLY_BYTES;
    reply->media_type = media_type;
    reply->bytes = bytes;
}

void http_reply_body(struct http_reply *reply, const char *media_type, str bytes) {
    str copy = arena_str(reply->arena, bytes);
    str type = arena_str(reply->arena, str_of(media_type));

    if (copy.ptr == NULL || type.ptr == NULL)
        reply->broken = true;
    else
        http_reply_borrow(reply, media_type != NULL ? type.ptr : NULL, copy);
}

void http_reply_file(struct http_reply *reply, const char *media_type, int fd, uint64_t offset,
                     uint64_t length) {
    drop_body(reply);
    reply->kind = REPLY_FILE;
    reply->media_type = media_type;
    reply->fd = fd;
    reply->offset = offset;
    reply->length = length;
}

void http_reply_stream(struct http_reply *reply, const char *media_type,
                       struct http_stream stream) {
    drop_body(reply);
    reply->kind = REPLY_STREAM;
    reply->media_type = media_type;
    reply->stream = stream;
}

void http_reply_length(struct http_reply *reply, uint64_t length) {
    reply->length_said = true;
    reply->length = length;
}

static bool has_no_body(int status) {
    return status < 200 || status == 204 || status == 304;
}

uint64_t reply_length(const struct http_reply *reply) {
    if (reply->kind == REPLY_BYTES)
        return reply->bytes.len;
    if (reply->kind == REPLY_FILE || reply->length_said)
        return reply->length;
    return reply->kind == REPLY_STREAM ? UINT64_MAX : 0;
}

/* The body of an answer whose body is never sent. */
static ssize_t read_nothing(void *ctx PW_UNUSED, uint64_t at PW_UNUSED, char *out PW_UNUSED,
                            size_t room PW_UNUSED) {
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *header_only(const struct http_reply *reply) {
    uint64_t length = reply_length(reply);

    if (reply->status == 204 || length == 0)
        return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    return MHD_create_response_from_callback(length == UINT64_MAX ? MHD_SIZE_UNKNOWN : length,
                                             READER_BLOCK, read_nothing, NULL, NULL);
}

static struct MHD_Response *with_body(struct http_reply *reply,
                                      struct MHD_Response *(*stream)(void *, uint64_t), void *ctx) {
    struct MHD_Response *response;

    if (reply->kind == REPLY_STREAM)
        return stream(ctx, reply->length_said ? reply->length : MHD_SIZE_UNKNOWN);
    if (reply->kind != REPLY_FILE || reply->length == 0)
        /* the library takes a pointer to non-const memory, and only reads it */
        return MHD_create_response_from_buffer(
            reply->bytes.len, (void *)(uintptr_t)reply->bytes.ptr, MHD_RESPMEM_PERSISTENT);
    response = MHD_create_response_from_fd_at_offset64(reply->length, reply->fd, reply->offset);
    if (response != NULL)
        reply->fd = -1; /* closed with the response */
    return response;
}

struct MHD_Response *reply_response(struct http_reply *reply, bool head, bool close,
                                    struct MHD_Response *(*stream)(void *ctx, uint64_t size),
                                    void *ctx) {
    bool                 bodyless = head || has_no_body(reply->status);
    struct MHD_Response *response;

    response = bodyless ? header_only(reply) : with_body(reply, stream, ctx);
    if (response == NULL)
        return NULL;
    /* 0.9.75 ends the answer to a HEAD with a chunk when the length is not known; closing the
     * connection instead is what HTTP/1.0 did. */
    if (bodyless && reply_length(reply) == UINT64_MAX && reply->status != 204)
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (reply->media_type != NULL && (head || !bodyless))
        MHD_add_response_header(response, "Content-Type", reply->media_type);
    for (const struct reply_header *h = reply->first; h != NULL; h = h->next)
        MHD_add_response_header(response, h->name, h->value);
    if (close)
        MHD_add_response_header(response, "Connection", "close");
    if (bodyless)
        drop_body(reply); /* the file or stream that a HEAD does not need */
    return response;
}

bool reply_text(const struct http_reply *reply, bool head, struct buf *out) {
    bool      bodyless = head || has_no_body(reply->status);
    time_t    now = time(NULL);
    struct tm utc;
    char      date[40];

    if (!bodyless && (reply->kind == REPLY_FILE || reply->kind == REPLY_STREAM))
        return false;
    gmtime_r(&now, &utc);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    buf_addf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: close\r\n", reply->status,
             MHD_get_reason_phrase_for((unsigned)reply->status), date);
    buf_adds(out, "X-Content-Type-Options: nosniff\r\n");
    if (reply->media_type != NULL)
        buf_addf(out, "Content-Type: %s\r\n", reply->media_type);
    for (const struct reply_header *h = reply->first; h != NULL; h = h->next)
        buf_addf(out, "%s: %s\r\n", h->name, h->value);
    if (reply->status != 204 && reply_length(reply) != UINT64_MAX)
        buf_addf(out, "Content-Length: %llu\r\n", (unsigned long long)reply_length(reply));
    buf_adds(out, "\r\n");
    if (!bodyless)
        buf_add(out, reply->bytes);
    return buf_ok(out);
}
