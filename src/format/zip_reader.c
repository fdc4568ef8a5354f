/* zip_reader.c - libzip with ceilings. */
#include "format/zip_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <zip.h>
#include "base/limits.h"

struct zip_reader {
    zip_t                   *archive;
    zip_file_t              *file; /* the current entry, opened when it is first read */
    struct zip_reader_limits limits;
    uint64_t                 count, next;
    struct zip_reader_entry  entry;
    bool                     encrypted;
    uint64_t                 given, total; /* bytes of this entry, of all */
};

bool zip_reader_sniff(str first_bytes) {
    return str_starts(first_bytes, STR("PK\3\4")) || str_starts(first_bytes, STR("PK\5\6"));
}

static pw_code code_of(int zip_code) {
    switch (zip_code) {
    case ZIP_ER_MEMORY:
        return PW_MEMORY;
    case ZIP_ER_READ:
    case ZIP_ER_SEEK:
    case ZIP_ER_OPEN:
        return PW_IO;
    case ZIP_ER_NOENT:
        return PW_NOT_FOUND;
    case ZIP_ER_COMPNOTSUPP:
    case ZIP_ER_ENCRNOTSUPP:
    case ZIP_ER_NOPASSWD:
        return PW_UNSUPPORTED;
    default:
        return PW_CORRUPT;
    }
}

static pw_code open_source(zip_source_t *source, struct zip_reader_limits limits,
                           zip_error_t *problem, struct zip_reader **ret_reader, struct err *err) {
    struct zip_reader *reader = calloc(1, sizeof *reader);
    pw_code            code;

    if (reader != NULL && source != NULL)
        reader->archive = zip_open_from_source(source, ZIP_RDONLY, problem);
    if (reader == NULL || reader->archive == NULL) {
        code = reader == NULL ? PW_MEMORY : code_of(zip_error_code_zip(problem));
        err_set(err, code, "zip archive cannot be opened: %s",
                reader == NULL ? "out of memory" : zip_error_strerror(problem));
        zip_source_free(source);
        free(reader);
        return code;
    }
    reader->limits = limits;
    reader->count = (uint64_t)zip_get_num_entries(reader->archive, 0);
    if (reader->count > LIMIT_ZIP_ENTRIES) {
        code = err_set(err, PW_TOO_LARGE, "zip archive has %" PRIu64 " entries, more than %d",
                       reader->count, LIMIT_ZIP_ENTRIES);
        zip_reader_close(reader);
        return code;
    }
    *ret_reader = reader;
    return PW_OK;
}

pw_code zip_reader_open(const char *path, struct zip_reader_limits limits,
                        struct zip_reader **ret_reader, struct err *err) {
    zip_error_t problem;
    pw_code     code;

    zip_error_init(&problem);
    code = open_source(zip_source_file_create(path, 0, -1, &problem), limits, &problem, ret_reader,
                       err);
    zip_error_fini(&problem);
    return code == PW_OK ? PW_OK : err_wrap(err, "%s", path);
}

pw_code zip_reader_open_memory(str bytes, struct zip_reader_limits limits,
                               struct zip_reader **ret_reader, struct err *err) {
    zip_error_t problem;
    pw_code     code;

    zip_error_init(&problem);
    code = open_source(zip_source_buffer_create(bytes.ptr, bytes.len, 0, &problem), limits,
                       &problem, ret_reader, err);
    zip_error_fini(&problem);
    return code;
}

static void close_file(struct zip_reader *reader) {
    if (reader->file != NULL)
        zip_fclose(reader->file);
    reader->file = NULL;
}

void zip_reader_close(struct zip_reader *reader) {
    if (reader == NULL)
        return;
    close_file(reader);
    zip_discard(reader->archive);
    free(reader);
}

void zip_reader_closep(struct zip_reader **reader) {
    zip_reader_close(*reader);
    *reader = NULL;
}

uint64_t zip_reader_count(const struct zip_reader *reader) {
    return reader->count;
}

pw_code zip_reader_next(struct zip_reader *reader, const struct zip_reader_entry **ret_entry,
                        struct err *err) {
    zip_stat_t stat;

    close_file(reader);
    if (reader->next >= reader->count) {
        *ret_entry = NULL;
        return PW_OK;
    }
    zip_stat_init(&stat);
    if (zip_stat_index(reader->archive, reader->next, ZIP_FL_ENC_RAW, &stat) != 0 ||
        stat.name == NULL)
        return err_set(err, PW_CORRUPT, "zip entry %" PRIu64 " has no readable header",
                       reader->next);
    reader->entry = (struct zip_reader_entry){
        .name = str_of(stat.name),
        .size = stat.size,
        .packed_size = stat.comp_size,
        .is_dir = str_ends(str_of(stat.name), STR("/")),
    };
    reader->encrypted =
        (stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE;
    reader->given = 0;
    reader->next++;
    *ret_entry = &reader->entry;
    return PW_OK;
}

static pw_code open_file(struct zip_reader *reader, struct err *err) {
    if (reader->file != NULL)
        return PW_OK;
    if (reader->encrypted)
        return err_set(err, PW_UNSUPPORTED, "zip entry " STR_FMT " is encrypted",
                       STR_ARG(reader->entry.name));
    reader->file = zip_fopen_index(reader->archive, reader->next - 1, 0);
    if (reader->file == NULL)
        return err_set(err, code_of(zip_error_code_zip(zip_get_error(reader->archive))),
                       "zip entry " STR_FMT ": %s", STR_ARG(reader->entry.name),
                       zip_error_strerror(zip_get_error(reader->archive)));
    return PW_OK;
}

/* Sizes in the directory may lie: what counts is what has come out. */
static pw_code check_limits(const struct zip_reader *reader, struct err *err) {
    const struct zip_reader_limits *limits = &reader->limits;

    if (reader->given > limits->max_entry_bytes || reader->total > limits->max_total_bytes)
        return err_set(err, PW_TOO_LARGE, "zip entry " STR_FMT " gives more than %" PRIu64 " bytes",
                       STR_ARG(reader->entry.name),
                       reader->given > limits->max_entry_bytes
                           ? limits->max_entry_bytes
                           : limits->max_total_bytes - (reader->total - reader->given));
    if (reader->given > MIB(1) && reader->given / limits->max_ratio > reader->entry.packed_size)
        return err_set(err, PW_TOO_LARGE, "zip entry " STR_FMT " grows more than %" PRIu64 " times",
                       STR_ARG(reader->entry.name), limits->max_ratio);
    return PW_OK;
}

pw_code zip_reader_read(struct zip_reader *reader, void *out, size_t n, size_t *ret_n,
                        struct err *err) {
    zip_int64_t got;

    PW_TRY(open_file(reader, err));
    got = zip_fread(reader->file, out, n);
    if (got < 0)
        return err_set(err, code_of(zip_error_code_zip(zip_file_get_error(reader->file))),
                       "zip entry " STR_FMT ": %s", STR_ARG(reader->entry.name),
                       zip_error_strerror(zip_file_get_error(reader->file)));
    reader->given += (uint64_t)got;
    reader->total += (uint64_t)got;
    PW_TRY(check_limits(reader, err));
    *ret_n = (size_t)got;
    return PW_OK;
}

static pw_code read_as_source(void *ctx, void *out, size_t n, size_t *ret_n, struct err *err) {
    return zip_reader_read(ctx, out, n, ret_n, err);
}

struct pull_source zip_reader_as_source(struct zip_reader *reader) {
    return (struct pull_source){reader, read_as_source};
}
