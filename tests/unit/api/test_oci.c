/* The distribution protocol, as clients see it: each table is a conversation. */
#include "base/limits.h"
#include "registry_fixture.h"

#define IMAGE      "application/vnd.oci.image.manifest.v1+json"
#define INDEX      "application/vnd.oci.image.index.v1+json"
#define EMPTY_TYPE "application/vnd.oci.empty.v1+json"
#define TAR        "application/vnd.oci.image.layer.v1.tar"
#define NO_SUCH    "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Documents by name. @name: the bytes; @name.digest, @name.sha512, @name.size: about them. A
 * document may use those above it. Single quotes stand for double ones. */
static const struct document {
    const char *name, *text;
} documents[] = {
    {"empty", "{}"},
    {"hello", "hello world"},
    {"nothing", ""},
    {"image", "{'schemaVersion':2,'mediaType':'" IMAGE "','config':{'mediaType':'" EMPTY_TYPE
              "','digest':'@empty.digest','size':@empty.size},'layers':[{'mediaType':'" TAR
              "','digest':'@hello.digest','size':@hello.size}]}"},
    {"image2", "{'schemaVersion':2,'mediaType':'" IMAGE "','config':{'mediaType':'" EMPTY_TYPE
               "','digest':'@empty.digest','size':@empty.size},'layers':[]}"},
    {"wrongsize", "{'schemaVersion':2,'config':{'mediaType':'" EMPTY_TYPE
                  "','digest':'@empty.digest','size':3},'layers':[]}"},
    {"dangling", "{'schemaVersion':2,'config':{'mediaType':'" EMPTY_TYPE "','digest':'" NO_SUCH
                 "','size':2},'layers':[]}"},
    {"foreign", "{'schemaVersion':2,'config':{'mediaType':'" EMPTY_TYPE
                "','digest':'@empty.digest','size':2},'layers':[{'mediaType':'application/"
                "vnd.oci.image.layer.nondistributable.v1.tar+gzip','digest':'" NO_SUCH
                "','size':5,'urls':['http://127.0.0.1:1/']}]}"},
    {"index", "{'schemaVersion':2,'mediaType':'" INDEX "','manifests':[{'mediaType':'" IMAGE
              "','digest':'@image.digest','size':@image.size,'platform':{'os':'linux',"
              "'architecture':'amd64'}}]}"},
    {"nested", "{'schemaVersion':2,'mediaType':'" INDEX "','manifests':[{'mediaType':'" INDEX
               "','digest':'@index.digest','size':@index.size}]}"},
    {"emptyindex", "{'schemaVersion':2,'mediaType':'" INDEX "','manifests':[]}"},
    {"cache", "{'schemaVersion':2,'mediaType':'" INDEX "','manifests':[{'mediaType':'" TAR
              "','digest':'@hello.digest','size':@hello.size}]}"},
    {"danglingindex",
     "{'schemaVersion':2,'manifests':[{'mediaType':'" IMAGE "','digest':'" NO_SUCH "','size':9}]}"},
    {"signature", "{'schemaVersion':2,'mediaType':'" IMAGE "','artifactType':'application/vnd.sig',"
                  "'config':{'mediaType':'" EMPTY_TYPE
                  "','digest':'@empty.digest','size':2},'layers':[],'subject':{'mediaType':'" IMAGE
                  "','digest':'@image.digest','size':@image.size},'annotations':{'k':'v'}}"},
    {"sbom",
     "{'schemaVersion':2,'mediaType':'" IMAGE "','config':{'mediaType':'application/vnd.sbom"
     "','digest':'@empty.digest','size':2},'layers':[],'subject':{'mediaType':'" IMAGE
     "','digest':'@image.digest','size':@image.size}}"},
    {"sigindex",
     "{'schemaVersion':2,'mediaType':'" INDEX "','manifests':[],'subject':{'mediaType':'" IMAGE
     "','digest':'" NO_SUCH "','size':5},'artifactType':'application/vnd.sig'}"},
    {"fallback", "{'schemaVersion':2,'mediaType':'" INDEX "','manifests':[{'mediaType':'" IMAGE
                 "','digest':'@image2.digest','size':@image2.size},{'mediaType':'" IMAGE
                 "','digest':'@sbom.digest','size':@sbom.size}]}"},
};

struct step {
    const char *request; /* "METHOD target"; the target may hold @location of an answer before */
    const char *headers; /* lines */
    const char *body;
    int         status;
    /* lines: "Name: value" must be there, "!Name" must not; "= text" is the whole body, "~ text" is
     * in it, "!~ text" is not */
    const char *wanted;
};

struct talk {
    struct registry r;
    char            location[1024];
    struct buf      expanded[COUNT_OF(documents)];
};

