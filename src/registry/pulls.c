/* pulls.c - what reads leave to be written later. */
#include "registry/pulls.h"

#include <stdlib.h>
#include "base/limits.h"
#include "store/manifests.h"

enum note_kind { NOTE_NONE, NOTE_PULL, NOTE_LEASE, NOTE_DAMAGE };

struct pull_note {
    enum note_kind kind;
    int64_t        repository_id, id; /* of the manifest, or of the blob */
    int64_t        count, last_at;
    char          *key; /* NOTE_DAMAGE */
};

void pulls_init(struct pulls *pulls) {
    memset(pulls, 0, sizeof *pulls);
    pthread_mutex_init(&pulls->lock, NULL);
}

static void free_notes(struct pull_note *notes, size_t room) {
    for (size_t i = 0; i < room; i++)
        free(notes[i].key);
    free(notes);
}

void pulls_done(struct pulls *pulls) {
    free_notes(pulls->notes, pulls->room);
    pthread_mutex_destroy(&pulls->lock);
    memset(pulls, 0, sizeof *pulls);
}

static struct pull_note *place_of(struct pull_note *notes, size_t room,
                                  const struct pull_note *wanted) {
    uint64_t hash = (uint64_t)wanted->id * 0x9e3779b97f4a7c15u ^
                    (uint64_t)wanted->repository_id * 0xc2b2ae3d27d4eb4fu ^ wanted->kind;

    for (size_t at = (hash >> 20) % room;; at = (at + 1) % room) {
        struct pull_note *note = &notes[at];

        if (note->kind == NOTE_NONE || (note->kind == wanted->kind && note->id == wanted->id &&
                                        note->repository_id == wanted->repository_id))
            return note;
    }
}

static bool grow(struct pulls *pulls) {
    size_t            room = pulls->room == 0 ? 256 : pulls->room * 2;
    struct pull_note *notes;

    if (room > PULLS_ROOM)
        return pulls->count < PULLS_ROOM - 1;
    notes = calloc(room, sizeof *notes);
    if (notes == NULL)
        return false;
    for (size_t i = 0; i < pulls->room; i++)
        if (pulls->notes[i].kind != NOTE_NONE)
            *place_of(notes, room, &pulls->notes[i]) = pulls->notes[i];
    free(pulls->notes);
    pulls->notes = notes;
    pulls->room = room;
    return true;
}

/* Takes wanted->key over. */
static void add_locked(struct pulls *pulls, const struct pull_note *wanted) {
    struct pull_note *note;

    if (pulls->count * 2 >= pulls->room && !grow(pulls)) {
        free(wanted->key);
        return; /* full between two flushes: counting is best effort */
    }
    note = place_of(pulls->notes, pulls->room, wanted);
    if (note->kind == NOTE_NONE) {
        *note = *wanted;
        pulls->count++;
        return;
    }
    note->count += wanted->count;
    note->last_at = MAX_OF(note->last_at, wanted->last_at);
    if (wanted->key != NULL) {
        free(note->key);
        note->key = wanted->key;
    }
}

static void add(struct pulls *pulls, const struct pull_note *wanted) {
    pthread_mutex_lock(&pulls->lock);
    add_locked(pulls, wanted);
    pthread_mutex_unlock(&pulls->lock);
}

void pulls_add(struct pulls *pulls, int64_t repository_id, int64_t manifest_id, int64_t at) {
    add(pulls, &(struct pull_note){.kind = NOTE_PULL,
                                   .repository_id = repository_id,
                                   .id = manifest_id,
                                   .count = 1,
                                   .last_at = at});
}

void pulls_renew(struct pulls *pulls, int64_t repository_id, int64_t blob_id) {
    add(pulls,
        &(struct pull_note){.kind = NOTE_LEASE, .repository_id = repository_id, .id = blob_id});
}

void pulls_damaged(struct pulls *pulls, const struct blob_row *row) {
    char *key = strdup(row->key);

    if (key != NULL)
        add(pulls, &(struct pull_note){.kind = NOTE_DAMAGE, .id = row->id, .key = key});
}

bool pulls_is_full(struct pulls *pulls) {
    bool full;

    pthread_mutex_lock(&pulls->lock);
    full = pulls->count > PULLS_ROOM / 4;
    pthread_mutex_unlock(&pulls->lock);
    return full;
}

struct batch {
    struct pull_note *notes;
    size_t            room, from, next; /* places of the table: from is done, next is the end */
};

static pw_code write_note(struct txn *txn, const struct pull_note *note, struct err *err) {
    switch (note->kind) {
    case NOTE_PULL:
        return manifests_count_pulls(txn, note->repository_id, note->id, note->count, note->last_at,
                                     err);
    case NOTE_LEASE:
        return blobs_renew(txn, note->repository_id, note->id,
                           txn_now(txn) + LIMIT_BLOB_LEASE_SECONDS, err);
    case NOTE_DAMAGE:
        return blobs_mark(txn, note->id, str_of(note->key), true, err);
    case NOTE_NONE:
        break;
    }
    return PW_OK;
}

static pw_code write_batch(struct txn *txn, void *arg, struct err *err) {
    struct batch *batch = arg;
    size_t        written = 0;

    for (batch->next = batch->from; batch->next < batch->room && written < PULLS_BATCH;
         batch->next++) {
        written += batch->notes[batch->next].kind != NOTE_NONE;
        PW_TRY(write_note(txn, &batch->notes[batch->next], err));
    }
    return PW_OK;
}

/* Puts back what was not written. */
static void give_back(struct pulls *pulls, struct batch *batch) {
    pthread_mutex_lock(&pulls->lock);
    for (size_t i = batch->from; i < batch->room; i++) {
        if (batch->notes[i].kind != NOTE_NONE)
            add_locked(pulls, &batch->notes[i]);
        batch->notes[i].key = NULL;
    }
    pthread_mutex_unlock(&pulls->lock);
}

pw_code pulls_flush(struct pulls *pulls, struct store *store, struct err *err) {
    struct batch batch = {0};
    pw_code      code = PW_OK;

    pthread_mutex_lock(&pulls->lock);
    if (pulls->count > 0) {
        batch.notes = pulls->notes;
        batch.room = pulls->room;
        pulls->notes = NULL;
        pulls->room = pulls->count = 0;
    }
    pthread_mutex_unlock(&pulls->lock);
    while (code == PW_OK && batch.from < batch.room) {
        code = store_write(store, STORE_BACKGROUND, write_batch, &batch, err);
        if (code == PW_OK)
            batch.from = batch.next;
    }
    if (code != PW_OK)
        give_back(pulls, &batch);
    free_notes(batch.notes, batch.room);
    return code;
}
