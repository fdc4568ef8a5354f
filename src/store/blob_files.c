/* blob_files.c - finished blobs as files under keys that are never reused. */
#include "store/blob_files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "base/file.h"
#include "base/limits.h"

enum { RANDOM_BYTES = 8 };

static const char *const algorithm_names[] = {
    [DIGEST_SHA256] = "sha256", [DIGEST_SHA512] = "sha512"};

/* --- opening --- */

static pw_code open_folder(struct blob_store *blobs, const char *name, int *ret_fd,
                           struct err *err) {
    char path[PATH_MAX + 16];
    int  fd;

    snprintf(path, sizeof path, "%s/%s", blobs->folder, name);
    PW_TRY(dir_make(path, 0700, err));
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open folder %s", path);
    *ret_fd = fd;
    return PW_OK;
}

pw_code blob_files_open(const char *folder, struct blob_store **ret_store, struct err *err) {
    struct blob_store *blobs = calloc(1, sizeof *blobs);
    pw_code            code = PW_OK;

    if (blobs == NULL)
        return err_set(err, PW_MEMORY, "no memory for the blob store");
    blobs->blobs = blobs->uploads = blobs->meta = -1;
    pthread_mutex_init(&blobs->mutex, NULL);
    if (strlen(folder) >= sizeof blobs->folder - LIMIT_BLOB_NAME)
        code = err_set(err, PW_INVALID, "the path of the blob folder is too long: %s", folder);
    else
        snprintf(blobs->folder, sizeof blobs->folder, "%s", folder);
    if (code == PW_OK)
        code = open_folder(blobs, "blobs", &blobs->blobs, err);
    if (code == PW_OK)
        code = open_folder(blobs, "uploads", &blobs->uploads, err);
    if (code == PW_OK)
        code = open_folder(blobs, "meta", &blobs->meta, err);
    if (code == PW_OK)
        code = dir_sync(folder, err);
    if (code != PW_OK) {
        blob_store_close(blobs);
        return code;
    }
    *ret_store = blobs;
    return PW_OK;
}

void blob_store_close(struct blob_store *blobs) {
    if (blobs == NULL)
        return;
    fd_close(&blobs->blobs);
    fd_close(&blobs->uploads);
    fd_close(&blobs->meta);
    pthread_mutex_destroy(&blobs->mutex);
    free(blobs);
}

/* --- keys --- */

static bool is_hex(str text) {
    for (size_t i = 0; i < text.len; i++)
        if (!(text.ptr[i] >= '0' && text.ptr[i] <= '9') &&
            !(text.ptr[i] >= 'a' && text.ptr[i] <= 'f'))
            return false;
    return true;
}

static bool key_is_good(str key) {
    str algorithm, fan, hex, random = key;

    if (!str_cut(&random, '/', &algorithm) || !str_cut(&random, '/', &fan) ||
        !str_cut(&random, '.', &hex) || random.ptr == NULL)
        return false;
    if (hex.len != (str_eq(algorithm, STR("sha256"))   ? 64
                    : str_eq(algorithm, STR("sha512")) ? 128
                                                       : 0))
        return false;
    return str_eq(fan, str_sub(hex, 0, 2)) && is_hex(hex) && is_hex(random) &&
           random.len == 2 * (size_t)RANDOM_BYTES;
}

pw_code blob_files_check_key(const char *key, struct err *err) {
    if (key_is_good(str_of(key)))
        return PW_OK;
    return err_set(err, PW_INVALID, "\"%.100s\" is not the key of a blob", key);
}