static void expand(struct talk *t, const char *text, struct buf *out);

static str document(struct talk *t, size_t i) {
    if (t->expanded[i].ceiling == 0) {
        t->expanded[i] = (struct buf)BUF_INIT(1 << 20);
        expand(t, documents[i].text, &t->expanded[i]);
    }
    return buf_str(&t->expanded[i]);
}

/* Writes what "@name..." stands for; gives the position behind it. */
static const char *expand_name(struct talk *t, const char *at, struct buf *out) {
    char          text[DIGEST_TEXT_SIZE];
    struct digest digest;
    size_t        n = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789");

    if (strncmp(at, "location", n) == 0) {
        buf_adds(out, t->location);
        return at + n;
    }
    for (size_t i = 0; i < COUNT_OF(documents); i++) {
        if (strlen(documents[i].name) != n || strncmp(documents[i].name, at, n) != 0)
            continue;
        at += n;
        if (strncmp(at, ".size", 5) == 0) {
            buf_addf(out, "%zu", document(t, i).len);
            return at + 5;
        }
        if (strncmp(at, ".digest", 7) != 0 && strncmp(at, ".sha512", 7) != 0) {
            buf_add(out, document(t, i));
            return at;
        }
        digest_of(at[1] == 'd' ? DIGEST_SHA256 : DIGEST_SHA512, document(t, i), &digest);
        buf_add(out, digest_format(&digest, text));
        return at + 7;
    }
    fail_msg("no document \"%.20s\"", at);
    return at;
}

static void expand(struct talk *t, const char *text, struct buf *out) {
    while (*text != '\0') {
        if (*text == '@') {
            text = expand_name(t, text + 1, out);
        } else {
            buf_addc(out, *text == '\'' ? '"' : *text);
            text++;
        }
    }
}

static bool wanted_line(const struct answer *a, str line) {
    str body = buf_str(&a->body), name;

    if (str_starts(line, STR("= ")))
        return str_eq(body, str_from(line, 2));
    if (str_starts(line, STR("~ ")))
        return str_find(body, str_from(line, 2)) != STR_NPOS;
    if (str_starts(line, STR("!~ ")))
        return str_find(body, str_from(line, 3)) == STR_NPOS;
    if (str_starts(line, STR("!"))) {
        char text[128];

        CHECK(str_copy(str_from(line, 1), text, sizeof text));
        return answer_header(a, text).ptr == NULL;
    }
    if (str_cut(&line, ':', &name)) {
        char text[128];

        CHECK(str_copy(name, text, sizeof text));
        return str_eq(answer_header(a, text), str_trim(line));
    }
    return false;
}

static void run_step(struct talk *t, const struct step *step) {
    struct buf request = BUF_INIT(1 << 20), headers = BUF_INIT(1 << 20), body = BUF_INIT(1 << 24),
               wanted = BUF_INIT(1 << 20);
    struct answer a;
    char          method[16] = "";
    str           target, rest, line;

    expand(t, step->request, &request);
    expand(t, step->headers, &headers);
    expand(t, step->body, &body);
    expand(t, step->wanted, &wanted);
    target = buf_str(&request);
    CHECK(str_cut(&target, ' ', &line) && str_copy(line, method, sizeof method));
    buf_adds(&headers, "");
    call(&t->r, method, target.ptr, headers.len > 0 ? headers.ptr : "", buf_str(&body), &a);
    if (a.status != step->status)
        fail_msg("%s\nanswered %d, not %d:\n%s\n%s", request.ptr, a.status, step->status,
                 a.head.ptr, a.body.len > 0 ? a.body.ptr : "");
    rest = buf_str(&wanted);
    while (str_line(&rest, &line))
        if (line.len > 0 && !wanted_line(&a, line))
            fail_msg("%s\nlacks " STR_FMT ":\n%s\n%s", request.ptr, STR_ARG(line), a.head.ptr,
                     a.body.len > 0 ? a.body.ptr : "");
    CHECK_STR(answer_header(&a, "Docker-Distribution-Api-Version"), "registry/2.0");
    if (answer_header(&a, "Location").ptr != NULL)
        CHECK(str_copy(answer_header(&a, "Location"), t->location, sizeof t->location));
    answer_done(&a);
    buf_done(&request), buf_done(&headers), buf_done(&body), buf_done(&wanted);
}

static void run_steps(struct talk *t, const struct step *steps, size_t count) {
    for (size_t i = 0; i < count; i++)
        run_step(t, &steps[i]);
}

static void talk_done(struct talk *t) {
    registry_done(&t->r);
    EACH (text, t->expanded)
        buf_done(text);
}

