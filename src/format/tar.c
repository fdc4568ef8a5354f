/* tar.c - libarchive's tar reader over our own decompression. */
#include "format/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/limits.h"

struct tar {
    struct inflate       *bytes;
    struct archive       *archive;
    struct archive_entry *raw;
    struct tar_entry      entry;
    uint64_t              entries, given; /* given: bytes of content handed out, holes included */
    bool                  ended;
    struct err failure; /* of the bytes below: libarchive only says that reading failed */
    char       path[LIMIT_PATH_BYTES + 1], link[LIMIT_PATH_BYTES + 1];
};

/* --- names --- */

/* Puts a part behind what is there. */
static bool push_part(char *out, size_t *len, str part) {
    if (*len + part.len + 1 > LIMIT_PATH_BYTES)
        return false;
    if (*len > 0)
        out[(*len)++] = '/';
    memcpy(out + *len, part.ptr, part.len);
    *len += part.len;
    return true;
}

const char *tar_normalise(str path, char *out, str *ret_path) {
    size_t len = 0, parts = 0;
    str    part, rest = path;

    if (path.len == 0)
        return "it has no name";
    if (path.len > LIMIT_PATH_BYTES)
        return "its name is too long";
    if (memchr(path.ptr, '\0', path.len) != NULL)
        return "its name holds a NUL";
    while (str_cut(&rest, '/', &part)) {
        if (part.len == 0 || str_eq(part, STR(".")))
            continue;
        if (str_eq(part, STR(".."))) {
            size_t slash = str_rfind_char(str_make(out, len), '/');

            if (parts == 0)
                return "its name leads above the root";
            len = slash == STR_NPOS ? 0 : slash;
            parts--;
            continue;
        }
        if (++parts > LIMIT_PATH_PARTS)
            return "its name has too many parts";
        if (!push_part(out, &len, part))
            return "its name is too long";
    }
    out[len] = '\0';
    *ret_path = str_make(out, len);
    return NULL;
}

/* --- bytes --- */

static la_ssize_t give_bytes(struct archive *archive, void *ctx, const void **ret_bytes) {
    struct tar *tar = ctx;
    size_t      n = 0;

    if (inflate_next(tar->bytes, ret_bytes, &n, &tar->failure) == PW_OK)
        return (la_ssize_t)n;
    archive_set_error(archive, EIO, "the bytes of the archive cannot be read");
    return -1;
}

static pw_code problem(struct tar *tar, struct err *err) {
    const char *text = archive_error_string(tar->archive);
    pw_code     code;

    tar->ended = true;
    if (tar->failure.code == PW_OK)
        err_set(&tar->failure, archive_errno(tar->archive) == ENOMEM ? PW_MEMORY : PW_CORRUPT,
                "tar archive is damaged after %llu entries: %s", (unsigned long long)tar->entries,
                text != NULL ? text : "unknown reason");
    code = tar->failure.code;
    assert(code != PW_OK);
    if (err != NULL)
        *err = tar->failure;
    return code;
}

/* --- the walk --- */

/* Names are bytes. In a UTF-8 locale libarchive would rewrite those of pax headers into Unicode
 * form C, and two files would have one name; in the C locale it leaves every byte as it is (and
 * warns, which is ignored). The thread's own locale comes back behind each call. */
static locale_t enter_bytes_locale(void) {
    return uselocale(
        newlocale(LC_CTYPE_MASK, "C", (locale_t)0)); /* a constant of libc: nothing to free */
}

static pw_code open_archive(struct tar *tar, struct err *err) {
    locale_t before;
    int      code;

    tar->archive = archive_read_new();
    tar->raw = archive_entry_new();
    if (tar->archive == NULL || tar->raw == NULL ||
        archive_read_support_format_tar(tar->archive) != ARCHIVE_OK)
        return err_set(err, PW_MEMORY, "out of memory for reading a tar archive");
    before = enter_bytes_locale();
    code = archive_read_open(tar->archive, tar, NULL, give_bytes, NULL);
    uselocale(before);
    return code == ARCHIVE_OK ? PW_OK : problem(tar, err);
}

