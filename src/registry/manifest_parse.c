/* manifest_parse.c - pushed bytes become a struct manifest. */
#include "registry/manifest_parse.h"

#include <stdio.h>
#include "base/json_write.h"
#include "base/limits.h"
#include "registry/manifest_json.h"
#include "registry/refuse.h"

#define OCI    "application/vnd.oci.image."
#define DOCKER "application/vnd.docker.distribution.manifest."

enum { WHERE_SIZE = 64 };

static const struct {
    str                media_type;
    enum manifest_kind kind;
} stored_types[] = {
    {STR_INIT(OCI "manifest.v1+json"), MANIFEST_IMAGE},
    {STR_INIT(OCI "index.v1+json"), MANIFEST_INDEX},
    {STR_INIT(DOCKER "v2+json"), MANIFEST_IMAGE},
    {STR_INIT(DOCKER "list.v2+json"), MANIFEST_INDEX},
};

static const str foreign_types[] = {
    STR_INIT(OCI "layer.nondistributable.v1.tar"),
    STR_INIT(OCI "layer.nondistributable.v1.tar+gzip"),
    STR_INIT(OCI "layer.nondistributable.v1.tar+zstd"),
    STR_INIT("application/vnd.docker.image.rootfs.foreign.diff.tar"),
    STR_INIT("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
};

struct parsing {
    struct arena    *arena;
    json_t          *root;
    struct manifest *out;
    struct err      *err;
};

bool manifest_parse_kind(str media_type, enum manifest_kind *ret_kind) {
    EACH (known, stored_types) {
        if (str_eq(known->media_type, media_type)) {
            *ret_kind = known->kind;
            return true;
        }
    }
    return false;
}

static pw_code no(struct err *err, const char *text) {
    return refuse(err, PW_INVALID, "MANIFEST_INVALID", "%s", text);
}

static bool is_present(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);

    return value != NULL && !json_is_null(value);
}

/* Media types, digests and parts of a platform: none is longer than a media type. */
static pw_code read_text(struct parsing *p, const json_t *object, const char *key,
                         const char *where, str *ret_text) {
    struct manifest_text wanted = {
        .object = object, .key = key, .where = where, .ceiling = LIMIT_MEDIA_TYPE_BYTES};

    return manifest_json_text(p->arena, wanted, ret_text, p->err);
}

/* --- what kind of document is it? --- */

static pw_code check_not_schema1(str media_type, const json_t *root, struct err *err) {
    const json_t *version = json_object_get(root, "schemaVersion");

    if (str_starts(media_type, STR(DOCKER "v1+")) ||
        (json_is_integer(version) && json_integer_value(version) == 1))
        return no(err, "Docker schema 1 manifests are not stored: push with docker 1.10 or later, "
                       "or convert with skopeo copy --format v2s2");
    return PW_OK;
}

static pw_code decide_type(struct parsing *p, str content_type) {
    str rest = content_type, given = STR_NONE, body_type;

    PW_TRY(read_text(p, p->root, "mediaType", "", &body_type));
    (void)str_cut(&rest, ';', &given); /* parameters say nothing about a manifest */
    given = str_trim(given);
    if (str_empty(given) || str_eq(given, STR("application/json")))
        given = str_empty(body_type) ? stored_types[0].media_type : body_type;
    PW_TRY(check_not_schema1(given, p->root, p->err));
    if (!manifest_parse_kind(given, &p->out->kind))
        return refuse(p->err, PW_INVALID, "MANIFEST_INVALID",
                      "media type \"" STR_FMT "\" is not stored as a manifest: use an OCI image "
                      "manifest or index, or Docker schema 2",
                      STR_ARG(str_sub(given, 0, LIMIT_MEDIA_TYPE_BYTES)));
    if (!str_empty(body_type) && !str_eq(body_type, given))
        return refuse(p->err, PW_INVALID, "MANIFEST_INVALID",
                      "the manifest says it is \"" STR_FMT "\", its Content-Type says \"" STR_FMT
                      "\"",
                      STR_ARG(body_type), STR_ARG(given));
    p->out->media_type = arena_str(p->arena, given);
    return p->out->media_type.ptr != NULL ? PW_OK : arena_error(p->arena, p->err);
}

