/*
 * test_scan.c - from a pushed image to findings, on the real store, blobs and sandbox: this program
 * is re-executed as the sandbox's zygote.
 */
#include "unit/inventory/layer_kit.h"
#include "store_fixture.h"
#include "pipeline/live.h"
#include "pipeline/match_stage.h"
#include "pipeline/scan_stage.h"
#include "registry/push.h"
#include "registry/registry_service.h"
#include "store/advisories.h"
#include "store/feeds.h"
#include "store/layers.h"
#include "store/reports.h"

#define STATUS(package, version)                                                                   \
    "Package: " package "\nStatus: install ok installed\nArchitecture: amd64\nVersion: " version   \
    "\n\n"

struct world {
    struct fixture          *f;
    struct blob_store       *blobs;
    struct sandbox          *sandbox;
    struct live             *live;
    struct registry_service *registry;
    struct pipeline_options  tools;
};

static void world_open(struct world *w, struct fixture *f, bool live) {
    struct err              err = ERR_NONE;
    struct registry_options options = {.store = f->store, .clock = &f->clock};
    struct upload_watch     watch;
    char                    folder[128];
    int64_t                 id;

    *w = (struct world){.f = f};
    snprintf(folder, sizeof folder, "%s/blobs", f->folder);
    CHECK_OK(dir_make(folder, 0700, &err));
    CHECK_OK(blob_files_open(folder, &w->blobs, &err));
    CHECK_OK(sandbox_open(2, &w->sandbox, &err));
    CHECK_OK(live_open(f->store, w->sandbox, &w->live, &err));
    CHECK_OK(registry_service_default(f->store, &id, &err));
    watch = live_watch(w->live);
    options.blobs = w->blobs;
    options.registry_id = id;
    options.watch = live ? &watch : NULL;
    CHECK_OK(registry_service_open(&options, &w->registry, &err));
    w->tools = (struct pipeline_options){.store = f->store,
                                         .blobs = w->blobs,
                                         .sandbox = w->sandbox,
                                         .live = w->live,
                                         .workers = 1,
                                         .scan_seconds = 60};
}

static void world_close(struct world *w) {
    registry_service_close(w->registry);
    live_close(w->live);
    sandbox_close(w->sandbox);
    blob_store_close(w->blobs);
}

/* --- pushing --- */

struct bytes {
    str  rest;
    bool given;
};

static pw_code next_bytes(void *ctx, str *ret_chunk, struct err *err) {
    struct bytes *b = ctx;

    (void)err;
    *ret_chunk = b->given ? STR_NONE : b->rest;
    b->given = true;
    return PW_OK;
}

static void push_blob(struct world *w, str content, char ret_digest[DIGEST_TEXT_SIZE]) {
    struct bytes       bytes = {.rest = content};
    struct upload_body body = {&bytes, (int64_t)content.len, next_bytes};
    struct digest      digest;
    struct err         err = ERR_NONE;

    digest_of(DIGEST_SHA256, content, &digest);
    CHECK_OK(upload_whole(w->registry, STR("app"), &body, &digest, &err));
    digest_format(&digest, ret_digest);
}

struct pushing {
    char   layers[KIT_LAYERS][DIGEST_TEXT_SIZE];
    size_t sizes[KIT_LAYERS], count;
    char   digest[DIGEST_TEXT_SIZE]; /* of the manifest */
};

static void push_layer(struct world *w, struct pushing *p, str content) {
    push_blob(w, content, p->layers[p->count]);
    p->sizes[p->count++] = content.len;
}

static void kit_layer(struct world *w, struct pushing *p, struct kit *kit) {
    kit_close_tar(kit);
    push_layer(w, p, buf_str(&kit->bytes));
}

static void push_image(struct world *w, struct pushing *p, const char *tag) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(1));
    AUTO(buf_done) struct buf     text = BUF_INIT(MIB(1));
    struct push                   push = {.repository = STR("app"), .reference = str_of(tag)};
    struct pushed                 pushed;
    struct err                    err = ERR_NONE;
    char                          config[DIGEST_TEXT_SIZE];

    push_blob(w, STR("{}"), config);
    buf_addf(&text,
             "{\"schemaVersion\":2,\"mediaType\":\"application/"
             "vnd.oci.image.manifest.v1+json\",\"config\":"
             "{\"mediaType\":\"application/"
             "vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":2},\"layers\":[",
             config);
    for (size_t i = 0; i < p->count; i++)
        buf_addf(&text,
                 "%s{\"mediaType\":\"application/"
                 "vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":%zu}",
                 i > 0 ? "," : "", p->layers[i], p->sizes[i]);
    buf_addf(&text, "],\"annotations\":{\"tag\":\"%s\"}}", tag);
    push.body = buf_str(&text);
    CHECK_OK(push_manifest(w->registry, &arena, &push, &pushed, &err));
    digest_format(&pushed.manifest.digest, p->digest);
}

