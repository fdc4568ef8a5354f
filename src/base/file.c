/* file.c - files and folders. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/digest.h"

void fd_close(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

pw_code file_open_read(const char *path, int *ret_fd, struct err *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return err_errno(err, "cannot open %s", path);
    *ret_fd = fd;
    return PW_OK;
}

static pw_code file_too_large(const char *path, size_t most, struct err *err) {
    return err_set(err, PW_TOO_LARGE, "%s is larger than %zu bytes", path, most);
}

pw_code file_read(const char *path, size_t ceiling, struct buf *out, struct err *err) {
    AUTO(fd_close) int fd = -1;
    size_t             most = MIN_OF(ceiling, out->ceiling - out->len);

    PW_TRY(file_open_read(path, &fd, err));
    for (size_t left = most;;) {
        size_t  want = MIN_OF(left, (size_t)65536);
        char    one = 0; /* at the ceiling, one byte more tells the end from too much */
        char   *at = want > 0 ? buf_room(out, want) : &one;
        ssize_t n;

        if (at == NULL)
            return err_set(err, out->failed, "%s cannot be kept in memory", path);
        n = read(fd, at, want > 0 ? want : 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, "cannot read %s", path);
        if (n == 0)
            return PW_OK;
        if (want == 0)
            return file_too_large(path, most, err);
        left -= (size_t)n;
        buf_wrote(out, (size_t)n);
    }
}

pw_code fd_write_all(int fd, const void *bytes, size_t n, struct err *err) {
    const char *at = bytes;

    while (n > 0) {
        ssize_t wrote = write(fd, at, n);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return err_errno(err, "cannot write");
        at += wrote;
        n -= (size_t)wrote;
    }
    return PW_OK;
}

pw_code fd_pread_all(int fd, void *out, size_t n, off_t at, size_t *ret_n, struct err *err) {
    size_t done = 0;

    while (done < n) {
        ssize_t got = pread(fd, (char *)out + done, n - done, at + (off_t)done);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, "cannot read");
        if (got == 0)
            break;
        done += (size_t)got;
    }
    *ret_n = done;
    return PW_OK;
}

pw_code fd_sync(int fd, const char *what, struct err *err) {
    return fsync(fd) == 0 ? PW_OK : err_errno(err, "cannot bring %s to disk", what);
}

pw_code dir_sync(const char *path, struct err *err) {
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return err_errno(err, "cannot open folder %s", path);
    return fd_sync(fd, path, err);
}

pw_code dir_make(const char *path, mode_t mode, struct err *err) {
    char        partial[PATH_MAX];
    size_t      len = strlen(path);
    struct stat made;

    if (len == 0 || len >= sizeof partial)
        return err_set(err, PW_INVALID, "the path of a folder has %zu characters", len);
    memcpy(partial, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (partial[i] != '/' && partial[i] != '\0')
            continue;
        partial[i] = '\0';
        if (mkdir(partial, mode) != 0 && errno != EEXIST)
            return err_errno(err, "cannot make folder %s", partial);
        partial[i] = path[i];
    }
    if (stat(path, &made) != 0)
        return err_errno(err, "cannot look at folder %s", path);
    if (!S_ISDIR(made.st_mode))
        return err_set(err, PW_CONFLICT, "%s exists and is not a folder", path);
    return PW_OK;
}

bool file_exists(const char *path) {
    return access(path, F_OK) == 0;
}

pw_code random_hex(size_t n, char *out, struct err *err) {
    unsigned char bytes[64];

    if (n > sizeof bytes)
        return err_set(err, PW_INTERNAL, "at most %zu random bytes at once", sizeof bytes);
    if (getrandom(bytes, n, 0) != (ssize_t)n)
        return err_errno(err, "the kernel gave no random bytes");
    hex_encode(bytes, n, out);
    return PW_OK;
}

static pw_code write_new(const char *path, str bytes, mode_t mode, bool durable, struct err *err) {
    AUTO(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    if (fd < 0)
        return err_errno(err, "cannot create %s", path);
    if (fd_write_all(fd, bytes.ptr, bytes.len, err) != PW_OK)
        return err_wrap(err, "%s", path);
    return durable ? fd_sync(fd, path, err) : PW_OK;
}

static pw_code replace(const char *path, str bytes, mode_t mode, bool durable, struct err *err) {
    char    temporary[PATH_MAX], unique[17];
    pw_code code;

    PW_TRY(random_hex(8, unique, err));
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.%s", path, unique) >= sizeof temporary)
        return err_set(err, PW_INVALID, "the path %s is too long", path);
    code = write_new(temporary, bytes, mode, durable, err);
    if (code == PW_OK && rename(temporary, path) != 0)
        code = err_errno(err, "cannot replace %s", path);
    if (code != PW_OK)
        (void)unlink(temporary); /* the first error is the one to report */
    return code;
}

pw_code file_replace(const char *path, str bytes, mode_t mode, struct err *err) {
    return replace(path, bytes, mode, false, err);
}

pw_code file_write(const char *path, str bytes, mode_t mode, struct err *err) {
    char        folder[PATH_MAX];
    const char *slash = strrchr(path, '/');

    PW_TRY(replace(path, bytes, mode, true, err));
    snprintf(folder, sizeof folder, "%.*s", slash != NULL ? (int)(slash - path) : 1,
             slash != NULL ? path : ".");
    return dir_sync(folder[0] != '\0' ? folder : "/", err);
}
