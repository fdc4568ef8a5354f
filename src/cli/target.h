#pragma once
/*
 * target.h - what `scan` can look at: a family with one file per kind.
 *
 *   oci:DIR[:TAG]   docker-archive:FILE   rootfs:DIR   HOST/NAME[:TAG|@DIGEST]
 *
 * A target's documents are parsed here, with ceilings; its layers only in the sandbox.
 * Errors:  PW_INVALID: the words are no target; PW_NOT_FOUND, PW_UNSUPPORTED, PW_CORRUPT: say what.
 * Memory:  text lives in the arena, which must outlive the target.   Threads: one.
 */
#include "pipeline/reading.h"

struct target {
    str digest; /* of the image's manifest; of its configuration for docker-archive; "" for rootfs */
    struct reading_layer *layers;
    size_t                count;
    void                 *ctx;
    pw_code (*open)(void *ctx, size_t layer, int *ret_fd, uint64_t *ret_size, struct err *err);
    bool verify; /* layers' bytes must be compared with their digests before facts are kept */
    void (*close)(void *ctx); /* may be NULL */
};
struct target_question {
    struct arena *arena;
    str           text;     /* behind the prefix */
    str           platform; /* "linux/amd64" */
};
struct target_kind {
    const char *prefix; /* "oci:" */
    pw_code (*open)(const struct target_question *question, struct target *ret_target,
                    struct err *err);
};
extern const struct target_kind target_kinds[]; /* NULL prefix at the end */

/* False: neither a known prefix nor HOST/NAME. */
bool    target_is_known(str text);
pw_code target_open(const struct target_question *question, struct target *ret_target,
                    struct err *err);
void    target_close(struct target *target); /* for AUTO; accepts a zeroed one */
/* Compares the bytes with layers[layer].digest: PW_CORRUPT when they differ. */
pw_code target_verify(const struct target *target, size_t layer, int fd, uint64_t size,
                      struct err *err);

pw_code target_oci(const struct target_question *question, struct target *ret_target,
                   struct err *err);
pw_code target_docker_archive(const struct target_question *question, struct target *ret_target,
                              struct err *err);
pw_code target_rootfs(const struct target_question *question, struct target *ret_target,
                      struct err *err);
pw_code target_registry(const struct target_question *question, struct target *ret_target,
                        struct err *err);

/* --- shared by the kinds --- */

/* Layers of an image manifest (OCI or Docker schema 2) into the target. */
pw_code target_take_manifest(struct arena *arena, str manifest, struct target *target,
                             struct err *err);
/* An index: the digest of the child for the platform. PW_NOT_FOUND names those that exist. */
pw_code target_pick(struct arena *arena, str index, str platform, str *ret_digest, struct err *err);
bool    target_is_index(str document);
/* An unnamed file in $TMPDIR (or /tmp), gone when closed. */
pw_code target_scratch(int *ret_fd, struct err *err);
