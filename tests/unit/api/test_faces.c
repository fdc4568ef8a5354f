/* test_faces.c - what findings look like: pages, sub-assessments, remedies, package URLs. */
#include "api/arm_finding.h"
#include "api/remedy.h"
#include "api/report_json.h"
#include "api/status_html.h"
#include "base/limits.h"
#include "format/json.h"
#include "test.h"

TEST(text_is_never_markup) {
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"plain", "plain"},
        {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"\"' onload='x'", "&quot;&#39; onload=&#39;x&#39;"},
        {"a & b &amp; c", "a &amp; b &amp;amp; c"},
    };

    EACH (c, cases) {
        struct buf out = BUF_INIT(4096);

        status_html_text(&out, str_of(c->text));
        CHECK_STR(buf_str(&out), c->want);
        buf_done(&out);
    }
}

TEST(remedies) {
    static const struct {
        struct package     package;
        enum finding_state state;
        const char        *fixed, *why, *want;
    } cases[] = {
        {{.ecosystem = STR_INIT("Debian"), .name = STR_INIT("libssl3")},
         FINDING_FIXED,
         "3.0.11-1",
         "",
         "Upgrade libssl3 to 3.0.11-1 or later (apt-get update && apt-get install --only-upgrade "
         "libssl3), "
         "rebuild the image and push it."},
        {{.ecosystem = STR_INIT("Alpine"), .name = STR_INIT("musl")},
         FINDING_FIXED,
         "1.2.4-r1",
         "",
         "Upgrade musl to 1.2.4-r1 or later (apk upgrade --no-cache musl), rebuild the image and "
         "push it."},
        {{.ecosystem = STR_INIT("npm"), .name = STR_INIT("@scope/x")},
         FINDING_FIXED,
         "1.2.3",
         "",
         "Upgrade @scope/x to 1.2.3 or later (npm install @scope/x@1.2.3), rebuild the image and "
         "push it."},
        {{.ecosystem = STR_INIT("PyPI"), .name = STR_INIT("django")},
         FINDING_FIXED,
         "4.2",
         "",
         "Upgrade django to 4.2 or later (pip install django==4.2), rebuild the image and push "
         "it."},
        /* a name that means something to a shell gets no command */
        {{.ecosystem = STR_INIT("npm"), .name = STR_INIT("x;rm -rf /")},
         FINDING_FIXED,
         "1",
         "",
         "Upgrade x;rm -rf / to 1 or later, rebuild the image and push it."},
        {{.ecosystem = STR_INIT("npm"), .name = STR_INIT("-g")},
         FINDING_FIXED,
         "1",
         "",
         "Upgrade -g to 1 or later, rebuild the image and push it."},
        {{.ecosystem = STR_INIT("Slackware"), .name = STR_INIT("x")},
         FINDING_FIXED,
         "1",
         "",
         "Upgrade x to 1 or later, rebuild the image and push it."},
        {{.ecosystem = STR_INIT("Debian"), .name = STR_INIT("tar")},
         FINDING_OPEN,
         "",
         "",
         "There is no fixed version of tar yet; remove it when it is not needed."},
        {{.ecosystem = STR_INIT("Debian"), .name = STR_INIT("tar")},
         FINDING_UNDETERMINED,
         "",
         "nobody looked",
         "Not known whether tar is affected: nobody looked."},
        {{.ecosystem = STR_INIT("Debian"), .name = STR_INIT("tar")},
         FINDING_END_OF_LIFE,
         "",
         "",
         "This release gets no fixes any more: move to a supported one."},
    };

    EACH (c, cases) {
        struct finding f = {.state = c->state,
                            .fixed_version = str_of(c->fixed),
                            .why = str_of(c->why),
                            .package = &c->package};
        struct buf     out = BUF_INIT(4096);

        remedy_write(&out, &f);
        CHECK_STR(buf_str(&out), c->want);
        buf_done(&out);
    }
}

