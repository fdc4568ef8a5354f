/* test_readers.c - what each reader makes of its files, and which distribution comes out. */
#include "unit/inventory/layer_kit.h"
#include "inventory/analyzer.h"
#include "inventory/distro.h"
#include "inventory/paths.h"

#define KIT_TEST struct kit kit AUTO(kit_done) = KIT
#define STATUS   "var/lib/dpkg/status"

/* --- dpkg --- */

TEST(dpkg_states) {
    static const struct {
        const char *status;
        bool        installed;
    } cases[] = {
        {NULL, true}, /* distroless stanzas have none */
        {"install ok installed", true},
        {"hold ok installed", true},
        {"install ok unpacked", true}, /* files are on disk */
        {"install reinstreq half-installed", true},
        {"install ok half-configured", true},
        {"install ok triggers-awaited", true},
        {"install ok triggers-pending", true},
        {"deinstall ok config-files", false},
        {"purge ok not-installed", false},
        {"deinstall ok installed", true}, /* wanted away, still there */
    };

    EACH (c, cases) {
        KIT_TEST;
        char text[200];

        snprintf(text, sizeof text, "Package: a\n%s%s%sVersion: 1\n", c->status ? "Status: " : "",
                 c->status ? c->status : "", c->status ? "\n" : "");
        kit_file(&kit, STATUS, text);
        kit_end_layer(&kit);
        kit_stack(&kit);
        CHECK_EQ(kit.inventory.package_count, c->installed);
    }
}

TEST(dpkg_stanzas) {
    static const struct {
        const char *text, *want; /* "name version source source_version origin" */
        size_t      incomplete;
    } cases[] = {
        {"Package: a\nVersion: 1:2-3\n", "a 1:2-3 a 1:2-3 ", 0},
        {"package: a\nVERSION: 1\n", "a 1 a 1 ", 0},
        {"Package: a\r\nVersion: 1\r\n\r\n", "a 1 a 1 ", 0},
        {"Package: g++\nSource: gcc-defaults (1.176)\nVersion: 4:7.4.0\n",
         "g++ 4:7.4.0 gcc-defaults 1.176 ", 0},
        {"Package: a\nSource: s\nVersion: 1\n", "a 1 s 1 ", 0},
        {"Package: a\nDescription: x\n Version: 9\n .\n y\nVersion: 1", "a 1 a 1 ", 0},
        {"Package: a\nVersion: 1\nMaintainer: Docker <support@docker.com>\n", "a 1 a 1 third-party",
         0},
        {"Package: a\nVersion: 1\nMaintainer: Debian Nginx <pkg-nginx@alioth-lists.debian.net>\n",
         "a 1 a 1 ", 0},
        {"Package: a\nVersion: 1\nMaintainer: NGINX Packaging <nginx-packaging@f5.com>\n",
         "a 1 a 1 third-party", 0},
        {"Package: a\nVersion: 1\nVendor: none\n", "a 1 a 1 third-party", 0},
        {"Package: a\nVersion: 1\nOrigin: Debian\n", "a 1 a 1 ", 0},
        {"Package: a\nVersion: 1\nOrigin: Artifactory\n", "a 1 a 1 third-party", 0},
        {"Package: x\nVersion: 1\nPort-Version: 0\nArchitecture: x64-linux\n", "", 0}, /* vcpkg */
        {"Package: a\nVersion: 1\n\nPackage: b\nStatus: install ok installed\n", "a 1 a 1 ",
         1}, /* cut */
        {"garbage\nPackage: a\nVersion: 1\n", "a 1 a 1 ", 1},
        {"\n\n\n", "", 0},
        {"", "", 0},
    };

    EACH (c, cases) {
        KIT_TEST;
        char got[300] = "";

        kit_file(&kit, STATUS, c->text);
        kit_end_layer(&kit);
        kit_stack(&kit);
        if (kit.inventory.package_count > 0) {
            const struct package *p = &kit.inventory.packages[0];

            snprintf(got, sizeof got, STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT,
                     STR_ARG(p->name), STR_ARG(p->version), STR_ARG(p->source),
                     STR_ARG(p->source_version), STR_ARG(p->origin));
        }
        CHECK_TEXT(got, c->want);
        CHECK_EQ(kit.facts->incomplete_count, c->incomplete);
    }
}

