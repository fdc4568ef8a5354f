/* What is accepted as a manifest, and how a refusal reads. */
#include "base/limits.h"
#include "registry/manifest_parse.h"
#include "test.h"

#define EMPTY      "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define OTHER      "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
#define IMAGE      "application/vnd.oci.image.manifest.v1+json"
#define INDEX      "application/vnd.oci.image.index.v1+json"
#define SCHEMA2    "application/vnd.docker.distribution.manifest.v2+json"
#define LIST       "application/vnd.docker.distribution.manifest.list.v2+json"
#define EMPTY_TYPE "application/vnd.oci.empty.v1+json"
#define LAYER_TYPE "application/vnd.oci.image.layer.v1.tar+gzip"

/* single quotes stand for double ones, so that documents stay readable here */
#define DESC(type, digest, size) "{'mediaType':'" type "','digest':'" digest "','size':" size "}"
#define CONFIG                   "'config':" DESC(EMPTY_TYPE, EMPTY, "2")
#define LAYER                    DESC(LAYER_TYPE, OTHER, "6")

static str quoted(const char *text) {
    static char out[8192];
    size_t      n = strlen(text);

    CHECK(n < sizeof out);
    for (size_t i = 0; i <= n; i++)
        out[i] = text[i] == '\'' ? '"' : text[i];
    return str_of(out);
}

static pw_code parse(struct arena *arena, const char *body, const char *type, struct manifest *out,
                     struct err *err) {
    return manifest_parse(arena, arena_str(arena, quoted(body)), str_of(type), DIGEST_SHA256, out,
                          err);
}

TEST(accepted) {
    static const struct {
        const char        *type, *body, *media_type, *artifact_type;
        enum manifest_kind kind;
        size_t             references;
    } cases[] = {
        {IMAGE, "{'schemaVersion':2," CONFIG ",'layers':[" LAYER "]}", IMAGE, EMPTY_TYPE,
         MANIFEST_IMAGE, 2},
        {IMAGE "; charset=utf-8", "{'schemaVersion':2," CONFIG ",'layers':[]}", IMAGE, EMPTY_TYPE,
         MANIFEST_IMAGE, 1}, /* parameters fall away */
        {SCHEMA2, "{'schemaVersion':2,'mediaType':'" SCHEMA2 "'," CONFIG ",'layers':[" LAYER "]}",
         SCHEMA2, EMPTY_TYPE, MANIFEST_IMAGE, 2},
        {"", "{'schemaVersion':2,'mediaType':'" INDEX "','manifests':[]}", INDEX, "",
         MANIFEST_INDEX, 0}, /* the body says what it is */
        {"", "{'schemaVersion':2," CONFIG "}", IMAGE, EMPTY_TYPE, MANIFEST_IMAGE, 1},
        {"application/json", "{'schemaVersion':2,'mediaType':'" IMAGE "'," CONFIG ",'layers':[]}",
         IMAGE, EMPTY_TYPE, MANIFEST_IMAGE, 1},
        {IMAGE, "{'schemaVersion':2," CONFIG ",'layers':null}", IMAGE, EMPTY_TYPE, MANIFEST_IMAGE,
         1}, /* Go writes null for no layers */
        {LIST, "{'schemaVersion':2,'manifests':[" DESC(SCHEMA2, OTHER, "9") "]}", LIST, "",
         MANIFEST_INDEX, 1},
        {INDEX, "{'schemaVersion':2,'manifests':[" DESC(INDEX, OTHER, "9") "]}", INDEX, "",
         MANIFEST_INDEX, 1}, /* nested */
        {INDEX, "{'schemaVersion':2,'manifests':[" LAYER "]}", INDEX, "", MANIFEST_INDEX,
         1}, /* an old build cache */
        {INDEX, "{'schemaVersion':2,'artifactType':'a/b','manifests':[]}", INDEX, "a/b",
         MANIFEST_INDEX, 0},
        {IMAGE, "{'schemaVersion':2,'artifactType':'a/b'," CONFIG ",'layers':[]}", IMAGE, "a/b",
         MANIFEST_IMAGE, 1},
        {IMAGE, "{'schemaVersion':2," CONFIG ",'layers':[],'org.example':{'x':[1,null,true]}}",
         IMAGE, EMPTY_TYPE, MANIFEST_IMAGE, 1}, /* unknown fields */
        {IMAGE,
         "{'schemaVersion':2,'config':{'mediaType':'" EMPTY_TYPE "','digest':'" EMPTY
         "','size':2,'data':'e30='},'layers':[]}",
         IMAGE, EMPTY_TYPE, MANIFEST_IMAGE, 1}, /* embedded data that is right */
    };

    EACH (c, cases) {
        AUTO(arena_done) struct arena arena = ARENA_INIT(LIMIT_MANIFEST_MEMORY);
        struct err                    err = ERR_NONE;
        struct manifest               m = {0};
        struct digest                 digest;
        str                           body = arena_str(&arena, quoted(c->body));

        CHECK_OK(manifest_parse(&arena, body, str_of(c->type), DIGEST_SHA256, &m, &err));
        CHECK_STR(m.media_type, c->media_type);
        CHECK_STR(m.artifact_type, c->artifact_type);
        CHECK_EQ(m.kind, c->kind);
        CHECK_EQ(m.reference_count, c->references);
        CHECK(m.body.ptr == body.ptr && m.body.len == body.len); /* exact bytes */
        digest_of(DIGEST_SHA256, body, &digest);
        CHECK(digest_eq(&digest, &m.digest));
    }
}

