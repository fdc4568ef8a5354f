/* range.c - the Range header. */
#include "http/range.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "http/reply.h"

/* --- the header --- */

enum spec { SPEC_BAD, SPEC_FITS, SPEC_MISSES, SPEC_BACKWARDS };

static enum spec parse_spec(str text, uint64_t size, struct http_range *out) {
    size_t   dash = str_find_char(text, '-');
    str      first = str_sub(text, 0, dash), last = str_from(text, dash == STR_NPOS ? 0 : dash + 1);
    uint64_t a, b = UINT64_MAX;

    if (dash == STR_NPOS || (first.len == 0 && last.len == 0))
        return SPEC_BAD;
    if (last.len > 0 && !str_to_u64(last, UINT64_MAX, &b))
        return SPEC_BAD;
    if (first.len == 0) { /* the last b bytes */
        if (b == 0 || size == 0)
            return SPEC_MISSES;
        *out = (struct http_range){b < size ? size - b : 0, b < size ? b : size};
        return SPEC_FITS;
    }
    if (!str_to_u64(first, UINT64_MAX, &a))
        return SPEC_BAD;
    if (b < a)
        return SPEC_BACKWARDS;
    if (a >= size)
        return SPEC_MISSES;
    *out = (struct http_range){a, (b < size ? b + 1 : size) - a};
    return SPEC_FITS;
}

enum http_range_answer http_range_parse(str header, uint64_t size, struct http_range *out,
                                        size_t room, size_t *ret_count) {
    static const str  unit = STR_INIT("bytes=");
    struct http_range range;
    uint64_t          sum = 0;
    size_t            count = 0, specs = 0;
    bool              backwards = false;
    str               rest, text;

    if (!str_eq_nocase(str_sub(header, 0, unit.len), unit))
        return HTTP_RANGE_WHOLE;
    rest = str_from(header, unit.len);
    while (str_cut(&rest, ',', &text)) {
        enum spec spec;

        text = str_trim(text);
        if (text.len == 0)
            continue; /* lists may have empty members */
        spec = parse_spec(text, size, &range);
        specs++;
        if (spec == SPEC_BAD || count == room)
            return HTTP_RANGE_WHOLE;
        backwards = backwards || spec == SPEC_BACKWARDS;
        if (spec != SPEC_FITS)
            continue;
        out[count++] = range;
        if (__builtin_add_overflow(sum, range.length, &sum) || sum > size)
            return HTTP_RANGE_WHOLE;
    }
    if (specs == 0)
        return HTTP_RANGE_WHOLE;
    if (count == 0 || backwards)
        return HTTP_RANGE_NONE_FITS;
    *ret_count = count;
    return HTTP_RANGE_PARTS;
}

/* --- the answer --- */

enum { BOUNDARY_BYTES = 12, PART_HEAD_SIZE = 512 };

struct parts {
    struct http_range_source source;
    struct http_range       *ranges;
    size_t                   count, at; /* at == count: the closing line */
    uint64_t                 size, sent;
    const char              *media_type;
    char                     boundary[2 * BOUNDARY_BYTES + 1];
    char                     head[PART_HEAD_SIZE]; /* of the part, or the closing line */
    size_t                   head_len, head_sent;
    bool                     multipart;
    int                      fd; /* of a file */
};

static void write_head(struct parts *p) {
    const struct http_range *r = &p->ranges[p->at];
    int                      n;

    p->head_sent = 0;
    if (!p->multipart) {
        p->head_len = 0;
        return;
    }
    if (p->at == p->count)
        n = snprintf(p->head, sizeof p->head, "\r\n--%s--\r\n", p->boundary);
    else
        n = snprintf(p->head, sizeof p->head,
                     "%s--%s\r\nContent-Type: %.200s\r\nContent-Range: bytes %" PRIu64 "-%" PRIu64
                     "/%" PRIu64 "\r\n\r\n",
                     p->at > 0 ? "\r\n" : "", p->boundary, p->media_type, r->first,
                     r->first + r->length - 1, p->size);
    p->head_len = (size_t)n;
}

