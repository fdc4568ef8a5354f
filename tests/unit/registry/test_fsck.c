/* Rows, bytes and records: what a check finds, and what a rebuild restores. */
#include <dirent.h>
#include "base/limits.h"
#include "registry/fsck.h"
#include "registry_fixture.h"

#define IMAGE "application/vnd.oci.image.manifest.v1+json"
#define INDEX "application/vnd.oci.image.index.v1+json"
#define EMPTY "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define EMPTY_IMAGE                                                                                \
    "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"" EMPTY                   \
    "\",\"size\":2},\"layers\":[]}"

static void ask(struct registry *r, const char *method, const char *target, const char *headers,
                str body, int status) {
    struct answer a;

    call(r, method, target, headers, body, &a);
    if (a.status != status)
        fail_msg("%s %s answered %d, not %d", method, target, a.status, status);
    answer_done(&a);
}

static const char *digest_text(str bytes) {
    static char   text[DIGEST_TEXT_SIZE];
    struct digest digest;

    digest_of(DIGEST_SHA256, bytes, &digest);
    digest_format(&digest, text);
    return text;
}

/* Two repositories: an image under two tags, an index over it, a signature for it, a sha512. */
static void fill(struct registry *r) {
    char          text[1024], target[512];
    struct digest digest;
    str           image = STR(EMPTY_IMAGE);

    ask(r, "POST", "/v2/a/b/blobs/uploads/?digest=" EMPTY, "", STR("{}"), 201);
    ask(r, "POST", "/v2/c/blobs/uploads/?mount=" EMPTY "&from=a/b", "", STR(""), 201);
    ask(r, "PUT", "/v2/a/b/manifests/v1", "Content-Type: " IMAGE, image, 201);
    ask(r, "PUT", "/v2/a/b/manifests/v2", "Content-Type: " IMAGE, image, 201);
    ask(r, "PUT", "/v2/c/manifests/latest", "Content-Type: " IMAGE, image, 201);
    snprintf(text, sizeof text,
             "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" IMAGE
             "\",\"digest\":\"%s\",\"size\":%zu}]}",
             digest_text(image), image.len);
    ask(r, "PUT", "/v2/a/b/manifests/all", "Content-Type: " INDEX, str_of(text), 201);
    snprintf(text, sizeof text,
             "{\"schemaVersion\":2,\"artifactType\":\"x/y\",\"manifests\":[],\"subject\":{"
             "\"mediaType\":\"" IMAGE "\",\"digest\":\"%s\",\"size\":%zu}}",
             digest_text(image), image.len);
    snprintf(target, sizeof target, "/v2/a/b/manifests/%s", digest_text(str_of(text)));
    ask(r, "PUT", target, "Content-Type: " INDEX, str_of(text), 201);
    digest_of(DIGEST_SHA512, image, &digest);
    digest_format(&digest, text);
    snprintf(target, sizeof target, "/v2/c/manifests/%s?tag=big", text);
    ask(r, "PUT", target, "Content-Type: " IMAGE, image, 201);
}

static const char *const questions[] = {
    "/v2/_catalog",         "/v2/a/b/tags/list",     "/v2/c/tags/list",
    "/v2/a/b/manifests/v1", "/v2/a/b/manifests/all", "/v2/c/manifests/big",
    "/v2/a/b/blobs/" EMPTY, "/v2/c/blobs/" EMPTY,    "/v2/c/manifests/latest",
};

/* Everything that clients can see, as one text. */
static void describe(struct registry *r, struct buf *out) {
    char          target[256];
    struct answer a;

    EACH (question, questions) {
        call(r, "GET", *question, "", STR(""), &a);
        buf_addf(out, "%s %d " STR_FMT " " STR_FMT " " STR_FMT "\n", *question, a.status,
                 STR_ARG(answer_header(&a, "Content-Type")),
                 STR_ARG(answer_header(&a, "Docker-Content-Digest")), STR_ARG(buf_str(&a.body)));
        answer_done(&a);
    }
    snprintf(target, sizeof target, "/v2/a/b/referrers/%s", digest_text(STR(EMPTY_IMAGE)));
    call(r, "GET", target, "", STR(""), &a);
    buf_add(out, buf_str(&a.body));
    answer_done(&a);
}

static void print_finding(void *ctx, const struct fsck_finding *finding) {
    printf("   %s: %s: %s\n", fsck_kind_name(finding->kind), finding->name, finding->text);
}

static struct fsck_options options_of(struct registry *r) {
    return (struct fsck_options){.store = r->fixture->store,
                                 .blobs = r->blobs,
                                 .registry_id = r->id,
                                 .clock = &r->fixture->clock,
                                 .found = print_finding,
                                 .offline = true};
}

static uint64_t all_found(const struct fsck_report *report) {
    uint64_t sum = 0;

    EACH (n, report->found)
        sum += *n;
    return sum;
}

