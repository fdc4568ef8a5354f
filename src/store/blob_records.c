/* blob_records.c - small records beside the blobs, from which the database can be rebuilt. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/limits.h"
#include "store/blob_files.h"

enum { PATH_SIZE = LIMIT_BLOB_NAME + 2 };

static bool part_is_good(str part) {
    if (part.len == 0 || part.len > LIMIT_NAME_PART_BYTES || part.ptr[0] == '.')
        return false;
    for (size_t i = 0; i < part.len; i++) {
        char c = part.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            (c == '\0' || strchr("._-:@+=,", c) == NULL))
            return false;
    }
    return true;
}

/* The record's path below meta: its name and the mark. */
static pw_code make_path(str name, char out[PATH_SIZE], struct err *err) {
    str  rest = name, part;
    bool good = name.len > 0 && name.len < LIMIT_BLOB_NAME;

    while (good && str_cut(&rest, '/', &part))
        good = part_is_good(part);
    if (!good || name.ptr[name.len - 1] == '/')
        return err_set(err, PW_INVALID, "\"%.*s\" is not the name of a record",
                       (int)MIN_OF(name.len, 100), name.len > 0 ? name.ptr : "");
    snprintf(out, PATH_SIZE, STR_FMT "~", STR_ARG(name));
    return PW_OK;
}

static pw_code make_parents(struct blob_store *blobs, char *path, struct err *err) {
    for (char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        int made;

        *slash = '\0';
        made = mkdirat(blobs->meta, path, 0700);
        *slash = '/';
        if (made != 0 && errno != EEXIST)
            return err_errno(err, "cannot make a folder for the record %s", path);
    }
    return PW_OK;
}

pw_code blob_record_put(struct blob_store *blobs, str name, str bytes, struct err *err) {
    char path[PATH_SIZE], whole[PATH_MAX + PATH_SIZE + 8];

    PW_TRY(make_path(name, path, err));
    PW_TRY(make_parents(blobs, path, err));
    snprintf(whole, sizeof whole, "%s/meta/%s", blobs->folder, path);
    atomic_store(&blobs->records_changed, true);
    return file_replace(whole, bytes, 0600, err);
}

pw_code blob_record_delete(struct blob_store *blobs, str name, struct err *err) {
    char path[PATH_SIZE];

    PW_TRY(make_path(name, path, err));
    atomic_store(&blobs->records_changed, true);
    if (unlinkat(blobs->meta, path, 0) != 0 && errno != ENOENT && errno != ENOTDIR)
        return err_errno(err, "cannot delete the record " STR_FMT, STR_ARG(name));
    return PW_OK;
}

pw_code blob_records_sync(struct blob_store *blobs, struct err *err) {
    if (!atomic_exchange(&blobs->records_changed, false) || syncfs(blobs->meta) == 0)
        return PW_OK;
    atomic_store(&blobs->records_changed, true);
    return err_errno(err, "cannot bring the records to disk");
}

pw_code blob_record_get(struct blob_store *blobs, str name, struct buf *out, struct err *err) {
    char path[PATH_SIZE], whole[PATH_MAX + PATH_SIZE + 8];

    PW_TRY(make_path(name, path, err));
    snprintf(whole, sizeof whole, "%s/meta/%s", blobs->folder, path);
    if (faccessat(blobs->meta, path, F_OK, 0) != 0)
        return err_set(err, PW_NOT_FOUND, "there is no record " STR_FMT, STR_ARG(name));
    return file_read(whole, out->ceiling, out, err);
}

/* --- walking --- */

struct walk {
    str        prefix;
    blob_visit visit;
    void      *ctx;
};

static void close_dir(DIR **dir) {
    if (*dir != NULL)
        closedir(*dir);
}

static bool leads_to(str prefix, str folder) {
    return folder.len < prefix.len ? str_starts(prefix, folder) : str_starts(folder, prefix);
}

static pw_code walk_folder(const struct walk *walk, int fd, char path[PATH_SIZE + 256],
                           struct err *err);

static pw_code visit_entry(const struct walk *walk, int folder, const char *entry,
                           char path[PATH_SIZE + 256], struct err *err) {
    size_t      len = strlen(path);
    size_t      room = PATH_SIZE + 256 - len;
    struct stat facts;
    str         name;

    if (fstatat(folder, entry, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        return PW_OK; /* deleted meanwhile */
    if (S_ISDIR(facts.st_mode)) {
        if ((size_t)snprintf(path + len, room, "%s/", entry) >= room)
            return PW_OK; /* nothing of ours is that deep */
        if (leads_to(walk->prefix, str_of(path)))
            return walk_folder(
                walk, openat(folder, entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), path,
                err);
        return PW_OK;
    }
    if ((size_t)snprintf(path + len, room, "%s", entry) >= room || !S_ISREG(facts.st_mode))
        return PW_OK;
    name = str_of(path);
    if (!str_ends(name, STR("~")))
        return PW_OK; /* a temporary of file_write that was never finished */
    name.len--;
    if (!str_starts(name, walk->prefix))
        return PW_OK;
    path[name.len] = '\0';
    return walk->visit(walk->ctx, name, (uint64_t)facts.st_size, (int64_t)facts.st_mtime, err);
}

static pw_code walk_folder(const struct walk *walk, int fd, char path[PATH_SIZE + 256],
                           struct err *err) {
    AUTO(close_dir) DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    size_t               len = strlen(path);
    struct dirent       *entry;

    if (dir == NULL) {
        fd_close(&fd);
        return err_errno(err, "cannot list the records below \"%s\"", path);
    }
    while ((errno = 0, entry = readdir(dir)) != NULL) {
        pw_code code;

        if (entry->d_name[0] == '.')
            continue;
        code = visit_entry(walk, dirfd(dir), entry->d_name, path, err);
        path[len] = '\0';
        if (code != PW_OK)
            return code;
    }
    return errno == 0 ? PW_OK : err_errno(err, "cannot list the records below \"%s\"", path);
}

pw_code blob_records_each(struct blob_store *blobs, str prefix, blob_visit visit, void *ctx,
                          struct err *err) {
    const struct walk walk = {prefix, visit, ctx};
    char              path[PATH_SIZE + 256] = "";

    return walk_folder(&walk, openat(blobs->meta, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), path,
                       err);
}
