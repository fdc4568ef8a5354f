/* target.c - the list of targets and what they share. */
#include "cli/target.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "base/digest.h"
#include "base/file.h"
#include "base/limits.h"
#include "format/json.h"

const struct target_kind target_kinds[] = {
    {"oci:", target_oci},
    {"docker-archive:", target_docker_archive},
    {"rootfs:", target_rootfs},
    {NULL, NULL},
};

static const struct target_kind *kind_of(str text) {
    for (const struct target_kind *kind = target_kinds; kind->prefix != NULL; kind++)
        if (str_starts(text, str_of(kind->prefix)))
            return kind;
    return NULL;
}

bool target_is_known(str text) {
    size_t slash = str_find_char(text, '/');

    return kind_of(text) != NULL || (slash != STR_NPOS && slash > 0 && text.ptr[0] != '.');
}

pw_code target_open(const struct target_question *question, struct target *ret_target,
                    struct err *err) {
    struct target_question    rest = *question;
    const struct target_kind *kind = kind_of(question->text);

    if (kind == NULL)
        return target_registry(&rest, ret_target, err);
    rest.text = str_from(question->text, strlen(kind->prefix));
    if (rest.text.len == 0)
        return err_set(err, PW_INVALID, "a path is missing behind \"%s\"", kind->prefix);
    return kind->open(&rest, ret_target, err);
}

void target_close(struct target *target) {
    if (target->close != NULL)
        target->close(target->ctx);
    *target = (struct target){0};
}

pw_code target_verify(const struct target *target, size_t layer, int fd, uint64_t size,
                      struct err *err) {
    static char   chunk[1 << 18];
    struct digest wanted, got;
    struct hasher hasher;
    size_t        n;

    PW_TRY(digest_parse(target->layers[layer].digest, &wanted, err));
    hasher_init(&hasher, wanted.algorithm);
    for (uint64_t at = 0; at < size; at += n) {
        PW_TRY(fd_pread_all(fd, chunk, sizeof chunk, (off_t)at, &n, err));
        if (n == 0)
            break;
        hasher_add(&hasher, chunk, n);
    }
    hasher_digest(&hasher, &got);
    if (!digest_eq(&wanted, &got))
        return err_set(err, PW_CORRUPT,
                       "layer " STR_FMT " is damaged: its bytes have another digest",
                       STR_ARG(target->layers[layer].digest));
    return PW_OK;
}

pw_code target_scratch(int *ret_fd, struct err *err) {
    const char *folder = getenv("TMPDIR");
    int         fd;

    if (folder == NULL || folder[0] == '\0')
        folder = "/tmp";
    fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, "cannot make a temporary file in %s", folder);
    *ret_fd = fd;
    return PW_OK;
}

bool target_is_index(str document) {
    AUTO(json_endp) json_t *root = NULL;

    return json_parse(document, LIMIT_MANIFEST_BYTES, &root, NULL) == PW_OK &&
           json_opt_list(root, "manifests") != NULL;
}

static pw_code take_layer(struct arena *arena, const json_t *item, struct reading_layer *layer,
                          struct err *err) {
    struct digest digest;
    str           text;

    PW_TRY(json_get_str(item, "digest", &text, err));
    PW_TRY(digest_parse(text, &digest, err));
    layer->digest = arena_str(arena, text);
    if (layer->digest.ptr == NULL)
        return arena_error(arena, err);
    return PW_OK;
}

pw_code target_take_manifest(struct arena *arena, str manifest, struct target *target,
                             struct err *err) {
    AUTO(json_endp) json_t *root = NULL;
    json_t                 *layers;
    size_t                  n;

    if (json_parse(manifest, LIMIT_MANIFEST_BYTES, &root, err) != PW_OK ||
        json_get_list(root, "layers", &layers, err) != PW_OK)
        return err_wrap(err, "the image's manifest");
    n = json_array_size(layers);
    if (n > LIMIT_MANIFEST_ENTRIES)
        return err_set(err, PW_TOO_LARGE, "the image's manifest names %zu layers; %d is the most",
                       n, LIMIT_MANIFEST_ENTRIES);
    target->layers = arena_array(arena, n + 1, sizeof *target->layers);
    if (target->layers == NULL)
        return arena_error(arena, err);
    for (size_t i = 0; i < n; i++)
        if (take_layer(arena, json_array_get(layers, i), &target->layers[i], err) != PW_OK)
            return err_wrap(err, "layer %zu of the image's manifest", i);
    target->count = n;
    return PW_OK;
}

static void platform_text(const json_t *item, struct buf *out) {
    const json_t *platform = json_opt_object(item, "platform");
    str           variant = json_opt_str(platform, "variant");

    buf_clear(out);
    buf_addf(out, STR_FMT "/" STR_FMT, STR_ARG(json_opt_str(platform, "os")),
             STR_ARG(json_opt_str(platform, "architecture")));
    if (variant.len > 0)
        buf_addf(out, "/" STR_FMT, STR_ARG(variant));
}

/* "linux/arm64" also takes "linux/arm64/v8". */
static bool fits(str have, str wanted) {
    return str_eq(have, wanted) || (str_starts(have, wanted) && have.ptr[wanted.len] == '/');
}

pw_code target_pick(struct arena *arena, str index, str platform, str *ret_digest,
                    struct err *err) {
    AUTO(json_endp) json_t   *root = NULL;
    AUTO(buf_done) struct buf have = BUF_INIT(KIB(4)), all = BUF_INIT(KIB(64));
    json_t                   *list, *item;
    size_t                    i;
    struct digest             digest;

    PW_TRY(json_parse(index, LIMIT_MANIFEST_BYTES, &root, err));
    PW_TRY(json_get_list(root, "manifests", &list, err));
    json_array_foreach(list, i, item) {
        str text;

        PW_TRY(json_get_str(item, "digest", &text, err));
        platform_text(item, &have);
        if (fits(buf_str(&have), platform) || (json_array_size(list) == 1 && have.len == 1)) {
            PW_TRY(digest_parse(text, &digest, err));
            *ret_digest = arena_str(arena, text);
            return ret_digest->ptr != NULL ? PW_OK : arena_error(arena, err);
        }
        buf_addf(&all, "%s" STR_FMT, all.len > 0 ? ", " : "", STR_ARG(buf_str(&have)));
    }
    return err_set(err, PW_NOT_FOUND, "the index has no image for " STR_FMT "; it has: " STR_FMT,
                   STR_ARG(platform), STR_ARG(str_sub(buf_str(&all), 0, 300)));
}
