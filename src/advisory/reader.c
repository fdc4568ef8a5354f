/* reader.c - documents in pieces, records out. */
#include <stdlib.h>
#include "advisory/format.h"
#include "advisory/split.h"

static pw_code split_record(void *ctx, str key, str inner, str value, struct err *err);

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
    if (feed->format->record != NULL &&
        (reader->splitter = split_new(split_record, reader)) == NULL) {
        feed_reader_free(reader);
        return err_set(err, PW_MEMORY, "out of memory");
    }
    *ret_reader = reader;
    return PW_OK;
}

void feed_reader_free(struct feed_reader *reader) {
    if (reader == NULL)
        return;
    split_free(reader->splitter);
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

pw_code reader_bad_err(struct feed_reader *reader, str record, const struct err *why,
                       struct err *err) {
    return reader_bad(reader, record, err_text(why), err);
}

/* --- records of a split document --- */

static pw_code split_record(void *ctx, str key, str inner, str value, struct err *err) {
    struct feed_reader     *reader = ctx;
    AUTO(json_endp) json_t *root = NULL;
    struct err              why = ERR_NONE;
    str                     name = str_empty(inner) ? key : inner;

    arena_reset(&reader->arena);
    if (value.ptr[0] != '{') /* the parser takes documents, not bare values */
        return reader->feed->format->record(reader, key, inner, NULL, err);
    if (json_parse_lenient(value, LIMIT_ADVISORY_BYTES, &root, &why) != PW_OK)
        return reader_bad_err(reader, name, &why, err);
    return reader->feed->format->record(reader, key, inner, root, err);
}

/* --- lines --- */

static pw_code take_line(struct feed_reader *reader, str line, struct err *err) {
    arena_reset(&reader->arena);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    return reader->feed->format->line(reader, line, ++reader->lines, err);
}

static pw_code add_lines(struct feed_reader *reader, str bytes, struct err *err) {
    while (bytes.len > 0) {
        size_t end = str_find_char(bytes, '\n');
        str    line = str_sub(bytes, 0, end == STR_NPOS ? bytes.len : end);

        if (end == STR_NPOS || reader->text.len > 0) {
            buf_add(&reader->text, line);
            PW_TRY(buf_finish(&reader->text, &line, err));
        }
        if (end == STR_NPOS)
            return PW_OK;
        PW_TRY(take_line(reader, line, err));
        buf_clear(&reader->text);
        bytes = str_from(bytes, end + 1);
    }
    return PW_OK;
}

/* --- documents --- */

pw_code feed_reader_add(struct feed_reader *reader, str bytes, struct err *err) {
    reader->begun = reader->begun || bytes.len > 0;
    if (reader->splitter != NULL)
        return split_add(reader->splitter, bytes, err);
    if (reader->feed->format->line != NULL)
        return add_lines(reader, bytes, err);
    buf_add(&reader->text, bytes);
    if (!buf_ok(&reader->text))
        return err_set(err, reader->text.failed, "the document has more than %zu bytes",
                       (size_t)LIMIT_ADVISORY_BYTES);
    return PW_OK;
}

static pw_code end_document(struct feed_reader *reader, struct err *err) {
    AUTO(json_endp) json_t *root = NULL;

    if (reader->splitter != NULL)
        return split_end(reader->splitter, err);
    if (reader->feed->format->line != NULL)
        return reader->text.len > 0 ? take_line(reader, buf_str(&reader->text), err) : PW_OK;
    arena_reset(&reader->arena);
    if (json_parse_lenient(buf_str(&reader->text), LIMIT_ADVISORY_BYTES, &root, err) != PW_OK)
        return err_wrap(err, "not the JSON that was expected");
    return reader->feed->format->document(reader, root, err);
}

pw_code feed_reader_end(struct feed_reader *reader, struct err *err) {
    pw_code code = !reader->begun ? err_set(err, PW_INVALID, "the document is empty")
                                  : end_document(reader, err);

    if (code == PW_OK && reader->feed->format->end != NULL)
        code = reader->feed->format->end(reader, err);
    buf_clear(&reader->text);
    if (reader->splitter != NULL)
        split_reset(reader->splitter);
    reader->begun = false;
    reader->lines = reader->records = 0;
    return code;
}
