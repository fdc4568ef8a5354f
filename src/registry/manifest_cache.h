#pragma once
/*
 * manifest_cache.h - the manifests that were asked for lately, in memory.
 *
 * Most requests of a registry ask for the same few tags. An entry is right as long as its
 * generation is: a write to a repository calls manifest_cache_changed after it is durable and before
 * it is answered, so that whoever was answered sees it. Changes by another process are seen after
 * one second.
 *
 * Takes:   bodies of at most MANIFEST_CACHE_BODY bytes; larger ones are not kept.
 * Memory:  at most MANIFEST_CACHE_SLOTS entries (16 MiB at worst). Threads: any.
 */
#include <stdatomic.h>
#include "base/arena.h"
#include "model/manifest.h"

enum { MANIFEST_CACHE_SLOTS = 1024, MANIFEST_CACHE_BODY = 16384 };

struct manifest_cache;

struct cached_manifest {
    int64_t       repository_id, manifest_id;
    struct digest digest;
    str           media_type, body;
};

pw_code manifest_cache_new(struct manifest_cache **ret_cache, struct err *err);
void    manifest_cache_free(struct manifest_cache *cache);

/* Taken before the database is read, and handed to manifest_cache_put with what was read. */
uint64_t manifest_cache_generation(struct manifest_cache *cache, str repository);
void     manifest_cache_changed(struct manifest_cache *cache, str repository);
/* Text is copied into the arena; false: not there, ask the database. */
bool manifest_cache_get(struct manifest_cache *cache, str repository, str reference,
                        struct arena *arena, struct cached_manifest *ret_manifest);
void manifest_cache_put(struct manifest_cache *cache, str repository, str reference,
                        uint64_t generation, const struct cached_manifest *manifest);
