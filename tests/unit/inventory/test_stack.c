/* test_stack.c - layers become one inventory: whiteouts, links, attribution, ownership, coverage. */
#include "unit/inventory/layer_kit.h"

#define DEBIAN "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"
#define DEB(name, version)                                                                         \
    "Package: " name "\nStatus: install ok installed\nArchitecture: amd64\nVersion: " version "\n" \
    "\n"
#define STATUS             "var/lib/dpkg/status"
#define NPM(name, version) "{\"name\":\"" name "\",\"version\":\"" version "\"}"
#define KIT_TEST           struct kit kit AUTO(kit_done) = KIT

TEST(one_debian_layer) {
    KIT_TEST;
    const struct package *package;

    kit_file(&kit, "./etc/os-release", DEBIAN);
    kit_file(&kit, "./" STATUS,
             "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\n"
             "Source: glibc (2.36-9)\nVersion: 2.36-9+b1\n");
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_EQ(kit.inventory.coverage, COVERAGE_FULL);
    CHECK_EQ(kit.inventory.incomplete_count, 0);
    CHECK_STR(kit.inventory.os.ecosystem, "Debian:12");
    CHECK_STR(kit.inventory.os.name, "Debian GNU/Linux 12 (bookworm)");
    CHECK_EQ(kit.inventory.package_count, 1);
    package = kit_package(&kit, "libc6");
    CHECK_STR(package->ecosystem, "Debian");
    CHECK_STR(package->namespace_, "debian");
    CHECK_STR(package->source, "glibc");
    CHECK_STR(package->source_version, "2.36-9");
    CHECK_STR(package->path, STATUS);
    CHECK_STR(package->layer, "L0");
}

/* A package belongs to the first layer from which on it stayed. */
TEST(attribution_follows_the_database) {
    KIT_TEST;

    kit_file(&kit, "etc/os-release", DEBIAN);
    kit_file(&kit, STATUS,
             DEB("old", "1") DEB("replaced", "1") DEB("removed", "1") DEB("back", "1"));
    kit_end_layer(&kit);
    kit_file(&kit, STATUS, DEB("old", "1") DEB("replaced", "2") DEB("new", "1"));
    kit_end_layer(&kit);
    kit_file(&kit, "srv/other", "x");
    kit_end_layer(&kit);
    kit_file(&kit, STATUS, DEB("old", "1") DEB("replaced", "2") DEB("new", "1") DEB("back", "1"));
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_TEXT(kit_shown(&kit, "old"), "1 L0");
    CHECK_TEXT(kit_shown(&kit, "replaced"), "2 L1");
    CHECK_TEXT(kit_shown(&kit, "new"), "1 L1");
    CHECK_TEXT(kit_shown(&kit, "removed"), "-");
    CHECK_TEXT(kit_shown(&kit, "back"), "1 L3"); /* removed and installed again: the later layer */
    CHECK_EQ(kit.inventory.package_count, 4);
}

TEST(whiteouts_and_replacements) {
    static const struct {
        const char *path, *link; /* member of the upper layer; link: a symbolic link */
        bool        dir;
        const char *want; /* of package x in the lower layer's a/node_modules/x */
    } cases[] = {
        {"a/node_modules/x/.wh.package.json", NULL, false, "-"},
        {"a/node_modules/.wh.x", NULL, false, "-"},
        {".wh.a", NULL, false, "-"},
        {"a/.wh..wh..opq", NULL, false, "-"},
        {".wh..wh..opq", NULL, false, "-"},
        {"a/node_modules/x/.wh..wh..opq", NULL, false, "-"},
        {"a/node_modules/y/.wh..wh..opq", NULL, false, "1.0.0 L0"}, /* another folder */
        {"a/node_modules/.wh.xx", NULL, false, "1.0.0 L0"},
        {"a/.wh..wh.plnk", NULL, false, "1.0.0 L0"},         /* a mark of the storage driver */
        {"a", NULL, false, "-"},                             /* a file where a folder was */
        {"a/node_modules", "elsewhere", false, "-"},         /* a link where a folder was */
        {"a/node_modules", NULL, true, "1.0.0 L0"},          /* a folder stays one */
        {"a/node_modules/x/package.json", NULL, true, "-"},  /* a folder where a file was */
        {"a/node_modules/x/package.json", NULL, false, "-"}, /* overwritten by something else */
        {"a/node_modules/x/readme", NULL, false, "1.0.0 L0"},
    };

    EACH (c, cases) {
        KIT_TEST;

        kit_file(&kit, "a/node_modules/x/package.json", NPM("x", "1.0.0"));
        kit_end_layer(&kit);
        if (c->link != NULL)
            kit_symlink(&kit, c->path, c->link);
        else if (c->dir)
            kit_dir(&kit, c->path);
        else
            kit_file(&kit, c->path, "");
        kit_end_layer(&kit);
        kit_stack(&kit);
        if (strcmp(kit_shown(&kit, "x"), c->want) != 0)
            print_error("case %s\n", c->path);
        CHECK_TEXT(kit_shown(&kit, "x"), c->want);
    }
}

