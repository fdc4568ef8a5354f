/* stream.c - a body that is made while it is sent. */
#include "http/stream.h"

#include <stdlib.h>

#include "base/log.h"
#include "http/wire.h"

enum {
    STREAM_BUFFER = 128 * 1024, /* made in one go */
    STREAM_ENOUGH = 96 * 1024,  /* then the client gets it */
    STREAM_BLOCK = 64 * 1024,   /* the library's own buffer */
};

struct stream {
    struct work          work; /* first: run() casts back */
    struct http_request *request;
    struct http_stream   source;
    size_t               at, len;
    bool                 making, ended, failed, gone; /* under the request's lock */
    char                 bytes[STREAM_BUFFER];
};

static void stream_free(struct stream *s) {
    struct http_request *r = s->request;

    if (s->source.end != NULL)
        s->source.end(s->source.ctx);
    free(s);
    request_unref(r);
}

static void run_end(struct work *work) {
    stream_free((struct stream *)work);
}

/* Fills the buffer; the connection is suspended, or gone, meanwhile. */
static void run_make(struct work *work) {
    struct stream *s = (struct stream *)work;
    struct err     err = ERR_NONE;
    size_t         used = 0, n = 1;
    pw_code        code = PW_OK;
    bool           gone;

    while (code == PW_OK && n > 0 && used < STREAM_ENOUGH) {
        n = 0;
        code = s->source.next(s->source.ctx, s->bytes + used, STREAM_BUFFER - used, &n, &err);
        used += code == PW_OK ? n : 0;
    }
    if (code != PW_OK)
        log_err(LOG_WARN, "http.stream", &err);
    pthread_mutex_lock(&s->request->lock);
    s->at = 0;
    s->len = used;
    s->failed = code != PW_OK;
    s->ended = n == 0;
    s->making = false;
    gone = s->gone;
    if (!gone)
        request_resume(s->request);
    pthread_mutex_unlock(&s->request->lock);
    if (gone)
        stream_free(s);
}

static ssize_t stream_read(void *ctx, uint64_t position PW_UNUSED, char *out, size_t room) {
    struct stream       *s = ctx;
    struct http_request *r = s->request;
    ssize_t              n = 0;

    pthread_mutex_lock(&r->lock);
    if (!s->making && s->at < s->len) {
        n = (ssize_t)MIN_OF(room, s->len - s->at);
        memcpy(out, s->bytes + s->at, (size_t)n);
        s->at += (size_t)n;
        atomic_fetch_add_explicit(&r->server->bytes_out, (uint64_t)n, memory_order_relaxed);
    } else if (!s->making && s->failed) {
        n = MHD_CONTENT_READER_END_WITH_ERROR;
    } else if (!s->making && s->ended) {
        n = MHD_CONTENT_READER_END_OF_STREAM;
    } else if (atomic_load(&r->server->forcing)) {
        n = MHD_CONTENT_READER_END_WITH_ERROR;
    } else {
        if (!s->making) {
            s->making = true;
            s->work.run = run_make;
            workers_add(r->server->workers, &s->work);
        }
        request_suspend(r);
    }
    pthread_mutex_unlock(&r->lock);
    return n;
}

static void stream_gone(void *ctx) {
    struct stream *s = ctx;
    bool           making;

    pthread_mutex_lock(&s->request->lock);
    s->gone = true;
    making = s->making;
    pthread_mutex_unlock(&s->request->lock);
    if (making)
        return; /* whoever makes bytes ends it */
    s->work.run = run_end;
    workers_add(s->request->server->workers, &s->work);
}

struct MHD_Response *stream_response(void *request, uint64_t size) {
    struct http_request *r = request;
    struct stream       *s = calloc(1, sizeof *s);
    struct MHD_Response *response;

    if (s == NULL)
        return NULL;
    s->request = r;
    s->source = r->reply.stream;
    response = MHD_create_response_from_callback(size, STREAM_BLOCK, stream_read, s, stream_gone);
    if (response == NULL) {
        free(s);
        return NULL; /* the reply still has its stream, and ends it */
    }
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    r->reply.stream = (struct http_stream){0};
    r->reply.kind = REPLY_EMPTY;
    return response;
}
