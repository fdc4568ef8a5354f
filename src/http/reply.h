#pragma once
/*
 * reply.h - an answer under construction, and its two ways out: as a response of libmicrohttpd, or
 * as bytes for a socket (an answer in the middle of a body, which the library cannot send).
 *
 * Memory:  names, values and copied bodies live in the arena of the request; the reply owns its
 *          file descriptor and its stream until they are handed on or reply_reset ends them.
 * Errors:  running out of memory sticks and makes the answer a 500.
 * Threads: one at a time.
 */
#include <microhttpd.h>
#include "http/server.h"

enum reply_kind { REPLY_EMPTY, REPLY_BYTES, REPLY_FILE, REPLY_STREAM };

struct reply_header {
    struct reply_header *next;
    const char          *name, *value;
};

struct http_reply {
    struct arena        *arena;
    int                  status;
    struct reply_header *first, *last;
    enum reply_kind      kind;
    const char          *media_type;
    str                  bytes;
    int                  fd;
    uint64_t             offset, length;
    struct http_stream   stream;
    bool                 length_said, broken;
};

void reply_init(struct http_reply *reply, struct arena *arena);
/* Ends what the reply still owns and empties it. */
void reply_reset(struct http_reply *reply);
bool reply_has_header(const struct http_reply *reply, const char *name);
/* Bytes of the body, UINT64_MAX: not known before it was made. */
uint64_t reply_length(const struct http_reply *reply);

/* Ownership of fd and stream goes to the response. `stream` makes the response of a stream. NULL:
 * no memory. */
struct MHD_Response *reply_response(struct http_reply *reply, bool head, bool close,
                                    struct MHD_Response *(*stream)(void *ctx, uint64_t size),
                                    void *ctx);
/* Status line, header and body with "Connection: close"; false: its body is a file or a stream. */
bool reply_text(const struct http_reply *reply, bool head, struct buf *out);