TEST(refused) {
    static const struct {
        const char *type, *body, *text;
    } cases[] = {
        {IMAGE, "", "the manifest is not acceptable: "},
        {IMAGE, "[]", "the manifest is not a JSON object"},
        {IMAGE, "{'schemaVersion':2,", "the manifest is not acceptable: "},
        {IMAGE, "{'schemaVersion':2,'schemaVersion':2}", "the manifest is not acceptable: "},
        {IMAGE, "{'schemaVersion':2," CONFIG "} x", "the manifest is not acceptable: "},
        {IMAGE, "{" CONFIG ",'layers':[]}", "schemaVersion is not 2"},
        {IMAGE, "{'schemaVersion':3," CONFIG ",'layers':[]}", "schemaVersion is not 2"},
        {IMAGE, "{'schemaVersion':'2'," CONFIG "}", "schemaVersion is not 2"},
        {IMAGE, "{'schemaVersion':1,'fsLayers':[]}",
         "Docker schema 1 manifests are not stored: push with docker 1.10 or later, or convert "
         "with skopeo copy --format v2s2"},
        {"application/vnd.docker.distribution.manifest.v1+prettyjws", "{'schemaVersion':1}",
         "Docker schema 1 manifests are not stored"},
        {"text/plain", "{'schemaVersion':2}",
         "media type \"text/plain\" is not stored as a manifest: use an OCI image manifest or "
         "index, or Docker schema 2"},
        {IMAGE, "{'schemaVersion':2,'mediaType':'" INDEX "'," CONFIG "}",
         "the manifest says it is \"" INDEX "\", its Content-Type says \"" IMAGE "\""},
        {IMAGE, "{'schemaVersion':2," CONFIG ",'layers':[],'manifests':[]}",
         "an image manifest may not hold manifests"},
        {INDEX, "{'schemaVersion':2,'manifests':[],'layers':[]}",
         "an image index may not hold config or layers"},
        {INDEX, "{'schemaVersion':2,'manifests':[]," CONFIG "}",
         "an image index may not hold config or layers"},
        {IMAGE, "{'schemaVersion':2," CONFIG ",'fsLayers':[]}",
         "the manifest holds fsLayers, which belong to schema 1"},
        {IMAGE, "{'schemaVersion':2,'layers':[]}", "an image manifest needs a config"},
        {IMAGE, "{'schemaVersion':2,'config':null}", "an image manifest needs a config"},
        {IMAGE, "{'schemaVersion':2,'config':'x'}", "config is not a descriptor object"},
        {IMAGE, "{'schemaVersion':2," CONFIG ",'layers':{}}", "layers is not a list"},
        {IMAGE, "{'schemaVersion':2," CONFIG ",'layers':[5]}",
         "layers[0] is not a descriptor object"},
        {IMAGE,
         "{'schemaVersion':2," CONFIG ",'layers':[" LAYER ",{'digest':'" EMPTY "','size':1}]}",
         "layers[1].mediaType is missing"},
        {IMAGE, "{'schemaVersion':2," CONFIG ",'layers':[" DESC("a/b", "sha256:zz", "1") "]}",
         "layers[0].digest: digest \"sha256:zz\" does not hold the lower-case hex of its "
         "algorithm"},
        {IMAGE, "{'schemaVersion':2," CONFIG ",'layers':[" DESC("a/b", EMPTY, "-1") "]}",
         "layers[0].size is negative"},
        {IMAGE, "{'schemaVersion':2," CONFIG ",'layers':[" DESC("a/b", EMPTY, "1.5") "]}",
         "layers[0].size is not a whole number"},
        {IMAGE, "{'schemaVersion':2," CONFIG ",'layers':[" DESC("a/b", EMPTY, "'1'") "]}",
         "layers[0].size is not a whole number"},
        {IMAGE, "{'schemaVersion':2," CONFIG ",'subject':" DESC("a/b", "sha256:x", "1") "}",
         "subject.digest: digest \"sha256:x\" does not hold the lower-case hex of its algorithm"},
        {IMAGE, "{'schemaVersion':2," CONFIG ",'annotations':[]}", "annotations is not an object"},
        {IMAGE, "{'schemaVersion':2," CONFIG ",'annotations':{'a':1}}",
         "annotation \"a\" is not a text"},
        {IMAGE, "{'schemaVersion':2," CONFIG ",'artifactType':7}", "artifactType is not a text"},
        {IMAGE, "{'schemaVersion':2," CONFIG ",'artifactType':'a\\nb'}",
         "artifactType holds control characters"},
        {INDEX,
         "{'schemaVersion':2,'manifests':[{'mediaType':'a/b','digest':'" EMPTY
         "','size':1,'platform':{'os':5}}]}",
         "manifests[0].os is not a text"},
        {IMAGE,
         "{'schemaVersion':2,'config':{'mediaType':'a/b','digest':'" EMPTY
         "','size':2,'data':'e30'}}",
         "config.data is not base64"},
        {IMAGE,
         "{'schemaVersion':2,'config':{'mediaType':'a/b','digest':'" EMPTY
         "','size':3,'data':'e30='}}",
         "config.data holds 2 bytes, its size says 3"},
        {IMAGE,
         "{'schemaVersion':2,'config':{'mediaType':'a/b','digest':'" OTHER
         "','size':2,'data':'e30='}}",
         "config.data does not have its digest"},
    };

    EACH (c, cases) {
        AUTO(arena_done) struct arena arena = ARENA_INIT(LIMIT_MANIFEST_MEMORY);
        struct err                    err = ERR_NONE;
        struct manifest               m;

        if (parse(&arena, c->body, c->type, &m, &err) != PW_INVALID ||
            !str_starts(str_of(err_text(&err)), str_of(c->text)))
            fail_msg("%s\nsays %s: %s\nnot  %s", c->body, pw_code_name(err.code), err_text(&err),
                     c->text);
        CHECK_TEXT(err.tag, "MANIFEST_INVALID");
    }
}