/* Marks concern lower layers only, wherever they stand in the archive. */
TEST(marks_do_not_touch_their_own_layer) {
    KIT_TEST;

    kit_file(&kit, "a/node_modules/old/package.json", NPM("old", "1.0.0"));
    kit_end_layer(&kit);
    kit_file(&kit, "a/node_modules/new/package.json", NPM("new", "2.0.0"));
    kit_file(&kit, "a/node_modules/.wh..wh..opq", "");
    kit_file(&kit, "a/node_modules/.wh.new", "");
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_TEXT(kit_shown(&kit, "old"), "-");
    CHECK_TEXT(kit_shown(&kit, "new"), "2.0.0 L1");
}

TEST(removed_and_written_again) {
    KIT_TEST;

    kit_file(&kit, "a/node_modules/x/package.json", NPM("x", "1.0.0"));
    kit_end_layer(&kit);
    kit_file(&kit, "a/node_modules/.wh.x", "");
    kit_end_layer(&kit);
    kit_file(&kit, "a/node_modules/x/package.json", NPM("x", "1.0.0"));
    kit_end_layer(&kit);
    kit_file(&kit, "a/node_modules/x/package.json", NPM("x", "1.0.0")); /* touched by chown */
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_TEXT(kit_shown(&kit, "x"), "1.0.0 L2");
    CHECK_EQ(kit.inventory.package_count, 1);
}

/* --- links --- */

TEST(databases_behind_links) {
    static const struct {
        const char *link, *target, *database;
        const char *want;
    } cases[] = {
        {"lib", "usr/lib", "usr/lib/apk/db/installed", "1 L1"},
        {"lib", "/usr/lib", "usr/lib/apk/db/installed", "1 L1"},
        {"lib", "../../usr/./lib", "usr/lib/apk/db/installed",
         "1 L1"}, /* above the root is the root */
        {"lib/apk", "../srv/lib/apk", "srv/lib/apk/db/installed", "1 L1"},
        {"srv", "usr", "srv/lib/apk/db/installed",
         "1 L1"},                                       /* the member is written through a link */
        {"lib", "lib", "lib/apk/db/installed", "1 L1"}, /* a circle: names count as written */
        {"opt", "/", "srv/lib/apk/db/installed", "-"},  /* not where apk keeps it */
    };

    EACH (c, cases) {
        KIT_TEST;

        kit_symlink(&kit, c->link, c->target);
        kit_end_layer(&kit);
        kit_file(&kit, c->database, "P:musl\nV:1\nA:x86_64\n\n");
        kit_file(&kit, "etc/os-release", "ID=alpine\nVERSION_ID=3.18.9\n");
        kit_end_layer(&kit);
        kit_stack(&kit);
        if (strcmp(kit_shown(&kit, "musl"), c->want) != 0)
            print_error("case %s -> %s\n", c->link, c->target);
        CHECK_TEXT(kit_shown(&kit, "musl"), c->want);
        CHECK_EQ(kit.inventory.coverage, c->want[0] == '-' ? COVERAGE_UNSCANNED : COVERAGE_FULL);
        if (c->want[0] == '-')
            CHECK(kit_missing(&kit, "nested-database") != NULL);
    }
}

/* What stood in a folder that a link replaced does not hide what the link leads to. */
TEST(a_link_in_place_of_a_folder) {
    struct kit kit = KIT;

    kit_file(&kit, "etc/os-release", "ID=alpine\nVERSION_ID=3.20.1\n");
    kit_file(&kit, "usr/lib/apk/db/installed", "P:musl\nV:1.2.5-r0\n\n");
    kit_end_layer(&kit);
    kit_file(&kit, "lib/apk/db/installed", "P:zlib\nV:1.3.1-r1\n\n");
    kit_end_layer(&kit);
    kit_symlink(&kit, "lib", "usr/lib");
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_TEXT(kit_shown(&kit, "musl"), "1.2.5-r0 L0");
    CHECK_TEXT(kit_shown(&kit, "zlib"), "-");
    kit_done(&kit);
}

