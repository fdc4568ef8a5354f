/* map.c - open addressing, linear probing, at most two thirds full. */
#include "base/map.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>

struct map_slot {
    str      key;
    uint64_t hash; /* 0: free */
    void    *value;
};

static uint64_t process_seed(void) {
    static _Atomic uint64_t seed;
    uint64_t                value = atomic_load_explicit(&seed, memory_order_relaxed);

    if (value != 0)
        return value;
    if (getrandom(&value, sizeof value, GRND_NONBLOCK) != sizeof value || value == 0)
        value = 0x9e3779b97f4a7c15u ^ (uint64_t)(uintptr_t)&seed;
    uint64_t none = 0;
    if (!atomic_compare_exchange_strong(&seed, &none, value))
        value = none;
    return value;
}

static uint64_t keyed_hash(str key) {
    uint64_t h = process_seed();

    for (size_t i = 0; i < key.len; i++)
        h = (h ^ (unsigned char)key.ptr[i]) * 0x100000001b3u + (h >> 47);
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    h ^= h >> 32;
    return h != 0 ? h : 1;
}

static struct map_slot *slot_of(struct map_slot *slots, size_t room, str key, uint64_t hash) {
    for (size_t i = hash & (room - 1);; i = (i + 1) & (room - 1))
        if (slots[i].hash == 0 || (slots[i].hash == hash && str_eq(slots[i].key, key)))
            return &slots[i];
}

static bool grow(struct map *map) {
    size_t           room = map->room ? map->room * 2 : 64;
    struct map_slot *slots = calloc(room, sizeof *slots);

    if (slots == NULL)
        return false;
    for (size_t i = 0; i < map->room; i++)
        if (map->slots[i].hash != 0)
            *slot_of(slots, room, map->slots[i].key, map->slots[i].hash) = map->slots[i];
    free(map->slots);
    map->slots = slots;
    map->room = room;
    return true;
}

void map_done(struct map *map) {
    free(map->slots);
    *map = (struct map)MAP_INIT;
}

void **map_at(struct map *map, str key) {
    uint64_t         hash = keyed_hash(key);
    struct map_slot *slot;

    if ((map->count + 1) * 3 > map->room * 2 && !grow(map))
        return NULL;
    slot = slot_of(map->slots, map->room, key, hash);
    if (slot->hash == 0) {
        slot->hash = hash;
        slot->key = key;
        map->count++;
    }
    return &slot->value;
}

static const struct map_slot *find(const struct map *map, str key) {
    const struct map_slot *slot;

    if (map->room == 0)
        return NULL;
    slot = slot_of(map->slots, map->room, key, keyed_hash(key));
    return slot->hash != 0 ? slot : NULL;
}

void *map_get(const struct map *map, str key) {
    const struct map_slot *slot = find(map, key);

    return slot != NULL ? slot->value : NULL;
}

bool map_has(const struct map *map, str key) {
    return find(map, key) != NULL;
}

bool map_next(const struct map *map, size_t *cursor, str *ret_key, void **ret_value) {
    while (*cursor < map->room) {
        const struct map_slot *slot = &map->slots[(*cursor)++];

        if (slot->hash == 0)
            continue;
        *ret_key = slot->key;
        *ret_value = slot->value;
        return true;
    }
    return false;
}
