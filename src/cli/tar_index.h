#pragma once
/*
 * tar_index.h - where the members of an uncompressed tar lie. Looks at headers alone.
 *
 * Spec:    POSIX ustar and pax (path, size), GNU long names and base-256 sizes.
 * Errors:  PW_CORRUPT: not a tar, or a member past its end; PW_TOO_LARGE past TAR_INDEX_MEMBERS.
 * Memory:  names live in the arena.   Threads: pure.
 */
#include "base/arena.h"

enum { TAR_INDEX_MEMBERS = 100000 };

struct tar_member {
    str      name; /* without leading "./" */
    uint64_t offset, size;
    str      link; /* target of a symbolic or hard link, else empty */
};
struct tar_index {
    struct tar_member *members;
    size_t             count;
};
pw_code tar_index_read(int fd, struct arena *arena, struct tar_index *ret_index, struct err *err);
/* Follows links (docker save links equal layers); NULL: absent. */
const struct tar_member *tar_index_find(const struct tar_index *index, struct arena *arena,
                                        str name);
