#pragma once
/*
 * file.h - files and folders, with errors that say which.
 *
 * Every descriptor is opened close-on-exec. Durable means: on disk when the call returns.
 */
#include <sys/types.h>
#include "base/buf.h"

void fd_close(int *fd); /* for AUTO; accepts -1 */

pw_code file_open_read(const char *path, int *ret_fd, struct err *err);
/* The whole file; PW_TOO_LARGE past `ceiling` bytes. */
pw_code file_read(const char *path, size_t ceiling, struct buf *out, struct err *err);
/* Replaces `path` by these bytes, durable: a fresh temporary in the same folder, fsync, rename,
 * fsync of the folder. Not for blobs: they are never renamed. */
pw_code file_write(const char *path, str bytes, mode_t mode, struct err *err);
/* The same without waiting for the disk: readers see the old bytes or the new ones, never a part;
 * a crash of the machine (not of the program) may lose the change. */
pw_code file_replace(const char *path, str bytes, mode_t mode, struct err *err);
/* All n bytes, short writes and EINTR continued. */
pw_code fd_write_all(int fd, const void *bytes, size_t n, struct err *err);
/* Up to n bytes; fewer only at the end of the file. */
pw_code fd_pread_all(int fd, void *out, size_t n, off_t at, size_t *ret_n, struct err *err);
pw_code fd_sync(int fd, const char *what, struct err *err);

pw_code dir_make(const char *path, mode_t mode,
                 struct err *err); /* and its parents; exists: fine */
pw_code dir_sync(const char *path, struct err *err);
bool    file_exists(const char *path);
/* A random lower-case hex text of 2n characters and a NUL, from the kernel. */
pw_code random_hex(size_t n, char *out, struct err *err);