TEST(link_cycles_end) {
    KIT_TEST;
    char path[64], target[64];

    for (int i = 0; i < 100; i++) {
        snprintf(path, sizeof path, "l%d", i);
        snprintf(target, sizeof target, "l%d", (i + 1) % 100);
        kit_symlink(&kit, path, target);
    }
    kit_symlink(&kit, "var", "l0");
    kit_symlink(&kit, "lib", "../lib/../lib");
    kit_file(&kit, "l0/node_modules/x/package.json", NPM("x", "1.0.0"));
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_TEXT(kit_shown(&kit, "x"), "1.0.0 L0");
}

/* A database at a name that no reader knows is said, not passed over. */
TEST(database_at_an_unknown_name) {
    KIT_TEST;

    kit_symlink(&kit, STATUS, "../../../srv/packages");
    kit_file(&kit, "srv/packages", DEB("a", "1"));
    kit_file(&kit, "etc/os-release", DEBIAN);
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_EQ(kit.inventory.coverage, COVERAGE_UNSCANNED);
    CHECK(kit_missing(&kit, "unreadable") != NULL);
    CHECK_STR(kit_missing(&kit, "unreadable")->path, "srv/packages");
}

/* --- several databases --- */

TEST(status_and_status_d_together) {
    KIT_TEST;

    kit_file(&kit, "usr/lib/os-release", DEBIAN);
    kit_symlink(&kit, "etc/os-release", "../usr/lib/os-release");
    kit_file(&kit, STATUS ".d/libc6", "Package: libc6\nArchitecture: amd64\nVersion: 2\n");
    kit_file(&kit, STATUS ".d/libc6.md5sums", "00000000000000000000000000000000  lib/x\n");
    kit_file(&kit, STATUS ".d/tzdata", "Package: tzdata\nArchitecture: all\nVersion: 1\n");
    kit_end_layer(&kit);
    kit_file(&kit, STATUS, DEB("libc6", "2") DEB("bash", "5"));
    kit_end_layer(&kit);
    kit_file(&kit, STATUS ".d/.wh.tzdata", "");
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_EQ(kit.inventory.package_count, 2); /* libc6 in both is one */
    CHECK_TEXT(kit_shown(&kit, "libc6"), "2 L1");
    CHECK_TEXT(kit_shown(&kit, "bash"), "5 L1");
    CHECK_STR(kit.inventory.os.ecosystem, "Debian:12");
    CHECK_STR(kit.inventory.os.path, "usr/lib/os-release");
}

TEST(same_name_two_architectures) {
    KIT_TEST;

    kit_file(&kit, STATUS, DEB("a", "1") "Package: a\nVersion: 1\nArchitecture: i386\n");
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_EQ(kit.inventory.package_count, 2);
}

TEST(nested_root_is_not_the_image) {
    KIT_TEST;

    kit_file(&kit, "etc/os-release", DEBIAN);
    kit_file(&kit, STATUS, DEB("a", "1"));
    kit_file(&kit, "opt/chroot/" STATUS, DEB("b", "1"));
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_EQ(kit.inventory.package_count, 1);
    CHECK_EQ(kit.inventory.coverage, COVERAGE_PARTIAL);
    CHECK_STR(kit_missing(&kit, "nested-database")->path, "opt/chroot/" STATUS);
}

/* --- ownership --- */

#define DJANGO       "usr/lib/python3/dist-packages/Django-3.2.egg-info/PKG-INFO"
#define PYTHON(name) "Metadata-Version: 2.1\nName: " name "\nVersion: 1.0\n\nName: no\n"