/* --- apk --- */

TEST(apk_stanzas) {
    static const struct {
        const char *text;
        size_t      packages, incomplete;
    } cases[] = {
        {"P:a\nV:1-r0\n\nP:b\nV:2-r0\no:c\n\n", 2, 0},
        {"P:a\nV:1-r0", 1, 0},         /* no newline at the end */
        {"P:.deps\nV:2024\n\n", 0, 0}, /* virtual */
        {"P:a\n\n", 0, 1},
        {"V:1\n\n", 0, 1},
        {"p:a\nv:1\n\n", 0, 0}, /* letters are case-sensitive: no name, no version */
        {"P:a\nV:1\nnonsense\n\n", 1, 1},
        {"P:a\nV:1\nF:\nR:x\nR:\nF:usr\nR:y\nZ:Q1\na:0:0:755\n\n", 1, 0},
        {"", 0, 0},
    };

    EACH (c, cases) {
        KIT_TEST;

        kit_file(&kit, "lib/apk/db/installed", c->text);
        kit_end_layer(&kit);
        kit_stack(&kit);
        CHECK_EQ(kit.inventory.package_count, c->packages);
        CHECK_EQ(kit.facts->incomplete_count, c->incomplete);
    }
}

/* --- npm --- */

TEST(npm_package_roots) {
    static const struct {
        const char *path;
        bool        root;
    } cases[] = {
        {"node_modules/x/package.json", true},
        {"srv/app/node_modules/x/package.json", true},
        {"srv/app/node_modules/@s/x/package.json", true},
        {"srv/node_modules/.pnpm/x@1.0.0/node_modules/x/package.json", true},
        {"usr/lib/node_modules/npm/package.json", true},
        {"usr/local/lib/node_modules/npm/node_modules/x/package.json", true},
        {"usr/share/nodejs/x/package.json", true},
        {"srv/app/package.json", false}, /* the application itself */
        {"srv/app/node_modules/x/dist/esm/package.json", false},
        {"srv/app/node_modules/package.json", false},
        {"srv/app/not_node_modules/x/package.json", false},
        {"srv/app/node_modules/x/xpackage.json", false},
        {"package.json", false},
    };

    EACH (c, cases) {
        if (paths_is_npm(str_of(c->path)) != c->root)
            print_error("%s\n", c->path);
        CHECK_EQ(paths_is_npm(str_of(c->path)), c->root);
    }
}

TEST(npm_documents) {
    static const struct {
        const char *text, *want;
        size_t      incomplete;
    } cases[] = {
        {"{\"name\":\"x\",\"version\":\"1.0.0\"}", "x", 0},
        {"\xef\xbb\xbf{\"name\":\"x\",\"version\":\"1.0.0\"}", "x", 0}, /* a byte order mark */
        {"{\"name\":\"@s/x\",\"version\":\"1.0.0\"}", "@s/x", 0},
        {"{\"name\":\"JSONStream\",\"version\":\"1.0.0\"}", "JSONStream", 0},
        {"{\"name\":\"x\"}", "", 0},
        {"{\"name\":\"x\",\"version\":\"\"}", "", 0},
        {"{\"name\":\"../x\",\"version\":\"1\"}", "", 0},
        {"{\"name\":\"a b\",\"version\":\"1\"}", "", 0},
        {"{\"name\":\"@s\",\"version\":\"1\"}", "", 0},
        {"{\"name\":[],\"version\":1}", "", 0},
        {"[]", "", 0},
        {"{\"name\":", "", 1},
        {"", "", 1},
    };

    EACH (c, cases) {
        KIT_TEST;

        kit_file(&kit, "node_modules/x/package.json", c->text);
        kit_end_layer(&kit);
        kit_stack(&kit);
        CHECK_EQ(kit.inventory.package_count, c->want[0] != '\0');
        if (c->want[0] != '\0')
            CHECK_STR(kit.inventory.packages[0].name, c->want);
        CHECK_EQ(kit.facts->incomplete_count, c->incomplete);
    }
}

/* --- Python --- */