TEST(package_urls) {
    static const struct os_release debian = {.id = STR_INIT("debian"),
                                             .version_id = STR_INIT("12")};
    static const struct {
        struct package package;
        const char    *want;
    } cases[] = {
        {{.ecosystem = STR_INIT("Debian"),
          .namespace_ = STR_INIT("debian"),
          .name = STR_INIT("libc6"),
          .version = STR_INIT("2.36-9+deb12u4"),
          .source = STR_INIT("glibc"),
          .arch = STR_INIT("amd64")},
         "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12"},
        {{.ecosystem = STR_INIT("npm"), .name = STR_INIT("@scope/x"), .version = STR_INIT("1.0.0")},
         "pkg:npm/%40scope/x@1.0.0"},
        {{.ecosystem = STR_INIT("PyPI"), .name = STR_INIT("django"), .version = STR_INIT("4.2")},
         "pkg:pypi/django@4.2"},
    };

    EACH (c, cases) {
        struct buf out = BUF_INIT(4096);

        report_json_purl(&out, &c->package, &debian);
        CHECK_STR(buf_str(&out), c->want);
        buf_done(&out);
    }
}

/* --- sub-assessments --- */

static const struct image_row image = {.subscription = STR_INIT("s"),
                                       .resource_group = STR_INIT("g"),
                                       .registry = STR_INIT("r"),
                                       .repository = STR_INIT("team/app"),
                                       .digest = STR_INIT("sha256:aa"),
                                       .login_server = STR_INIT("localhost")};
static struct package         packages[] = {
            {.ecosystem = STR_INIT("Debian"),
             .name = STR_INIT("libpam0g"),
             .source = STR_INIT("pam"),
             .version = STR_INIT("1")},
            {.ecosystem = STR_INIT("Debian"),
             .name = STR_INIT("libpam-modules"),
             .source = STR_INIT("pam"),
             .version = STR_INIT("1")},
            {.ecosystem = STR_INIT("npm"), .name = STR_INIT("lodash"), .version = STR_INIT("4")},
};
static struct cvss_rating    ratings[] = {{STR_INIT("3.1"), STR_INIT("CVSS:3.1/AV:N"), 9.8},
                                          {STR_INIT("2.0"), STR_INIT("AV:N"), -1}};
static struct report_finding findings[] = {
    {.finding = {.id = STR_INIT("CVE-1"),
                 .state = FINDING_FIXED,
                 .severity = SEVERITY_CRITICAL,
                 .cvss = ratings,
                 .cvss_count = 2,
                 .epss = -1,
                 .package = &packages[0]}},
    {.finding =
         {.id = STR_INIT("CVE-1"), .state = FINDING_FIXED, .epss = -1, .package = &packages[1]}},
    {.finding = {.id = STR_INIT("CVE-2"),
                 .state = FINDING_UNIMPORTANT,
                 .severity = SEVERITY_MEDIUM,
                 .epss = 0.5,
                 .package = &packages[1]}},
    {.finding =
         {.id = STR_INIT("CVE-1"), .state = FINDING_OPEN, .epss = -1, .package = &packages[2]}},
};

TEST(one_row_per_vulnerability_and_source) {
    struct arena  arena = ARENA_INIT(MIB(4));
    struct report report = {
        .findings = findings, .finding_count = COUNT_OF(findings), .state = IMAGE_UNHEALTHY};
    struct arm_rows rows, again;
    struct err      err = ERR_NONE;

    CHECK_OK(arm_finding_rows(&arena, &image, &report, &rows, &err));
    CHECK_EQ(rows.count, 3);
    CHECK_EQ(rows.rows[0].count, 2); /* both packages of pam */
    CHECK(rows.rows[0].findings[1]->finding.package == &packages[1]);
    CHECK_EQ(rows.rows[1].count, 1);
    CHECK_OK(arm_finding_rows(&arena, &image, &report, &again, &err));
    for (size_t i = 0; i < rows.count; i++) {
        CHECK_TEXT(rows.rows[i].name, again.rows[i].name); /* stable */
        CHECK(arm_finding_name_is_of(&image, str_of(rows.rows[i].name)));
        for (size_t k = 0; k < i; k++)
            CHECK(strcmp(rows.rows[i].name, rows.rows[k].name) != 0);
        CHECK_EQ(strlen(rows.rows[i].name), 36);
        CHECK_EQ(rows.rows[i].name[14], '5');
        CHECK(strchr("89ab", rows.rows[i].name[19]) != NULL);
    }
    CHECK(!arm_finding_name_is_of(&image, STR("00000000-0000-0000-0000-000000000000")));
    CHECK(!arm_finding_name_is_of(&image, STR("")));
    arena_done(&arena);
}

