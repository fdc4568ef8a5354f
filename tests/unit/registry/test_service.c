/* What a registry promises: what was answered is there, damage heals, counts are kept. */
#include <dirent.h>
#include <pthread.h>
#include "base/limits.h"
#include "registry/pull.h"
#include "registry/push.h"
#include "registry_fixture.h"
#include "store/blobs.h"
#include "store/jobs.h"
#include "store/manifests.h"

#define IMAGE        "application/vnd.oci.image.manifest.v1+json"
#define EMPTY        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define EMPTY_TARGET "/v2/a/blobs/" EMPTY

static int ask(struct registry *r, const char *method, const char *target, const char *headers,
               str body) {
    struct answer a;
    int           status;

    call(r, method, target, headers, body, &a);
    status = a.status;
    answer_done(&a);
    return status;
}

static void push_empty(struct registry *r) {
    CHECK_EQ(ask(r, "POST", "/v2/a/blobs/uploads/?digest=" EMPTY, "", STR("{}")), 201);
}

/* An image that differs by its number alone. */
static str image(int number) {
    static char text[512];

    snprintf(text, sizeof text,
             "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"" EMPTY
             "\",\"size\":2},\"layers\":[],\"annotations\":{\"n\":\"%d\"}}",
             number);
    return str_of(text);
}

static void push_image(struct registry *r, const char *tag, int number) {
    char target[128];

    snprintf(target, sizeof target, "/v2/a/manifests/%s", tag);
    CHECK_EQ(ask(r, "PUT", target, "Content-Type: " IMAGE, image(number)), 201);
}

/* --- damage --- */

