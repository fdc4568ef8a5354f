/* target_docker_archive.c - what `docker save` writes: manifest.json, a configuration, layers. */
#include <unistd.h>
#include "base/digest.h"
#include "base/file.h"
#include "base/limits.h"
#include "cli/tar_index.h"
#include "cli/target.h"
#include "format/json.h"

struct archive {
    int                       fd;
    const struct tar_member **layers;
};

static pw_code read_member(int fd, const struct tar_member *member, struct buf *out,
                           struct err *err) {
    size_t n;
    char  *room;

    if (member->size > LIMIT_MANIFEST_BYTES)
        return err_set(err, PW_TOO_LARGE, STR_FMT " is larger than %zu bytes",
                       STR_ARG(member->name), LIMIT_MANIFEST_BYTES);
    room = buf_room(out, (size_t)member->size);
    if (room == NULL)
        return err_set(err, PW_MEMORY, "no memory for " STR_FMT, STR_ARG(member->name));
    PW_TRY(fd_pread_all(fd, room, (size_t)member->size, (off_t)member->offset, &n, err));
    buf_wrote(out, n);
    return PW_OK;
}

/* Copies a layer into a file of its own: the sandbox reads files from their beginning. */
static pw_code copy_layer(int from, const struct tar_member *member, int to,
                          struct digest *ret_digest, struct err *err) {
    static char   chunk[1 << 18];
    struct hasher hasher;
    size_t        n;

    hasher_init(&hasher, DIGEST_SHA256);
    for (uint64_t done = 0; done < member->size; done += n) {
        size_t wanted = (size_t)MIN_OF(member->size - done, sizeof chunk);

        PW_TRY(fd_pread_all(from, chunk, wanted, (off_t)(member->offset + done), &n, err));
        if (n == 0)
            return err_set(err, PW_CORRUPT, "the archive ends in the middle of a layer");
        hasher_add(&hasher, chunk, n);
        PW_TRY(fd_write_all(to, chunk, n, err));
    }
    hasher_digest(&hasher, ret_digest);
    return PW_OK;
}

static pw_code open_layer(void *ctx, size_t layer, int *ret_fd, uint64_t *ret_size,
                          struct err *err) {
    const struct archive    *a = ctx;
    const struct tar_member *member = a->layers[layer];
    AUTO(fd_close) int       fd = -1;
    struct digest            digest;

    PW_TRY(target_scratch(&fd, err));
    PW_TRY(copy_layer(a->fd, member, fd, &digest, err));
    *ret_size = member->size;
    *ret_fd = fd;
    fd = -1;
    return PW_OK;
}

/* The layer's digest is that of its bytes in the archive, computed here: names in it prove nothing. */
static pw_code hash_layer(int fd, const struct tar_member *member, struct arena *arena,
                          str *ret_digest, struct err *err) {
    static char   chunk[1 << 18];
    char          text[DIGEST_TEXT_SIZE];
    struct hasher hasher;
    struct digest digest;
    size_t        n = 0;

    hasher_init(&hasher, DIGEST_SHA256);
    for (uint64_t done = 0; done < member->size; done += n) {
        PW_TRY(fd_pread_all(fd, chunk, (size_t)MIN_OF(member->size - done, sizeof chunk),
                            (off_t)(member->offset + done), &n, err));
        if (n == 0)
            return err_set(err, PW_CORRUPT, "the archive ends in the middle of a layer");
        hasher_add(&hasher, chunk, n);
    }
    hasher_digest(&hasher, &digest);
    *ret_digest = arena_str(arena, digest_format(&digest, text));
    return ret_digest->ptr != NULL ? PW_OK : arena_error(arena, err);
}

static pw_code take_layers(const struct target_question *q, const struct tar_index *index,
                           const json_t *image, struct target *target, struct err *err) {
    struct archive *a = target->ctx;
    json_t         *layers;
    size_t          n;

    PW_TRY(json_get_list(image, "Layers", &layers, err));
    n = json_array_size(layers);
    if (n > LIMIT_MANIFEST_ENTRIES)
        return err_set(err, PW_TOO_LARGE, "the image has more than %d layers",
                       LIMIT_MANIFEST_ENTRIES);
    a->layers = arena_array(q->arena, n + 1, sizeof(struct tar_member *));
    target->layers = arena_array(q->arena, n + 1, sizeof *target->layers);
    if (a->layers == NULL || target->layers == NULL)
        return arena_error(q->arena, err);
    for (size_t i = 0; i < n; i++) {
        str name = json_str_of(json_array_get(layers, i));

        a->layers[i] = tar_index_find(index, q->arena, name);
        if (a->layers[i] == NULL)
            return err_set(err, PW_CORRUPT, "the archive lacks its layer \"" STR_FMT "\"",
                           STR_ARG(name));
        PW_TRY(hash_layer(a->fd, a->layers[i], q->arena, &target->layers[i].digest, err));
    }
    target->count = n;
    return PW_OK;
}

static pw_code take_archive(const struct target_question *q, struct target *target,
                            struct err *err) {
    AUTO(buf_done)
    struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES), config = BUF_INIT(LIMIT_MANIFEST_BYTES);
    AUTO(json_endp) json_t  *root = NULL;
    struct archive          *a = target->ctx;
    struct tar_index         index;
    const struct tar_member *member;
    struct digest            digest;
    char                     digest_text[DIGEST_TEXT_SIZE];

    PW_TRY(tar_index_read(a->fd, q->arena, &index, err));
    member = tar_index_find(&index, q->arena, STR("manifest.json"));
    if (member == NULL)
        return err_set(err, PW_INVALID, "it has no manifest.json");
    PW_TRY(read_member(a->fd, member, &text, err));
    PW_TRY(json_parse(buf_str(&text), LIMIT_MANIFEST_BYTES, &root, err));
    if (json_array_size(root) != 1)
        return err_set(err, PW_UNSUPPORTED, "it holds %zu images; save them one by one",
                       json_array_size(root));
    member = tar_index_find(&index, q->arena, json_opt_str(json_array_get(root, 0), "Config"));
    if (member == NULL)
        return err_set(err, PW_CORRUPT, "it lacks the image's configuration");
    PW_TRY(read_member(a->fd, member, &config, err));
    digest_of(DIGEST_SHA256, buf_str(&config), &digest);
    target->digest = arena_str(q->arena, digest_format(&digest, digest_text));
    return take_layers(q, &index, json_array_get(root, 0), target, err);
}

static void close_archive(void *ctx) {
    fd_close(&((struct archive *)ctx)->fd);
}

pw_code target_docker_archive(const struct target_question *q, struct target *ret_target,
                              struct err *err) {
    AUTO(target_close) struct target target = {.close = close_archive, .open = open_layer};
    struct archive                  *a = arena_new(q->arena, struct archive);
    str                              path = arena_str(q->arena, q->text);

    if (a == NULL || path.ptr == NULL) {
        target.close = NULL;
        return arena_error(q->arena, err);
    }
    a->fd = -1;
    target.ctx = a;
    PW_TRY(file_open_read(path.ptr, &a->fd, err));
    if (take_archive(q, &target, err) != PW_OK)
        return err_wrap(err, "%s is not a readable docker archive", path.ptr);
    *ret_target = target;
    target = (struct target){0};
    return PW_OK;
}