/* --- scanning and looking --- */

static void scan(struct world *w) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(1));
    struct err                    err = ERR_NONE;
    struct job                    job;
    struct stage_run run = {.tools = &w->tools, .job = &job, .deadline_ns = clock_deadline(60)};

    CHECK_OK(jobs_take(w->f->store, STR("scan"), 60, &arena, &job, &err));
    CHECK_OK(scan_stage_run(&run, &err));
}

static void rematch(struct world *w, const char *feed) {
    struct job       job = {.subject = str_of(feed)};
    struct stage_run run = {.tools = &w->tools, .job = &job, .deadline_ns = clock_deadline(60)};
    struct err       err = ERR_NONE;

    CHECK_OK(match_stage_rematch(&run, &err));
}

struct looking {
    struct arena  arena;
    const char   *digest;
    struct report report;
};

static pw_code load(struct txn *txn, void *arg, struct err *err) {
    static const struct report_rules rules = {.fresh_seconds = 7 * 86400};
    struct looking                  *l = arg;
    struct image_row                 image;

    PW_TRY(scans_image(txn, &l->arena, STR("app"), str_of(l->digest), &image, err));
    return reports_load(txn, &l->arena, &image, &rules, &l->report, err);
}

static struct looking look(struct world *w, const struct pushing *p) {
    struct looking l = {.arena = ARENA_INIT(MIB(64)), .digest = p->digest};
    struct err     err = ERR_NONE;

    CHECK_OK(store_read(w->f->store, load, &l, &err));
    return l;
}

static pw_code is_known(struct txn *txn, void *arg, struct err *err) {
    const char *digest = *(const char **)arg;
    bool        known;

    PW_TRY(layers_known(txn, str_of(digest), inventory_reader_version, &known, err));
    return known ? PW_OK : PW_NOT_FOUND;
}

static bool layer_is_known(struct world *w, const char *digest) {
    struct err err = ERR_NONE;

    return store_read(w->f->store, is_known, &digest, &err) == PW_OK;
}

/* A whole feed of Debian 12 with one vulnerability: fixed in a version, or open when that is NULL. */
static void advise_by(struct world *w, const char *feed, const char *package, const char *fixed) {
    struct range_event events[] = {{EVENT_INTRODUCED, STR_INIT("0")}, {EVENT_FIXED, str_of(fixed)}};
    struct range       range = {RANGE_ECOSYSTEM, events, fixed != NULL ? 2 : 1};
    struct affected    affected = {.ecosystem = STR_INIT("Debian:12"),
                                   .package = str_of(package),
                                   .status = fixed != NULL ? STATUS_AFFECTED : STATUS_OPEN,
                                   .ranges = &range,
                                   .range_count = 1};
    struct advisory    advisory = {
           .id = STR_INIT("CVE-2024-99901"), .affected = &affected, .affected_count = 1};
    struct import_scope     scope = {.kind = IMPORT_SCOPE_ALL};
    struct import_label     label = {.source = STR_INIT("test"), .force = true};
    struct import_outcome   outcome;
    struct advisory_import *import = NULL;
    struct err              err = ERR_NONE;

    CHECK_OK(advisories_import_begin(w->f->store, str_of(feed), strcmp(feed, "sample") == 0,
                                     &import, &err));
    CHECK_OK(advisories_import_add(import, STR("CVE-2024-99901"), &advisory, &err));
    CHECK_OK(advisories_import_scope(import, &scope, &err));
    CHECK_OK(advisories_import_finish(import, &label, &outcome, &err));
    advisories_import_close(import);
}

static void advise(struct world *w, const char *package, const char *fixed) {
    advise_by(w, "debian-tracker", package, fixed);
}

static void debian_base(struct kit *kit) {
    kit_file(kit, "etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n");
    kit_file(kit, "var/lib/dpkg/status", STATUS("demo", "1.0-1") STATUS("calm", "2.0-1"));
}

