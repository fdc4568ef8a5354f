/* report_json.c - "portwarden/report/1". */
#include "api/report_json.h"

#include <stdio.h>
#include "base/limits.h"
#include "format/purl.h"

static str purl_type(const struct package *p) {
    static const struct {
        const char *ecosystem, *type;
    } types[] = {{"Debian", "deb"},  {"Ubuntu", "deb"},      {"Alpine", "apk"},
                 {"npm", "npm"},     {"PyPI", "pypi"},       {"Go", "golang"},
                 {"Maven", "maven"}, {"crates.io", "cargo"}, {"RubyGems", "gem"}};

    EACH (t, types)
        if (str_eq(p->ecosystem, str_of(t->ecosystem)))
            return str_of(t->type);
    return p->source.len > 0 ? STR("rpm") : STR("generic");
}

void report_json_purl(struct buf *out, const struct package *p, const struct os_release *os) {
    struct purl purl = {
        .type = purl_type(p), .namespace_ = p->namespace_, .name = p->name, .version = p->version};
    char distro[128];

    purl_add_qualifier(&purl, STR("arch"), p->arch);
    if (p->source.len > 0 && os->id.len > 0) {
        snprintf(distro, sizeof distro, STR_FMT "-" STR_FMT, STR_ARG(str_sub(os->id, 0, 60)),
                 STR_ARG(str_sub(os->version_id, 0, 60)));
        purl_add_qualifier(&purl, STR("distro"), str_of(distro));
    }
    purl_write(out, &purl);
}

static void put_package(struct json_writer *w, const struct package *p,
                        const struct os_release *os) {
    AUTO(buf_done) struct buf purl = BUF_INIT(KIB(64));

    report_json_purl(&purl, p, os);
    json_open(w);
    json_put_str(w, "purl", buf_str(&purl));
    json_put_str(w, "ecosystem", p->ecosystem);
    json_put_str(w, "name", p->name);
    json_put_str(w, "version", p->version);
    json_put_str(w, "source", p->source);
    json_put_str(w, "source_version", p->source_version);
    json_put_str(w, "arch", p->arch);
    json_put_str(w, "path", p->path);
    json_put_str(w, "layer", p->layer);
    if (p->owned_by.len > 0)
        json_put_str(w, "owned_by", p->owned_by);
    json_close(w);
}

static void put_texts(struct json_writer *w, const char *key, const str *items, size_t count) {
    json_key(w, key);
    json_open_list(w);
    for (size_t i = 0; i < count; i++)
        json_str(w, items[i]);
    json_close_list(w);
}

void report_json_cvss(struct json_writer *w, const struct finding *f) {
    json_open_list(w);
    for (size_t i = 0; i < f->cvss_count; i++) {
        json_open(w);
        json_put_str(w, "version", f->cvss[i].version);
        json_put_str(w, "vector", f->cvss[i].vector);
        json_key(w, "score");
        if (f->cvss[i].score >= 0)
            json_double(w, f->cvss[i].score, 1);
        else
            json_none(w);
        json_close(w);
    }
    json_close_list(w);
}

static void put_optional(struct json_writer *w, const char *key, str value) {
    json_key(w, key);
    if (value.len > 0)
        json_str(w, value);
    else
        json_none(w);
}

static void put_finding(struct json_writer *w, const struct report_finding *rf,
                        const struct os_release *os) {
    const struct finding *f = &rf->finding;

    json_open(w);
    json_put_str(w, "id", f->id);
    put_texts(w, "aliases", f->aliases, f->alias_count);
    json_key(w, "package");
    if (f->package != NULL)
        put_package(w, f->package, os);
    else
        json_none(w);
    json_put_text(w, "status", f->state == FINDING_UNDETERMINED ? "unknown" : "affected");
    json_put_text(w, "state", finding_state_word(f->state));
    if (f->why.len > 0)
        json_put_str(w, "why", f->why);
    put_optional(w, "fixed_version", f->fixed_version);
    json_put_text(w, "severity", severity_word(f->severity));
    put_optional(w, "severity_source", f->severity_source);
    json_key(w, "cvss");
    report_json_cvss(w, f);
    json_key(w, "epss");
    if (f->epss >= 0)
        json_double(w, f->epss, 5);
    else
        json_none(w);
    json_put_bool(w, "kev", f->kev_added_at != 0);
    if (f->disputed)
        json_put_bool(w, "disputed", true);
    put_optional(w, "title", f->title);
    json_put_str(w, "feed", f->feed);
    json_put_bool(w, "sample", rf->sample);
    if (rf->since != 0)
        json_put_time(w, "first_seen", rf->since);
    put_texts(w, "references", f->references, f->reference_count);
    json_close(w);
}

static void put_head(struct json_writer *w, const struct report *r) {
    json_put_text(w, "schema", "portwarden/report/1");
    json_key(w, "image");
    json_open(w);
    put_optional(w, "digest", r->digest);
    json_key(w, "os");
    json_open(w);
    put_optional(w, "id", r->os.id);
    put_optional(w, "version", r->os.version_id);
    json_close(w);
    json_close(w);
    json_put_text(w, "state", image_state_word(r->state));
    put_optional(w, "reason", r->reason);
    json_put_text(w, "coverage", coverage_word(r->coverage));
    json_put_bool(w, "sample", r->sample);
    if (r->scanned_at != 0)
        json_put_time(w, "scanned_at", r->scanned_at);
}

static void put_feeds(struct json_writer *w, const struct report *r) {
    json_key(w, "feeds");
    json_open_list(w);
    for (size_t i = 0; i < r->feed_count; i++) {
        json_open(w);
        json_put_str(w, "name", r->feeds[i].name);
        put_optional(w, "version", r->feeds[i].version);
        json_put_time(w, "updated_at", r->feeds[i].updated_at);
        json_put_bool(w, "sample", r->feeds[i].sample);
        json_close(w);
    }
    json_close_list(w);
}

void report_json_write(struct json_writer *w, const struct report *r) {
    json_open(w);
    put_head(w, r);
    json_key(w, "packages");
    json_open_list(w);
    for (size_t i = 0; i < r->package_count; i++)
        put_package(w, &r->packages[i], &r->os);
    json_close_list(w);
    json_key(w, "findings");
    json_open_list(w);
    for (size_t i = 0; i < r->finding_count; i++)
        put_finding(w, &r->findings[i], &r->os);
    json_close_list(w);
    json_key(w, "incomplete");
    json_open_list(w);
    for (size_t i = 0; i < r->incomplete_count; i++) {
        json_open(w);
        json_put_str(w, "path", r->incomplete[i].path);
        json_put_str(w, "reason", r->incomplete[i].reason);
        json_put_str(w, "kind", r->incomplete[i].kind);
        json_close(w);
    }
    json_close_list(w);
    put_feeds(w, r);
    json_close(w);
}
