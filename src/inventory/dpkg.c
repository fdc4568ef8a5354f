/*
 * dpkg.c - packages of dpkg: status, distroless status.d, and the lists of files they own.
 *
 * Spec: deb822 stanzas (Debian policy 5.1); Status "want flag state" of dpkg(1). Without Status a
 * stanza is installed (status.d). Files are on disk in every state but not-installed and
 * config-files.
 */
#include "base/limits.h"
#include "format/stanza.h"
#include "inventory/analyzer.h"
#include "inventory/paths.h"

/* --- whose package is it --- */

/* Distributions' own maintainers; what the second list says does not count with them. */
static const str own_domains[] = {
    STR_INIT("debian.org"),
    STR_INIT("debian.net"),
    STR_INIT("ubuntu.com"),
    STR_INIT("canonical.com"),
};
static const str vendor_marks[] = {
    STR_INIT("@docker.com"),        STR_INIT("@nvidia.com"),      STR_INIT("@hashicorp.com"),
    STR_INIT("HashiCorp"),          STR_INIT("@microsoft.com"),   STR_INIT("@mongodb.com"),
    STR_INIT("@elastic.co"),        STR_INIT("nginx-packaging@"), STR_INIT("@nodesource.com"),
    STR_INIT("@grafana"),           STR_INIT("@gitlab.com"),      STR_INIT("@influxdata.com"),
    STR_INIT("@confluent.io"),      STR_INIT("@percona.com"),     STR_INIT("@redis."),
    STR_INIT("rabbitmq-core@"),     STR_INIT("@oss.oracle.com"),  STR_INIT("maria-developers@"),
    STR_INIT("@chromium.org"),      STR_INIT("@datadoghq.com"),   STR_INIT("@newrelic.com"),
    STR_INIT("@github.com"),        STR_INIT("GitHub"),           STR_INIT("@kubernetes.io"),
    STR_INIT("Kubernetes Authors"), STR_INIT("@puppet.com"),      STR_INIT("@zabbix.com"),
    STR_INIT("@tailscale.com"),     STR_INIT("@cloudflare.com"),  STR_INIT("@yarnpkg.com"),
    STR_INIT("@amazon.com"),        STR_INIT("@mozilla.com"),
};

struct dpkg_fields {
    str  name, version, arch, source, status, maintainer, vendor, origin;
    bool is_vcpkg; /* a look-alike that is no dpkg database */
};

static bool is_third_party(const struct dpkg_fields *fields) {
    if (!str_empty(fields->vendor)) /* only package builders of others write it */
        return true;
    if (!str_empty(fields->origin) && !str_eq_nocase(fields->origin, STR("debian")) &&
        !str_eq_nocase(fields->origin, STR("ubuntu")))
        return true;
    EACH (domain, own_domains)
        if (str_find(fields->maintainer, *domain) != STR_NPOS)
            return false;
    EACH (mark, vendor_marks)
        if (str_find(fields->maintainer, *mark) != STR_NPOS)
            return true;
    return false;
}

/* --- stanzas --- */

static void take_field(struct dpkg_fields *fields, str key, str value) {
    const struct {
        str  key;
        str *place;
    } places[] = {
        {STR("Package"), &fields->name},      {STR("Version"), &fields->version},
        {STR("Architecture"), &fields->arch}, {STR("Source"), &fields->source},
        {STR("Status"), &fields->status},     {STR("Maintainer"), &fields->maintainer},
        {STR("Vendor"), &fields->vendor},     {STR("Origin"), &fields->origin},
    };

    EACH (one, places)
        if (str_eq_nocase(one->key, key)) {
            if (one->place->ptr == NULL)
                *one->place = stanza_first_line(value);
            return;
        }
    if (str_eq_nocase(key, STR("Port-Version")) || str_eq_nocase(key, STR("Default-Features")))
        fields->is_vcpkg = true;
}

static bool is_installed(str status) {
    static const str gone[] = {STR_INIT("not-installed"), STR_INIT("config-files")};
    str              state;

    if (str_empty(status))
        return true;
    state = str_from(status,
                     str_rfind_char(status, ' ') == STR_NPOS ? 0 : str_rfind_char(status, ' ') + 1);
    EACH (one, gone)
        if (str_eq(*one, state))
            return false;
    return true;
}