/* --- --- */

STORE_TEST(an_image_becomes_findings) {
    struct kit     base = KIT, top = KIT;
    struct pushing one = {0}, two = {0};
    struct world   w;
    struct looking l;

    (void)err;
    world_open(&w, f, false);
    debian_base(&base);
    kit_layer(&w, &one, &base);
    push_image(&w, &one, "one");
    advise(&w, "demo", "1.0-2");
    clock_move(&f->clock, 1);
    l = look(&w, &one);
    CHECK_EQ(l.report.state, IMAGE_PENDING);
    arena_done(&l.arena);
    scan(&w);
    l = look(&w, &one);
    CHECK_EQ(l.report.state, IMAGE_UNHEALTHY);
    CHECK_EQ(l.report.coverage, COVERAGE_FULL);
    CHECK_EQ(l.report.package_count, 2);
    CHECK_EQ(l.report.finding_count, 1);
    CHECK_STR(l.report.findings[0].finding.id, "CVE-2024-99901");
    CHECK_STR(l.report.findings[0].finding.fixed_version, "1.0-2");
    CHECK_STR(l.report.findings[0].finding.package->name, "demo");
    CHECK_STR(l.report.findings[0].finding.package->layer, one.layers[0]);
    CHECK(!l.report.sample);
    arena_done(&l.arena);

    /* a second image on the same base: only its own layer is read; the newest database wins */
    kit_file(&top, "var/lib/dpkg/status", STATUS("demo", "1.0-2"));
    two = one;
    kit_layer(&w, &two, &top);
    CHECK(layer_is_known(&w, two.layers[0]));
    CHECK(!layer_is_known(&w, two.layers[1]));
    push_image(&w, &two, "two");
    scan(&w);
    CHECK(layer_is_known(&w, two.layers[1]));
    l = look(&w, &two);
    CHECK_EQ(l.report.state, IMAGE_HEALTHY);
    CHECK_EQ(l.report.package_count, 1);
    CHECK_EQ(l.report.finding_count, 0);
    arena_done(&l.arena);
    kit_done(&base);
    kit_done(&top);
    world_close(&w);
}

STORE_TEST(findings_follow_the_advisories) {
    struct kit     base = KIT;
    struct pushing p = {0};
    struct world   w;
    struct looking l;
    int64_t        since;

    (void)err;
    world_open(&w, f, false);
    debian_base(&base);
    kit_layer(&w, &p, &base);
    push_image(&w, &p, "one");
    scan(&w);
    l = look(&w, &p);
    CHECK_EQ(l.report.state, IMAGE_UNSCANNED);
    CHECK_STR(l.report.reason, "no advisories for Debian:12 were imported");
    CHECK_STR(l.report.incomplete[0].kind, "no-advisories");
    arena_done(&l.arena);

    advise(&w, "demo", NULL);
    rematch(&w, "debian-tracker");
    l = look(&w, &p);
    CHECK_EQ(l.report.state, IMAGE_UNHEALTHY);
    CHECK_EQ(l.report.findings[0].finding.state, FINDING_OPEN);
    since = l.report.findings[0].since;
    arena_done(&l.arena);

    clock_move(&f->clock, 3600);
    advise(&w, "demo", "1.0-5"); /* a fix: the finding changes and keeps its age */
    rematch(&w, "debian-tracker");
    l = look(&w, &p);
    CHECK_EQ(l.report.findings[0].finding.state, FINDING_FIXED);
    CHECK_EQ(l.report.findings[0].since, since);
    arena_done(&l.arena);

    advise(&w, "other", NULL); /* the record speaks of another package now */
    rematch(&w, "debian-tracker");
    l = look(&w, &p);
    CHECK_EQ(l.report.state, IMAGE_HEALTHY);
    CHECK_EQ(l.report.finding_count, 0);
    arena_done(&l.arena);

    clock_move(&f->clock, 8 * 86400); /* advisories age while the image stays the same */
    l = look(&w, &p);
    CHECK_EQ(l.report.state, IMAGE_PARTLY_SCANNED);
    CHECK_STR(l.report.incomplete[0].kind, "stale-advisories");
    arena_done(&l.arena);
    kit_done(&base);
    world_close(&w);
}

