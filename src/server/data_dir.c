/* data_dir.c - paths, lock and database of the data folder. */
#include "server/data_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/file.h"

pw_code data_dir_path(const char *data, const char *name, char ret_path[DATA_PATH_SIZE],
                      struct err *err) {
    char path[DATA_PATH_SIZE];
    int  n = snprintf(path, sizeof path, "%s/%s", data, name);

    if (n < 0 || (size_t)n >= sizeof path)
        return err_set(err, PW_TOO_LARGE, "the path of the data folder is longer than %d bytes",
                       DATA_PATH_SIZE);
    memcpy(ret_path, path, sizeof path);
    return PW_OK;
}

pw_code data_dir_make(const char *data, struct err *err) {
    char blobs[DATA_PATH_SIZE];

    PW_TRY(data_dir_path(data, "blobs", blobs, err));
    PW_TRY(dir_make(data, 0700, err));
    return dir_make(blobs, 0700, err);
}

static pw_code refuse_lock(const char *data, int fd, struct err *err) {
    char    text[32];
    ssize_t n;

    if (errno != EWOULDBLOCK)
        return err_errno(err, "cannot lock the data folder %s", data);
    n = pread(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return err_set(err, PW_BUSY, "another server (process %s) uses the data folder %s",
                   n > 0 ? text : "unknown", data);
}

pw_code data_dir_lock(const char *data, int *ret_fd, struct err *err) {
    char path[DATA_PATH_SIZE], text[32];
    int  fd;

    PW_TRY(data_dir_path(data, "lock", path, err));
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, "cannot open %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        pw_code code = refuse_lock(data, fd, err);

        close(fd);
        return code;
    }
    (void)!ftruncate(fd, 0); /* the number is for people; the lock is what counts */
    (void)!pwrite(fd, text, (size_t)snprintf(text, sizeof text, "%ld\n", (long)getpid()), 0);
    *ret_fd = fd;
    return PW_OK;
}

pw_code data_dir_open_store(const char *data, bool create, bool read_only, struct store **ret_store,
                            struct err *err) {
    char                 path[DATA_PATH_SIZE];
    struct store_options options = {.path = path, .read_only = read_only};

    PW_TRY(data_dir_path(data, "portwarden.db", path, err));
    if (!create && !file_exists(path))
        return err_set(err, PW_NOT_FOUND,
                       "there is no database in %s; `portwarden init --data %s` makes one", data,
                       data);
    return store_open(&options, ret_store, err);
}
