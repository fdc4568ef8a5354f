/*
 * Real package databases against real feeds: the findings are exactly those that tools outside
 * Portwarden computed (dpkg, apk and npm order the versions there). 0 missing, 0 extra.
 *
 * Packages are listed by dpkg-query, from apk's database and from package.json files, so that only
 * parsers, store and matching are under test.
 */
#include "store_fixture.h"

#include "base/map.h"
#include "format/json.h"
#include "match/match.h"
#include "pipeline/feed_import.h"
#include "store/vulnerabilities.h"

struct oracle {
    struct fixture    fixture;
    struct arena      arena; /* packages and findings of one image */
    const char       *data;
    char              root[128]; /* the image, unpacked */
    struct os_release os;
    struct map        got; /* "package version arch id fixed" or "path id" */
    size_t            findings;
};

static void import(struct oracle *o, const char *feed, const char *path) {
    struct feed_import_options       options = {.store = o->fixture.store,
                                                .feed = feeds_find(str_of(feed))};
    static struct feed_import_report report;
    struct err                       err = ERR_NONE;
    char                             full[1024];

    snprintf(full, sizeof full, "%s/feeds/%s", o->data, path);
    CHECK_OK(feed_import_path(&options, full, &report, &err));
    CHECK_EQ(report.bad, 0);
    CHECK(report.outcome.records > 100);
}