static uint64_t parts_length(struct parts *p) {
    uint64_t total = 0;

    for (p->at = 0; p->at < p->count; p->at++) {
        write_head(p);
        total += p->head_len + p->ranges[p->at].length;
    }
    write_head(p);
    total += p->head_len;
    p->at = 0;
    write_head(p);
    return total;
}

static pw_code parts_next(void *ctx, char *out, size_t room, size_t *ret_n, struct err *err) {
    struct parts *p = ctx;
    uint64_t      left;

    if (p->head_sent < p->head_len) {
        size_t n = MIN_OF(room, p->head_len - p->head_sent);

        memcpy(out, p->head + p->head_sent, n);
        p->head_sent += n;
        *ret_n = n;
        return PW_OK;
    }
    if (p->at == p->count) {
        *ret_n = 0;
        return PW_OK;
    }
    left = p->ranges[p->at].length - p->sent;
    PW_TRY(p->source.read_at(p->source.ctx, p->ranges[p->at].first + p->sent, out,
                             (size_t)MIN_OF((uint64_t)room, left), ret_n, err));
    if (*ret_n == 0)
        return err_set(err, PW_CORRUPT, "the content ends before its size");
    p->sent += *ret_n;
    if (p->sent == p->ranges[p->at].length) {
        p->sent = 0;
        p->at++;
        write_head(p);
    }
    return PW_OK;
}

static void parts_end(void *ctx) {
    struct parts *p = ctx;

    if (p->source.end != NULL)
        p->source.end(p->source.ctx);
}

static pw_code file_read_at(void *ctx, uint64_t at, char *out, size_t n, size_t *ret_n,
                            struct err *err) {
    const struct parts *p = ctx;

    return fd_pread_all(p->fd, out, n, (off_t)at, ret_n, err);
}

static void file_end(void *ctx) {
    struct parts *p = ctx;

    fd_close(&p->fd);
}

/* What the handler said of the content is not true of a 416: a cache would keep that instead. */
static void drop_header(struct http_reply *reply, const char *name) {
    struct reply_header **at = &reply->first;

    reply->last = NULL;
    while (*at != NULL) {
        if (str_eq_nocase(str_of((*at)->name), str_of(name))) {
            *at = (*at)->next;
            continue;
        }
        reply->last = *at;
        at = &(*at)->next;
    }
}

/* What was asked for; ranges of the request's arena. */
static pw_code choose(struct http_request *request, struct http_reply *reply, uint64_t size,
                      enum http_range_answer *ret_answer, struct parts *p, struct err *err) {
    str header = http_header(request, "Range"), if_range = http_header(request, "If-Range");
    str method = http_method(request);

    *ret_answer = HTTP_RANGE_WHOLE;
    http_reply_header(reply, "Accept-Ranges", "bytes");
    if (header.len == 0 || !(str_eq(method, STR("GET")) || str_eq(method, STR("HEAD"))))
        return PW_OK;
    if (if_range.len > 0) {
        bool same = false;

        for (const struct reply_header *h = reply->first; h != NULL; h = h->next)
            same = same || (str_eq_nocase(str_of(h->name), STR("ETag")) &&
                            str_eq(str_of(h->value), if_range));
        if (!same)
            return PW_OK;
    }
    p->ranges = arena_array(http_arena(request), LIMIT_RANGES, sizeof *p->ranges);
    if (p->ranges == NULL)
        return arena_error(http_arena(request), err);
    *ret_answer = http_range_parse(header, size, p->ranges, LIMIT_RANGES, &p->count);
    if (*ret_answer == HTTP_RANGE_NONE_FITS) {
        drop_header(reply, "Cache-Control");
        http_reply_header(reply, "Content-Range", "bytes */%" PRIu64, size);
        http_reply_status(reply, 416);
    }
    return PW_OK;
}

