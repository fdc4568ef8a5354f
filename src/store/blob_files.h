#pragma once
/*
 * blob_files.h - how blob_store.h lies on a disk; shared by blob_files.c, blob_upload.c and
 * blob_records.c alone.
 *
 *   <folder>/blobs/<algorithm>/<xx>/<hex>.<random>   finished, never changed, never replaced
 *   <folder>/uploads/<id>                            growing
 *   <folder>/meta/<name>~                            records; the mark keeps "a" apart from "a/b"
 */
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include "store/blob_store.h"

struct blob_store {
    char            folder[PATH_MAX];
    int             blobs, uploads, meta; /* open folders */
    pthread_mutex_t mutex;                /* making folders */
    bool            known[2][256];        /* folders of digests known to be durable */
    _Atomic bool    records_changed;      /* since the last blob_records_sync */
};

/* "sha256/ab/abcd....0123456789abcdef" and nothing else. */
pw_code blob_files_check_key(const char *key, struct err *err);
/* A fresh key of this digest, its folder made and durable. */
pw_code blob_files_new_key(struct blob_store *blobs, const struct digest *digest,
                           char out[BLOB_KEY_SIZE], struct err *err);
/* The name of the key is on disk. */
pw_code blob_files_sync_key(struct blob_store *blobs, const char *key, struct err *err);
/* Visits the files of one folder; takes the descriptor. */
pw_code blob_files_each(int folder, const char *prefix, blob_visit visit, void *ctx,
                        struct err *err);