#define TALK(...)                                                                                  \
    do {                                                                                           \
        struct talk       t = {0};                                                                 \
        const struct step steps[] = {__VA_ARGS__};                                                 \
        registry_open(&t.r, f, NULL);                                                              \
        run_steps(&t, steps, COUNT_OF(steps));                                                     \
        talk_done(&t);                                                                             \
    } while (0)

#define PUSH_BLOB(repository, name)                                                                \
    { "POST /v2/" repository "/blobs/uploads/?digest=@" name ".digest", "", "@" name, 201, "" }
#define PUSH_IMAGE(repository, tag)                                                                \
    PUSH_BLOB(repository, "empty"), PUSH_BLOB(repository, "hello"), {                              \
        "PUT /v2/" repository "/manifests/" tag, "Content-Type: " IMAGE, "@image", 201, ""         \
    }

STORE_TEST(base) {
    TALK({"GET /v2/", "", "", 200,
          "= {}\nContent-Type: application/json\n"
          "X-Content-Type-Options: nosniff\n!X-Registry-Supports-Signatures"},
         {"GET /v2", "", "", 301, "Location: /v2/"},
         {"GET /v2/_oci/ext/discover", "", "", 200, "= {'extensions':[]}"},
         {"GET /v2/nothing/here", "", "", 404, "~ {'errors':[{'code':"},
         {"POST /v2/", "", "", 405, "~ UNSUPPORTED\nAllow: GET, HEAD"},
         {"GET /v2/_catalog", "", "", 200, "= {'repositories':[]}"}, );
}

STORE_TEST(names) {
    TALK(
        {"GET /v2/Upper/manifests/a", "", "", 400, "~ 'code':'NAME_INVALID'"},
        {"POST /v2/a..b/blobs/uploads/", "", "", 400, "~ NAME_INVALID"},
        {"GET /v2/no/such/manifests/a", "", "", 404, "~ NAME_UNKNOWN"},
        {"GET /v2/no/such/tags/list", "", "", 404, "~ NAME_UNKNOWN"},
        {"GET /v2/no/such/blobs/" NO_SUCH, "", "", 404, "~ BLOB_UNKNOWN"},
        {"GET /v2/a/blobs/sha256:zz", "", "", 400, "~ DIGEST_INVALID"},
        /* keywords are names too: the last one counts */
        PUSH_IMAGE("blobs/uploads", "v1"), PUSH_IMAGE("manifests/x", "v1"),
        PUSH_IMAGE("a/tags/list", "v1"),
        {"GET /v2/blobs/uploads/manifests/v1", "", "", 200, "= @image"},
        {"GET /v2/manifests/x/manifests/v1", "", "", 200, "= @image"},
        {"GET /v2/a/tags/list/tags/list", "", "", 200, "= {'name':'a/tags/list','tags':['v1']}"}, );
}

