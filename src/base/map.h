#pragma once
/*
 * map.h - a hash map from text to a pointer, for sets and indexes of one request or scan.
 *
 * Keys are borrowed and must outlive the map (put them into an arena). The hash is keyed by a
 * random number per process, so crafted keys cannot make it slow. Threads: one at a time.
 */
#include "base/err.h"
#include "base/str.h"

struct map_slot;
struct map {
    struct map_slot *slots;
    size_t           room, count;
};

#define MAP_INIT                                                                                   \
    { 0 }

void map_done(struct map *map);
/* The place of the key's value, made (NULL) when absent; NULL when out of memory. The place is
 * valid until the next map_at. */
void **map_at(struct map *map, str key);
void  *map_get(const struct map *map, str key); /* NULL: absent */
bool   map_has(const struct map *map, str key);
/* Walks all keys: start with *cursor 0; false at the end. */
bool map_next(const struct map *map, size_t *cursor, str *ret_key, void **ret_value);