TEST(packages_of_the_distribution_own_files) {
    KIT_TEST;

    kit_file(&kit, "etc/os-release", DEBIAN);
    kit_file(
        &kit, STATUS,
        DEB("python3-django", "3") "Package: vendor\nVersion: 1\nMaintainer: X <x@docker.com>\n");
    kit_file(&kit, "var/lib/dpkg/info/python3-django:amd64.list",
             "/.\n/usr\n/" DJANGO "\n/bin/tool\n");
    kit_file(&kit, "var/lib/dpkg/info/vendor.list", "/opt/node_modules/v/package.json\n");
    kit_file(&kit, "var/lib/dpkg/info/gone.list", "/opt/node_modules/g/package.json\n");
    kit_file(&kit, DJANGO, PYTHON("Django"));
    kit_file(&kit, "usr/local/lib/python3.11/site-packages/flask-1.0.dist-info/METADATA",
             PYTHON("Flask_X.y"));
    kit_file(&kit, "opt/node_modules/v/package.json", NPM("v", "1.0.0"));
    kit_file(&kit, "opt/node_modules/g/package.json", NPM("g", "1.0.0"));
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_STR(kit_package(&kit, "django")->owned_by, "python3-django");
    CHECK_STR(kit_package(&kit, "flask-x-y")->owned_by, "");
    CHECK_STR(kit_package(&kit, "v")->owned_by,
              ""); /* a third party's package answers for itself */
    CHECK_STR(kit_package(&kit, "g")->owned_by, ""); /* its owner is not installed */
    CHECK_STR(kit_package(&kit, "vendor")->origin, "third-party");
    CHECK_STR(kit_package(&kit, "python3-django")->origin, "");
}

TEST(apk_owns_files) {
    KIT_TEST;

    kit_file(&kit, "etc/os-release", "ID=alpine\nVERSION_ID=3.18.9\n");
    kit_file(&kit, "lib/apk/db/installed",
             "C:Q1x\nP:py3-django\nV:3-r0\nA:x86_64\no:django\nF:usr/lib/python3.11/site-packages/"
             "Django-3.2.dist-info\n"
             "R:METADATA\nF:usr/bin\nR:x\n\nP:.build-deps\nV:20240101\n\n");
    kit_file(&kit, "usr/lib/python3.11/site-packages/Django-3.2.dist-info/METADATA",
             PYTHON("Django"));
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_EQ(kit.inventory.package_count, 2); /* the virtual package is none */
    CHECK_STR(kit_package(&kit, "py3-django")->source, "django");
    CHECK_STR(kit_package(&kit, "django")->owned_by, "py3-django");
}

/* --- coverage --- */

static char go_program[8192], rust_program[8192];

static void make_programs(void) {
    memcpy(go_program, "\177ELF\2\1\1", 7);
    memcpy(go_program + 4096 + 32, "\xff Go buildinf:", 14);
    memcpy(rust_program, "\177ELF\2\1\1", 7);
    rust_program[32] = 64;      /* e_phoff */
    rust_program[54] = 56;      /* e_phentsize */
    rust_program[56] = 1;       /* e_phnum */
    rust_program[64] = 1;       /* PT_LOAD */
    rust_program[64 + 33] = 16; /* p_filesz 4096 */
    memcpy(rust_program + 8000, ".dep-v0", 8);
}

TEST(coverage_says_what_was_not_read) {
    static const struct {
        const char   *path;
        bool          program;
        bool          with_packages;
        enum coverage want;
        const char   *kind;
    } cases[] = {
        {"etc/motd", false, false, COVERAGE_UNSCANNED, "no-packages"},
        {"etc/motd", false, true, COVERAGE_FULL, NULL},
        {"var/lib/rpm/rpmdb.sqlite", false, false, COVERAGE_UNSCANNED, "rpm-database"},
        {"var/lib/rpm/Packages", false, true, COVERAGE_PARTIAL, "rpm-database"},
        {"usr/lib/sysimage/rpm/Packages.db", false, true, COVERAGE_PARTIAL, "rpm-database"},
        {"srv/app.jar", false, true, COVERAGE_PARTIAL, "jar"},
        {"srv/app.jar", false, false, COVERAGE_UNSCANNED, "jar"},
        {"usr/lib/ruby/gems/3/specifications/rack-2.gemspec", false, true, COVERAGE_PARTIAL,
         "unread-language"},
        {"srv/rack.gemspec", false, true, COVERAGE_FULL,
         NULL}, /* a source tree's, not an installed one */
        {"srv/vendor/composer/installed.json", false, true, COVERAGE_PARTIAL, "unread-language"},
        {"app/api.deps.json", false, true, COVERAGE_PARTIAL, "unread-language"},
        {"go/bin/tool", true, true, COVERAGE_PARTIAL, "go-binary"},
        {"go/bin/tool", true, false, COVERAGE_UNSCANNED, "go-binary"},
    };

    make_programs();
    EACH (c, cases) {
        KIT_TEST;

        if (c->program)
            kit_program(&kit, c->path, str_make(go_program, sizeof go_program));
        else
            kit_file(&kit, c->path, "x");
        if (c->with_packages)
            kit_file(&kit, STATUS, DEB("a", "1"));
        kit_end_layer(&kit);
        kit_stack(&kit);
        if (kit.inventory.coverage != c->want)
            print_error("case %s\n", c->path);
        CHECK_EQ(kit.inventory.coverage, c->want);
        CHECK_EQ(kit.inventory.incomplete_count, c->kind != NULL);
        if (c->kind != NULL)
            CHECK(kit_missing(&kit, c->kind) != NULL);
    }
}