static void say_part(struct http_reply *reply, const struct http_range *r, uint64_t size) {
    http_reply_status(reply, 206);
    http_reply_header(reply, "Content-Range", "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, r->first,
                      r->first + r->length - 1, size);
}

static pw_code multipart_type(struct parts *p, struct arena *arena, str *ret_type,
                              struct err *err) {
    PW_TRY(random_hex(BOUNDARY_BYTES, p->boundary, err));
    *ret_type = arena_strf(arena, "multipart/byteranges; boundary=%s", p->boundary);
    return ret_type->ptr != NULL ? PW_OK : arena_error(arena, err);
}

/* One or more parts (or the whole) as a stream of known length; ends the source on failure. */
static pw_code reply_parts(struct http_request *request, struct http_reply *reply,
                           const char *media_type, struct parts *p, struct err *err) {
    str     type = str_of(media_type);
    pw_code code = PW_OK;

    p->multipart = p->count > 1;
    p->media_type = media_type;
    if (p->multipart) {
        code = multipart_type(p, http_arena(request), &type, err);
        http_reply_status(reply, 206);
    }
    if (code != PW_OK) {
        parts_end(p);
        return code;
    }
    http_reply_stream(reply, type.ptr, (struct http_stream){p, parts_next, parts_end});
    http_reply_length(reply, parts_length(p));
    return PW_OK;
}

pw_code http_range_reply_file(struct http_request *request, struct http_reply *reply,
                              const char *media_type, int fd, uint64_t size, struct err *err) {
    struct parts          *p = arena_new(http_arena(request), struct parts);
    enum http_range_answer answer = HTTP_RANGE_WHOLE;
    pw_code                code;

    if (p != NULL) {
        *p = (struct parts){.size = size, .fd = fd};
        code = choose(request, reply, size, &answer, p, err);
    } else {
        code = arena_error(http_arena(request), err);
    }
    if (code != PW_OK || answer == HTTP_RANGE_NONE_FITS) {
        close(fd);
        return code;
    }
    if (answer == HTTP_RANGE_PARTS && p->count > 1) {
        p->source = (struct http_range_source){p, file_read_at, file_end};
        return reply_parts(request, reply, media_type, p, err);
    }
    if (answer == HTTP_RANGE_PARTS) {
        say_part(reply, p->ranges, size);
        http_reply_file(reply, media_type, fd, p->ranges[0].first, p->ranges[0].length);
    } else {
        http_reply_file(reply, media_type, fd, 0, size);
    }
    return PW_OK;
}

pw_code http_range_reply_source(struct http_request *request, struct http_reply *reply,
                                const char *media_type, struct http_range_source source,
                                uint64_t size, struct err *err) {
    struct parts          *p = arena_new(http_arena(request), struct parts);
    enum http_range_answer answer = HTTP_RANGE_WHOLE;
    pw_code                code;

    if (p != NULL) {
        *p = (struct parts){.size = size, .fd = -1, .source = source};
        code = choose(request, reply, size, &answer, p, err);
    } else {
        code = arena_error(http_arena(request), err);
    }
    if (code == PW_OK && answer == HTTP_RANGE_WHOLE) {
        p->count = size > 0; /* the whole as one part */
        p->ranges = arena_new(http_arena(request), struct http_range);
        if (p->ranges == NULL)
            code = arena_error(http_arena(request), err);
        else
            p->ranges[0] = (struct http_range){0, size};
    } else if (code == PW_OK && answer == HTTP_RANGE_PARTS && p->count == 1) {
        say_part(reply, p->ranges, size);
    }
    if (code == PW_OK && answer != HTTP_RANGE_NONE_FITS)
        return reply_parts(request, reply, media_type, p, err);
    if (source.end != NULL)
        source.end(source.ctx);
    return code;
}