pw_code tar_open(struct inflate *bytes, struct tar **ret_tar, struct err *err) {
    struct tar *tar = calloc(1, sizeof *tar);
    pw_code     code;

    if (tar == NULL)
        return err_set(err, PW_MEMORY, "out of memory for reading a tar archive");
    tar->bytes = bytes;
    code = open_archive(tar, err);
    if (code != PW_OK) {
        tar_close(tar);
        return code;
    }
    *ret_tar = tar;
    return PW_OK;
}

void tar_close(struct tar *tar) {
    if (tar == NULL)
        return;
    archive_entry_free(tar->raw);
    archive_read_free(tar->archive);
    free(tar);
}

void tar_closep(struct tar **tar) {
    tar_close(*tar);
    *tar = NULL;
}

static enum tar_type type_of(struct archive_entry *raw) {
    if (archive_entry_hardlink(raw) != NULL)
        return TAR_HARDLINK;
    switch (archive_entry_filetype(raw)) {
    case AE_IFREG:
        return TAR_FILE;
    case AE_IFDIR:
        return TAR_DIR;
    case AE_IFLNK:
        return TAR_SYMLINK;
    default:
        return TAR_OTHER;
    }
}

static void set_bad(struct tar_entry *entry, str as_written, const char *why) {
    *entry = (struct tar_entry){.type = TAR_BAD, .path = str_sub(as_written, 0, 200), .why = why};
}

static void describe(struct tar *tar) {
    struct tar_entry *entry = &tar->entry;
    str               written = str_of(archive_entry_pathname(tar->raw));
    const char       *why;

    *entry =
        (struct tar_entry){.type = type_of(tar->raw), .mode = archive_entry_mode(tar->raw) & 07777};
    why = tar_normalise(written, tar->path, &entry->path);
    if (why == NULL && entry->path.len == 0 && entry->type != TAR_DIR)
        why = "it is not a directory and has the name of the root";
    if (why == NULL && entry->type == TAR_HARDLINK &&
        tar_normalise(str_of(archive_entry_hardlink(tar->raw)), tar->link, &entry->link) != NULL)
        why = "its link target is not a path below the root";
    if (why == NULL && archive_entry_size(tar->raw) < 0)
        why = "its size is negative";
    if (why != NULL) {
        set_bad(entry, written, why);
        return;
    }
    if (entry->type == TAR_SYMLINK)
        entry->link = str_of(archive_entry_symlink(tar->raw));
    if (entry->type == TAR_FILE || entry->type == TAR_HARDLINK)
        entry->size = (uint64_t)archive_entry_size(tar->raw);
}

/* Reads what is behind the end mark, so that a damaged or cut compressed stream is noticed. */
static pw_code drain(struct tar *tar, struct err *err) {
    const void *bytes;
    size_t      n;

    tar->ended = true;
    do
        PW_TRY(inflate_next(tar->bytes, &bytes, &n, err));
    while (n > 0);
    return PW_OK;
}

pw_code tar_next(struct tar *tar, const struct tar_entry **ret_entry, struct err *err) {
    locale_t before;
    int      code;

    if (tar->ended) {
        if (tar->failure.code != PW_OK)
            return problem(tar, err);
        *ret_entry = NULL;
        return PW_OK;
    }
    before = enter_bytes_locale();
    code = archive_read_next_header2(tar->archive, tar->raw);
    uselocale(before);
    if (code == ARCHIVE_EOF) {
        PW_TRY(drain(tar, err));
        *ret_entry = NULL;
        return PW_OK;
    }
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
        return problem(tar, err);
    if (++tar->entries > LIMIT_TAR_ENTRIES) {
        err_set(&tar->failure, PW_TOO_LARGE, "tar archive has more than %d entries",
                LIMIT_TAR_ENTRIES);
        return problem(tar, err);
    }
    describe(tar);
    *ret_entry = &tar->entry;
    return PW_OK;
}