/* The path of the only stored blob. */
static void only_blob(struct fixture *f, char out[512]) {
    char           folder[256];
    DIR           *dir;
    struct dirent *entry;

    snprintf(folder, sizeof folder, "%s/blobs/blobs/sha256/44", f->folder);
    dir = opendir(folder);
    CHECK(dir != NULL);
    out[0] = '\0';
    while ((entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.')
            snprintf(out, 512, "%.200s/%.250s", folder, entry->d_name);
    closedir(dir);
    CHECK(out[0] != '\0');
}

STORE_TEST(a_cut_blob_is_missing_until_pushed_again) {
    struct registry r;
    char            path[512], fresh[512];

    registry_open(&r, f, NULL);
    push_empty(&r);
    only_blob(f, path);
    CHECK_EQ(truncate(path, 0), 0);
    CHECK_EQ(ask(&r, "HEAD", EMPTY_TARGET, "", STR("")), 404);
    CHECK_EQ(ask(&r, "GET", EMPTY_TARGET, "", STR("")), 404);
    CHECK_OK(registry_service_flush(r.service, &err)); /* the row is marked now */
    CHECK_EQ(ask(&r, "HEAD", EMPTY_TARGET, "", STR("")), 404);
    CHECK_EQ(ask(&r, "POST", "/v2/b/blobs/uploads/?mount=" EMPTY "&from=a", "", STR("")), 202);
    push_empty(&r);
    CHECK_EQ(ask(&r, "GET", EMPTY_TARGET, "", STR("")), 200);
    only_blob(f, fresh);
    CHECK(strcmp(path, fresh) != 0); /* under its own key; the old copy is gone */
    CHECK_EQ(unlink(fresh), 0);
    CHECK_EQ(ask(&r, "GET", EMPTY_TARGET, "", STR("")), 404);
    push_empty(&r);
    CHECK_EQ(ask(&r, "GET", EMPTY_TARGET, "", STR("")), 200);
    registry_done(&r);
}

STORE_TEST(a_push_repairs_what_nobody_noticed) {
    struct registry r;
    char            path[512];
    struct answer   a;

    registry_open(&r, f, NULL);
    push_empty(&r);
    only_blob(f, path);
    CHECK_OK(file_write(path, STR("[]"), 0600, &err)); /* right size, wrong bytes */
    clock_move(&f->clock, 60);
    push_empty(&r);
    call(&r, "GET", EMPTY_TARGET, "", STR(""), &a);
    CHECK_STR(buf_str(&a.body), "{}");
    answer_done(&a);
    registry_done(&r);
}

/* --- counting --- */

struct counts {
    struct registry *r;
    int64_t          pulls, last_at;
};

static pw_code read_counts(struct txn *txn, void *arg, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(8));
    struct counts                *counts = arg;
    struct repository_key         key = {counts->r->id, STR("a")};
    struct manifest_row           row;

    PW_TRY(manifests_by_tag(txn, &key, STR("v1"), &arena, &row, err));
    return manifests_pulls(txn, row.repository_id, row.id, &counts->pulls, &counts->last_at, err);
}

static struct counts counted(struct registry *r) {
    struct counts counts = {.r = r};
    struct err    err = ERR_NONE;

    CHECK_OK(registry_service_flush(r->service, &err));
    CHECK_OK(store_read(r->fixture->store, read_counts, &counts, &err));
    return counts;
}

STORE_TEST(pulls_are_counted) {
    static const struct {
        const char *method, *target, *headers;
        int64_t     pulls;
        const char *why;
    } cases[] = {
        {"GET", "/v2/a/manifests/v1", "", 1, "by tag"},
        {"HEAD", "/v2/a/manifests/v1", "", 1, "HEAD carries nothing"},
        {"GET", "/v2/a/manifests/v1", "If-None-Match: *", 1, "304 neither"},
        {"GET", EMPTY_TARGET, "", 1, "a blob is not an image"},
        {"GET", "/v2/a/manifests/v1", "", 2, "from memory"},
        {"GET", "/v2/a/manifests/v2", "", 2, "not there"},
    };
    struct registry r;
    struct counts   counts;
    int64_t         at = clock_now(&f->clock);

    registry_open(&r, f, NULL);
    push_empty(&r);
    push_image(&r, "v1", 1);
    CHECK_EQ(counted(&r).pulls, 0);
    EACH (c, cases) {
        (void)ask(&r, c->method, c->target, c->headers, STR("")); /* status is test_oci's */
        if (counted(&r).pulls != c->pulls)
            fail_msg("%s %s: %s", c->method, c->target, c->why);
    }
    counts = counted(&r);
    CHECK(counts.last_at >= at && counts.last_at <= at + 60);
    (void)ask(&r, "GET", "/v2/a/manifests/v1", "", STR(""));
    registry_restart(&r); /* what was counted is written at stop */
    CHECK_EQ(counted(&r).pulls, 3);
    registry_done(&r);
}

/* --- leases --- */

static pw_code read_lease(struct txn *txn, void *arg, struct err *err) {
    struct registry *r = arg;
    struct digest    digest;
    struct blob_row  row;

    PW_TRY(digest_parse(STR(EMPTY), &digest, err));
    PW_TRY(blobs_find_in(txn, r->id, STR("a"), &digest, &row, err));
    r->id = row.lease_until; /* handed back where there is room */
    return PW_OK;
}

static int64_t lease(struct registry *r) {
    struct registry copy = *r;
    struct err      err = ERR_NONE;

    CHECK_OK(registry_service_flush(r->service, &err));
    CHECK_OK(store_read(r->fixture->store, read_lease, &copy, &err));
    return copy.id;
}

STORE_TEST(head_renews_a_lease) {
    struct registry r;
    int64_t         first;

    registry_open(&r, f, NULL);
    push_empty(&r);
    first = lease(&r);
    CHECK(first >= clock_now(&f->clock) + LIMIT_BLOB_LEASE_SECONDS - 5);
    clock_move(&f->clock, LIMIT_BLOB_LEASE_SECONDS / 2 - 100);
    CHECK_EQ(ask(&r, "HEAD", EMPTY_TARGET, "", STR("")), 200);
    CHECK_EQ(lease(&r), first); /* more than half is left */
    clock_move(&f->clock, 200);
    CHECK_EQ(ask(&r, "GET", EMPTY_TARGET, "", STR("")), 200);
    CHECK_EQ(lease(&r), first); /* a GET promises nothing */
    CHECK_EQ(ask(&r, "HEAD", EMPTY_TARGET, "", STR("")), 200);
    CHECK(lease(&r) >= clock_now(&f->clock) + LIMIT_BLOB_LEASE_SECONDS - 5);
    first = lease(&r);
    push_image(&r, "v1", 1); /* from now on an image refers to it */
    clock_move(&f->clock, LIMIT_BLOB_LEASE_SECONDS);
    CHECK_EQ(ask(&r, "HEAD", EMPTY_TARGET, "", STR("")), 200);
    CHECK_EQ(lease(&r), first);
    registry_done(&r);
}

/* --- what was answered is there --- */

struct writer {
    pthread_t        thread;
    struct registry *r;
    char             tag[16];
    int              failures;
};

/* Pushes and reads back, again and again, while others do the same. */
static void *write_and_read(void *arg) {
    struct writer *w = arg;

    for (int i = 0; i < 100; i++) {
        AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(64));
        struct err                    err = ERR_NONE;
        struct pulled_manifest        found;
        struct pushed                 pushed;
        char                          body[512];
        struct push                   push = {
                              .repository = STR("a"), .reference = str_of(w->tag), .content_type = STR(IMAGE)};

        snprintf(body, sizeof body,
                 "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"" EMPTY
                 "\",\"size\":2},\"annotations\":{\"%s\":\"%d\"}}",
                 w->tag, i);
        push.body = str_of(body);
        if (push_manifest(w->r->service, &arena, &push, &pushed, &err) != PW_OK ||
            pull_manifest(w->r->service, &arena, STR("a"), str_of(w->tag), &found, &err) != PW_OK ||
            !str_eq(found.body, push.body))
            w->failures++;
    }
    return NULL;
}