TEST(python_metadata) {
    static const struct {
        const char *path, *text, *want;
        size_t      incomplete;
    } cases[] = {
        {"p/Foo-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: Foo.Bar_x\nVersion: 1.0\n",
         "foo-bar-x", 0},
        {"p/foo-1.egg-info/PKG-INFO", "Name: foo\nVersion: 1.0\n\nName: body\n", "foo", 0},
        {"p/foo-1.egg-info", "Name: foo\nVersion: 1.0\n", "foo", 0},
        {"p/foo.egg/EGG-INFO/PKG-INFO", "Name: foo\nVersion: 1.0\n", "foo", 0},
        {"usr/lib/python2.7/lib-dynload/Python-2.7.egg-info", "Name: Python\nVersion: 2.7.18\n", "",
         0},
        {"p/foo.dist-info/METADATA", "Name: foo\nDescription: \xff\xfe\n bad \xc3\nVersion: 1.0\n",
         "foo", 0},
        {"p/foo.dist-info/METADATA", "Name: foo\n\nVersion: 1.0\n", "", 1},
        {"p/foo.dist-info/METADATA", "", "", 1},
        {"p/foo.dist-info/RECORD", "Name: foo\nVersion: 1.0\n", "", 0},
        {"p/METADATA", "Name: foo\nVersion: 1.0\n", "", 0},
    };

    EACH (c, cases) {
        KIT_TEST;

        kit_file(&kit, c->path, c->text);
        kit_end_layer(&kit);
        kit_stack(&kit);
        CHECK_EQ(kit.inventory.package_count, c->want[0] != '\0');
        if (c->want[0] != '\0') {
            CHECK_STR(kit.inventory.packages[0].name, c->want);
            CHECK_STR(kit.inventory.packages[0].ecosystem, "PyPI");
        }
        CHECK_EQ(kit.facts->incomplete_count, c->incomplete);
    }
}

/* --- distributions --- */