/* "foo (1.2-3)" -> foo, 1.2-3 */
static void split_source(str text, struct package *package) {
    size_t open = str_find_char(text, '(');

    package->source = str_trim(str_sub(text, 0, open));
    if (open != STR_NPOS) {
        str version = str_from(text, open + 1);

        package->source_version = str_trim(str_sub(version, 0, str_find_char(version, ')')));
    }
}

static pw_code read_stanza(struct collect *out, const struct entry *entry, str stanza,
                           size_t *nameless, struct err *err) {
    struct dpkg_fields fields = {0};
    struct package     package = {.ecosystem = STR("deb")};
    str                key, value;

    while (stanza_field(&stanza, &key, &value))
        take_field(&fields, key, value);
    if (fields.is_vcpkg || !is_installed(fields.status))
        return PW_OK;
    if (str_empty(fields.name) || str_empty(fields.version)) {
        (*nameless)++;
        return PW_OK;
    }
    package.name = fields.name;
    package.version = fields.version;
    package.arch = fields.arch;
    split_source(fields.source, &package);
    if (is_third_party(&fields))
        package.origin = STR("third-party");
    return collect_package(out, &package, err);
}

static pw_code read_status(struct collect *out, const struct entry *entry, str bytes,
                           struct err *err) {
    struct stanza_reader reader = STANZA_READER(bytes);
    size_t               nameless = 0;
    char                 text[160];
    str                  stanza, problem;

    while (stanza_next(&reader, &stanza))
        PW_TRY(read_stanza(out, entry, stanza, &nameless, err));
    problem = stanza_problem(&reader, text, sizeof text);
    if (!str_empty(problem))
        analyzer_damaged(out, entry, problem);
    if (nameless > 0)
        analyzer_damaged(out, entry, STR("a paragraph lacks its package name or version"));
    return PW_OK;
}

/* --- owned files --- */

/* "libc6:amd64.list" -> libc6 */
static str list_package(str path) {
    str base = paths_base(path);

    base = str_sub(base, 0, str_rfind_char(base, '.'));
    return str_sub(base, 0, str_find_char(base, ':'));
}

/* One path a line: "/usr/bin/x", or of md5sums "<32 hex>  usr/bin/x". */
static pw_code read_list(struct collect *out, const struct entry *entry, str bytes,
                         struct err *err) {
    bool sums = str_ends(entry->path, STR(".md5sums"));
    str  line;

    PW_TRY(collect_owner(out, list_package(entry->path), err));
    while (str_line(&bytes, &line)) {
        if (sums)
            line = str_from(line, 34);
        while (str_starts(line, STR("/")) || str_starts(line, STR("./")))
            line = str_from(line, 1 + (line.ptr[0] == '.'));
        if (line.len > 0 && line.len <= LIMIT_PATH_BYTES)
            PW_TRY(collect_owned(out, line, err));
    }
    return PW_OK;
}

/* --- the analyzer --- */

static bool is_list(str path) {
    if (str_ends(path, STR(".list")))
        return paths_parent_is(path, STR("info")) &&
               paths_ends(paths_parent(path), STR("dpkg/info"));
    return str_ends(path, STR(".md5sums")) &&
           (paths_ends(paths_parent(path), STR("dpkg/info")) ||
            paths_ends(paths_parent(path), STR("dpkg/status.d")));
}

static bool wants(const struct entry *entry) {
    return paths_ends(entry->path, STR("dpkg/status")) ||
           paths_ends(paths_parent(entry->path), STR("dpkg/status.d")) || is_list(entry->path);
}

static enum evidence_role role(const struct entry *entry) {
    return is_list(entry->path) ? ROLE_OWNERSHIP : ROLE_DATABASE;
}

static pw_code read_any(struct collect *out, const struct entry *entry, str bytes,
                        struct err *err) {
    return is_list(entry->path) ? read_list(out, entry, bytes, err)
                                : read_status(out, entry, bytes, err);
}

const struct analyzer dpkg_analyzer = {
    .name = "os/dpkg",
    .version = 1,
    .most_bytes = LIMIT_MEMBER_BYTES,
    .wants = wants,
    .role = role,
    .read = read_any,
};