STORE_TEST(a_write_is_seen_at_once) {
    struct registry r;
    struct writer   writers[4];

    registry_open(&r, f, NULL);
    push_empty(&r);
    EACH (w, writers) {
        *w = (struct writer){.r = &r};
        snprintf(w->tag, sizeof w->tag, "t%d", (int)(w - writers));
        pthread_create(&w->thread, NULL, write_and_read, w);
    }
    EACH (w, writers) {
        pthread_join(w->thread, NULL);
        CHECK_EQ(w->failures, 0);
    }
    CHECK_EQ(ask(&r, "GET", "/v2/a/manifests/t0", "", STR("")), 200);
    CHECK_EQ(ask(&r, "DELETE", "/v2/a/manifests/t0", "", STR("")), 202);
    CHECK_EQ(ask(&r, "GET", "/v2/a/manifests/t0", "", STR("")), 404);
    registry_done(&r);
}

STORE_TEST(a_push_queues_its_scan) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(KIB(64));
    struct registry               r;
    struct job                    job;
    struct digest                 digest;
    char                          text[DIGEST_TEXT_SIZE];

    registry_open(&r, f, NULL);
    CHECK_EQ(ask(&r, "PUT", "/v2/a/manifests/v1", "Content-Type: " IMAGE, image(1)), 400);
    CHECK_EQ(jobs_take(f->store, STR("scan"), 60, &arena, &job, &err), PW_NOT_FOUND);
    push_empty(&r);
    push_image(&r, "v1", 1);
    CHECK_OK(jobs_take(f->store, STR("scan"), 60, &arena, &job, &err));
    digest_of(DIGEST_SHA256, image(1), &digest);
    CHECK_STR(job.subject, digest_format(&digest, text).ptr);
    CHECK_STR(job.trigger, "push");
    registry_done(&r);
}

/* --- hostile --- */

STORE_TEST(large_manifests) {
    struct registry r;
    char           *text = malloc(MIB(5));

    memset(text, ' ', MIB(5));
    registry_open(&r, f, NULL);
    push_empty(&r);
    memcpy(text, image(1).ptr, image(1).len);
    CHECK_EQ(ask(&r, "PUT", "/v2/a/manifests/v1", "Content-Type: " IMAGE, str_make(text, MIB(4))),
             201); /* what must be accepted */
    CHECK_EQ(ask(&r, "PUT", "/v2/a/manifests/v2", "Content-Type: " IMAGE, str_make(text, MIB(5))),
             413);
    CHECK_EQ(ask(&r, "PUT", "/v2/a/manifests/v2", "chunked\nContent-Type: " IMAGE,
                 str_make(text, MIB(5))),
             413);
    CHECK_EQ(ask(&r, "GET", "/v2/a/manifests/v1", "", STR("")), 200);
    CHECK_EQ(ask(&r, "GET", "/v2/a/manifests/v2", "", STR("")), 404);
    registry_done(&r);
    free(text);
}

/* More annotations than a request has memory for: they come page by page. */
STORE_TEST(large_referrers) {
    enum { COUNT = 18 };
    struct registry r;
    char           *text = malloc(MIB(5)), next[256] = "/v2/a/referrers/" EMPTY, target[64];
    int             seen = 0;

    CHECK(text != NULL);
    if (text == NULL)
        return; /* never: the check has ended the test; sanitizers' gcc cannot see it */
    registry_open(&r, f, NULL);
    push_empty(&r);
    for (int i = 0; i < COUNT; i++) {
        int at = sprintf(text,
                         "{\"schemaVersion\":2,\"manifests\":[],\"subject\":{\"mediaType\":"
                         "\"a/b\",\"digest\":\"" EMPTY "\",\"size\":2},\"annotations\":{\"%d\":\"",
                         i);

        memset(text + at, 'x', MIB(4) - (size_t)at);
        strcpy(text + MIB(4), "\"}}");
        snprintf(target, sizeof target, "/v2/a/manifests/t%d", i);
        CHECK_EQ(ask(&r, "PUT", target, "Content-Type: application/vnd.oci.image.index.v1+json",
                     str_of(text)),
                 201);
    }
    while (next[0] != '\0') {
        struct answer a;
        str           link;

        call(&r, "GET", next, "", STR(""), &a);
        CHECK_EQ(a.status, 200);
        for (str rest = buf_str(&a.body); str_find(rest, STR("\"digest\"")) != STR_NPOS; seen++)
            rest = str_from(rest, str_find(rest, STR("\"digest\"")) + 8);
        link = answer_header(&a, "Link"); /* <...>; rel="next" */
        link = link.len > 0 ? str_sub(link, 1, str_find_char(link, '>') - 1) : STR("");
        CHECK(str_copy(link, next, sizeof next));
        answer_done(&a);
    }
    CHECK_EQ(seen, COUNT);
    registry_done(&r);
    free(text);
}

RUN_TESTS(STORE_UNITS(a_cut_blob_is_missing_until_pushed_again),
          STORE_UNITS(a_push_repairs_what_nobody_noticed), STORE_UNITS(pulls_are_counted),
          STORE_UNITS(head_renews_a_lease), STORE_UNITS(a_write_is_seen_at_once),
          STORE_UNITS(a_push_queues_its_scan), STORE_UNITS(large_manifests),
          STORE_UNITS(large_referrers))
