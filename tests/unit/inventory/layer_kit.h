#pragma once
/*
 * layer_kit.h - builds layers in memory and reads them, for tests.
 *
 *   struct kit kit = KIT;
 *   kit_file(&kit, "etc/os-release", "ID=debian\n");
 *   kit_end_layer(&kit);        the layer is read, encoded, decoded
 *   kit_stack(&kit);            kit.inventory
 *   kit_done(&kit);
 */
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include "test.h"
#include "base/limits.h"
#include "inventory/facts.h"
#include "inventory/inventory.h"

enum { KIT_LAYERS = 8 };

struct kit {
    struct arena        arena;
    struct archive     *tar;
    struct buf          bytes; /* of the layer under construction */
    struct layer_input  layers[KIT_LAYERS];
    char                digests[KIT_LAYERS][8];
    size_t              count;
    struct layer_facts *facts; /* of the last layer */
    struct inventory    inventory;
};

#define KIT                                                                                        \
    { .arena = ARENA_INIT(GIB(1)), .bytes = BUF_INIT(GIB(1)) }

static inline void kit_done(struct kit *kit) {
    arena_done(&kit->arena);
    buf_done(&kit->bytes);
}

static inline la_ssize_t kit_write(struct archive *tar, void *ctx, const void *bytes, size_t n) {
    (void)tar;
    buf_add(ctx, str_make(bytes, n));
    return (la_ssize_t)n;
}

static inline void kit_open(struct kit *kit) {
    if (kit->tar != NULL)
        return;
    (void)setlocale(LC_CTYPE, "C.UTF-8"); /* names of members are UTF-8 */
    kit->tar = archive_write_new();
    archive_write_set_format_pax_restricted(kit->tar);
    archive_write_set_bytes_in_last_block(kit->tar, 1);
    buf_clear(&kit->bytes);
    CHECK_EQ(archive_write_open(kit->tar, &kit->bytes, NULL, kit_write, NULL), ARCHIVE_OK);
}

struct kit_member {
    const char *path;
    int         type; /* AE_IFREG, ... */
    int         mode;
    const char *link;
    bool        hard;
    str         content;
};

static inline void kit_add(struct kit *kit, struct kit_member member) {
    struct archive_entry *entry = archive_entry_new();

    kit_open(kit);
    archive_entry_set_pathname(entry, member.path);
    archive_entry_set_filetype(entry, (unsigned)member.type);
    archive_entry_set_perm(entry, (__LA_MODE_T)(member.mode ? member.mode : 0644));
    if (member.link != NULL && member.hard)
        archive_entry_set_hardlink(entry, member.link);
    else if (member.link != NULL)
        archive_entry_set_symlink(entry, member.link);
    archive_entry_set_size(entry, (la_int64_t)member.content.len);
    CHECK_EQ(archive_write_header(kit->tar, entry), ARCHIVE_OK);
    if (member.content.len > 0)
        CHECK_EQ(archive_write_data(kit->tar, member.content.ptr, member.content.len),
                 (la_ssize_t)member.content.len);
    archive_entry_free(entry);
}

static inline void kit_file(struct kit *kit, const char *path, const char *content) {
    kit_add(kit, (struct kit_member){.path = path, .type = AE_IFREG, .content = str_of(content)});
}
static inline void kit_program(struct kit *kit, const char *path, str content) {
    kit_add(kit,
            (struct kit_member){.path = path, .type = AE_IFREG, .mode = 0755, .content = content});
}
static inline void kit_dir(struct kit *kit, const char *path) {
    kit_add(kit, (struct kit_member){.path = path, .type = AE_IFDIR, .mode = 0755});
}
static inline void kit_symlink(struct kit *kit, const char *path, const char *target) {
    kit_add(kit, (struct kit_member){.path = path, .type = AE_IFLNK, .link = target});
}
static inline void kit_hardlink(struct kit *kit, const char *path, const char *target) {
    kit_add(kit, (struct kit_member){.path = path, .type = AE_IFREG, .link = target, .hard = true});
}

static inline pw_code kit_slice_read(void *ctx, void *out, size_t n, size_t *ret_n,
                                     struct err *err) {
    str *slice = ctx;

    (void)err;
    n = MIN_OF(n, slice->len);
    if (n > 0)
        memcpy(out, slice->ptr, n);
    *slice = str_from(*slice, n);
    *ret_n = n;
    return PW_OK;
}

/* Reads the bytes of a layer and adds it on top. */
static inline void kit_add_layer(struct kit *kit, str bytes) {
    struct layer_source source = {&bytes, kit_slice_read};
    struct buf          encoded = BUF_INIT(LIMIT_FACTS_BYTES);
    struct err          err = ERR_NONE;
    struct layer_input *layer = &kit->layers[kit->count];

    assert_true(kit->count < KIT_LAYERS);
    CHECK_OK(layer_read(&source, &encoded, &err));
    CHECK_OK(facts_decode(&kit->arena, buf_str(&encoded), &kit->facts, &err));
    buf_done(&encoded);
    snprintf(kit->digests[kit->count], sizeof kit->digests[0], "L%zu", kit->count);
    *layer = (struct layer_input){.digest = str_of(kit->digests[kit->count]), .facts = kit->facts};
    kit->count++;
}

static inline void kit_close_tar(struct kit *kit) {
    kit_open(kit);
    CHECK_EQ(archive_write_close(kit->tar), ARCHIVE_OK);
    archive_write_free(kit->tar);
    kit->tar = NULL;
}

static inline void kit_end_layer(struct kit *kit) {
    kit_close_tar(kit);
    kit_add_layer(kit, buf_str(&kit->bytes));
}

static inline void kit_stack(struct kit *kit) {
    struct err err = ERR_NONE;

    CHECK_OK(inventory_stack(&kit->arena, kit->layers, kit->count, &kit->inventory, &err));
}

static inline const struct package *kit_package(const struct kit *kit, const char *name) {
    for (size_t i = 0; i < kit->inventory.package_count; i++)
        if (str_eq(kit->inventory.packages[i].name, str_of(name)))
            return &kit->inventory.packages[i];
    return NULL;
}

/* "name version layer" of a package, "-" when it is not there. */
static inline const char *kit_shown(const struct kit *kit, const char *name) {
    static char           text[512];
    const struct package *found = kit_package(kit, name);

    if (found == NULL)
        return "-";
    snprintf(text, sizeof text, STR_FMT " " STR_FMT, STR_ARG(found->version),
             STR_ARG(found->layer));
    return text;
}

static inline const struct incomplete *kit_find(const struct incomplete *list, size_t count,
                                                const char *kind) {
    for (size_t i = 0; i < count; i++)
        if (str_eq(list[i].kind, str_of(kind)))
            return &list[i];
    return NULL;
}
static inline const struct incomplete *kit_missing(const struct kit *kit, const char *kind) {
    return kit_find(kit->inventory.incomplete, kit->inventory.incomplete_count, kind);
}
