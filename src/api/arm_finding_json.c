/* arm_finding_json.c - one sub-assessment, in the shape clients of 2019-01-01-preview read. */
#include <stdio.h>
#include "api/arm_finding.h"
#include "api/remedy.h"
#include "api/report_json.h"
#include "base/clock.h"
#include "base/limits.h"

/* "2019-06-23T12:20:08.0000000Z": clients parse seven digits. */
static void put_time(struct json_writer *w, const char *key, int64_t at) {
    char text[TIME_TEXT_SIZE], out[TIME_TEXT_SIZE + 8];

    json_key(w, key);
    if (at == 0) {
        json_none(w);
        return;
    }
    snprintf(out, sizeof out, "%.19s.0000000Z", time_format(at, text).ptr);
    json_text(w, out);
}

static const char *arm_severity(enum severity severity) {
    if (severity >= SEVERITY_HIGH)
        return "High";
    return severity == SEVERITY_MEDIUM ? "Medium" : "Low";
}

static void put_status(struct json_writer *w, const struct report_finding *rf) {
    json_key(w, "status");
    json_open(w);
    if (rf == NULL) {
        json_put_text(w, "code", "Healthy");
        json_put_text(w, "cause", "");
        json_put_text(w, "description", "The image has no known vulnerabilities");
    } else if (finding_is_active(rf->finding.state)) {
        json_put_text(w, "code", "Unhealthy");
        json_put_text(w, "cause", "");
        json_put_text(w, "severity", arm_severity(rf->finding.severity));
        json_put_text(w, "description", "The resource is unhealthy");
    } else {
        json_put_text(w, "code", "NotApplicable");
        json_put_text(w, "cause", finding_state_word(rf->finding.state));
        json_put_text(w, "severity", arm_severity(rf->finding.severity));
        json_put_text(w, "description", "Listed, but does not count");
    }
    json_close(w);
}

static void put_link(struct json_writer *w, str title, const char *before, str link) {
    AUTO(buf_done) struct buf text = BUF_INIT(KIB(64));

    buf_addf(&text, "%s" STR_FMT, before, STR_ARG(link));
    json_open(w);
    json_put_str(w, "title", title);
    json_put_str(w, "link", buf_str(&text));
    json_close(w);
}

static void put_cves(struct json_writer *w, const struct finding *f) {
    json_key(w, "cve");
    json_open_list(w);
    if (str_starts(f->id, STR("CVE-")))
        put_link(w, f->id, "https://nvd.nist.gov/vuln/detail/", f->id);
    for (size_t i = 0; i < f->alias_count; i++)
        if (str_starts(f->aliases[i], STR("CVE-")))
            put_link(w, f->aliases[i], "https://nvd.nist.gov/vuln/detail/", f->aliases[i]);
    json_close_list(w);
    json_key(w, "vendorReferences");
    json_open_list(w);
    for (size_t i = 0; i < f->reference_count; i++)
        put_link(w, f->references[i], "", f->references[i]);
    json_close_list(w);
}

/* {"2.0":{"base":7.5},"3.0":{"base":9.8}}: 3.1 under the key that clients know. */
static void put_cvss(struct json_writer *w, const struct finding *f) {
    static const struct {
        const char *key, *prefix;
    } families[] = {{"2.0", "2"}, {"3.0", "3"}, {"4.0", "4"}};

    json_key(w, "cvss");
    json_open(w);
    EACH (family, families) {
        double best = -1;

        for (size_t i = 0; i < f->cvss_count; i++)
            if (str_starts(f->cvss[i].version, str_of(family->prefix)) && f->cvss[i].score > best)
                best = f->cvss[i].score;
        if (best < 0)
            continue;
        json_key(w, family->key);
        json_open(w);
        json_key(w, "base");
        json_double(w, best, 1);
        json_close(w);
    }
    json_close(w);
    json_key(w, "cvssVectors");
    report_json_cvss(w, f);
}

static void put_packages(struct json_writer *w, const struct arm_row *row) {
    json_key(w, "packages");
    json_open_list(w);
    for (size_t i = 0; i < row->count; i++) {
        const struct finding *f = &row->findings[i]->finding;
        const struct package *p = f->package;

        if (p == NULL)
            continue;
        json_open(w);
        json_put_str(w, "name", p->name);
        json_put_str(w, "installedVersion", p->version);
        json_put_str(w, "fixedVersion", f->fixed_version);
        json_put_str(w, "arch", p->arch);
        json_put_str(w, "path", p->path);
        json_put_str(w, "layer", p->layer);
        json_close(w);
    }
    json_close_list(w);
}

