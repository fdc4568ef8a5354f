/* target_oci.c - an OCI image layout: oci-layout, index.json, blobs/ALGORITHM/HEX. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include "base/digest.h"
#include "base/file.h"
#include "base/limits.h"
#include "cli/target.h"
#include "format/json.h"

enum { INDEX_DEPTH = 3 };

struct layout {
    str            folder;
    struct target *target;
    struct arena  *arena;
};

static str blob_path(struct arena *arena, str folder, str digest) {
    str rest = digest, algorithm = STR_NONE;

    (void)str_cut(&rest, ':', &algorithm); /* digest_parse has looked at both */
    return arena_strf(arena, STR_FMT "/blobs/" STR_FMT "/" STR_FMT, STR_ARG(folder),
                      STR_ARG(algorithm), STR_ARG(rest));
}

static pw_code read_document(struct layout *layout, str digest_text, str *ret_text,
                             struct err *err) {
    AUTO(buf_done) struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
    struct digest             wanted, got;
    str                       path;

    PW_TRY(digest_parse(digest_text, &wanted, err));
    path = blob_path(layout->arena, layout->folder, digest_text);
    if (path.ptr == NULL)
        return arena_error(layout->arena, err);
    PW_TRY(file_read(path.ptr, LIMIT_MANIFEST_BYTES, &text, err));
    digest_of(wanted.algorithm, buf_str(&text), &got);
    if (!digest_eq(&wanted, &got))
        return err_set(err, PW_CORRUPT, "%s is damaged: its bytes have another digest", path.ptr);
    *ret_text = arena_str(layout->arena, buf_str(&text));
    return ret_text->ptr != NULL ? PW_OK : arena_error(layout->arena, err);
}

static pw_code open_layer(void *ctx, size_t layer, int *ret_fd, uint64_t *ret_size,
                          struct err *err) {
    struct layout *layout = ctx;
    str path = blob_path(layout->arena, layout->folder, layout->target->layers[layer].digest);
    AUTO(fd_close) int fd = -1;
    struct stat        st;

    if (path.ptr == NULL)
        return arena_error(layout->arena, err);
    PW_TRY(file_open_read(path.ptr, &fd, err));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return err_set(err, PW_INVALID, "%s is not a file", path.ptr);
    *ret_size = (uint64_t)st.st_size;
    *ret_fd = fd;
    fd = -1;
    return PW_OK;
}

/* The entry of index.json for the tag: by its annotation; without a tag the only one, or "latest". */
static pw_code pick_tag(struct layout *layout, str index, str tag, str *ret_digest,
                        struct err *err) {
    AUTO(json_endp) json_t *root = NULL;
    json_t                 *list, *item;
    size_t                  i, named = 0;
    str                     found = STR_NONE, text;

    if (json_parse(index, LIMIT_MANIFEST_BYTES, &root, err) != PW_OK ||
        json_get_list(root, "manifests", &list, err) != PW_OK)
        return err_wrap(err, "index.json");
    json_array_foreach(list, i, item) {
        str name =
            json_opt_str(json_opt_object(item, "annotations"), "org.opencontainers.image.ref.name");

        if (tag.len > 0 ? str_eq(name, tag)
                        : (json_array_size(list) == 1 || str_eq(name, STR("latest")))) {
            PW_TRY(json_get_str(item, "digest", &text, err));
            found = text;
            named++;
        }
    }
    if (named == 0 && tag.len > 0)
        return err_set(err, PW_NOT_FOUND, "the layout has no image tagged \"" STR_FMT "\"",
                       STR_ARG(tag));
    if (named == 0)
        return err_set(err, PW_INVALID, "the layout has %zu images: say which, oci:DIR:TAG",
                       json_array_size(list));
    *ret_digest = arena_str(layout->arena, found);
    return ret_digest->ptr != NULL ? PW_OK : arena_error(layout->arena, err);
}

/* DIR[:TAG]: the part behind the last colon is a tag unless DIR with the colon exists. */
static void split(const struct target_question *q, struct layout *layout, str *ret_tag) {
    size_t colon = str_rfind_char(q->text, ':');
    str    whole = arena_str(q->arena, q->text);

    layout->folder = q->text;
    *ret_tag = STR_NONE;
    if (colon != STR_NPOS && whole.ptr != NULL && !file_exists(whole.ptr)) {
        layout->folder = str_sub(q->text, 0, colon);
        *ret_tag = str_from(q->text, colon + 1);
    }
}

static pw_code open_layout(const struct target_question *q, struct layout *layout,
                           struct target *target, struct err *err) {
    AUTO(buf_done) struct buf index = BUF_INIT(LIMIT_MANIFEST_BYTES);
    str                       tag = STR_NONE, path, digest = STR_NONE, document = STR_NONE;

    split(q, layout, &tag);
    path = arena_strf(q->arena, STR_FMT "/index.json", STR_ARG(layout->folder));
    if (path.ptr == NULL)
        return arena_error(q->arena, err);
    if (file_read(path.ptr, LIMIT_MANIFEST_BYTES, &index, err) != PW_OK)
        return err_wrap(err, STR_FMT " is not an OCI image layout", STR_ARG(layout->folder));
    PW_TRY(pick_tag(layout, buf_str(&index), tag, &digest, err));
    for (int depth = 0; depth < INDEX_DEPTH; depth++) {
        PW_TRY(read_document(layout, digest, &document, err));
        if (!target_is_index(document)) {
            target->digest = digest;
            return target_take_manifest(q->arena, document, target, err);
        }
        PW_TRY(target_pick(q->arena, document, q->platform, &digest, err));
    }
    return err_set(err, PW_INVALID, "indexes nest deeper than %d", INDEX_DEPTH);
}

pw_code target_oci(const struct target_question *q, struct target *ret_target, struct err *err) {
    struct layout *layout = arena_new(q->arena, struct layout);
    struct target  target = {0};

    if (layout == NULL)
        return arena_error(q->arena, err);
    layout->arena = q->arena;
    PW_TRY(open_layout(q, layout, &target, err));
    target.ctx = layout;
    target.open = open_layer;
    target.verify = true;
    *ret_target = target;
    layout->target = ret_target;
    return PW_OK;
}
