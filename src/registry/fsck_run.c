/* fsck_run.c - what check and rebuild share. */
#include "registry/fsck_run.h"

#include <stdio.h>
#include "base/file.h"
#include "base/limits.h"

enum { BLOCK = 1 << 20 };

static const char *const kind_names[FSCK_KIND_COUNT] = {
    [FSCK_BLOB_DAMAGED] = "blob damaged",
    [FSCK_BLOB_HEALTHY] = "blob healthy again",
    [FSCK_KEY_ORPHAN] = "orphaned key",
    [FSCK_UPLOAD_OLD] = "old upload",
    [FSCK_REFERENCE_LOST] = "reference lost",
    [FSCK_RECORD_WRONG] = "record wrong",
    [FSCK_UNUSABLE] = "unusable",
};

const char *fsck_kind_name(enum fsck_kind kind) {
    return (unsigned)kind < FSCK_KIND_COUNT ? kind_names[kind] : "unknown";
}

void fsck_run_found(struct fsck_run *run, enum fsck_kind kind, bool repaired, const char *name,
                    const char *text) {
    struct fsck_finding finding = {kind, repaired, name, text};

    run->report.found[kind]++;
    run->report.repaired[kind] += repaired;
    if (run->options->found != NULL)
        run->options->found(run->options->ctx, &finding);
}

void fsck_run_progress(struct fsck_run *run, const char *what, uint64_t done) {
    if (run->options->progress != NULL)
        run->options->progress(run->options->ctx, what, done);
}

static pw_code hash_fd(int fd, const struct blob_row *row, struct err *err) {
    AUTO(buf_done) struct buf room = BUF_INIT(BLOCK + 1);
    char                     *bytes = buf_room(&room, BLOCK);
    struct hasher             hasher;
    struct digest             actual;
    size_t                    n;

    if (bytes == NULL)
        return err_set(err, PW_MEMORY, "no memory to verify a blob");
    hasher_init(&hasher, row->digest.algorithm);
    for (uint64_t at = 0; at < row->size; at += n) {
        PW_TRY(
            fd_pread_all(fd, bytes, MIN_OF(row->size - at, (uint64_t)BLOCK), (off_t)at, &n, err));
        if (n == 0)
            break;
        hasher_add(&hasher, bytes, n);
    }
    hasher_digest(&hasher, &actual);
    return digest_eq(&actual, &row->digest)
               ? PW_OK
               : err_set(err, PW_CORRUPT, "its bytes have another digest");
}

pw_code fsck_run_verify(struct fsck_run *run, const struct blob_row *row, bool deep,
                        struct err *err) {
    AUTO(fd_close) int fd = -1;

    PW_TRY(blob_open(run->options->blobs, row->key, row->size, &fd, err));
    return deep ? hash_fd(fd, row, err) : PW_OK;
}

bool fsck_run_key_digest(str key, struct digest *ret_digest) {
    struct err ignored = ERR_NONE;
    char       text[DIGEST_TEXT_SIZE];
    str        algorithm, fan, hex;

    if (!str_cut(&key, '/', &algorithm) || !str_cut(&key, '/', &fan) || !str_cut(&key, '.', &hex) ||
        algorithm.len + hex.len + 2 > sizeof text)
        return false;
    snprintf(text, sizeof text, STR_FMT ":" STR_FMT, STR_ARG(algorithm), STR_ARG(hex));
    return digest_parse(str_of(text), ret_digest, &ignored) == PW_OK;
}