TEST(states_and_their_rows) {
    static const struct {
        enum image_state state;
        size_t           want;
    } cases[] = {{IMAGE_HEALTHY, 1},   {IMAGE_UNHEALTHY, 3},      {IMAGE_PENDING, 0},
                 {IMAGE_UNSCANNED, 0}, {IMAGE_PARTLY_SCANNED, 0}, {IMAGE_NOT_APPLICABLE, 0}};

    EACH (c, cases) {
        struct arena  arena = ARENA_INIT(MIB(4));
        struct report report = {
            .findings = findings, .finding_count = COUNT_OF(findings), .state = c->state};
        struct arm_rows rows;
        struct err      err = ERR_NONE;

        CHECK_OK(arm_finding_rows(&arena, &image, &report, &rows, &err));
        CHECK_EQ(rows.count, c->want);
        arena_done(&arena);
    }
}

TEST(the_shape_of_a_row) {
    struct arena       arena = ARENA_INIT(MIB(4));
    struct report      report = {.findings = findings,
                                 .finding_count = COUNT_OF(findings),
                                 .state = IMAGE_UNHEALTHY,
                                 .scanned_at = 1561292408};
    struct arm_rows    rows;
    struct buf         out = BUF_INIT(MIB(1));
    struct json_writer w = JSON_WRITER(&out);
    json_t            *root = NULL, *properties, *status, *data;
    struct err         err = ERR_NONE;

    CHECK_OK(arm_finding_rows(&arena, &image, &report, &rows, &err));
    arm_finding_write(&w, &image, &report, &rows.rows[0]);
    CHECK_OK(json_parse(buf_str(&out), MIB(1), &root, &err));
    properties = json_opt_object(root, "properties");
    status = json_opt_object(properties, "status");
    data = json_opt_object(properties, "additionalData");
    CHECK_STR(json_opt_str(root, "type"), "Microsoft.Security/assessments/subAssessments");
    CHECK(str_starts(json_opt_str(root, "id"),
                     STR("/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/"
                         "registries/r/providers/"
                         "Microsoft.Security/assessments/dbd0cb49-b563-45e7-9724-889e799fa648/"
                         "subassessments/")));
    CHECK_STR(json_opt_str(properties, "id"), "CVE-1");
    CHECK_STR(json_opt_str(properties, "timeGenerated"), "2019-06-23T12:20:08.0000000Z");
    CHECK_STR(json_opt_str(status, "code"), "Unhealthy");
    CHECK_STR(json_opt_str(status, "severity"), "High"); /* there is no Critical in this shape */
    CHECK_STR(json_opt_str(json_opt_object(properties, "resourceDetails"), "id"),
              "/repositories/team/app/images/sha256:aa");
    CHECK_STR(json_opt_str(data, "assessedResourceType"), "ContainerRegistryVulnerability");
    CHECK_STR(json_opt_str(data, "repositoryName"), "team/app");
    CHECK(json_opt_bool(data, "patchable", false));
    CHECK(json_opt_double(json_opt_object(json_opt_object(data, "cvss"), "3.0"), "base", 0) > 9.7);
    CHECK(json_opt_object(json_opt_object(data, "cvss"), "2.0") == NULL); /* no score is known */
    CHECK_EQ(json_array_size(json_opt_list(data, "packages")), 2);
    json_endp(&root);
    buf_clear(&out);
    w = (struct json_writer)JSON_WRITER(&out);
    arm_finding_write(&w, &image, &report, &rows.rows[1]);
    CHECK_OK(json_parse(buf_str(&out), MIB(1), &root, &err));
    status = json_opt_object(json_opt_object(root, "properties"), "status");
    CHECK_STR(json_opt_str(status, "code"), "NotApplicable");
    CHECK_STR(json_opt_str(status, "cause"), "unimportant");
    json_endp(&root);
    buf_done(&out);
    arena_done(&arena);
}

RUN_TESTS(UNIT(text_is_never_markup), UNIT(remedies), UNIT(package_urls),
          UNIT(one_row_per_vulnerability_and_source), UNIT(states_and_their_rows),
          UNIT(the_shape_of_a_row))
