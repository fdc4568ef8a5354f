/* feed_file.c - files, archives and folders as one sequence of documents. */
#include "format/feed_file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/limits.h"
#include "format/inflate.h"
#include "format/tar.h"
#include "format/zip_reader.h"

static const struct inflate_limits limits = {LIMIT_FEED_BYTES, LIMIT_FEED_RATIO};

static bool wanted(const struct feed_visitor *visitor, str name) {
    return visitor->wants == NULL || visitor->wants(visitor->ctx, name);
}

/* "a/b.json.gz" -> "a/b.json" */
static str without_packing(str name) {
    static const str endings[] = {STR_INIT(".gz"), STR_INIT(".xz"), STR_INIT(".zst"),
                                  STR_INIT(".bz2")};

    EACH (ending, endings)
        if (name.len > ending->len && str_ends(name, *ending))
            return str_sub(name, 0, name.len - ending->len);
    return name;
}

/* One document that may be compressed itself, as entries of archives sometimes are. */
static pw_code visit_document(const struct feed_visitor *visitor, str name,
                              struct pull_source packed, struct err *err) {
    AUTO(inflate_closep) struct inflate *bytes = NULL;
    pw_code                              code = inflate_open(packed, limits, &bytes, err);

    if (code == PW_OK)
        code = visitor->each(visitor->ctx, without_packing(name), inflate_as_source(bytes), err);
    return code == PW_OK ? PW_OK : err_wrap(err, STR_FMT, STR_ARG(str_sub(name, 0, 200)));
}

static pw_code visit_zip(const struct feed_visitor *visitor, const char *path, struct err *err) {
    static const struct zip_reader_limits      zip_limits = {LIMIT_FEED_BYTES, LIMIT_FEED_BYTES,
                                                             LIMIT_FEED_RATIO};
    AUTO(zip_reader_closep) struct zip_reader *zip = NULL;
    const struct zip_reader_entry             *entry;

    PW_TRY(zip_reader_open(path, zip_limits, &zip, err));
    for (;;) {
        PW_TRY(zip_reader_next(zip, &entry, err));
        if (entry == NULL)
            return PW_OK;
        if (!entry->is_dir && wanted(visitor, without_packing(entry->name)))
            PW_TRY(visit_document(visitor, entry->name, zip_reader_as_source(zip), err));
    }
}

static pw_code visit_tar(const struct feed_visitor *visitor, int fd, struct err *err) {
    AUTO(inflate_closep) struct inflate *bytes = NULL;
    AUTO(tar_closep) struct tar         *tar = NULL;
    const struct tar_entry              *entry;

    PW_TRY(inflate_open(pull_source_of_fd(&fd), limits, &bytes, err));
    PW_TRY(tar_open(bytes, &tar, err));
    for (;;) {
        PW_TRY(tar_next(tar, &entry, err));
        if (entry == NULL)
            return PW_OK;
        if (entry->type == TAR_FILE && wanted(visitor, without_packing(entry->path)))
            PW_TRY(visit_document(visitor, entry->path, tar_as_source(tar), err));
    }
}

enum kind { KIND_DOCUMENT, KIND_ZIP, KIND_TAR };

/* Looks at the first bytes, packed and unpacked, and goes back to the start. */
static pw_code sniff(int fd, enum kind *ret_kind, struct err *err) {
    AUTO(inflate_closep) struct inflate *bytes = NULL;
    char                                 head[512];
    size_t                               n = 0, got = 1;

    PW_TRY(fd_pread_all(fd, head, 4, 0, &n, err));
    if (zip_reader_sniff(str_make(head, n))) {
        *ret_kind = KIND_ZIP;
        return PW_OK;
    }
    PW_TRY(inflate_open(pull_source_of_fd(&fd), limits, &bytes, err));
    for (n = 0; n < sizeof head && got > 0; n += got)
        PW_TRY(inflate_read(bytes, head + n, sizeof head - n, &got, err));
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_errno(err, "cannot go back to the start");
    *ret_kind = n == sizeof head && memcmp(head + 257, "ustar", 5) == 0 ? KIND_TAR : KIND_DOCUMENT;
    return PW_OK;
}

static pw_code visit_open_file(const struct feed_visitor *visitor, const char *path, int fd,
                               str name, struct err *err) {
    enum kind kind;

    PW_TRY(sniff(fd, &kind, err));
    if (kind == KIND_ZIP)
        return visit_zip(visitor, path, err);
    if (kind == KIND_TAR)
        return visit_tar(visitor, fd, err);
    return wanted(visitor, without_packing(name))
               ? visit_document(visitor, name, pull_source_of_fd(&fd), err)
               : PW_OK;
}

static pw_code visit_file(const struct feed_visitor *visitor, const char *path, str name,
                          struct err *err) {
    AUTO(fd_close) int fd = -1;
    pw_code            code;

    PW_TRY(file_open_read(path, &fd, err));
    code = visit_open_file(visitor, path, fd, name, err);
    return code == PW_OK ? PW_OK : err_wrap(err, "%s", path);
}

static int not_hidden(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static void free_names(struct dirent **names, int count) {
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

static pw_code visit_folder(const struct feed_visitor *visitor, const char *path, size_t root_len,
                            int depth, struct err *err);

static pw_code visit_below(const struct feed_visitor *visitor, const char *path, size_t root_len,
                           int depth, struct err *err) {
    struct stat stat;

    if (lstat(path, &stat) != 0)
        return err_errno(err, "cannot look at %s", path);
    if (S_ISDIR(stat.st_mode))
        return visit_folder(visitor, path, root_len, depth + 1, err);
    return S_ISREG(stat.st_mode) ? visit_file(visitor, path, str_of(path + root_len + 1), err)
                                 : PW_OK;
}

static pw_code visit_folder(const struct feed_visitor *visitor, const char *path, size_t root_len,
                            int depth, struct err *err) {
    struct dirent **names = NULL;
    pw_code         code = PW_OK;
    int             count;

    if (depth > LIMIT_FEED_DEPTH)
        return err_set(err, PW_TOO_LARGE, "%s is more than %d folders deep", path,
                       LIMIT_FEED_DEPTH);
    count = scandir(path, &names, not_hidden, alphasort);
    if (count < 0)
        return err_errno(err, "cannot list folder %s", path);
    for (int i = 0; i < count && code == PW_OK; i++) {
        char below[PATH_MAX];

        if ((size_t)snprintf(below, sizeof below, "%s/%s", path, names[i]->d_name) >= sizeof below)
            code = err_set(err, PW_INVALID, "a path in folder %s is too long", path);
        else
            code = visit_below(visitor, below, root_len, depth, err);
    }
    free_names(names, count);
    return code;
}

pw_code feed_file_walk(const char *path, const struct feed_visitor *visitor, struct err *err) {
    struct stat stat_of_path;
    const char *slash = strrchr(path, '/');
    size_t      len = strlen(path);

    if (stat(path, &stat_of_path) != 0)
        return err_errno(err, "cannot open %s", path);
    if (!S_ISDIR(stat_of_path.st_mode))
        return visit_file(visitor, path, str_of(slash != NULL ? slash + 1 : path), err);
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (len >= PATH_MAX)
        return err_set(err, PW_INVALID, "the path of the feed has %zu characters", len);
    char root[PATH_MAX];
    memcpy(root, path, len);
    root[len] = '\0';
    return visit_folder(visitor, root, len, 0, err);
}