/* A name in a folder that contains `part`. */
static void find_file(const char *folder, const char *part, char out[1024]) {
    DIR           *dir = opendir(folder);
    struct dirent *entry;

    CHECK(dir != NULL);
    out[0] = '\0';
    while ((entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.' && strstr(entry->d_name, part) != NULL)
            snprintf(out, 1024, "%.500s/%.500s", folder, entry->d_name);
    closedir(dir);
    if (out[0] == '\0')
        fail_msg("nothing like %s in %s", part, folder);
}

/* --- check --- */

static void path_in(struct fixture *f, const char *below, const char *part, char out[1024]) {
    char folder[512];

    snprintf(folder, sizeof folder, "%s/blobs/%s", f->folder, below);
    find_file(folder, part, out);
}

static void cut_blob(struct fixture *f) {
    char path[1024];

    path_in(f, "blobs/sha256/44", "44136f", path);
    CHECK_EQ(truncate(path, 1), 0);
}

static void flip_blob(struct fixture *f) {
    struct err err = ERR_NONE;
    char       path[1024];

    path_in(f, "blobs/sha256/44", "44136f", path);
    CHECK_OK(file_write(path, STR("[]"), 0600, &err));
}

static void add_orphan(struct fixture *f) {
    struct err err = ERR_NONE;
    char       path[1024];

    snprintf(path, sizeof path, "%s/blobs/blobs/sha256/44/%s.0123456789abcdef", f->folder,
             &EMPTY[7]);
    CHECK_OK(file_write(path, STR("{}"), 0600, &err));
}

static void lose_record(struct fixture *f) {
    char path[1024];

    path_in(f, "meta/a/b/_tags", "v2", path);
    CHECK_EQ(unlink(path), 0);
}

static void change_record(struct fixture *f) {
    struct err err = ERR_NONE;
    char       path[1024];

    path_in(f, "meta/a/b/_manifests", "sha256", path);
    CHECK_OK(file_write(path, STR("nonsense"), 0600, &err));
}

static void add_record(struct fixture *f) {
    struct err err = ERR_NONE;
    char       path[1024], other[1200];

    path_in(f, "meta/a/b/_tags", "v2", path);
    snprintf(other, sizeof other, "%.*sv3~", (int)(strrchr(path, '/') + 1 - path), path);
    CHECK_OK(
        file_write(other, STR("portwarden tag 1\ndigest: " EMPTY "\nupdated-at: 1\n"), 0600, &err));
}

static void old_upload(struct fixture *f) {
    struct err err = ERR_NONE;
    char       path[1024];

    snprintf(path, sizeof path, "%s/blobs/uploads/abc-def", f->folder);
    CHECK_OK(file_write(path, STR("half"), 0600, &err));
    clock_move(&f->clock, LIMIT_UPLOAD_IDLE_SECONDS + 1);
}

STORE_TEST(check) {
    static const struct {
        void (*damage)(struct fixture *f);
        enum fsck_kind kind;
        bool           needs_deep;
        uint64_t       found;
        uint64_t       left; /* findings after a repair: damaged bytes come back by a push only */
    } cases[] = {
        {cut_blob, FSCK_BLOB_DAMAGED, false, 1, 1},
        {flip_blob, FSCK_BLOB_DAMAGED, true, 1, 1},
        {add_orphan, FSCK_KEY_ORPHAN, false, 1, 0},
        {lose_record, FSCK_RECORD_WRONG, false, 1, 0},
        {change_record, FSCK_RECORD_WRONG, false, 1, 0},
        {add_record, FSCK_RECORD_WRONG, false, 1, 0},
        {old_upload, FSCK_UPLOAD_OLD, false, 1, 0},
    };
    struct registry     r;
    struct fsck_options options;
    struct fsck_report  report;
    struct buf          before = BUF_INIT(KIB(64)), after = BUF_INIT(KIB(64));

    registry_open(&r, f, NULL);
    fill(&r);
    describe(&r, &before);
    EACH (c, cases) {
        options = options_of(&r);
        options.deep = true;
        CHECK_OK(fsck_check(&options, &report, &err));
        CHECK_EQ(all_found(&report), 0);
        CHECK_EQ(report.blobs, 1);
        CHECK_EQ(report.manifests, 5);
        CHECK_EQ(report.tags, 5);
        c->damage(f);
        options.deep = false;
        CHECK_OK(fsck_check(&options, &report, &err));
        CHECK_EQ(report.found[c->kind] > 0, !c->needs_deep);
        options.deep = options.repair = true;
        CHECK_OK(fsck_check(&options, &report, &err));
        CHECK_EQ(report.found[c->kind], c->found); /* each is told once */
        options.repair = false;
        CHECK_OK(fsck_check(&options, &report, &err));
        CHECK_EQ(all_found(&report), c->left);
        if (c->left > 0) {
            ask(&r, "HEAD", "/v2/a/b/blobs/" EMPTY, "", STR(""), 404); /* missing: pushed again */
            ask(&r, "POST", "/v2/a/b/blobs/uploads/?digest=" EMPTY, "", STR("{}"), 201);
        }
    }
    describe(&r, &after);
    CHECK_STR(buf_str(&after), before.ptr);
    registry_done(&r);
    buf_done(&before), buf_done(&after);
}

STORE_TEST(beside_a_server) {
    struct registry     r;
    struct fsck_options options;
    struct fsck_report  report;

    registry_open(&r, f, NULL);
    fill(&r);
    add_orphan(f);
    lose_record(f);
    options = options_of(&r);
    options.offline = false;
    options.repair = true;
    CHECK_OK(fsck_check(&options, &report, &err));
    CHECK_EQ(report.found[FSCK_KEY_ORPHAN], 0); /* it may belong to a push */
    CHECK_EQ(report.found[FSCK_RECORD_WRONG], 1);
    CHECK_EQ(report.repaired[FSCK_RECORD_WRONG], 0);
    registry_done(&r);
}

/* A body that does not say its type is pushed as one, then as another. */
STORE_TEST(another_type) {
    struct registry     r;
    struct fsck_options options;
    struct fsck_report  report;

    registry_open(&r, f, NULL);
    ask(&r, "POST", "/v2/a/b/blobs/uploads/?digest=" EMPTY, "", STR("{}"), 201);
    ask(&r, "PUT", "/v2/a/b/manifests/v1", "Content-Type: " IMAGE, STR(EMPTY_IMAGE), 201);
    ask(&r, "PUT", "/v2/a/b/manifests/v1",
        "Content-Type: application/vnd.docker.distribution.manifest.v2+json", STR(EMPTY_IMAGE),
        201);
    options = options_of(&r);
    CHECK_OK(fsck_check(&options, &report, &err));
    CHECK_EQ(all_found(&report), 0);
    registry_done(&r);
}

/* --- rebuild --- */

static void rebuild_into(struct registry *r, struct fixture *f, bool deep,
                         struct fsck_report *ret_report, struct err *err) {
    struct fsck_options options;
    char                folder[128];

    snprintf(folder, sizeof folder, "%s/blobs", f->folder);
    CHECK_EQ(blob_files_open(folder, &r->blobs, err), PW_OK);
    options = options_of(r);
    options.deep = deep;
    if (fsck_rebuild(&options, ret_report, err) != PW_OK)
        fail_msg("%s", err_text(err));
    blob_store_close(r->blobs);
}

STORE_TEST(rebuild) {
    struct registry    r;
    struct fixture     fresh;
    struct fsck_report report;
    struct buf         before = BUF_INIT(KIB(64)), after = BUF_INIT(KIB(64));
    char               command[512];

    registry_open(&r, f, NULL);
    fill(&r);
    describe(&r, &before);
    add_orphan(f); /* a second copy of a blob: one of them is used */
    registry_stop(&r);
    CHECK(fixture_init(&fresh, f->kind));
    fixture_open(&fresh);
    snprintf(command, sizeof command, "cp -a %s/blobs %s/", f->folder, fresh.folder);
    CHECK_EQ(system(command), 0);
    r.fixture = &fresh;
    CHECK_OK(registry_service_default(fresh.store, &r.id, &err));
    rebuild_into(&r, &fresh, false, &report, &err);
    CHECK_EQ(all_found(&report), 0);
    CHECK_EQ(report.manifests, 5);
    CHECK_EQ(report.tags, 5);
    registry_start(&r);
    describe(&r, &after);
    CHECK_STR(buf_str(&after), before.ptr);
    registry_done(&r);
    fixture_done(&fresh);
    buf_done(&before), buf_done(&after);
}

STORE_TEST(rebuild_of_what_is_left) {
    struct registry     r;
    struct fixture      fresh;
    struct fsck_options options;
    struct fsck_report  report;
    char                command[512];

    registry_open(&r, f, NULL);
    fill(&r);
    options = options_of(&r);
    CHECK_EQ(fsck_rebuild(&options, &report, &err), PW_CONFLICT);
    CHECK_TEXT(err_text(&err), "the database is not empty: move it away before a rebuild");
    registry_stop(&r);
    cut_blob(f);
    change_record(f);
    CHECK(fixture_init(&fresh, f->kind));
    fixture_open(&fresh);
    snprintf(command, sizeof command, "cp -a %s/blobs %s/", f->folder, fresh.folder);
    CHECK_EQ(system(command), 0);
    r.fixture = &fresh;
    CHECK_OK(registry_service_default(fresh.store, &r.id, &err));
    rebuild_into(&r, &fresh, true, &report, &err);
    /* the blob is cut: no image that needs it comes back, nothing dangles */
    CHECK(report.found[FSCK_UNUSABLE] > 0);
    CHECK(report.manifests <=
          1); /* the signature needs nothing, unless its record was the damaged */
    CHECK_EQ(report.tags, 0);
    registry_start(&r);
    ask(&r, "GET", "/v2/a/b/manifests/v1", "", STR(""), 404);
    registry_done(&r);
    fixture_done(&fresh);
}

RUN_TESTS(STORE_UNITS(check), STORE_UNITS(beside_a_server), STORE_UNITS(another_type),
          STORE_UNITS(rebuild), STORE_UNITS(rebuild_of_what_is_left))