TEST(distributions) {
    static const struct {
        const char *release, *alpine, *debian, *repositories;
        const char *id, *version, *ecosystem;
    } cases[] = {
        {"ID=debian\nVERSION_ID=\"12\"\n", NULL, "12.5\n", NULL, "debian", "12", "Debian:12"},
        {"ID=debian\nVERSION_ID=\"9\"\n", NULL, NULL, NULL, "debian", "9", "Debian:9"},
        {"ID=debian\nPRETTY_NAME=\"Debian GNU/Linux forky/sid\"\nVERSION_CODENAME=forky\n", NULL,
         "forky/sid\n", NULL, "debian", "forky/sid", "Debian:14"},
        {"ID=debian\n", NULL, "trixie/sid\n", NULL, "debian", "trixie/sid", "Debian:13"},
        {"ID=debian\n", NULL, NULL, NULL, "debian", "", ""},
        {NULL, NULL, "8.11\n", NULL, "debian", "8.11", "Debian:8"},
        {"ID=ubuntu\nVERSION_ID=\"22.04\"\n", NULL, "bookworm/sid\n", NULL, "ubuntu", "22.04",
         "Ubuntu:22.04:LTS"},
        {"ID=ubuntu\nVERSION_ID=\"23.10\"\n", NULL, NULL, NULL, "ubuntu", "23.10", "Ubuntu:23.10"},
        {"ID=ubuntu\nVERSION_ID=\"23.04\"\n", NULL, NULL, NULL, "ubuntu", "23.04", "Ubuntu:23.04"},
        {"ID=ubuntu\nVERSION_ID=rolling\n", NULL, NULL, NULL, "ubuntu", "rolling", ""},
        {"ID=alpine\nVERSION_ID=3.18.9\n", NULL, NULL,
         "https://dl/alpine/v3.18/main\nhttps://dl/alpine/v3.18/community\n", "alpine", "3.18.9",
         "Alpine:v3.18"},
        {"ID=alpine\nVERSION_ID=3.18.9\n", NULL, NULL,
         "http://a/alpine/v3.9/main\nhttp://a/alpine/v3.19/main\n", "alpine", "3.18.9",
         "Alpine:v3.19"}, /* the highest repository counts; 19 is above 9 */
        {"ID=alpine\nVERSION_ID=3.18.9\n", NULL, NULL,
         "http://a/alpine/v3.18/main\nhttp://a/alpine/edge/testing\n", "alpine", "3.18.9",
         "Alpine:edge"},
        {"ID=alpine\nVERSION_ID=3.18.9\n", NULL, NULL,
         "http://a/v3.18/main\n#http://a/edge/main\n@edge http://a/edge/main\n", "alpine", "3.18.9",
         "Alpine:v3.18"},
        {"ID=alpine\nVERSION_ID=3.18.9\n", NULL, NULL, "", "alpine", "3.18.9", "Alpine:v3.18"},
        {"ID=alpine\nVERSION_ID=3.21.0_alpha20240807\n", NULL, NULL, NULL, "alpine",
         "3.21.0_alpha20240807", "Alpine:edge"},
        {NULL, "3.3.1\n", NULL, NULL, "alpine", "3.3.1", "Alpine:v3.3"},
        {"ID=wolfi\nVERSION_ID=\"20230201\"\n", NULL, NULL, NULL, "wolfi", "20230201", "Wolfi"},
        {"ID='chainguard'\nVERSION_ID='1'\n", NULL, NULL, NULL, "chainguard", "1", "Chainguard"},
        {"ID=fedora\nVERSION_ID=39\n", NULL, NULL, NULL, "fedora", "39", ""},
        {"# ID=no\nNAME=\"x\"\nVERSION_ID\n", NULL, NULL, NULL, "", "", ""},
        {"ID=\"de\\bian\"\nVERSION_ID=12\nID_LIKE=\"x=y\"\n", NULL, NULL, NULL, "debian", "12",
         "Debian:12"},
        {NULL, NULL, NULL, NULL, "", "", ""},
    };

    EACH (c, cases) {
        KIT_TEST;

        if (c->release != NULL)
            kit_file(&kit, "etc/os-release", c->release);
        if (c->alpine != NULL)
            kit_file(&kit, "etc/alpine-release", c->alpine);
        if (c->debian != NULL)
            kit_file(&kit, "etc/debian_version", c->debian);
        if (c->repositories != NULL)
            kit_file(&kit, "etc/apk/repositories", c->repositories);
        kit_file(&kit, "etc/hostname", "x");
        kit_end_layer(&kit);
        kit_stack(&kit);
        CHECK_STR(kit.inventory.os.id, c->id);
        CHECK_STR(kit.inventory.os.version_id, c->version);
        CHECK_STR(kit.inventory.os.ecosystem, c->ecosystem);
    }
}

TEST(release_files_of_several_layers) {
    KIT_TEST;

    kit_file(&kit, "etc/os-release", "ID=debian\nVERSION_ID=11\n");
    kit_file(&kit, STATUS, "Package: a\nVersion: 1\n");
    kit_end_layer(&kit);
    kit_file(&kit, "usr/lib/os-release", "ID=debian\nVERSION_ID=12\n");
    kit_symlink(&kit, "etc/os-release", "../usr/lib/os-release");
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_STR(kit.inventory.os.ecosystem, "Debian:12");
    CHECK_STR(kit.inventory.os.path, "usr/lib/os-release");
}

/* Families that have no advisories keep their format's name. */
TEST(families) {
    CHECK_STR(distro_family(STR("debian"), STR("deb")), "Debian");
    CHECK_STR(distro_family(STR("raspbian"), STR("deb")), "deb");
    CHECK_STR(distro_family(STR(""), STR("apk")), "apk");
}

TEST(analyzers_have_names) {
    for (size_t i = 0; analyzers[i] != NULL; i++) {
        CHECK(strchr(analyzers[i]->name, '/') != NULL);
        CHECK(analyzers[i]->version > 0 && analyzers[i]->most_bytes > 0);
    }
    CHECK(inventory_reader_version > 0);
}

RUN_TESTS(UNIT(dpkg_states), UNIT(dpkg_stanzas), UNIT(apk_stanzas), UNIT(npm_package_roots),
          UNIT(npm_documents), UNIT(python_metadata), UNIT(distributions),
          UNIT(release_files_of_several_layers), UNIT(families), UNIT(analyzers_have_names))
