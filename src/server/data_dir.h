#pragma once
/*
 * data_dir.h - the data folder: who owns it, what is in it.
 *
 *   DATA/portwarden.db   the database            DATA/blobs/   stored bytes
 *   DATA/portwarden.yaml configuration, if any   DATA/lock     held by the one server
 *
 * Threads: a data_dir belongs to the thread that opened it.
 */
#include "store/store.h"

enum { DATA_PATH_SIZE = 1024 };

/* DATA and a name below it; PW_TOO_LARGE past DATA_PATH_SIZE. */
pw_code data_dir_path(const char *data, const char *name, char ret_path[DATA_PATH_SIZE],
                      struct err *err);
/* Creates the folder (mode 0700) and its parents; an existing one is left as it is. */
pw_code data_dir_make(const char *data, struct err *err);
/* The folder is this process's until *ret_fd is closed. PW_BUSY: another server has it. */
pw_code data_dir_lock(const char *data, int *ret_fd, struct err *err);
/* PW_NOT_FOUND with what to do when there is no database and `create` is false. */
pw_code data_dir_open_store(const char *data, bool create, bool read_only, struct store **ret_store,
                            struct err *err);