STORE_TEST(manifests) {
    TALK(PUSH_BLOB("a/b", "empty"), {"GET /v2/a/b/manifests/v1", "", "", 404, "~ MANIFEST_UNKNOWN"},
         {"PUT /v2/a/b/manifests/v1", "Content-Type: " IMAGE, "@image", 400,
          "~ MANIFEST_BLOB_UNKNOWN\n~ @hello.digest"},
         PUSH_BLOB("a/b", "hello"),
         {"PUT /v2/a/b/manifests/v1", "Content-Type: " IMAGE, "@image", 201,
          "Docker-Content-Digest: @image.digest\nLocation: /v2/a/b/manifests/@image.digest\n"
          "!OCI-Subject"},
         {"GET @location", "", "", 200, "= @image\nContent-Type: " IMAGE},
         {"GET /v2/a/b/manifests/v1", "", "", 200,
          "= @image\nContent-Type: " IMAGE "\nDocker-Content-Digest: @image.digest\n"
          "ETag: '@image.digest'\nContent-Length: @image.size"},
         {"GET /v2/a/b/manifests/v1", "Accept: application/json", "", 200, "Content-Type: " IMAGE},
         {"GET /v2/a/b/manifests/@image.digest", "Accept:", "", 200, "= @image"},
         {"GET /v2/a%2Fb/manifests/sha256%3A0", "", "", 400, "~ DIGEST_INVALID"},
         {"HEAD /v2/a/b/manifests/v1", "", "", 200,
          "= \nContent-Length: @image.size\nDocker-Content-Digest: "
          "@image.digest\nContent-Type: " IMAGE},
         {"GET /v2/a/b/manifests/v1", "If-None-Match: '@image.digest'", "", 304, "= "},
         {"GET /v2/a/b/manifests/v1", "If-None-Match: W/'x', '@image.digest'", "", 304, ""},
         {"GET /v2/a/b/manifests/v1", "If-None-Match: '@hello.digest'", "", 200, ""},
         {"GET /v2/a/b/manifests/v1?ns=docker.io", "", "", 200, "OCI-Namespace: docker.io"},
         {"GET /v2/a/b/manifests/sha256:baddigeststring", "", "", 400, "~ DIGEST_INVALID"},
         {"GET /v2/a/b/manifests/" NO_SUCH, "", "", 404, "~ MANIFEST_UNKNOWN"},
         {"GET /v2/a/b/manifests/.bad", "", "", 404, "~ MANIFEST_UNKNOWN"},
         {"HEAD /v2/a/b/manifests/v2", "", "", 404, ""},
         /* refusals */
         {"PUT /v2/a/b/manifests/" NO_SUCH, "Content-Type: " IMAGE, "@image", 400,
          "~ DIGEST_INVALID"},
         {"PUT /v2/a/b/manifests/sha256:baddigeststring", "Content-Type: " IMAGE, "@image", 400,
          "~ DIGEST_INVALID"},
         {"PUT /v2/a/b/manifests/.bad", "Content-Type: " IMAGE, "@image", 400, "~ TAG_INVALID"},
         {"PUT /v2/a/b/manifests/v1", "Content-Type: " INDEX, "@image", 400, "~ MANIFEST_INVALID"},
         {"PUT /v2/a/b/manifests/v1", "Content-Type: " IMAGE, "@wrongsize", 400, "~ SIZE_INVALID"},
         {"PUT /v2/a/b/manifests/v1", "Content-Type: " IMAGE, "@dangling", 400,
          "~ MANIFEST_BLOB_UNKNOWN"},
         {"PUT /v2/a/b/manifests/v1", "Content-Type: " INDEX, "@danglingindex", 400,
          "~ MANIFEST_BLOB_UNKNOWN"},
         {"PUT /v2/a/b/manifests/v1", "Content-Type: " IMAGE, "", 400, "~ MANIFEST_INVALID"},
         {"GET /v2/a/b/manifests/v1", "", "", 200, "= @image"}, /* none of them moved the tag */
         /* other kinds */
         {"PUT /v2/a/b/manifests/foreign", "Content-Type: " IMAGE, "@foreign", 201, ""},
         {"PUT /v2/a/b/manifests/index", "Content-Type: " INDEX "; charset=utf-8", "@index", 201,
          ""},
         {"GET /v2/a/b/manifests/index", "", "", 200, "= @index\nContent-Type: " INDEX},
         {"PUT /v2/a/b/manifests/nested", "chunked", "@nested", 201, ""},
         {"PUT /v2/a/b/manifests/cache", "Content-Type: " INDEX, "@cache", 201, ""},
         {"PUT /v2/fresh/manifests/e", "Content-Type: " INDEX, "@emptyindex", 201, ""},
         /* the algorithm asked for is the one answered */
         {"PUT /v2/a/b/manifests/@image2.sha512?tag=big", "Content-Type: " IMAGE, "@image2", 201,
          "Docker-Content-Digest: @image2.sha512\nOCI-Tag: big"},
         {"GET /v2/a/b/manifests/big", "", "", 200, "Docker-Content-Digest: @image2.sha512"},
         {"GET /v2/a/b/manifests/@image2.sha512", "", "", 200, "= @image2"},
         {"PUT /v2/a/b/manifests/t512?digest=@image2.sha512", "Content-Type: " IMAGE, "@image2",
          201, "Docker-Content-Digest: @image2.sha512"},
         {"PUT /v2/a/b/manifests/t512?digest=" NO_SUCH, "Content-Type: " IMAGE, "@image2", 400,
          "~ DIGEST_INVALID"}, );
}

STORE_TEST(many_tags) {
    char  target[2048] = "PUT /v2/a/manifests/@image.digest?";
    char *at = target + strlen(target);

    for (int i = 0; i <= LIMIT_TAG_PARAMS; i++)
        at += sprintf(at, "tag=t%02d&", i);
    TALK(PUSH_BLOB("a", "empty"), PUSH_BLOB("a", "hello"),
         {"PUT /v2/a/manifests/@image.digest?tag=one&tag=two&tag=one", "Content-Type: " IMAGE,
          "@image", 201, "OCI-Tag: one"},
         {"GET /v2/a/tags/list", "", "", 200, "= {'name':'a','tags':['one','two']}"},
         {"PUT /v2/a/manifests/@image.digest?tag=..", "Content-Type: " IMAGE, "@image", 400,
          "~ TAG_INVALID"},
         {target, "Content-Type: " IMAGE, "@image", 414, "~ TAG_INVALID"}, );
}

