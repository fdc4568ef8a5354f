#pragma once
/*
 * tar.h - walks the entries of a tar stream.
 *
 * Spec:    POSIX ustar and pax, GNU (long names, sparse), v7, star; read by libarchive. As container
 *          runtimes do, the walk ends at the first end-of-archive mark; the bytes behind it are read
 *          (so that checksums are compared) and ignored.
 * Gives:   one entry at a time, borrowed until the next tar_next. Names are bytes, normalised: no leading
 *          "/", no "." or empty parts, ".." taken back; a name that leads above the root, is empty or
 *          absurdly long makes a TAR_BAD entry with the reason, and the walk goes on.
 * Errors:  PW_CORRUPT: not a tar, damaged or cut short; PW_TOO_LARGE: LIMIT_TAR_ENTRIES, LIMIT_TAR_HOLES; errors of
 *          the bytes below pass through. An error ends the walk.
 * Memory:  about 100 KiB.   Threads: one at a time.
 */
#include "base/buf.h"
#include "format/inflate.h"

enum tar_type { TAR_FILE, TAR_DIR, TAR_SYMLINK, TAR_HARDLINK, TAR_OTHER, TAR_BAD };

struct tar_entry {
    enum tar_type type;
    str           path; /* "" is the root directory; of TAR_BAD as written, at most 200 bytes */
    str           link; /* TAR_HARDLINK: normalised path; TAR_SYMLINK: as written */
    unsigned      mode; /* 07777 */
    uint64_t      size; /* bytes of content (holes of sparse files included) */
    const char   *why;  /* TAR_BAD: the reason, else NULL */
};

struct tar;

/* Before a lock-down: walks a small archive with pax names, so that libarchive and libc open their
 * files now. The locale stays as it is. */
pw_code tar_warm_up(struct err *err);

pw_code tar_open(struct inflate *bytes, struct tar **ret_tar, struct err *err);
void    tar_close(struct tar *tar); /* accepts NULL; `bytes` stays the caller's */
void    tar_closep(struct tar **tar);

/* The next entry; NULL at the end. */
pw_code tar_next(struct tar *tar, const struct tar_entry **ret_entry, struct err *err);
/* Content of the current entry: up to n bytes, 0 at its end. What is not read is skipped. */
pw_code            tar_read(struct tar *tar, void *out, size_t n, size_t *ret_n, struct err *err);
struct pull_source tar_as_source(struct tar *tar); /* of the current entry */
/* All of it, added to `out`; PW_TOO_LARGE when it has more than `ceiling` bytes (nothing is read
 * when its size says so). */
pw_code tar_read_all(struct tar *tar, size_t ceiling, struct buf *out, struct err *err);

/* Normalises a path into `out` (LIMIT_PATH_BYTES + 1); NULL, or why it is bad. */
const char *tar_normalise(str path, char *out, str *ret_path);