TEST(parts) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(LIMIT_MANIFEST_MEMORY);
    struct err                    err = ERR_NONE;
    struct manifest               m;

    CHECK_OK(
        parse(&arena,
              "{'schemaVersion':2,'manifests':["
              "{'mediaType':'" IMAGE "','digest':'" OTHER "','size':7,"
              "'platform':{'os':'linux','architecture':'arm64','variant':'v8'}},"
              "{'mediaType':'" IMAGE "','digest':'" EMPTY "','size':8,"
              "'platform':{'os':'windows','architecture':'amd64','os.version':'10'}},"
              "{'mediaType':'" IMAGE "','digest':'" EMPTY "','size':9}],"
              "'subject':" DESC("x/y", OTHER, "5") ","
                                                   "'annotations':{'b':'2','a':'\\u00e9\\u0001'}}",
              INDEX, &m, &err));
    CHECK_STR(m.references[0].platform, "linux/arm64/v8");
    CHECK_STR(m.references[1].platform, "windows/amd64");
    CHECK_STR(m.references[2].platform, "");
    CHECK_EQ(m.references[1].size, 8);
    CHECK_EQ(m.references[0].kind, REFERENCE_CHILD);
    CHECK(m.has_subject && m.subject.size == 5);
    CHECK_STR(m.annotations, "{\"b\":\"2\",\"a\":\"\xc3\xa9\\u0001\"}");
}

