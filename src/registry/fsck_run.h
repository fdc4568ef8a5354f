#pragma once
/*
 * fsck_run.h - what check and rebuild share. Private to fsck.
 */
#include "registry/fsck.h"
#include "store/blobs.h"

struct fsck_run {
    const struct fsck_options *options;
    struct fsck_report         report;
};

void fsck_run_found(struct fsck_run *run, enum fsck_kind kind, bool repaired, const char *name,
                    const char *text);
void fsck_run_progress(struct fsck_run *run, const char *what, uint64_t done);
/* PW_OK: the copy is there and right (deep: by its digest); PW_CORRUPT or PW_NOT_FOUND: it is not. */
pw_code fsck_run_verify(struct fsck_run *run, const struct blob_row *row, bool deep,
                        struct err *err);
/* The digest in a key "sha256/ab/<hex>.<random>". */
bool fsck_run_key_digest(str key, struct digest *ret_digest);