static pw_code check_shape(const struct parsing *p) {
    static const char *const of_index[] = {"manifests"}, *const of_image[] = {"config", "layers"};
    const json_t *version = json_object_get(p->root, "schemaVersion");

    if (!json_is_integer(version) || json_integer_value(version) != 2)
        return no(p->err, "schemaVersion is not 2");
    if (json_object_get(p->root, "fsLayers") != NULL)
        return no(p->err, "the manifest holds fsLayers, which belong to schema 1");
    if (p->out->kind == MANIFEST_IMAGE) {
        EACH (key, of_index)
            if (json_object_get(p->root, *key) != NULL)
                return no(p->err, "an image manifest may not hold manifests");
    } else {
        EACH (key, of_image)
            if (json_object_get(p->root, *key) != NULL)
                return no(p->err, "an image index may not hold config or layers");
    }
    return PW_OK;
}

/* --- descriptors --- */

static pw_code read_platform(struct parsing *p, const json_t *object, const char *where,
                             str *ret_text) {
    static const char *const keys[] = {"os", "architecture", "variant"};
    const json_t            *platform = json_object_get(object, "platform");
    str                      parts[COUNT_OF(keys)];

    if (platform == NULL || json_is_null(platform)) {
        *ret_text = STR("");
        return PW_OK;
    }
    if (!json_is_object(platform))
        return refuse(p->err, PW_INVALID, "MANIFEST_INVALID", "%splatform is not an object", where);
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        PW_TRY(read_text(p, platform, keys[i], where, &parts[i]));
    *ret_text = arena_strf(p->arena, STR_FMT "%s" STR_FMT "%s" STR_FMT, STR_ARG(parts[0]),
                           str_empty(parts[1]) ? "" : "/", STR_ARG(parts[1]),
                           str_empty(parts[2]) ? "" : "/", STR_ARG(parts[2]));
    return ret_text->ptr != NULL ? PW_OK : arena_error(p->arena, p->err);
}

static pw_code read_size(const struct parsing *p, const json_t *object, const char *where,
                         uint64_t *ret_size) {
    const json_t *size = json_object_get(object, "size");

    if (!json_is_integer(size))
        return refuse(p->err, PW_INVALID, "MANIFEST_INVALID", "%ssize is not a whole number",
                      where);
    if (json_integer_value(size) < 0)
        return refuse(p->err, PW_INVALID, "MANIFEST_INVALID", "%ssize is negative", where);
    *ret_size = (uint64_t)json_integer_value(size);
    return PW_OK;
}

static bool is_foreign(str media_type) {
    EACH (type, foreign_types)
        if (str_eq(*type, media_type))
            return true;
    return false;
}

/* `where` is the prefix of its keys: "layers[3]." */
static pw_code read_descriptor(struct parsing *p, const json_t *object, enum reference_kind kind,
                               const char *where, struct descriptor *out) {
    struct err inner = ERR_NONE;
    str        text;

    if (!json_is_object(object))
        return refuse(p->err, PW_INVALID, "MANIFEST_INVALID", "%.*s is not a descriptor object",
                      (int)strlen(where) - 1, where);
    out->kind = kind;
    PW_TRY(read_text(p, object, "mediaType", where, &out->media_type));
    if (str_empty(out->media_type))
        return refuse(p->err, PW_INVALID, "MANIFEST_INVALID", "%smediaType is missing", where);
    PW_TRY(read_text(p, object, "digest", where, &text));
    if (digest_parse(text, &out->digest, &inner) != PW_OK)
        return refuse(p->err, PW_INVALID, "MANIFEST_INVALID", "%sdigest: %s", where,
                      err_text(&inner));
    PW_TRY(read_size(p, object, where, &out->size));
    PW_TRY(read_platform(p, object, where, &out->platform));
    out->foreign = kind == REFERENCE_LAYER && is_foreign(out->media_type);
    return manifest_json_check_data(object, where, out->size, &out->digest, p->err);
}

