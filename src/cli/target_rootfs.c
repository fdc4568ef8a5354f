/* target_rootfs.c - a folder as one layer: a tar of it goes through the same sandboxed reader. */
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/digest.h"
#include "base/file.h"
#include "base/limits.h"
#include "cli/target.h"

struct rootfs {
    int      fd;
    uint64_t size;
};

static void end_read(struct archive **archive) {
    archive_read_free(*archive);
}
static void end_write(struct archive **archive) {
    archive_write_free(*archive);
}
static void end_entry(struct archive_entry **entry) {
    archive_entry_free(*entry);
}

static pw_code archive_failed(struct archive *archive, str folder, struct err *err) {
    const char *why = archive_error_string(archive);

    return err_set(err, PW_IO, STR_FMT ": %s", STR_ARG(folder),
                   why != NULL ? why : "unknown trouble");
}

/* A file that vanishes or cannot be read is an error: half a folder must not look like a whole one. */
static pw_code copy_content(const char *path, int64_t size, struct archive *out, struct err *err) {
    static char        chunk[1 << 18];
    AUTO(fd_close) int fd = -1;
    size_t             n;

    PW_TRY(file_open_read(path, &fd, err));
    for (int64_t at = 0; at < size; at += (int64_t)n) {
        PW_TRY(
            fd_pread_all(fd, chunk, (size_t)MIN_OF(size - at, (int64_t)sizeof chunk), at, &n, err));
        if (n == 0)
            return err_set(err, PW_CONFLICT, "%s became shorter while it was read", path);
        if (archive_write_data(out, chunk, n) < 0)
            return archive_failed(out, str_of(path), err);
    }
    return PW_OK;
}

static pw_code copy_entry(struct archive *in, struct archive_entry *entry, struct archive *out,
                          str folder, struct err *err) {
    const char *path = archive_entry_sourcepath(entry), *name = archive_entry_pathname(entry);
    mode_t      type = archive_entry_filetype(entry);
    str         inside = str_from(str_of(name), folder.len);

    if (type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK)
        return PW_OK;
    while (str_starts(inside, STR("/")))
        inside = str_from(inside, 1);
    if (inside.len == 0)
        return PW_OK;
    archive_entry_copy_pathname(entry, inside.ptr);
    archive_entry_set_hardlink(entry, NULL);
    if (archive_write_header(out, entry) < ARCHIVE_WARN)
        return archive_failed(out, folder, err);
    (void)in;
    return type == AE_IFREG ? copy_content(path, archive_entry_size(entry), out, err) : PW_OK;
}

static pw_code copy_folder(str folder, int fd, struct err *err) {
    AUTO(end_read) struct archive        *in = archive_read_disk_new();
    AUTO(end_write) struct archive       *out = archive_write_new();
    AUTO(end_entry) struct archive_entry *entry = archive_entry_new();
    int                                   code;

    if (in == NULL || out == NULL || entry == NULL)
        return err_set(err, PW_MEMORY, "no memory to read " STR_FMT, STR_ARG(folder));
    archive_read_disk_set_symlink_physical(in);
    archive_read_disk_set_behavior(in, ARCHIVE_READDISK_NO_ACL | ARCHIVE_READDISK_NO_XATTR |
                                           ARCHIVE_READDISK_NO_FFLAGS |
                                           ARCHIVE_READDISK_NO_TRAVERSE_MOUNTS);
    if (archive_write_set_format_pax_restricted(out) != ARCHIVE_OK ||
        archive_write_open_fd(out, fd) != ARCHIVE_OK)
        return archive_failed(out, folder, err);
    if (archive_read_disk_open(in, folder.ptr) != ARCHIVE_OK)
        return archive_failed(in, folder, err);
    while ((code = archive_read_next_header2(in, entry)) != ARCHIVE_EOF) {
        if (code < ARCHIVE_WARN)
            return archive_failed(in, folder, err);
        PW_TRY(copy_entry(in, entry, out, folder, err));
        archive_read_disk_descend(in);
    }
    return archive_write_close(out) == ARCHIVE_OK ? PW_OK : archive_failed(out, folder, err);
}

static pw_code open_layer(void *ctx, size_t layer, int *ret_fd, uint64_t *ret_size,
                          struct err *err) {
    const struct rootfs *r = ctx;
    int                  fd = fcntl(r->fd, F_DUPFD_CLOEXEC, 3);

    if (fd < 0)
        return err_errno(err, "cannot read the folder's copy");
    *ret_fd = fd;
    *ret_size = r->size;
    return PW_OK;
}

static void close_rootfs(void *ctx) {
    fd_close(&((struct rootfs *)ctx)->fd);
}

static pw_code describe(const struct target_question *q, struct target *target, struct err *err) {
    struct rootfs *r = target->ctx;
    struct stat    st;

    if (fstat(r->fd, &st) != 0)
        return err_errno(err, "cannot look at the folder's copy");
    r->size = (uint64_t)st.st_size;
    target->layers = arena_new(q->arena, struct reading_layer);
    if (target->layers == NULL)
        return arena_error(q->arena, err);
    target->layers[0].digest = STR("");
    target->count = 1;
    return PW_OK;
}

pw_code target_rootfs(const struct target_question *q, struct target *ret_target, struct err *err) {
    AUTO(target_close) struct target target = {.open = open_layer};
    struct rootfs                   *r = arena_new(q->arena, struct rootfs);
    str                              path = arena_str(q->arena, q->text);
    struct stat                      st;

    if (r == NULL || path.ptr == NULL)
        return arena_error(q->arena, err);
    r->fd = -1;
    target.ctx = r;
    target.close = close_rootfs;
    if (stat(path.ptr, &st) != 0)
        return err_errno(err, "%s", path.ptr);
    if (!S_ISDIR(st.st_mode))
        return err_set(err, PW_INVALID, "%s is not a folder", path.ptr);
    while (path.len > 1 && path.ptr[path.len - 1] == '/')
        path = arena_str(q->arena, str_sub(path, 0, path.len - 1));
    PW_TRY(target_scratch(&r->fd, err));
    PW_TRY(copy_folder(path, r->fd, err));
    PW_TRY(describe(q, &target, err));
    *ret_target = target;
    target = (struct target){0};
    return PW_OK;
}