/* What the new feed has no record of is judged anew, too. */
STORE_TEST(another_feed_takes_over) {
    struct kit     base = KIT;
    struct pushing p = {0};
    struct world   w;
    struct looking l;

    (void)err;
    world_open(&w, f, false);
    debian_base(&base);
    kit_layer(&w, &p, &base);
    push_image(&w, &p, "one");
    advise_by(&w, "sample", "demo", NULL);
    clock_move(&f->clock, 1);
    scan(&w);
    l = look(&w, &p);
    CHECK_EQ(l.report.finding_count, 1);
    arena_done(&l.arena);
    advise(&w, "other", NULL);
    rematch(&w, "debian-tracker");
    l = look(&w, &p);
    CHECK_EQ(l.report.finding_count, 0);
    CHECK_EQ(l.report.state, IMAGE_HEALTHY);
    arena_done(&l.arena);
    kit_done(&base);
    world_close(&w);
}

/* The feed is complete and visible, but nobody has looked yet. */
STORE_TEST(no_image_is_healthy_before_its_match) {
    struct kit       base = KIT;
    struct pushing   p = {0};
    struct world     w;
    struct looking   l;
    atomic_bool      stopping = true;
    struct job       job = {.subject = STR("debian-tracker")};
    struct stage_run stopped = {.tools = &w.tools, .job = &job, .stopping = &stopping};

    world_open(&w, f, false);
    debian_base(&base);
    kit_layer(&w, &p, &base);
    push_image(&w, &p, "one");
    scan(&w);
    advise(&w, "demo", NULL);
    l = look(&w, &p);
    CHECK_EQ(l.report.state, IMAGE_PENDING);
    CHECK_STR(l.report.reason, "waits for a match with new advisories");
    arena_done(&l.arena);
    CHECK_EQ(match_stage_rematch(&stopped, &err), PW_CANCELLED); /* and it can go on later */
    rematch(&w, "debian-tracker");
    l = look(&w, &p);
    CHECK_EQ(l.report.state, IMAGE_UNHEALTHY);
    arena_done(&l.arena);
    kit_done(&base);
    world_close(&w);
}

STORE_TEST(scans_can_run_again) {
    struct kit       base = KIT;
    struct pushing   p = {0};
    struct world     w;
    struct looking   first, second;
    struct job       job = {.subject = STR("?"), .trigger = STR("demand")};
    struct stage_run run = {.tools = &w.tools, .job = &job, .deadline_ns = clock_deadline(60)};

    world_open(&w, f, false);
    debian_base(&base);
    kit_layer(&w, &p, &base);
    push_image(&w, &p, "one");
    advise(&w, "demo", "1.0-2");
    scan(&w);
    first = look(&w, &p);
    job.subject = str_of(p.digest);
    CHECK_OK(scan_stage_run(&run, &err));
    second = look(&w, &p);
    CHECK_EQ(second.report.finding_count, first.report.finding_count);
    CHECK_EQ(second.report.package_count, first.report.package_count);
    arena_done(&first.arena);
    arena_done(&second.arena);
    job.subject = STR("sha256:0000000000000000000000000000000000000000000000000000000000000000");
    CHECK_OK(scan_stage_run(&run, &err)); /* removed since: nothing to say */
    kit_done(&base);
    world_close(&w);
}

STORE_TEST(what_cannot_be_read_is_said) {
    struct pushing p = {0};
    struct world   w;
    struct looking l;

    (void)err;
    world_open(&w, f, false);
    push_layer(&w, &p, STR("this is no archive at all"));
    push_image(&w, &p, "one");
    scan(&w);
    l = look(&w, &p);
    CHECK_EQ(l.report.state, IMAGE_UNSCANNED);
    CHECK(l.report.incomplete_count > 0);
    CHECK(l.report.reason.len > 0);
    arena_done(&l.arena);
    world_close(&w);
}

STORE_TEST(failures_are_shown) {
    struct kit       base = KIT;
    struct pushing   p = {0};
    struct world     w;
    struct looking   l;
    struct job       job = {.trigger = STR("push")};
    struct stage_run run = {.tools = &w.tools, .job = &job};

    world_open(&w, f, false);
    debian_base(&base);
    kit_layer(&w, &p, &base);
    push_image(&w, &p, "one");
    job.subject = str_of(p.digest);
    CHECK_OK(scan_stage_failed(&run, STR("the disk is full"), &err));
    l = look(&w, &p);
    CHECK_EQ(l.report.state, IMAGE_UNSCANNED);
    CHECK_STR(l.report.reason, "the disk is full");
    arena_done(&l.arena);
    kit_done(&base);
    world_close(&w);
}

