/*
 * blob_upload.c - blobs while they grow.
 *
 * Bytes go to disk in windows while the next ones arrive, so that the sync at the end is short and
 * a large upload does not push everything else out of the page cache.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/limits.h"
#include "store/blob_files.h"

#define WINDOW MIB(8)
/* What a reader of the growing bytes may lag behind before it has to read from disk. */
#define READER_LAG MIB(256)

struct blob_writer {
    struct blob_store *blobs;
    char               id[LIMIT_UPLOAD_ID + 1];
    int                fd;
    uint64_t           offset;
    uint64_t           started; /* bytes whose way to disk has begun */
    uint64_t           settled; /* bytes known to be there */
    uint64_t           dropped; /* bytes given back by the page cache */
    bool               is_new, is_reserved, has_reader;
    int                disk_errno; /* not 0: what the disk said about bytes that are gone */
};

static pw_code check_id(str id, struct err *err) {
    bool good = id.len > 0 && id.len <= LIMIT_UPLOAD_ID;

    for (size_t i = 0; good && i < id.len; i++)
        good = (id.ptr[i] >= '0' && id.ptr[i] <= '9') || (id.ptr[i] >= 'a' && id.ptr[i] <= 'f') ||
               (id.ptr[i] == '-' && i > 0);
    if (good)
        return PW_OK;
    return err_set(err, PW_INVALID, "\"%.*s\" is not the id of an upload", (int)MIN_OF(id.len, 64),
                   id.len > 0 ? id.ptr : "");
}

/* --- starting --- */

static pw_code reserve(struct blob_writer *w, uint64_t expected, struct err *err) {
    if (expected <= w->offset)
        return PW_OK;
    if (expected > LIMIT_BLOB_BYTES)
        return err_set(err, PW_TOO_LARGE, "a blob of %llu bytes is larger than %zu",
                       (unsigned long long)expected, LIMIT_BLOB_BYTES);
    if (fallocate(w->fd, FALLOC_FL_KEEP_SIZE, (off_t)w->offset, (off_t)(expected - w->offset)) ==
        0) {
        w->is_reserved = true;
        return PW_OK;
    }
    if (errno == ENOSPC || errno == EDQUOT)
        return err_errno(err, "the disk has no room for a blob of %llu bytes",
                         (unsigned long long)expected);
    return PW_OK; /* a file system without reservations; a full disk is then noticed later */
}