STORE_TEST(compare_and_swap) {
    TALK(PUSH_BLOB("a", "empty"), PUSH_BLOB("a", "hello"),
         {"PUT /v2/a/manifests/v1", "If-Match: '@image2.digest'", "@image", 412, "~ is absent now"},
         {"PUT /v2/a/manifests/v1", "If-Match: *", "@image", 412, "~ is absent now"},
         {"PUT /v2/a/manifests/v1", "If-None-Match: *", "@image", 201, ""},
         {"PUT /v2/a/manifests/v1", "If-None-Match: *", "@image2", 412, "~ DENIED"},
         {"PUT /v2/a/manifests/v1", "If-Match: '@image2.digest'", "@image2", 412, ""},
         {"GET /v2/a/manifests/v1", "", "", 200, "= @image"},
         {"PUT /v2/a/manifests/v1", "If-Match: '@image.digest'", "@image2", 201, ""},
         {"GET /v2/a/manifests/v1", "", "", 200, "= @image2"},
         {"PUT /v2/a/manifests/v1", "If-Match: *", "@image", 201, ""}, /* whatever it is */
         {"GET /v2/a/manifests/v1", "", "", 200, "= @image"}, );
}

STORE_TEST(deleting) {
    TALK(PUSH_IMAGE("a", "v1"), PUSH_IMAGE("a", "v2"),
         {"DELETE /v2/a/manifests/v1", "", "", 202, ""},
         {"GET /v2/a/manifests/v1", "", "", 404, "~ MANIFEST_UNKNOWN"},
         {"DELETE /v2/a/manifests/v1", "", "", 404, "~ MANIFEST_UNKNOWN"},
         {"GET /v2/a/manifests/v2", "", "", 200, ""}, /* only the tag went */
         {"DELETE /v2/a/blobs/@hello.digest", "", "", 405,
          "~ UNSUPPORTED\n~ manifest @image.digest of this repository refers to the blob"},
         {"DELETE /v2/a/manifests/@image.digest", "", "", 202, ""},
         {"GET /v2/a/manifests/v2", "", "", 404, ""},
         {"GET /v2/a/manifests/@image.digest", "", "", 404, ""},
         {"DELETE /v2/a/manifests/@image.digest", "", "", 404, ""},
         {"GET /v2/a/tags/list", "", "", 200, "= {'name':'a','tags':[]}"},
         {"GET /v2/_catalog", "", "", 200, "= {'repositories':[]}"},
         {"DELETE /v2/a/blobs/@hello.digest", "", "", 202, ""},
         {"HEAD /v2/a/blobs/@hello.digest", "", "", 404, ""},
         {"DELETE /v2/a/blobs/@hello.digest", "", "", 404, "~ BLOB_UNKNOWN"},
         {"DELETE /v2/a/blobs/sha256:x", "", "", 400, "~ DIGEST_INVALID"},
         {"DELETE /v2/a/manifests/sha256:x", "", "", 400, "~ DIGEST_INVALID"},
         {"DELETE /v2/nobody/manifests/v1", "", "", 404, "~ NAME_UNKNOWN"}, );
}

STORE_TEST(blobs) {
    TALK(
        PUSH_BLOB("a", "hello"), PUSH_BLOB("a", "nothing"),
        {"GET /v2/a/blobs/@hello.digest", "", "", 200,
         "= hello world\nContent-Length: 11\nContent-Type: application/octet-stream\n"
         "Docker-Content-Digest: @hello.digest\nAccept-Ranges: bytes\nETag: '@hello.digest'\n"
         "Cache-Control: max-age=31536000, immutable\n!Content-Encoding"},
        {"HEAD /v2/a/blobs/@hello.digest", "", "", 200,
         "= \nContent-Length: 11\nDocker-Content-Digest: @hello.digest"},
        {"GET /v2/a/blobs/@nothing.digest", "", "", 200, "= \nContent-Length: 0"},
        {"HEAD /v2/a/blobs/@nothing.digest", "", "", 200, "Content-Length: 0"},
        {"HEAD /v2/b/blobs/@hello.digest", "", "", 404, ""}, /* not linked there */
        {"GET /v2/a/blobs/@hello.digest", "If-None-Match: '@hello.digest'", "", 304, "= "},
        {"GET /v2/a/blobs/@hello.digest", "Range: bytes=0-4", "", 206,
         "= hello\nContent-Range: bytes 0-4/11\nContent-Length: 5"},
        {"GET /v2/a/blobs/@hello.digest", "Range: bytes=6-", "", 206, "= world"},
        {"GET /v2/a/blobs/@hello.digest", "Range: bytes=-5", "", 206, "= world"},
        {"GET /v2/a/blobs/@hello.digest", "Range: bytes=-500", "", 206, "= hello world"},
        {"GET /v2/a/blobs/@hello.digest", "Range: bytes=6-500", "", 206,
         "= world\nContent-Range: bytes 6-10/11"},
        {"GET /v2/a/blobs/@hello.digest", "Range: bytes=500-0", "", 416,
         "Content-Range: bytes */11\n!Cache-Control"},
        {"GET /v2/a/blobs/@hello.digest", "Range: bytes=11-", "", 416, "Content-Range: bytes */11"},
        {"GET /v2/a/blobs/@nothing.digest", "Range: bytes=0-0", "", 416, ""},
        {"GET /v2/a/blobs/@hello.digest", "Range: lines=1-2", "", 200, "= hello world"},
        {"GET /v2/a/blobs/@hello.digest", "Range: bytes=0-4\nIf-Range: 'other'", "", 200, ""},
        {"GET /v2/a/blobs/@hello.digest", "Range: bytes=0-4\nIf-Range: '@hello.digest'", "", 206,
         ""},
        {"GET /v2/a/blobs/@hello.digest", "Range: bytes=0-1,4-5", "", 206,
         "~ Content-Range: bytes 0-1/11\n~ Content-Range: bytes 4-5/11\n"
         "ETag: '@hello.digest'"}, );
}