STORE_TEST(layers_are_read_while_they_arrive) {
    struct kit     base = KIT;
    struct pushing p = {0};
    struct world   w;

    (void)err;
    world_open(&w, f, true);
    debian_base(&base);
    kit_layer(&w, &p, &base);
    live_wait(w.live, str_of(p.layers[0]), clock_deadline(30));
    CHECK(layer_is_known(&w, p.layers[0])); /* before any job ran */
    push_layer(&w, &p, STR("{\"a\":\"configuration\"}"));
    live_wait(w.live, str_of(p.layers[1]), clock_deadline(30));
    CHECK(!layer_is_known(&w, p.layers[1])); /* no archive: not looked at */
    kit_done(&base);
    world_close(&w);
}

TEST(what_is_scanned) {
    static const struct {
        const char *kind, *config, *layer; /* layer NULL: none */
        const char *want;                  /* NULL: an image */
    } cases[] = {
        {"image", "application/vnd.oci.image.config.v1+json",
         "application/vnd.oci.image.layer.v1.tar+gzip", NULL},
        {"image", "application/vnd.docker.container.image.v1+json",
         "application/vnd.docker.image.rootfs.diff.tar.gzip", NULL},
        {"image", "application/vnd.docker.container.image.v1+json",
         "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", NULL},
        {"image", "application/vnd.oci.image.config.v1+json", NULL, NULL}, /* from scratch, empty */
        {"image", "application/vnd.oci.image.config.v1+json", "application/vnd.in-toto+json",
         "an attestation or signature, not an image"},
        {"image", "application/vnd.oci.image.config.v1+json",
         "application/vnd.dev.cosign.simplesigning.v1+json",
         "an attestation or signature, not an image"},
        {"image", "application/vnd.cncf.helm.config.v1+json",
         "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "an artifact, not an image"},
        {"image", "application/vnd.oci.empty.v1+json", "text/plain", "an artifact, not an image"},
        {"index", "", NULL, "an index: its images have results of their own"},
    };

    EACH (c, cases) {
        struct scan_reference references[] = {
            {.kind = STR_INIT("config"), .media_type = str_of(c->config)},
            {.kind = STR_INIT("layer"), .media_type = str_of(c->layer)}};
        struct scan_subject subject = {.kind = str_of(c->kind),
                                       .references = references,
                                       .reference_count = c->layer != NULL ? 2 : 1};
        const char         *got = scan_stage_not_applicable(&subject);

        CHECK_STR(str_of(got), c->want != NULL ? c->want : "");
    }
}

TEST(what_is_an_archive) {
    static const struct {
        const char *head;
        size_t      n;
        bool        want;
    } cases[] = {
        {"\x1f\x8b\x08", 3, true},
        {"\x28\xb5\x2f\xfd", 4, true},
        {"\xfd"
         "7zXZ",
         5, true},
        {"BZh9", 4, true},
        {"{\"architecture\"", 15, false},
        {"", 0, false},
        {"\x1f", 1, false},
        {"PK\x03\x04", 4, false},
    };
    unsigned char tar[512] = {0};

    EACH (c, cases)
        CHECK_EQ(live_is_archive((const unsigned char *)c->head, c->n), c->want);
    memcpy(tar + 257, "ustar", 5);
    CHECK(live_is_archive(tar, sizeof tar));
    CHECK(!live_is_archive(tar, 260));
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        STORE_UNITS(an_image_becomes_findings),
        STORE_UNITS(findings_follow_the_advisories),
        STORE_UNITS(another_feed_takes_over),
        STORE_UNITS(no_image_is_healthy_before_its_match),
        STORE_UNITS(scans_can_run_again),
        STORE_UNITS(what_cannot_be_read_is_said),
        STORE_UNITS(failures_are_shown),
        STORE_UNITS(layers_are_read_while_they_arrive),
        UNIT(what_is_scanned),
        UNIT(what_is_an_archive),
    };
    bool is_zygote = false;
    int  code = sandbox_zygote_main(argc, argv, &is_zygote);

    return is_zygote ? code : cmocka_run_group_tests(tests, NULL, NULL);
}