/* The folder of this digest's first byte, made when it is new, its name on disk. */
static pw_code make_fan(struct blob_store *blobs, const char *algorithm, const char *fan,
                        struct err *err) {
    AUTO(fd_close) int parent = -1;

    if (mkdirat(blobs->blobs, algorithm, 0700) != 0 && errno != EEXIST)
        return err_errno(err, "cannot make the folder blobs/%s", algorithm);
    PW_TRY(fd_sync(blobs->blobs, "the folder blobs", err));
    parent = openat(blobs->blobs, algorithm, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return err_errno(err, "cannot open the folder blobs/%s", algorithm);
    if (mkdirat(parent, fan, 0700) != 0 && errno != EEXIST)
        return err_errno(err, "cannot make the folder blobs/%s/%s", algorithm, fan);
    return fd_sync(parent, algorithm, err);
}

pw_code blob_files_new_key(struct blob_store *blobs, const struct digest *digest,
                           char out[BLOB_KEY_SIZE], struct err *err) {
    size_t      size = digest_size(digest->algorithm);
    const char *algorithm;
    char        hex[129], random[2 * RANDOM_BYTES + 1], fan[3];
    bool       *known;
    pw_code     code = PW_OK;

    if (digest->algorithm != DIGEST_SHA256 && digest->algorithm != DIGEST_SHA512)
        return err_set(err, PW_UNSUPPORTED, "blobs are stored by sha256 or sha512 alone");
    algorithm = algorithm_names[digest->algorithm];
    hex_encode(digest->bytes, size, hex);
    PW_TRY(random_hex(RANDOM_BYTES, random, err));
    snprintf(fan, sizeof fan, "%.2s", hex);
    known = &blobs->known[digest->algorithm == DIGEST_SHA512][digest->bytes[0]];
    pthread_mutex_lock(&blobs->mutex); /* who finds a folder here finds it durable */
    if (!*known)
        code = make_fan(blobs, algorithm, fan, err);
    if (code == PW_OK)
        *known = true;
    pthread_mutex_unlock(&blobs->mutex);
    if (code == PW_OK)
        snprintf(out, BLOB_KEY_SIZE, "%s/%s/%s.%s", algorithm, fan, hex, random);
    return code;
}

pw_code blob_files_sync_key(struct blob_store *blobs, const char *key, struct err *err) {
    AUTO(fd_close) int fd = -1;
    char               folder[16];

    snprintf(folder, sizeof folder, "%.9s", key); /* "sha256/ab" */
    fd = openat(blobs->blobs, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open the folder blobs/%s", folder);
    return fd_sync(fd, folder, err);
}

/* --- whole blobs --- */

static pw_code write_key(struct blob_store *blobs, const char *key, str bytes, struct err *err) {
    AUTO(fd_close)
    int fd = openat(blobs->blobs, key, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return err_errno(err, "cannot create the blob %s", key);
    PW_TRY(fd_write_all(fd, bytes.ptr, bytes.len, err));
    if (fdatasync(fd) != 0)
        return err_errno(err, "cannot bring the blob %s to disk", key);
    return blob_files_sync_key(blobs, key, err);
}

pw_code blob_put(struct blob_store *blobs, const struct digest *digest, str bytes,
                 char ret_key[BLOB_KEY_SIZE], struct err *err) {
    char    key[BLOB_KEY_SIZE];
    pw_code code;

    PW_TRY(blob_files_new_key(blobs, digest, key, err));
    /* straight under its final key: nobody knows the key before it is in the database */
    code = write_key(blobs, key, bytes, err);
    if (code != PW_OK) {
        (void)unlinkat(blobs->blobs, key, 0); /* the first error is the one to report */
        return code;
    }
    memcpy(ret_key, key, sizeof key);
    return PW_OK;
}

static pw_code check_size(int fd, const char *key, uint64_t size, struct err *err) {
    struct stat facts;

    if (fstat(fd, &facts) != 0)
        return err_errno(err, "cannot look at the blob %s", key);
    if (!S_ISREG(facts.st_mode) || (uint64_t)facts.st_size != size)
        return err_set(err, PW_CORRUPT, "the blob %s has %lld bytes on disk and should have %llu",
                       key, (long long)facts.st_size, (unsigned long long)size);
    return PW_OK;
}

pw_code blob_open(struct blob_store *blobs, const char *key, uint64_t size, int *ret_fd,
                  struct err *err) {
    pw_code code;
    int     fd;

    PW_TRY(blob_files_check_key(key, err));
    fd = openat(blobs->blobs, key, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
    if (fd < 0)
        return err_errno(err, "cannot open the blob %s", key);
    code = check_size(fd, key, size, err);
    if (code != PW_OK) {
        close(fd);
        return code;
    }
    *ret_fd = fd;
    return PW_OK;
}

pw_code blob_delete(struct blob_store *blobs, const char *key, struct err *err) {
    PW_TRY(blob_files_check_key(key, err));
    if (unlinkat(blobs->blobs, key, 0) != 0 && errno != ENOENT)
        return err_errno(err, "cannot delete the blob %s", key);
    return PW_OK;
}

uint64_t blob_free_bytes(struct blob_store *blobs) {
    struct statvfs facts;

    if (fstatvfs(blobs->blobs, &facts) != 0)
        return UINT64_MAX;
    return (uint64_t)facts.f_bavail * facts.f_frsize;
}

/* --- walking --- */

static void close_dir(DIR **dir) {
    if (*dir != NULL)
        closedir(*dir);
}

pw_code blob_files_each(int folder, const char *prefix, blob_visit visit, void *ctx,
                        struct err *err) {
    AUTO(close_dir) DIR *dir = fdopendir(folder);
    struct dirent       *entry;

    if (dir == NULL) {
        close(folder);
        return err_errno(err, "cannot list a folder of blobs");
    }
    while ((errno = 0, entry = readdir(dir)) != NULL) {
        char        name[LIMIT_BLOB_NAME + 256];
        struct stat facts;

        if (entry->d_name[0] == '.')
            continue;
        if (fstatat(dirfd(dir), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(facts.st_mode))
            continue; /* deleted meanwhile, or nothing of ours */
        snprintf(name, sizeof name, "%s%s", prefix, entry->d_name);
        PW_TRY(visit(ctx, str_of(name), (uint64_t)facts.st_size, (int64_t)facts.st_mtime, err));
    }
    return errno == 0 ? PW_OK : err_errno(err, "cannot list a folder of blobs");
}

pw_code blob_keys_each(struct blob_store *blobs, blob_visit visit, void *ctx, struct err *err) {
    for (int algorithm = DIGEST_SHA256; algorithm <= DIGEST_SHA512; algorithm++)
        for (unsigned fan = 0; fan < 256; fan++) {
            char folder[16];
            int  fd;

            snprintf(folder, sizeof folder, "%s/%02x/", algorithm_names[algorithm], fan);
            fd = openat(blobs->blobs, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            if (fd < 0 && errno == ENOENT)
                continue;
            if (fd < 0)
                return err_errno(err, "cannot open the folder blobs/%s", folder);
            PW_TRY(blob_files_each(fd, folder, visit, ctx, err));
        }
    return PW_OK;
}