STORE_TEST(uploads) {
    TALK({"POST /v2/a/blobs/uploads/", "", "", 202,
          "Range: 0-0\nUpload-Offset: 0\nContent-Length: 0"},
         {"GET @location", "", "", 204, "Range: 0-0"},
         {"PUT @location?digest=@hello.digest", "", "hello world", 201,
          "Location: /v2/a/blobs/@hello.digest\nDocker-Content-Digest: @hello.digest"},
         {"GET @location", "", "", 200, "= hello world"},
         /* without the slash */
         {"POST /v2/a/blobs/uploads", "", "", 202, ""}, {"DELETE @location", "", "", 204, ""},
         {"GET @location", "", "", 404, "~ BLOB_UPLOAD_UNKNOWN"},
         {"DELETE @location", "", "", 404, ""},
         {"PATCH @location", "", "x", 404, "~ BLOB_UPLOAD_UNKNOWN"},
         /* chunks, with and without Content-Range, chunked */
         {"POST /v2/b/blobs/uploads/", "", "", 202, ""},
         {"PATCH @location", "Content-Range: 0-4", "hello", 202, "Range: 0-4\nUpload-Offset: 5"},
         {"PATCH @location", "Content-Range: 0-4", "hello", 416,
          "Range: 0-4\n~ BLOB_UPLOAD_INVALID"},
         {"GET @location", "", "", 204, "Range: 0-4"},
         {"PATCH @location", "Content-Range: 5-6", "x", 400, "~ SIZE_INVALID"},
         {"PATCH @location", "Content-Range: 5-6\nchunked", "x", 400, "~ SIZE_INVALID"},
         {"PATCH @location", "Content-Range: 5-5\nchunked", "xyz", 400, "~ SIZE_INVALID"},
         {"PATCH @location", "Content-Range: five", "x", 400, "~ BLOB_UPLOAD_INVALID"},
         {"GET @location", "", "", 204, "Range: 0-4"}, /* none of that happened */
         {"PATCH @location", "chunked", " wor", 202, "Range: 0-8"},
         {"PUT @location?digest=@hello.digest", "Content-Range: 0-1", "ld", 416, "Range: 0-8"},
         {"GET @location", "", "", 204, "Range: 0-8"},
         {"PUT @location?digest=@hello.digest", "Content-Range: 9-10", "ld", 201, ""},
         {"HEAD /v2/b/blobs/@hello.digest", "", "", 200, ""},
         /* wrong digests */
         {"POST /v2/c/blobs/uploads/", "", "", 202, ""},
         {"PATCH @location", "", "hello world", 202, ""},
         {"PUT @location", "", "", 400, "~ DIGEST_INVALID"},
         {"PUT @location?digest=sha256:zz", "", "", 400, "~ DIGEST_INVALID"},
         {"PUT @location?digest=md5:abcdef", "", "", 400, "~ DIGEST_INVALID"},
         {"GET @location", "", "", 204, "Range: 0-10"}, /* still alive */
         {"PUT @location?digest=" NO_SUCH, "", "", 400, "~ DIGEST_INVALID\n~ @hello.digest"},
         {"GET @location", "", "", 404, ""}, /* discarded */
         {"HEAD /v2/c/blobs/@hello.digest", "", "", 404, ""},
         /* sha512, known only at the end; encoded as clients do */
         {"POST /v2/d/blobs/uploads/?digest-algorithm=sha512", "", "", 202, ""},
         {"PATCH @location", "", "hello world", 202, ""},
         {"PUT @location?digest=@hello.sha512", "", "", 201,
          "Docker-Content-Digest: @hello.sha512\nLocation: /v2/d/blobs/@hello.sha512"},
         {"GET @location", "", "", 200, "= hello world\nDocker-Content-Digest: @hello.sha512"},
         /* in one request */
         {"POST /v2/e/blobs/uploads/?digest=@hello.digest", "chunked", "hello world", 201,
          "Location: /v2/e/blobs/@hello.digest"},
         {"POST /v2/e/blobs/uploads/?digest=" NO_SUCH, "", "hello world", 400, "~ DIGEST_INVALID"},
         {"POST /v2/e/blobs/uploads/?digest=x", "", "hello world", 400, "~ DIGEST_INVALID"},
         {"POST /v2/e/blobs/uploads/?digest=@nothing.digest", "", "", 201, ""}, );
}

