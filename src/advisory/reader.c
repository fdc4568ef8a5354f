/* reader.c - documents in, records out. */
#include <stdlib.h>
#include "advisory/format.h"
#include "format/json_stream.h"

pw_code feed_reader_new(const struct feed *feed, const struct feed_sink *sink,
                        struct feed_reader **ret_reader, struct err *err) {
    struct feed_reader *reader = calloc(1, sizeof *reader);

    if (reader == NULL)
        return err_set(err, PW_MEMORY, "out of memory");
    reader->feed = feed;
    reader->sink = sink;
    reader->arena = (struct arena)ARENA_INIT(LIMIT_ADVISORY_MEMORY);
    reader->text =
        (struct buf)BUF_INIT(feed->format->line != NULL ? LIMIT_FIELD_BYTES : LIMIT_ADVISORY_BYTES);
    *ret_reader = reader;
    return PW_OK;
}

void feed_reader_free(struct feed_reader *reader) {
    if (reader == NULL)
        return;
    arena_done(&reader->arena);
    buf_done(&reader->text);
    free(reader);
}

void feed_reader_freep(struct feed_reader **reader) {
    feed_reader_free(*reader);
    *reader = NULL;
}

/* --- what parsers call --- */

pw_code reader_advisory(struct feed_reader *reader, str name, const struct advisory *advisory,
                        struct err *err) {
    reader->records++;
    if (reader->families != NULL)
        families_take(reader->families, advisory);
    return reader->sink->advisory != NULL
               ? reader->sink->advisory(reader->sink->ctx, name, advisory, err)
               : PW_OK;
}

pw_code reader_scope(struct feed_reader *reader, const struct feed_scope *scope, struct err *err) {
    return reader->sink->scope != NULL ? reader->sink->scope(reader->sink->ctx, scope, err) : PW_OK;
}

void reader_version(struct feed_reader *reader, str version) {
    if (reader->sink->version != NULL && !str_empty(version))
        reader->sink->version(reader->sink->ctx, version);
}

pw_code reader_bad(struct feed_reader *reader, str record, const char *what, struct err *err) {
    reader->records++;
    return reader->sink->bad != NULL ? reader->sink->bad(reader->sink->ctx, record, what, err)
                                     : PW_OK;
}

/* --- records of a huge document --- */

static pw_code each_member(void *ctx, const struct json_member *member, struct err *err) {
    struct feed_reader     *reader = ctx;
    AUTO(json_endp) json_t *root = NULL;
    struct err              why = ERR_NONE;

    arena_reset(&reader->arena);
    if (!str_starts(member->text, STR("{"))) /* the parser takes documents, not bare values */
        return reader->feed->format->record(reader, member->parent, member->key, NULL, err);
    if (json_parse_lenient(member->text, LIMIT_ADVISORY_BYTES, &root, &why) != PW_OK)
        return reader_bad(reader, str_empty(member->key) ? member->parent : member->key,
                          err_text(&why), err);
    return reader->feed->format->record(reader, member->parent, member->key, root, err);
}

/* --- lines --- */

static pw_code take_line(struct feed_reader *reader, str line, struct err *err) {
    arena_reset(&reader->arena);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    return reader->feed->format->line(reader, line, ++reader->lines, err);
}

static pw_code take_lines(struct feed_reader *reader, str bytes, struct err *err) {
    while (bytes.len > 0) {
        size_t end = str_find_char(bytes, '\n');
        str    line = str_sub(bytes, 0, end == STR_NPOS ? bytes.len : end);

        if (end == STR_NPOS || reader->text.len > 0) {
            buf_add(&reader->text, line);
            if (!buf_ok(&reader->text))
                return err_set(err, PW_INVALID, "line %zu has more than %zu bytes",
                               reader->lines + 1, (size_t)LIMIT_FIELD_BYTES);
            line = buf_str(&reader->text);
        }
        if (end == STR_NPOS)
            return PW_OK;
        PW_TRY(take_line(reader, line, err));
        buf_clear(&reader->text);
        bytes = str_from(bytes, end + 1);
    }
    return PW_OK;
}

static pw_code read_lines(struct feed_reader *reader, struct pull_source document,
                          struct err *err) {
    char   bytes[KIB(32)];
    size_t n;

    for (;;) {
        PW_TRY(document.read(document.ctx, bytes, sizeof bytes, &n, err));
        if (n == 0)
            break;
        PW_TRY(take_lines(reader, str_make(bytes, n), err));
    }
    return reader->text.len > 0 ? take_line(reader, buf_str(&reader->text), err) : PW_OK;
}

/* --- whole documents --- */

static pw_code read_whole(struct feed_reader *reader, struct pull_source document,
                          struct err *err) {
    AUTO(json_endp) json_t *root = NULL;
    size_t                  n;

    do {
        char *room = buf_room(&reader->text, KIB(32));

        if (room == NULL)
            return err_set(err, reader->text.failed, "the document has more than %zu bytes",
                           (size_t)LIMIT_ADVISORY_BYTES);
        PW_TRY(document.read(document.ctx, room, KIB(32), &n, err));
        buf_wrote(&reader->text, n);
    } while (n > 0);
    if (json_parse_lenient(buf_str(&reader->text), LIMIT_ADVISORY_BYTES, &root, err) != PW_OK)
        return err_wrap(err, "not the JSON that was expected");
    return reader->feed->format->document(reader, root, err);
}

static pw_code read_document(struct feed_reader *reader, struct pull_source document,
                             struct err *err) {
    const struct feed_format *format = reader->feed->format;

    if (format->line != NULL)
        PW_TRY(read_lines(reader, document, err));
    else if (format->document != NULL)
        PW_TRY(read_whole(reader, document, err));
    else
        PW_TRY(json_stream_walk(document, 2, (struct json_visitor){reader, each_member}, err));
    return format->end != NULL ? format->end(reader, err) : PW_OK;
}

pw_code feed_reader_read(struct feed_reader *reader, struct pull_source document, struct err *err) {
    arena_reset(&reader->arena);
    buf_clear(&reader->text);
    reader->lines = reader->records = 0;
    return read_document(reader, document, err);
}

pw_code feed_reader_text(struct feed_reader *reader, str document, struct err *err) {
    return feed_reader_read(reader, pull_source_of_slice(&document), err);
}
