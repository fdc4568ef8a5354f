/* test_images.c - real package databases, checked against the distribution's own tools. */
#include <sys/stat.h>
#include <unistd.h>
#include "unit/inventory/layer_kit.h"

#define KIT_TEST struct kit kit AUTO(kit_done) = KIT

static void read_image(struct kit *kit, const char *name) {
    char       path[1200];
    struct buf AUTO(buf_done) bytes = BUF_INIT(MIB(64));
    struct err err = ERR_NONE;

    snprintf(path, sizeof path, "%s/images/%s.tar.gz", shared_testdata(), name);
    CHECK_OK(file_read(path, MIB(64), &bytes, &err));
    kit_add_layer(kit, buf_str(&bytes));
    kit_stack(kit);
}

/* The standard output of a shell command, at most `size`. */
static void output_of(const char *command, char *out, size_t size) {
    FILE  *pipe = popen(command, "r");
    size_t n = pipe != NULL ? fread(out, 1, size - 1, pipe) : 0;

    out[n] = '\0';
    if (pipe != NULL)
        pclose(pipe);
}

TEST(what_images_are) {
    static const struct {
        const char   *image, *id, *version, *ecosystem;
        size_t        packages;
        enum coverage coverage;
        const char   *kind; /* of what is missing */
    } cases[] = {
        {"almalinux-9-micro-aarch64-20231124", "almalinux", "9.3", "", 0, COVERAGE_UNSCANNED,
         "rpm-database"},
        {"alpine-3.10.9", "alpine", "3.10.9", "Alpine:v3.10", 14, COVERAGE_FULL, NULL},
        {"alpine-3.18.9", "alpine", "3.18.9", "Alpine:v3.18", 15, COVERAGE_FULL, NULL},
        {"alpine-3.20.3", "alpine", "3.20.3", "Alpine:v3.20", 14, COVERAGE_FULL, NULL},
        {"alpine-3.9.0-gliderlabs", "alpine", "3.9.0", "Alpine:v3.9", 11, COVERAGE_FULL, NULL},
        {"debian-12-distroless-style-20261121", "debian", "12", "Debian:12", 18, COVERAGE_FULL,
         NULL},
        {"debian-bookworm-min-20261121", "debian", "12", "Debian:12", 96, COVERAGE_FULL, NULL},
        {"debian-bookworm-web-20261121", "debian", "12", "Debian:12", 0, COVERAGE_FULL, NULL},
        {"debian-bullseye-min-20261121", "debian", "11", "Debian:11", 96, COVERAGE_FULL, NULL},
        {"debian-trixie-min-20261121", "debian", "13", "Debian:13", 78, COVERAGE_FULL, NULL},
        {"node-app-20261121", "debian", "12", "Debian:12", 0, COVERAGE_FULL, NULL},
    };

    if (shared_testdata() == NULL)
        SKIP("no shared test data");
    EACH (c, cases) {
        KIT_TEST;

        read_image(&kit, c->image);
        print_message("%s: %zu packages\n", c->image, kit.inventory.package_count);
        CHECK_STR(kit.inventory.os.id, c->id);
        CHECK_STR(kit.inventory.os.version_id, c->version);
        CHECK_STR(kit.inventory.os.ecosystem, c->ecosystem);
        if (c->packages > 0)
            CHECK_EQ(kit.inventory.package_count, c->packages);
        CHECK_EQ(kit.inventory.coverage, c->coverage);
        CHECK_EQ(kit.inventory.incomplete_count, c->kind != NULL);
        if (c->kind != NULL)
            CHECK(kit_missing(&kit, c->kind) != NULL);
        for (size_t i = 0; i < kit.inventory.package_count; i++)
            CHECK_STR(kit.inventory.packages[i].origin, ""); /* none of these is a third party's */
    }
}

