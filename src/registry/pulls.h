#pragma once
/*
 * pulls.h - what reads leave to be written later: counted pulls, leases to renew, damage noticed.
 *
 * Reads do not write: they note here, in memory, and a background transaction of at most
 * PULLS_BATCH rows at a time writes it all every few seconds and at stop. A crash loses at most the
 * last seconds of counting.
 *
 * Errors:  what could not be written is kept for the next flush. Threads: any.
 */
#include <pthread.h>
#include "base/err.h"
#include "store/blobs.h"

enum { PULLS_BATCH = 500, PULLS_ROOM = 65536 };

struct pull_note;
struct pulls {
    pthread_mutex_t   lock;
    struct pull_note *notes; /* open hash table of PULLS_ROOM places at most */
    size_t            room, count;
};

void pulls_init(struct pulls *pulls);
void pulls_done(struct pulls *pulls);

void pulls_add(struct pulls *pulls, int64_t repository_id, int64_t manifest_id, int64_t at);
/* A blob of which a client was told that it exists. */
void pulls_renew(struct pulls *pulls, int64_t repository_id, int64_t blob_id);
/* The stored copy under this key is gone or has another size. */
void pulls_damaged(struct pulls *pulls, const struct blob_row *row);
/* True when the table is so full that a flush should not wait. */
bool    pulls_is_full(struct pulls *pulls);
pw_code pulls_flush(struct pulls *pulls, struct store *store, struct err *err);