static void put_details(struct json_writer *w, const struct arm_row *row) {
    const struct report_finding *rf = row->findings[0];
    const struct finding        *f = &rf->finding;
    const struct package        *p = f->package;

    json_put_bool(w, "patchable", f->state == FINDING_FIXED);
    put_cvss(w, f);
    put_cves(w, f);
    put_time(w, "publishedTime", f->published_at);
    json_put_str(w, "package", p != NULL ? p->name : STR(""));
    json_put_str(w, "sourcePackage", p != NULL && p->source.len > 0 ? p->source : STR(""));
    json_put_str(w, "installedVersion", p != NULL ? p->version : STR(""));
    json_put_str(w, "fixedVersion", f->fixed_version);
    json_put_str(w, "path", p != NULL ? p->path : STR(""));
    json_put_str(w, "layer", p != NULL ? p->layer : STR(""));
    put_packages(w, row);
    json_key(w, "epss");
    if (f->epss >= 0)
        json_double(w, f->epss, 5);
    else
        json_none(w);
    json_put_bool(w, "knownExploited", f->kev_added_at != 0);
    put_time(w, "knownExploitedSince", f->kev_added_at);
    json_put_text(w, "severity", severity_word(f->severity));
    json_put_str(w, "severitySource", f->severity_source);
    json_put_text(w, "state", finding_state_word(f->state));
    put_time(w, "firstSeen", rf->since);
    json_put_str(w, "feed", f->feed);
    json_put_bool(w, "sampleAdvisories", rf->sample);
}

static void put_texts(struct json_writer *w, const struct finding *f) {
    AUTO(buf_done) struct buf text = BUF_INIT(KIB(256));

    json_put_str(w, "id", f->id);
    buf_addf(&text, STR_FMT " in " STR_FMT "%s" STR_FMT, STR_ARG(f->id),
             STR_ARG(f->package != NULL ? f->package->name : STR("the image")),
             f->title.len > 0 ? ": " : "", STR_ARG(f->title));
    json_put_str(w, "displayName", buf_str(&text));
    buf_clear(&text);
    remedy_write(&text, f);
    json_put_str(w, "remediation", buf_str(&text));
    buf_clear(&text);
    buf_addf(&text, "Rated %s%s" STR_FMT "%s", severity_word(f->severity),
             f->severity_source.len > 0 ? " by " : "", STR_ARG(f->severity_source),
             f->kev_added_at != 0 ? "; known to be exploited" : "");
    json_put_str(w, "impact", buf_str(&text));
    json_put_str(w, "category", f->package != NULL ? f->package->ecosystem : STR(""));
    json_put_str(w, "description", f->description.len > 0 ? f->description : f->title);
}

static void put_healthy(struct json_writer *w) {
    json_put_text(w, "id", "healthy");
    json_put_text(w, "displayName", "No known vulnerabilities");
    json_put_text(w, "remediation", "");
    json_put_text(w, "impact", "");
    json_put_text(w, "category", "");
    json_put_text(w, "description",
                  "Every package was read and matched against complete advisories.");
}

static void put_properties(struct json_writer *w, const struct image_row *image,
                           const struct report *report, const struct arm_row *row) {
    AUTO(buf_done) struct buf resource = BUF_INIT(KIB(16));

    if (row->count > 0)
        put_texts(w, &row->findings[0]->finding);
    else
        put_healthy(w);
    put_status(w, row->count > 0 ? row->findings[0] : NULL);
    put_time(w, "timeGenerated", report->scanned_at);
    buf_addf(&resource, "/repositories/" STR_FMT "/images/" STR_FMT, STR_ARG(image->repository),
             STR_ARG(image->digest));
    json_key(w, "resourceDetails");
    json_open(w);
    json_put_text(w, "source", "Azure");
    json_put_str(w, "id", buf_str(&resource));
    json_close(w);
    json_key(w, "additionalData");
    json_open(w);
    json_put_text(w, "assessedResourceType", "ContainerRegistryVulnerability");
    json_put_text(w, "type", "Vulnerability");
    json_put_str(w, "repositoryName", image->repository);
    json_put_str(w, "imageDigest", image->digest);
    json_put_str(w, "registryHost", image->login_server);
    json_put_text(w, "coverage", coverage_word(report->coverage));
    if (row->count > 0)
        put_details(w, row);
    json_close(w);
}

void arm_finding_write(struct json_writer *w, const struct image_row *image,
                       const struct report *report, const struct arm_row *row) {
    AUTO(buf_done) struct buf id = BUF_INIT(KIB(16));

    buf_addf(&id,
             "/subscriptions/" STR_FMT "/resourceGroups/" STR_FMT
             "/providers/Microsoft.ContainerRegistry/registries/" STR_FMT
             "/providers/Microsoft.Security/assessments/" ARM_ASSESSMENT "/subassessments/%s",
             STR_ARG(image->subscription), STR_ARG(image->resource_group), STR_ARG(image->registry),
             row->name);
    json_open(w);
    json_put_str(w, "id", buf_str(&id));
    json_put_text(w, "name", row->name);
    json_put_text(w, "type", "Microsoft.Security/assessments/subAssessments");
    json_key(w, "properties");
    json_open(w);
    put_properties(w, image, report, row);
    json_close(w);
    json_close(w);
}