/* "name\tversion\tarch\tsource\tsource version" of all OS packages, as dpkg-query prints them. */
static void print_packages(const struct inventory *inventory, struct buf *out) {
    for (size_t i = 0; i < inventory->package_count; i++) {
        const struct package *p = &inventory->packages[i];

        if (str_eq(p->ecosystem, STR("Debian")))
            buf_addf(out, STR_FMT "\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\n",
                     STR_ARG(p->name), STR_ARG(p->version), STR_ARG(p->arch), STR_ARG(p->source),
                     STR_ARG(p->source_version));
    }
}

TEST(dpkg_query_agrees) {
    static const char *const images[] = {
        "debian-bookworm-min-20261121", "debian-bookworm-web-20261121",
        "debian-bullseye-min-20261121", "debian-trixie-min-20261121", "node-app-20261121"};

    if (shared_testdata() == NULL || system("command -v dpkg-query >/dev/null") != 0)
        SKIP("no shared test data or no dpkg-query");
    EACH (image, images) {
        KIT_TEST;
        static char want[KIB(512)];
        char        command[1500], folder[] = "/tmp/portwarden-dpkg-XXXXXX";
        struct buf  AUTO(buf_done) got = BUF_INIT(MIB(1));

        CHECK(mkdtemp(folder) != NULL);
        snprintf(command, sizeof command,
                 "tar xzf %s/images/%s.tar.gz -C %s ./var/lib/dpkg/status && LC_ALL=C dpkg-query "
                 "--admindir=%s/var/lib/dpkg"
                 " -W -f "
                 "'${Package}\\t${Version}\\t${Architecture}\\t${source:Package}\\t${source:"
                 "Version}\\n' | LC_ALL=C sort"
                 "; rm -r %s",
                 shared_testdata(), *image, folder, folder, folder);
        output_of(command, want, sizeof want);
        read_image(&kit, *image);
        print_packages(&kit.inventory, &got);
        {
            /* both sorted by the same tool */
            char        path[] = "/tmp/portwarden-list-XXXXXX";
            static char sorted[KIB(512)];
            struct err  err = ERR_NONE;
            int         fd = mkstemp(path);

            CHECK_OK(fd_write_all(fd, got.ptr, got.len, &err));
            close(fd);
            snprintf(command, sizeof command, "LC_ALL=C sort %s", path);
            output_of(command, sorted, sizeof sorted);
            unlink(path);
            CHECK(strlen(want) > 1000);
            CHECK_TEXT(sorted, want);
        }
    }
}

TEST(apk_lines_agree) {
    static const char *const images[] = {"alpine-3.10.9", "alpine-3.18.9", "alpine-3.20.3",
                                         "alpine-3.9.0-gliderlabs"};

    if (shared_testdata() == NULL)
        SKIP("no shared test data");
    EACH (image, images) {
        KIT_TEST;
        char command[1500], count[64];

        snprintf(command, sizeof command,
                 "tar xzOf %s/images/%s.tar.gz ./lib/apk/db/installed | grep -c '^P:[^.]'",
                 shared_testdata(), *image);
        output_of(command, count, sizeof count);
        read_image(&kit, *image);
        CHECK_EQ(kit.inventory.package_count, atoi(count));
    }
}

TEST(node_packages_agree) {
    KIT_TEST;
    char   command[1500], count[64];
    size_t npm = 0;

    if (shared_testdata() == NULL)
        SKIP("no shared test data");
    /* the flattened image holds package.json of package roots only */
    snprintf(command, sizeof command,
             "tar tzf %s/images/node-app-20261121.tar.gz | grep -cE "
             "'node_modules/(@[^/]+/)?[^/@]+/package.json$'",
             shared_testdata());
    output_of(command, count, sizeof count);
    read_image(&kit, "node-app-20261121");
    for (size_t i = 0; i < kit.inventory.package_count; i++)
        npm += str_eq(kit.inventory.packages[i].ecosystem, STR("npm"));
    CHECK(npm > 100);
    CHECK_EQ(npm, atoi(count));
    CHECK_STR(kit_package(&kit, "@babel/code-frame")->namespace_, "@babel");
}

RUN_TESTS(UNIT(what_images_are), UNIT(dpkg_query_agrees), UNIT(apk_lines_agree),
          UNIT(node_packages_agree))