static void unpack(struct oracle *o, const char *image) {
    char command[2048];

    snprintf(o->root, sizeof o->root, "%s/root", o->fixture.folder);
    snprintf(command, sizeof command, "rm -rf %s && mkdir %s && tar -xzf %s/images/%s.tar.gz -C %s",
             o->root, o->root, o->data, image, o->root);
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

/* --- judging one package, as the pipeline does --- */

struct judging {
    struct oracle        *oracle;
    const struct package *package;
    struct finding       *findings;
    size_t                count;
    struct txn           *txn;
};

static bool facts_of(void *ctx, str id, struct vulnerability_facts *ret_facts) {
    struct judging *j = ctx;
    struct err      err = ERR_NONE;
    bool            known;

    CHECK_OK(vulnerabilities_facts(j->txn, &j->oracle->arena, id, ret_facts, &known, &err));
    return known;
}

static pw_code judge(struct txn *txn, void *arg, struct err *err) {
    struct judging             *j = arg;
    struct vulnerability_lookup lookup = {j, facts_of};
    struct candidate_list       list;
    str                         ecosystem, name;

    j->txn = txn;
    j->count = 0;
    if (!match_key(j->package, &j->oracle->os, &ecosystem, &name))
        return PW_OK;
    PW_TRY(advisories_candidates(txn, &j->oracle->arena, ecosystem, name, &list, err));
    return match_package(&j->oracle->arena, j->package, &j->oracle->os, list.items, list.count,
                         &lookup, &j->findings, &j->count, err);
}

static void note(struct oracle *o, str key) {
    void **place = map_at(&o->got, key);

    CHECK(place != NULL);
    *place = o; /* turned into NULL when it was expected */
}

static void take_findings(struct oracle *o, const struct package *package) {
    struct judging judging = {.oracle = o, .package = package};
    struct err     err = ERR_NONE;

    CHECK_OK(store_read(o->fixture.store, judge, &judging, &err));
    for (size_t i = 0; i < judging.count; i++) {
        const struct finding *f = &judging.findings[i];

        if (f->state == FINDING_UNDETERMINED || f->state == FINDING_NOT_AFFECTED)
            continue;
        o->findings++;
        if (str_empty(package->path)) {
            note(o, arena_strf(&o->arena, STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT,
                               STR_ARG(package->name), STR_ARG(package->version),
                               STR_ARG(package->arch), STR_ARG(f->id), STR_ARG(f->fixed_version)));
            continue;
        }
        str key =
            arena_strf(&o->arena, STR_FMT " " STR_FMT, STR_ARG(package->path), STR_ARG(f->id));

        note(o, key);
        for (size_t a = 0; a < f->alias_count; a++) { /* any of its ids may be the expected one */
            void **place =
                map_at(&o->got, arena_strf(&o->arena, "alias " STR_FMT " " STR_FMT,
                                           STR_ARG(package->path), STR_ARG(f->aliases[a])));

            *place = (void *)key.ptr;
        }
    }
}

/* --- listing packages --- */

static void debian_packages(struct oracle *o) {
    char  command[512], line[4096];
    FILE *pipe;

    snprintf(command, sizeof command,
             "dpkg-query --admindir %s/var/lib/dpkg -W "
             "-f='${db:Status-Status}\\t${Package}\\t${Version}\\t"
             "${Architecture}\\t${source:Package}\\t${source:Version}\\n'",
             o->root);
    pipe = popen(command, "r");
    CHECK(pipe != NULL);
    while (fgets(line, sizeof line, pipe) != NULL) {
        struct package package = {.ecosystem = STR("Debian")};
        str            rest = arena_str(&o->arena, str_trim(str_of(line))), status;

        str_cut(&rest, '\t', &status);
        str_cut(&rest, '\t', &package.name);
        str_cut(&rest, '\t', &package.version);
        str_cut(&rest, '\t', &package.arch);
        str_cut(&rest, '\t', &package.source);
        str_cut(&rest, '\t', &package.source_version);
        if (str_eq(status, STR("installed")))
            take_findings(o, &package);
    }
    CHECK_EQ(pclose(pipe), 0);
}

static void alpine_packages(struct oracle *o) {
    AUTO(buf_done) struct buf text = BUF_INIT((size_t)16 << 20);
    struct package            package = {.ecosystem = STR("Alpine")};
    struct err                err = ERR_NONE;
    char                      path[256];
    str                       rest, line;

    snprintf(path, sizeof path, "%s/lib/apk/db/installed", o->root);
    CHECK_OK(file_read(path, text.ceiling, &text, &err));
    rest = buf_str(&text);
    while (str_line(&rest, &line)) {
        str value = arena_str(&o->arena, str_from(line, 2));

        if (str_empty(line)) {
            if (!str_empty(package.name))
                take_findings(o, &package);
            package = (struct package){.ecosystem = STR("Alpine")};
        } else if (str_starts(line, STR("P:"))) {
            package.name = value;
        } else if (str_starts(line, STR("V:"))) {
            package.version = value;
        } else if (str_starts(line, STR("A:"))) {
            package.arch = value;
        } else if (str_starts(line, STR("o:"))) {
            package.source = value;
        }
    }
    if (!str_empty(package.name))
        take_findings(o, &package);
}

static void npm_package(struct oracle *o, const char *path) {
    AUTO(buf_done) struct buf text = BUF_INIT((size_t)1 << 20);
    AUTO(json_endp) json_t   *root = NULL;
    struct package            package = {.ecosystem = STR("npm")};
    struct err                err = ERR_NONE;

    CHECK_OK(file_read(path, text.ceiling, &text, &err));
    if (json_parse_lenient(buf_str(&text), text.ceiling, &root, &err) != PW_OK)
        return;
    package.name = arena_str(&o->arena, json_opt_str(root, "name"));
    package.version = arena_str(&o->arena, json_opt_str(root, "version"));
    package.path = arena_str(&o->arena, str_of(path + strlen(o->root) + 1));
    if (!str_empty(package.name) && !str_empty(package.version))
        take_findings(o, &package);
}

static void npm_packages(struct oracle *o) {
    char  command[512], line[4096];
    FILE *pipe;

    snprintf(
        command, sizeof command,
        "find %s -type f -name package.json | grep -E 'node_modules/(@[^/]+/)?[^/]+/package.json$'",
        o->root);
    pipe = popen(command, "r");
    CHECK(pipe != NULL);
    while (fgets(line, sizeof line, pipe) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        npm_package(o, line);
    }
    CHECK_EQ(pclose(pipe), 0);
}

/* --- comparing --- */

/* One expected pair; true when it is there. Pairs that were expected lose their mark. */
static bool expect(struct oracle *o, const json_t *want, bool language) {
    str    id = json_opt_str(want, "id"), key;
    void **place;

    if (language) {
        str   path = json_opt_str(want, "path");
        void *alias = map_get(&o->got, arena_strf(&o->arena, "alias " STR_FMT " " STR_FMT,
                                                  STR_ARG(path), STR_ARG(id)));

        key = alias != NULL
                  ? str_of(alias)
                  : arena_strf(&o->arena, STR_FMT " " STR_FMT, STR_ARG(path), STR_ARG(id));
    } else {
        key =
            arena_strf(&o->arena, STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT,
                       STR_ARG(json_opt_str(want, "package")),
                       STR_ARG(json_opt_str(want, "version")), STR_ARG(json_opt_str(want, "arch")),
                       STR_ARG(id), STR_ARG(json_opt_str(want, "fixed_version")));
    }
    if (!map_has(&o->got, key)) {
        print_error("missing: " STR_FMT "\n", STR_ARG(key));
        return false;
    }
    place = map_at(&o->got, key);
    *place = NULL;
    return true;
}

static void compare(struct oracle *o, const char *expected, bool language) {
    AUTO(buf_done) struct buf text = BUF_INIT((size_t)16 << 20);
    AUTO(json_endp) json_t   *root = NULL;
    struct err                err = ERR_NONE;
    char                      path[1024];
    size_t                    i, missing = 0, extra = 0, cursor = 0;
    json_t                   *want;
    str                       key;
    void                     *value;

    snprintf(path, sizeof path, "%s/expected/%s", o->data, expected);
    CHECK_OK(file_read(path, text.ceiling, &text, &err));
    CHECK_OK(json_parse_lenient(buf_str(&text), text.ceiling, &root, &err));
    json_array_foreach(json_opt_list(root, "vulnerabilities"), i, want) missing +=
        !expect(o, want, language);
    while (map_next(&o->got, &cursor, &key, &value))
        if (value != NULL && !str_starts(key, STR("alias "))) {
            print_error("extra: " STR_FMT "\n", STR_ARG(key));
            extra++;
        }
    print_message("%s: %zu expected, %zu findings, %zu missing, %zu extra\n", expected,
                  json_array_size(json_opt_list(root, "vulnerabilities")), o->findings, missing,
                  extra);
    CHECK_EQ(missing, 0);
    CHECK_EQ(extra, 0);
}

static bool oracle_init(struct oracle *o) {
    memset(o, 0, sizeof *o);
    o->data = shared_testdata();
    if (o->data == NULL)
        return false;
    fixture_init(&o->fixture, FIXTURE_SQLITE);
    fixture_open(&o->fixture);
    return true;
}

static void check_image(struct oracle *o, const char *image, const char *expected,
                        void (*list)(struct oracle *o)) {
    o->arena = (struct arena)ARENA_INIT((size_t)1 << 30);
    o->got = (struct map)MAP_INIT;
    o->findings = 0;
    unpack(o, image);
    list(o);
    compare(o, expected, list == npm_packages);
    map_done(&o->got);
    arena_done(&o->arena);
}

TEST(debian_images_match_dpkg) {
    static const struct {
        const char *image, *release;
    } cases[] = {
        {"debian-bullseye-min-20261121", "Debian:11"},
        {"debian-bookworm-min-20261121", "Debian:12"},
        {"debian-trixie-min-20261121", "Debian:13"},
        {"debian-bookworm-web-20261121", "Debian:12"},
    };
    struct oracle o;

    if (!oracle_init(&o))
        SKIP("the shared test data is not here");
    if (system("command -v dpkg-query >/dev/null") != 0)
        SKIP("dpkg-query lists the packages here");
    import(&o, "debian-tracker", "debian/tracker-derived.json.xz");
    import(&o, "osv", "osv/Debian"); /* must not add a thing: the tracker answers */
    import(&o, "nvd", "nvd");
    EACH (c, cases) {
        char expected[128];

        o.os = (struct os_release){.ecosystem = str_of(c->release)};
        snprintf(expected, sizeof expected, "%s.dpkg.json", c->image);
        check_image(&o, c->image, expected, debian_packages);
    }
    fixture_done(&o.fixture);
}

TEST(alpine_images_match_apk) {
    static const struct {
        const char *image, *release;
    } cases[] = {
        {"alpine-3.9.0-gliderlabs", "Alpine:v3.9"},
        {"alpine-3.10.9", "Alpine:v3.10"},
        {"alpine-3.18.9", "Alpine:v3.18"},
        {"alpine-3.20.3", "Alpine:v3.20"},
    };
    struct oracle o;

    if (!oracle_init(&o))
        SKIP("the shared test data is not here");
    import(&o, "alpine-secdb", "alpine");
    EACH (c, cases) {
        char expected[128];

        o.os = (struct os_release){.ecosystem = str_of(c->release)};
        snprintf(expected, sizeof expected, "%s.apk.json", c->image);
        check_image(&o, c->image, expected, alpine_packages);
    }
    fixture_done(&o.fixture);
}

TEST(node_image_matches_npm) {
    struct oracle o;

    if (!oracle_init(&o))
        SKIP("the shared test data is not here");
    import(&o, "osv", "osv");
    check_image(&o, "node-app-20261121", "node-app.lang.json", npm_packages);
    fixture_done(&o.fixture);
}

RUN_TESTS(UNIT(debian_images_match_dpkg), UNIT(alpine_images_match_apk),
          UNIT(node_image_matches_npm))