TEST(foreign_layers) {
    static const struct {
        const char *type;
        bool        foreign;
    } cases[] = {
        {"application/vnd.oci.image.layer.nondistributable.v1.tar", true},
        {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", true},
        {"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", true},
        {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", true},
        {LAYER_TYPE, false},
    };

    EACH (c, cases) {
        AUTO(arena_done) struct arena arena = ARENA_INIT(LIMIT_MANIFEST_MEMORY);
        struct err                    err = ERR_NONE;
        struct manifest               m;
        char                          body[1024];

        snprintf(body, sizeof body,
                 "{'schemaVersion':2," CONFIG ",'layers':[{'mediaType':'%s','digest':'" OTHER
                 "','size':3,'urls':['http://example.org/x']}]}",
                 c->type);
        CHECK_OK(parse(&arena, body, IMAGE, &m, &err));
        CHECK_EQ(m.references[1].foreign, c->foreign);
    }
}

/* A document around `count` copies of `item`. */
static str many(struct arena *arena, const char *before, const char *item, size_t count,
                const char *after) {
    struct buf out = BUF_INIT(MIB(16));
    str        text;

    buf_add(&out, quoted(before));
    for (size_t i = 0; i < count; i++) {
        buf_adds(&out, i > 0 ? "," : "");
        buf_add(&out, quoted(item));
    }
    buf_add(&out, quoted(after));
    text = arena_str(arena, buf_str(&out));
    buf_done(&out);
    CHECK(text.ptr != NULL);
    return text;
}

TEST(ceilings) {
    static const struct {
        const char *before, *item, *after;
        size_t      count;
        pw_code     want;
        const char *text;
    } cases[] = {
        {"{'schemaVersion':2," CONFIG ",'layers':[", LAYER, "]}", LIMIT_MANIFEST_ENTRIES, PW_OK,
         ""},
        {"{'schemaVersion':2," CONFIG ",'layers':[", LAYER, "]}", LIMIT_MANIFEST_ENTRIES + 1,
         PW_TOO_LARGE, "layers has 4097 entries, at most 4096 are possible"},
        {"{'schemaVersion':2," CONFIG ",'x':[", "[]", "]}", LIMIT_MANIFEST_VALUES, PW_TOO_LARGE,
         "the manifest holds more than 250000 values"},
        {"{'schemaVersion':2," CONFIG ",'annotations':{'a':'", "0123456789abcdef", "'}}", 220000,
         PW_OK, ""}, /* 3.7 MB of annotations */
        {"{'schemaVersion':2," CONFIG ",'annotations':{'a':'", "0123456789abcdef", "'}}", 300000,
         PW_TOO_LARGE, "the manifest has 5100192 bytes, at most 4399104 are possible"},
    };

    EACH (c, cases) {
        AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(128));
        struct err                    err = ERR_NONE;
        struct manifest               m;
        str                           body = many(&arena, c->before, c->item, c->count, c->after);

        CHECK_EQ(manifest_parse(&arena, body, STR(IMAGE), DIGEST_SHA256, &m, &err), c->want);
        if (c->want != PW_OK)
            CHECK_TEXT(err_text(&err), c->text);
    }
}

TEST(depth) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(16));
    struct err                    err = ERR_NONE;
    struct manifest               m;
    char                          body[8192] = "{'schemaVersion':2," CONFIG ",'x':";

    for (int i = 0; i < 500; i++)
        strcat(body, "[");
    for (int i = 0; i < 500; i++)
        strcat(body, "]");
    strcat(body, "}");
    CHECK(parse(&arena, body, IMAGE, &m, &err) != PW_OK);
    CHECK_TEXT(err.tag, "MANIFEST_INVALID");
}

TEST(sha512) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(16));
    struct err                    err = ERR_NONE;
    struct manifest               m;
    char                          text[DIGEST_TEXT_SIZE];

    CHECK_OK(manifest_parse(&arena, arena_str(&arena, quoted("{'schemaVersion':2,'manifests':[]}")),
                            STR(INDEX), DIGEST_SHA512, &m, &err));
    CHECK(str_starts(digest_format(&m.digest, text), STR("sha512:")));
}

RUN_TESTS(UNIT(accepted), UNIT(refused), UNIT(parts), UNIT(foreign_layers), UNIT(ceilings),
          UNIT(depth), UNIT(sha512))