/* A PUT whose answer was lost is sent again. */
STORE_TEST(again) {
    struct talk       t = {0};
    const struct step start = {"POST /v2/a/blobs/uploads/", "", "", 202, ""};
    struct step finish = {NULL, "", "hello world", 201, "Location: /v2/a/blobs/@hello.digest"};
    char        request[1200];

    registry_open(&t.r, f, NULL);
    run_step(&t, &start);
    snprintf(request, sizeof request, "PUT %s?digest=@hello.digest", t.location);
    finish.request = request;
    run_step(&t, &finish);
    run_step(&t, &finish);
    finish.body = ""; /* as docker does after a PATCH */
    run_step(&t, &finish);
    talk_done(&t);
}

STORE_TEST(mounts) {
    TALK(PUSH_BLOB("from", "hello"),
         {"POST /v2/to/blobs/uploads/?mount=@hello.digest&from=from&origin=x", "", "", 201,
          "Location: /v2/to/blobs/@hello.digest\nDocker-Content-Digest: @hello.digest"},
         {"GET @location", "", "", 200, "= hello world"},
         {"POST /v2/any/blobs/uploads/?mount=@hello.digest", "", "", 201, ""},
         {"POST /v2/x/blobs/uploads/?mount=@hello.digest&from=nobody", "", "", 202, "Range: 0-0"},
         {"PUT @location?digest=@hello.digest", "", "hello world", 201, ""}, /* a live session */
         {"POST /v2/x/blobs/uploads/?mount=" NO_SUCH "&from=from", "", "", 202, ""},
         {"POST /v2/x/blobs/uploads/?mount=" NO_SUCH, "", "", 202, ""},
         {"POST /v2/x/blobs/uploads/?mount=md5:abc", "", "", 202, ""},
         {"POST /v2/x/blobs/uploads/?mount=nonsense", "", "", 400, "~ DIGEST_INVALID"}, );
}

STORE_TEST(tags) {
    TALK(PUSH_IMAGE("a", "c"), PUSH_IMAGE("a", "B"), PUSH_IMAGE("a", "a"), PUSH_IMAGE("a", "b"),
         PUSH_IMAGE("b/c", "v1"),
         {"GET /v2/a/tags/list", "", "", 200, /* in byte order */
          "= {'name':'a','tags':['B','a','b','c']}\n!Link"},
         {"GET /v2/a/tags/list?n=2", "", "", 200,
          "= {'name':'a','tags':['B','a']}\nLink: </v2/a/tags/list?n=2&last=a>; rel='next'"},
         {"GET /v2/a/tags/list?n=2&last=a", "", "", 200, "= {'name':'a','tags':['b','c']}\n!Link"},
         {"GET /v2/a/tags/list?last=aa", "", "", 200, "= {'name':'a','tags':['b','c']}"},
         {"GET /v2/a/tags/list?last=zz", "", "", 200, "= {'name':'a','tags':[]}"},
         {"GET /v2/a/tags/list?n=0", "", "", 200, "= {'name':'a','tags':[]}\n!Link"},
         {"GET /v2/a/tags/list?n=100000000", "", "", 200, "!Link"},
         {"GET /v2/a/tags/list?n=-1", "", "", 400, "~ PAGINATION_NUMBER_INVALID"},
         {"GET /v2/a/tags/list?n=x", "", "", 400, "~ PAGINATION_NUMBER_INVALID"},
         {"GET /v2/_catalog", "", "", 200, "= {'repositories':['a','b/c']}"},
         {"GET /v2/_catalog?n=1", "", "", 200,
          "= {'repositories':['a']}\nLink: </v2/_catalog?n=1&last=a>; rel='next'"},
         {"GET /v2/_catalog?n=5&last=a", "", "", 200, "= {'repositories':['b/c']}\n!Link"}, );
}