pw_code tar_read(struct tar *tar, void *out, size_t n, size_t *ret_n, struct err *err) {
    la_ssize_t got = archive_read_data(tar->archive, out, n);

    if (got < 0)
        return problem(tar, err);
    tar->given += (uint64_t)got;
    if (tar->given > inflate_bytes_out(tar->bytes) + LIMIT_TAR_HOLES) {
        err_set(&tar->failure, PW_TOO_LARGE,
                "sparse files of the tar archive have more than %zu bytes of holes",
                LIMIT_TAR_HOLES);
        return problem(tar, err);
    }
    *ret_n = (size_t)got;
    return PW_OK;
}

static pw_code read_as_source(void *ctx, void *out, size_t n, size_t *ret_n, struct err *err) {
    return tar_read(ctx, out, n, ret_n, err);
}

struct pull_source tar_as_source(struct tar *tar) {
    return (struct pull_source){tar, read_as_source};
}

static pw_code too_large(const struct tar *tar, size_t ceiling, struct err *err) {
    return err_set(err, PW_TOO_LARGE, STR_FMT " has more than %zu bytes", STR_ARG(tar->entry.path),
                   ceiling);
}

pw_code tar_read_all(struct tar *tar, size_t ceiling, struct buf *out, struct err *err) {
    size_t total = 0;

    if (tar->entry.size > ceiling)
        return too_large(tar, ceiling, err);
    for (;;) {
        size_t want = MIN_OF(MAX_OF(tar->entry.size - total, 1), KIB(64)), n = 0;
        char  *at = buf_room(out, want);

        if (at == NULL)
            return out->failed == PW_TOO_LARGE ? too_large(tar, out->ceiling, err)
                                               : err_set(err, out->failed, "out of memory");
        PW_TRY(tar_read(tar, at, want, &n, err));
        buf_wrote(out, n);
        total += n;
        if (n == 0 || total == tar->entry.size)
            return PW_OK;
    }
}

/* --- warm-up --- */

/* One ustar header and its content, padded to blocks of 512 bytes. */
static void add_member(struct buf *out, const char *name, char type, str content) {
    char     header[512] = {0};
    unsigned sum = 0;

    snprintf(header, 100, "%s", name);
    memcpy(header + 100, "0000644", 8);
    memcpy(header + 108, "0000000", 8);
    memcpy(header + 116, "0000000", 8);
    snprintf(header + 124, 12, "%011o", (unsigned)content.len);
    memcpy(header + 136, "00000000000", 12);
    memset(header + 148, ' ', 8);
    header[156] = type;
    memcpy(header + 257, "ustar", 6);
    memset(header + 263, '0', 2); /* version "00" */
    for (size_t i = 0; i < sizeof header; i++)
        sum += (unsigned char)header[i];
    snprintf(header + 148, 8, "%06o", sum);
    buf_add(out, str_make(header, sizeof header));
    buf_add(out, content);
    memset(header, 0, sizeof header);
    buf_add(out, str_make(header, (512 - content.len % 512) % 512));
}

static pw_code walk_to_the_end(struct inflate *bytes, struct err *err) {
    const struct tar_entry *entry = NULL;
    struct tar             *tar = NULL;
    pw_code                 code = tar_open(bytes, &tar, err);

    if (tar == NULL)
        return code;
    do
        code = tar_next(tar, &entry, err);
    while (code == PW_OK && entry != NULL);
    tar_close(tar);
    return code;
}

pw_code tar_warm_up(struct err *err) {
    AUTO(buf_done) struct buf            archive = BUF_INIT(KIB(8));
    AUTO(inflate_closep) struct inflate *bytes = NULL;
    str                                  slice;

    add_member(&archive, "PaxHeaders/x", 'x', STR("17 path=\xC3\xA4/\xE6\x97\xA5.x\n"));
    add_member(&archive, "x", '0', STR("content"));
    PW_TRY(buf_finish(&archive, &slice, err));
    PW_TRY(inflate_open(pull_source_of_slice(&slice), (struct inflate_limits){KIB(64), 1000},
                        &bytes, err));
    return walk_to_the_end(bytes, err);
}
