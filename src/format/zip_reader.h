#pragma once
/*
 * zip_reader.h - the entries of a zip archive, by libzip.
 *
 * Spec:    PKWARE APPNOTE, zip64; stored, deflated and what else libzip was built with. The central
 *          directory counts. Checksums are compared when an entry is read to its end.
 * Gives:   one entry at a time in the order of the directory, borrowed until the next call.
 * Errors:  PW_CORRUPT: damaged or not a zip; PW_TOO_LARGE: a ceiling of the caller or
 *          LIMIT_ZIP_ENTRIES; PW_UNSUPPORTED: encrypted, or a method that libzip lacks. All name
 *          the entry. An entry that failed does not end the walk.
 * Memory:  the directory (about 150 bytes an entry).   Threads: one at a time.
 */
#include "base/buf.h"
#include "format/pull_source.h"

struct zip_reader_limits {
    uint64_t max_entry_bytes; /* of one entry, inflated */
    uint64_t max_total_bytes; /* of all that is read */
    uint64_t max_ratio;       /* inflated : packed, looked at past 1 MiB */
};

struct zip_reader_entry {
    str      name; /* as written; never trusted as a path of ours */
    uint64_t size, packed_size;
    bool     is_dir;
};

struct zip_reader;

pw_code zip_reader_open(const char *path, struct zip_reader_limits limits,
                        struct zip_reader **ret_reader, struct err *err);
/* An archive in memory, which must outlive the reader. */
pw_code zip_reader_open_memory(str bytes, struct zip_reader_limits limits,
                               struct zip_reader **ret_reader, struct err *err);
void    zip_reader_close(struct zip_reader *reader); /* accepts NULL */
void    zip_reader_closep(struct zip_reader **reader);

uint64_t zip_reader_count(const struct zip_reader *reader);
/* The next entry; NULL at the end. */
pw_code zip_reader_next(struct zip_reader *reader, const struct zip_reader_entry **ret_entry,
                        struct err *err);
/* Content of the current entry: up to n bytes, 0 at its end. */
pw_code            zip_reader_read(struct zip_reader *reader, void *out, size_t n, size_t *ret_n,
                                   struct err *err);
struct pull_source zip_reader_as_source(struct zip_reader *reader); /* of the current entry */
/* Do these first bytes begin a zip archive? */
bool zip_reader_sniff(str first_bytes);