#define EMPTY_LIST "= {'schemaVersion':2,'mediaType':'" INDEX "','manifests':[]}"

STORE_TEST(referrers) {
    TALK({"GET /v2/nobody/referrers/" NO_SUCH, "", "", 200, EMPTY_LIST "\nContent-Type: " INDEX},
         {"GET /v2/nobody/referrers/sha256:x", "", "", 400, "~ DIGEST_INVALID"},
         PUSH_IMAGE("a", "v1"), {"GET /v2/a/referrers/@image.digest", "", "", 200, EMPTY_LIST},
         {"PUT /v2/a/manifests/@signature.digest", "Content-Type: " IMAGE, "@signature", 201,
          "OCI-Subject: @image.digest"},
         {"PUT /v2/a/manifests/sbom", "Content-Type: " IMAGE, "@sbom", 201,
          "OCI-Subject: @image.digest"},
         {"PUT /v2/a/manifests/@sigindex.digest", "Content-Type: " INDEX, "@sigindex", 201,
          "OCI-Subject: " NO_SUCH}, /* an index, and its subject does not exist */
         {"GET /v2/a/referrers/@image.digest", "", "", 200,
          "= {'schemaVersion':2,'mediaType':'" INDEX "','manifests':["
          "{'mediaType':'" IMAGE "','digest':'@signature.digest','size':@signature.size,"
          "'artifactType':'application/vnd.sig','annotations':{'k':'v'}},"
          "{'mediaType':'" IMAGE "','digest':'@sbom.digest','size':@sbom.size,"
          "'artifactType':'application/vnd.sbom'}]}\n!OCI-Filters-Applied"},
         {"GET /v2/a/referrers/@image.digest?artifactType=application%2Fvnd.sig", "", "", 200,
          "~ @signature.digest\n!~ @sbom.digest\nOCI-Filters-Applied: artifactType"},
         {"GET /v2/a/referrers/@image.digest?artifactType=none", "", "", 200, EMPTY_LIST},
         {"GET /v2/a/referrers/" NO_SUCH, "", "", 200, "~ @sigindex.digest"},
         {"GET /v2/b/referrers/@image.digest", "", "", 200, EMPTY_LIST}, /* another repository */
         /* lists that clients without this API left behind a tag are merged in, once */
         {"PUT /v2/a/manifests/v2", "Content-Type: " IMAGE, "@image2", 201, ""},
         {"DELETE /v2/a/manifests/@signature.digest", "", "", 202, ""},
         {"GET /v2/a/referrers/@image.digest", "", "", 200, "!~ @signature.digest"}, );
}

STORE_TEST(fallback_tag) {
    struct talk       t = {0};
    const struct step steps[] = {
        PUSH_IMAGE("a", "v1"),
        {"PUT /v2/a/manifests/v2", "Content-Type: " IMAGE, "@image2", 201, ""},
        {"PUT /v2/a/manifests/sbom", "Content-Type: " IMAGE, "@sbom", 201, ""},
    };
    struct step put = {NULL, "Content-Type: " INDEX, "@fallback", 201, ""};
    struct step get = {"GET /v2/a/referrers/@image.digest", "", "", 200,
                       "= {'schemaVersion':2,'mediaType':'" INDEX "','manifests':["
                       "{'mediaType':'" IMAGE "','digest':'@sbom.digest','size':@sbom.size,"
                       "'artifactType':'application/vnd.sbom'},"
                       "{'mediaType':'" IMAGE "','digest':'@image2.digest','size':@image2.size,"
                       "'artifactType':'" EMPTY_TYPE "'}]}"};
    struct buf  digest = BUF_INIT(256);
    char        request[256];

    registry_open(&t.r, f, NULL);
    run_steps(&t, steps, COUNT_OF(steps));
    expand(&t, "@image.digest", &digest);
    snprintf(request, sizeof request, "PUT /v2/a/manifests/sha256-%s", digest.ptr + 7);
    put.request = request;
    run_step(&t, &put);
    run_step(&t, &get);
    buf_done(&digest);
    talk_done(&t);
}

RUN_TESTS(STORE_UNITS(base), STORE_UNITS(names), STORE_UNITS(manifests), STORE_UNITS(many_tags),
          STORE_UNITS(compare_and_swap), STORE_UNITS(deleting), STORE_UNITS(blobs),
          STORE_UNITS(uploads), STORE_UNITS(again), STORE_UNITS(mounts), STORE_UNITS(tags),
          STORE_UNITS(referrers), STORE_UNITS(fallback_tag))
