/* manifest_cache.c - the manifests that were asked for lately. */
#include "registry/manifest_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include "base/clock.h"

enum { GENERATIONS = 256, LOCKS = 64 };
#define ENTRY_LIFE_NS 1000000000 /* changes by another process are seen after this */

struct entry {
    struct cached_manifest manifest; /* text points behind the entry */
    str                    repository, reference;
    uint64_t               generation;
    int64_t                made_ns;
    char                   text[];
};

struct manifest_cache {
    _Atomic uint64_t generations[GENERATIONS]; /* by hash of the repository */
    pthread_mutex_t  locks[LOCKS];             /* by slot */
    struct entry    *slots[MANIFEST_CACHE_SLOTS];
};

pw_code manifest_cache_new(struct manifest_cache **ret_cache, struct err *err) {
    struct manifest_cache *cache = calloc(1, sizeof *cache);

    if (cache == NULL)
        return err_set(err, PW_MEMORY, "no memory for the manifest cache");
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&cache->locks[i], NULL);
    *ret_cache = cache;
    return PW_OK;
}

void manifest_cache_free(struct manifest_cache *cache) {
    if (cache == NULL)
        return;
    for (size_t i = 0; i < MANIFEST_CACHE_SLOTS; i++)
        free(cache->slots[i]);
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&cache->locks[i]);
    free(cache);
}

static _Atomic uint64_t *generation_of(struct manifest_cache *cache, str repository) {
    return &cache->generations[str_hash(repository) % GENERATIONS];
}

uint64_t manifest_cache_generation(struct manifest_cache *cache, str repository) {
    return atomic_load(generation_of(cache, repository));
}

void manifest_cache_changed(struct manifest_cache *cache, str repository) {
    atomic_fetch_add(generation_of(cache, repository), 1);
}

static size_t slot_of(str repository, str reference) {
    return (size_t)((str_hash(repository) * 31 + str_hash(reference)) % MANIFEST_CACHE_SLOTS);
}

static bool is_fresh(struct manifest_cache *cache, const struct entry *entry) {
    return entry->generation == manifest_cache_generation(cache, entry->repository) &&
           clock_mono_ns() - entry->made_ns < ENTRY_LIFE_NS;
}

bool manifest_cache_get(struct manifest_cache *cache, str repository, str reference,
                        struct arena *arena, struct cached_manifest *ret_manifest) {
    size_t                 slot = slot_of(repository, reference);
    pthread_mutex_t       *lock = &cache->locks[slot % LOCKS];
    const struct entry    *entry;
    struct cached_manifest out = {0};

    pthread_mutex_lock(lock);
    entry = cache->slots[slot];
    if (entry != NULL && str_eq(entry->reference, reference) &&
        str_eq(entry->repository, repository) && is_fresh(cache, entry)) {
        out = entry->manifest;
        out.media_type = arena_str(arena, out.media_type);
        out.body = arena_str(arena, out.body);
    }
    pthread_mutex_unlock(lock);
    if (out.media_type.ptr == NULL || out.body.ptr == NULL)
        return false;
    *ret_manifest = out;
    return true;
}

static str append(char **at, str text) {
    str copy = {*at, text.len};

    memcpy(*at, text.len > 0 ? text.ptr : "", text.len);
    *at += text.len;
    return copy;
}

void manifest_cache_put(struct manifest_cache *cache, str repository, str reference,
                        uint64_t generation, const struct cached_manifest *manifest) {
    size_t           slot = slot_of(repository, reference);
    pthread_mutex_t *lock = &cache->locks[slot % LOCKS];
    struct entry    *entry, *old;
    char            *at;

    if (manifest->body.len > MANIFEST_CACHE_BODY)
        return;
    entry = malloc(sizeof *entry + repository.len + reference.len + manifest->media_type.len +
                   manifest->body.len);
    if (entry == NULL)
        return; /* a cache may forget */
    at = entry->text;
    entry->manifest = *manifest;
    entry->repository = append(&at, repository);
    entry->reference = append(&at, reference);
    entry->manifest.media_type = append(&at, manifest->media_type);
    entry->manifest.body = append(&at, manifest->body);
    entry->generation = generation;
    entry->made_ns = clock_mono_ns();
    pthread_mutex_lock(lock);
    old = cache->slots[slot];
    cache->slots[slot] = entry;
    pthread_mutex_unlock(lock);
    free(old);
}
