#pragma once
/*
 * inflate.h - a stream of bytes, decompressed when it is compressed.
 *
 * Spec:    gzip (RFC 1952; members one behind the other, checksums compared), zstd (RFC 8878;
 *          windows up to 128 MiB), xz (checks compared), bzip2, or plain. Told from the first
 *          bytes, never from a name.
 * Units:   bytes. The ratio is bytes out to bytes in, looked at after the first MiB.
 * Errors:  PW_CORRUPT: damaged or cut short; PW_TOO_LARGE: a ceiling of the caller;
 *          PW_UNSUPPORTED: needs a dictionary, or more memory than allowed. An error sticks.
 *          Errors of the source pass through.
 * Memory:  about 700 KiB at open; zstd and xz add up to 128 MiB as their headers ask. No files, no
 *          threads: runs in the sandbox child.   Threads: one at a time.
 */
#include "format/pull_source.h"

enum inflate_format { INFLATE_PLAIN, INFLATE_GZIP, INFLATE_ZSTD, INFLATE_XZ, INFLATE_BZIP2 };

struct inflate_limits {
    uint64_t max_bytes; /* that may come out */
    uint64_t max_ratio; /* out : in */
};

struct inflate;

/* Reads enough to know the format. The source must outlive the stream. */
pw_code inflate_open(struct pull_source source, struct inflate_limits limits,
                     struct inflate **ret_inflate, struct err *err);
void    inflate_close(struct inflate *inflate); /* accepts NULL */
void    inflate_closep(struct inflate **inflate);

/* The next piece, borrowed until the next call; *ret_n is 0 at the end (and only there). */
pw_code inflate_next(struct inflate *inflate, const void **ret_bytes, size_t *ret_n,
                     struct err *err);
/* The same as a copy of up to n bytes. The two can be mixed. */
pw_code inflate_read(struct inflate *inflate, void *out, size_t n, size_t *ret_n, struct err *err);
struct pull_source inflate_as_source(struct inflate *inflate);

enum inflate_format inflate_format(const struct inflate *inflate);
const char         *inflate_format_name(enum inflate_format format);  /* "gzip", ... "plain" */
uint64_t            inflate_bytes_in(const struct inflate *inflate);  /* consumed from the source */
uint64_t            inflate_bytes_out(const struct inflate *inflate); /* given by next and read */
/* What is worth telling after the end: bytes behind the data that were ignored. Empty: nothing. */
const char *inflate_note(const struct inflate *inflate);