static pw_code open_file(struct blob_writer *w, struct err *err) {
    int         flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW | (w->offset == 0 ? O_CREAT : 0);
    struct stat facts;

    w->is_new = w->offset == 0 && faccessat(w->blobs->uploads, w->id, F_OK, 0) != 0;
    w->fd = openat(w->blobs->uploads, w->id, flags, 0600);
    if (w->fd < 0 && errno == ENOENT)
        return err_set(err, PW_NOT_FOUND, "the upload %s is not there to go on with", w->id);
    if (w->fd < 0)
        return err_errno(err, "cannot open the upload %s", w->id);
    if (flock(w->fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(err, PW_CONFLICT, "the upload %s is being written by another request",
                       w->id);
    if (fstat(w->fd, &facts) != 0)
        return err_errno(err, "cannot look at the upload %s", w->id);
    if ((uint64_t)facts.st_size < w->offset)
        return err_set(err, PW_CORRUPT,
                       "the upload %s has %lld bytes on disk, not %llu: start it "
                       "again",
                       w->id, (long long)facts.st_size, (unsigned long long)w->offset);
    if ((uint64_t)facts.st_size > w->offset && ftruncate(w->fd, (off_t)w->offset) != 0)
        return err_errno(err, "cannot cut the upload %s", w->id);
    if (lseek(w->fd, (off_t)w->offset, SEEK_SET) < 0)
        return err_errno(err, "cannot go on with the upload %s", w->id);
    return PW_OK;
}

static void close_writer(struct blob_writer *w) {
    fd_close(&w->fd);
    free(w);
}

pw_code blob_writer_open(struct blob_store *blobs, str upload_id, uint64_t offset,
                         uint64_t expected, struct blob_writer **ret_writer, struct err *err) {
    struct blob_writer *w;
    pw_code             code;

    PW_TRY(check_id(upload_id, err));
    w = calloc(1, sizeof *w);
    if (w == NULL)
        return err_set(err, PW_MEMORY, "no memory for an upload");
    w->blobs = blobs;
    w->fd = -1;
    w->offset = offset;
    w->started = w->settled = w->dropped = offset - offset % WINDOW;
    (void)str_copy(upload_id, w->id, sizeof w->id); /* fits: checked above */
    code = open_file(w, err);
    if (code == PW_OK)
        code = reserve(w, expected, err);
    if (code != PW_OK) {
        if (w->is_new && w->fd >= 0)
            (void)unlinkat(blobs->uploads, w->id, 0); /* nothing was in it */
        close_writer(w);
        return code;
    }
    *ret_writer = w;
    return PW_OK;
}

/* --- growing --- */

/* An error of the disk is told once: who waits for a window has to keep what it was told, because
 * the fdatasync at the end would not hear of it again. */
static void push_window(struct blob_writer *w, uint64_t at, unsigned flags) {
    if (sync_file_range(w->fd, (off_t)at, WINDOW, flags) == 0 || w->disk_errno != 0)
        return;
    if (errno == EIO || errno == ENOSPC || errno == EDQUOT)
        w->disk_errno = errno; /* others: the file system has no such call, which is fine */
}

/* Starts the way to disk of each full window, waits for the one two windows back. */
static void settle_windows(struct blob_writer *w) {
    uint64_t lag = w->has_reader ? READER_LAG : 2 * WINDOW;

    while (w->offset - w->started >= WINDOW) {
        push_window(w, w->started, SYNC_FILE_RANGE_WRITE);
        w->started += WINDOW;
    }
    while (w->started - w->settled > 2 * WINDOW) {
        push_window(w, w->settled,
                    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                        SYNC_FILE_RANGE_WAIT_AFTER);
        w->settled += WINDOW;
    }
    if (w->started > w->dropped + lag + WINDOW && w->settled > w->dropped) {
        uint64_t upto = MIN_OF(w->started - lag, w->settled);

        (void)posix_fadvise(w->fd, (off_t)w->dropped, (off_t)(upto - w->dropped),
                            POSIX_FADV_DONTNEED); /* advice */
        w->dropped = upto;
    }
}

pw_code blob_writer_add(struct blob_writer *w, str bytes, struct err *err) {
    while (bytes.len > 0) {
        /* up to the end of the window, so that its way to disk begins early */
        size_t  n = MIN_OF(bytes.len, WINDOW - (size_t)(w->offset % WINDOW));
        pw_code code = fd_write_all(w->fd, bytes.ptr, n, err);

        if (code != PW_OK) {
            (void)err_wrap(err, "upload %s", w->id);
            return code;
        }
        w->offset += n;
        bytes = str_from(bytes, n);
        settle_windows(w);
    }
    return PW_OK;
}

uint64_t blob_writer_offset(const struct blob_writer *w) {
    return w->offset;
}

pw_code blob_writer_reader(struct blob_writer *w, int *ret_fd, struct err *err) {
    int fd = openat(w->blobs->uploads, w->id, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return err_errno(err, "cannot read the upload %s", w->id);
    w->has_reader = true;
    *ret_fd = fd;
    return PW_OK;
}

/* --- ending --- */

/* After an error of the disk nobody knows which bytes are there: the upload cannot go on, not even
 * by a second fdatasync that would say yes. */
static pw_code settle(struct blob_writer *w, struct err *err) {
    /* gives back what was reserved and did not come */
    if (w->is_reserved && ftruncate(w->fd, (off_t)w->offset) != 0)
        return err_errno(err, "cannot cut the upload %s", w->id);
    if (w->disk_errno == 0 && fdatasync(w->fd) != 0)
        w->disk_errno = errno;
    if (w->disk_errno == 0)
        return PW_OK;
    (void)unlinkat(w->blobs->uploads, w->id, 0); /* the error of the disk is the one to report */
    errno = w->disk_errno;
    return err_errno(err, "cannot bring the upload %s to disk, start it again", w->id);
}

pw_code blob_writer_pause(struct blob_writer *w, struct err *err) {
    pw_code code = settle(w, err);

    if (code == PW_OK)
        code = fd_sync(w->blobs->uploads, "the folder of uploads", err);
    close_writer(w);
    return code;
}

static pw_code finish(struct blob_writer *w, const struct digest *digest, char key[BLOB_KEY_SIZE],
                      struct err *err) {
    /* a check beside the server takes an old file without a row for garbage: this one is new, also
     * when its last byte came long ago */
    if (futimens(w->fd, NULL) != 0)
        return err_errno(err, "cannot set the time of the upload %s", w->id);
    PW_TRY(settle(w, err));
    PW_TRY(blob_files_new_key(w->blobs, digest, key, err));
    if (linkat(w->blobs->uploads, w->id, w->blobs->blobs, key, 0) != 0)
        return err_errno(err, "cannot give the upload %s its key", w->id);
    return blob_files_sync_key(w->blobs, key, err);
}

pw_code blob_writer_finish(struct blob_writer *w, const struct digest *digest,
                           char ret_key[BLOB_KEY_SIZE], struct err *err) {
    char    key[BLOB_KEY_SIZE];
    pw_code code = finish(w, digest, key, err);

    close_writer(w);
    if (code == PW_OK)
        memcpy(ret_key, key, sizeof key);
    return code;
}

void blob_writer_abort(struct blob_writer *w) {
    if (w == NULL)
        return;
    (void)unlinkat(w->blobs->uploads, w->id, 0); /* else the sweep of old uploads takes it */
    close_writer(w);
}

pw_code blob_upload_drop(struct blob_store *blobs, str upload_id, struct err *err) {
    char id[LIMIT_UPLOAD_ID + 1];

    PW_TRY(check_id(upload_id, err));
    (void)str_copy(upload_id, id, sizeof id); /* fits: checked above */
    if (unlinkat(blobs->uploads, id, 0) != 0 && errno != ENOENT)
        return err_errno(err, "cannot delete the upload %s", id);
    return PW_OK;
}

pw_code blob_uploads_each(struct blob_store *blobs, blob_visit visit, void *ctx, struct err *err) {
    int fd = openat(blobs->uploads, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return err_errno(err, "cannot open the folder of uploads");
    return blob_files_each(fd, "", visit, ctx, err);
}
