#pragma once
/*
 * blob_store.h - bytes under keys that are never reused.
 *
 * Each stored copy has its own key "<algorithm>/<xx>/<hex>.<random>"; the database maps digests to keys.
 * The contract asks for nothing that an object store lacks: no rename, no append to a finished
 * object, no listing on a hot path. Files are the first implementation (blob_files.c), S3 follows.
 *
 * Threads: a blob_store is shared; a writer belongs to one thread at a time.
 */
#include "base/buf.h"
#include "base/digest.h"

struct blob_store;
struct blob_writer;

enum { BLOB_KEY_SIZE = 256 };

pw_code blob_files_open(const char *folder, struct blob_store **ret_store, struct err *err);
void    blob_store_close(struct blob_store *blobs);

/* Starts an upload under an upload id (lower-case hex or uuid), or goes on with one of that id at
 * `offset` (bytes behind it are dropped). PW_NOT_FOUND: nothing there to go on with. `expected`:
 * total bytes if known, else 0; reserved on disk when possible (PW_NO_SPACE early). */
pw_code  blob_writer_open(struct blob_store *blobs, str upload_id, uint64_t offset,
                          uint64_t expected, struct blob_writer **ret_writer, struct err *err);
pw_code  blob_writer_add(struct blob_writer *writer, str bytes, struct err *err);
uint64_t blob_writer_offset(const struct blob_writer *writer);
/* A read-only descriptor of the growing bytes, the caller's to close; PW_UNSUPPORTED when the
 * store has none (then readers use the finished blob). */
pw_code blob_writer_reader(struct blob_writer *writer, int *ret_fd, struct err *err);
/* Makes what was written durable as an unfinished upload, and closes (upload can be continued). */
pw_code blob_writer_pause(struct blob_writer *writer, struct err *err);
/* Makes the bytes durable under a fresh key of this digest. The caller commits the key to the
 * database and then calls blob_upload_drop; a crash in between leaves an unreferenced key that fsck
 * removes. The writer is closed whatever happens. */
pw_code blob_writer_finish(struct blob_writer *writer, const struct digest *digest,
                           char ret_key[BLOB_KEY_SIZE], struct err *err);
void    blob_writer_abort(struct blob_writer *writer); /* closes and drops the upload */
pw_code blob_upload_drop(struct blob_store *blobs, str upload_id, struct err *err);

/* Small object in one call: sidecar records, manifests. */
pw_code blob_put(struct blob_store *blobs, const struct digest *digest, str bytes,
                 char ret_key[BLOB_KEY_SIZE], struct err *err);
/* PW_NOT_FOUND; PW_CORRUPT when the stored size is not `size`. */
pw_code blob_open(struct blob_store *blobs, const char *key, uint64_t size, int *ret_fd,
                  struct err *err);
pw_code blob_delete(struct blob_store *blobs, const char *key, struct err *err); /* absent: PW_OK */

/* Sidecar records ("meta/..."): small, replaced whole; fsck --rebuild reads them when the database is
 * lost. They survive a crash of the program at once, and of the machine after the next
 * blob_records_sync: the rows are the truth, and fsck --repair writes records anew from them. */
pw_code blob_record_put(struct blob_store *blobs, str name, str bytes, struct err *err);
pw_code blob_record_delete(struct blob_store *blobs, str name, struct err *err);
/* Brings every record to disk; does nothing when none has changed. For a timer, and at the end. */
pw_code blob_records_sync(struct blob_store *blobs, struct err *err);
/* Walks records / keys / unfinished uploads; stops at the first code that is not PW_OK. */
typedef pw_code (*blob_visit)(void *ctx, str name, uint64_t size, int64_t modified_at,
                              struct err *err);
pw_code blob_records_each(struct blob_store *blobs, str prefix, blob_visit visit, void *ctx,
                          struct err *err);
pw_code blob_record_get(struct blob_store *blobs, str name, struct buf *out, struct err *err);
pw_code blob_keys_each(struct blob_store *blobs, blob_visit visit, void *ctx, struct err *err);
pw_code blob_uploads_each(struct blob_store *blobs, blob_visit visit, void *ctx, struct err *err);
/* Free bytes of the disk below; UINT64_MAX when not known. */
uint64_t blob_free_bytes(struct blob_store *blobs);