/* The entries of a list behind `at`; absent and null are an empty list (Go writes null). */
static pw_code read_list(struct parsing *p, const char *key, enum reference_kind kind) {
    const json_t *list = json_object_get(p->root, key);
    size_t        count = json_array_size(list); /* 0 for anything else */

    if (list != NULL && !json_is_null(list) && !json_is_array(list))
        return refuse(p->err, PW_INVALID, "MANIFEST_INVALID", "%s is not a list", key);
    if (count > LIMIT_MANIFEST_ENTRIES)
        return refuse(p->err, PW_TOO_LARGE, "MANIFEST_INVALID",
                      "%s has %zu entries, at most %d are possible", key, count,
                      LIMIT_MANIFEST_ENTRIES);
    for (size_t i = 0; i < count; i++) {
        char where[WHERE_SIZE];

        snprintf(where, sizeof where, "%s[%zu].", key, i);
        PW_TRY(read_descriptor(p, json_array_get(list, i), kind, where,
                               &p->out->references[p->out->reference_count]));
        p->out->reference_count++;
    }
    return PW_OK;
}

static pw_code read_references(struct parsing *p) {
    const char *key = p->out->kind == MANIFEST_IMAGE ? "layers" : "manifests";
    size_t      room =
        1 + MIN_OF(json_array_size(json_object_get(p->root, key)), (size_t)LIMIT_MANIFEST_ENTRIES);

    p->out->references = arena_array(p->arena, room, sizeof *p->out->references);
    if (p->out->references == NULL)
        return arena_error(p->arena, p->err);
    if (p->out->kind == MANIFEST_INDEX)
        return read_list(p, key, REFERENCE_CHILD);
    if (!is_present(p->root, "config"))
        return no(p->err, "an image manifest needs a config");
    PW_TRY(read_descriptor(p, json_object_get(p->root, "config"), REFERENCE_CONFIG, "config.",
                           &p->out->references[0]));
    p->out->reference_count = 1;
    return read_list(p, key, REFERENCE_LAYER);
}

/* --- the rest --- */

static pw_code copy_annotations(struct parsing *p, json_t *annotations, struct buf *out) {
    struct json_writer w = JSON_WRITER(out);
    const char        *key;
    json_t            *value;
    str                text;

    json_open(&w);
    json_object_foreach(annotations, key, value) {
        if (!json_is_string(value))
            return refuse(p->err, PW_INVALID, "MANIFEST_INVALID",
                          "annotation \"%.200s\" is not a text", key);
        json_put_str(&w, key, json_str_of(value));
    }
    json_close(&w);
    PW_TRY(buf_finish(out, &text, p->err));
    p->out->annotations = arena_str(p->arena, text);
    return p->out->annotations.ptr != NULL ? PW_OK : arena_error(p->arena, p->err);
}

static pw_code read_annotations(struct parsing *p) {
    AUTO(buf_done) struct buf out = BUF_INIT(LIMIT_MANIFEST_MEMORY);
    json_t                   *annotations = json_object_get(p->root, "annotations");

    p->out->annotations = STR("");
    if (annotations == NULL || json_is_null(annotations))
        return PW_OK;
    if (!json_is_object(annotations))
        return no(p->err, "annotations is not an object");
    return json_object_size(annotations) == 0 ? PW_OK : copy_annotations(p, annotations, &out);
}

static pw_code read_subject(struct parsing *p) {
    if (!is_present(p->root, "subject"))
        return PW_OK;
    p->out->has_subject = true;
    return read_descriptor(p, json_object_get(p->root, "subject"), REFERENCE_SUBJECT, "subject.",
                           &p->out->subject);
}

static pw_code read_artifact_type(struct parsing *p) {
    PW_TRY(read_text(p, p->root, "artifactType", "", &p->out->artifact_type));
    if (str_empty(p->out->artifact_type) && p->out->kind == MANIFEST_IMAGE)
        p->out->artifact_type = p->out->references[0].media_type;
    return PW_OK;
}

pw_code manifest_parse(struct arena *arena, str body, str content_type,
                       enum digest_algorithm algorithm, struct manifest *ret_manifest,
                       struct err *err) {
    AUTO(json_endp) json_t *root = NULL;
    struct manifest         out = {.body = body};
    struct parsing          p = {.arena = arena, .out = &out, .err = err};

    PW_TRY(manifest_json_load(body, &root, err));
    p.root = root;
    PW_TRY(decide_type(&p, content_type));
    PW_TRY(check_shape(&p));
    PW_TRY(read_references(&p));
    PW_TRY(read_subject(&p));
    PW_TRY(read_artifact_type(&p));
    PW_TRY(read_annotations(&p));
    digest_of(algorithm, body, &out.digest);
    *ret_manifest = out;
    return PW_OK;
}