TEST(programs_are_found_by_content) {
    KIT_TEST;

    make_programs();
    kit_file(&kit, STATUS, DEB("docker", "1"));
    kit_file(&kit, "var/lib/dpkg/info/docker.list", "/usr/bin/owned\n/bin/merged\n");
    kit_program(&kit, "usr/bin/owned", str_make(go_program, sizeof go_program));
    kit_program(&kit, "usr/bin/merged", str_make(go_program, sizeof go_program));
    kit_program(&kit, "usr/bin/rusty", str_make(rust_program, sizeof rust_program));
    kit_file(&kit, "usr/share/not-executable", "\177ELF");
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_EQ(kit.inventory.incomplete_count, 1); /* the distribution answers for what it owns */
    CHECK_STR(kit_missing(&kit, "rust-binary")->path, "usr/bin/rusty");
}

TEST(gaps_that_are_gone_do_not_count) {
    KIT_TEST;

    kit_file(&kit, STATUS, DEB("a", "1"));
    kit_file(&kit, "srv/app.jar", "x");
    kit_end_layer(&kit);
    kit_file(&kit, "srv/.wh.app.jar", "");
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_EQ(kit.inventory.coverage, COVERAGE_FULL);
}

TEST(many_gaps_are_summed_up) {
    KIT_TEST;
    char path[64];

    kit_file(&kit, STATUS, DEB("a", "1"));
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof path, "srv/%d.jar", i);
        kit_file(&kit, path, "x");
    }
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_EQ(kit.facts->gap_count, LIMIT_GAPS_OF_KIND + 1);
    CHECK_EQ(kit.inventory.incomplete_count, LIMIT_GAPS_SHOWN + 1);
    CHECK_STR(kit.inventory.incomplete[LIMIT_GAPS_SHOWN].reason, "and 109 more like these");
}

TEST(a_layer_that_was_not_read) {
    KIT_TEST;

    kit_file(&kit, STATUS, DEB("a", "1"));
    kit_end_layer(&kit);
    kit.layers[kit.count++] =
        (struct layer_input){.digest = STR("L1"), .why = STR("the reader died")};
    kit_stack(&kit);
    CHECK_EQ(kit.inventory.coverage, COVERAGE_PARTIAL);
    CHECK_STR(kit_missing(&kit, "unreadable")->path, "L1");
    CHECK_STR(kit_missing(&kit, "unreadable")->reason, "the reader died");
    kit.layers[0] = kit.layers[1];
    kit.count = 1;
    kit_stack(&kit);
    CHECK_EQ(kit.inventory.coverage, COVERAGE_UNSCANNED);
}

TEST(an_operating_system_without_its_database) {
    KIT_TEST;

    kit_file(&kit, "etc/os-release", DEBIAN);
    kit_file(&kit, "a/node_modules/x/package.json", NPM("x", "1.0.0"));
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_EQ(kit.inventory.coverage, COVERAGE_PARTIAL);
    CHECK(kit_missing(&kit, "no-packages") != NULL);
}

TEST(no_layers_at_all) {
    KIT_TEST;

    kit_stack(&kit);
    CHECK_EQ(kit.inventory.coverage, COVERAGE_UNSCANNED);
    CHECK_EQ(kit.inventory.incomplete_count, 1);
}

RUN_TESTS(UNIT(one_debian_layer), UNIT(attribution_follows_the_database),
          UNIT(whiteouts_and_replacements), UNIT(marks_do_not_touch_their_own_layer),
          UNIT(removed_and_written_again), UNIT(databases_behind_links),
          UNIT(a_link_in_place_of_a_folder), UNIT(link_cycles_end),
          UNIT(database_at_an_unknown_name), UNIT(status_and_status_d_together),
          UNIT(same_name_two_architectures), UNIT(nested_root_is_not_the_image),
          UNIT(packages_of_the_distribution_own_files), UNIT(apk_owns_files),
          UNIT(coverage_says_what_was_not_read), UNIT(programs_are_found_by_content),
          UNIT(gaps_that_are_gone_do_not_count), UNIT(many_gaps_are_summed_up),
          UNIT(a_layer_that_was_not_read), UNIT(an_operating_system_without_its_database),
          UNIT(no_layers_at_all))
