/*
 * osv.c - one OSV record is one document.
 *
 * Spec: OSV schema 1.x, https://ossf.github.io/osv-schema/. GIT ranges are left out: they cannot be
 * evaluated for packages. RustSec's "unmaintained" and "notice" are no vulnerabilities.
 */
#include "advisory/format.h"
#include "format/pep503.h"

struct osv {
    struct arena   *arena;
    struct advisory out;
    str             source; /* of its ratings: "ghsa", "pysec" ... */
    const char     *why;    /* the record is damaged */
};

static bool damaged(struct osv *o, const char *why) {
    o->why = why;
    return false;
}

/* "GHSA-xxxx" -> "ghsa", "DEBIAN-CVE-..." -> "debian" */
static str source_of(struct arena *arena, str id) {
    str   prefix = arena_str(arena, str_sub(id, 0, str_find_char(id, '-')));
    char *letters = (char *)prefix.ptr; /* our own copy */

    for (size_t i = 0; i < prefix.len; i++)
        if (letters[i] >= 'A' && letters[i] <= 'Z')
            letters[i] += 'a' - 'A';
    return str_eq(prefix, STR("cve")) ? STR("osv") : prefix;
}

static bool take_ids(struct osv *o, const json_t *list, str **ids, size_t *count) {
    size_t  i;
    json_t *value;

    json_array_foreach(list, i, value) {
        str  id = json_str_of(value);
        str *place;

        if (!build_id_ok(id) || str_eq(id, o->out.id))
            continue;
        place = BUILD_MORE(o->arena, *ids, *count);
        if (place == NULL)
            return damaged(o, "too many ids");
        *place = id;
    }
    return true;
}

/* Errata of these distributions name their CVEs as "related" only. */
static bool is_erratum(str id) {
    static const str prefixes[] = {STR_INIT("ALSA-"), STR_INIT("ALBA-"), STR_INIT("ALEA-"),
                                   STR_INIT("RLSA-"), STR_INIT("RXSA-")};

    EACH (prefix, prefixes)
        if (str_starts(id, *prefix))
            return true;
    return false;
}

static bool take_upstream(struct osv *o, const json_t *root) {
    size_t  i;
    json_t *value;

    if (!take_ids(o, json_opt_list(root, "upstream"), &o->out.upstream, &o->out.upstream_count))
        return false;
    if (o->out.upstream_count > 0 || !is_erratum(o->out.id))
        return true;
    json_array_foreach(json_opt_list(root, "related"), i, value) {
        str *place;

        if (!str_starts(json_str_of(value), STR("CVE-")) || !build_id_ok(json_str_of(value)))
            continue;
        place = BUILD_MORE(o->arena, o->out.upstream, o->out.upstream_count);
        if (place == NULL)
            return damaged(o, "too many ids");
        *place = json_str_of(value);
    }
    return true;
}

/* --- ratings --- */

static bool take_word(struct osv *o, str word, struct rating **ratings, size_t *count) {
    struct rating *place;

    if (str_empty(word) || word.len > 64)
        return true;
    place = BUILD_MORE(o->arena, *ratings, *count);
    if (place == NULL)
        return damaged(o, "too many ratings");
    *place = (struct rating){.source = o->source, .kind = STR("word"), .value = word};
    return true;
}

static bool take_ratings(struct osv *o, const json_t *list, struct rating **ratings,
                         size_t *count) {
    size_t  i;
    json_t *value;

    json_array_foreach(list, i, value) {
        str           type = json_opt_str(value, "type");
        struct rating rating, *place;

        if (!str_starts(type, STR("CVSS_"))) { /* "Ubuntu": a priority word */
            if (!take_word(o, json_opt_str(value, "score"), ratings, count))
                return false;
            continue;
        }
        if (!build_cvss(&rating, o->source, json_opt_str(value, "score"), -1))
            continue; /* a vector that says nothing takes nothing away from the record */
        place = BUILD_MORE(o->arena, *ratings, *count);
        if (place == NULL)
            return damaged(o, "too many ratings");
        *place = rating;
    }
    return true;
}

/* --- ranges --- */

static bool take_event(struct osv *o, struct range *range, const json_t *event) {
    static const struct {
        const char     *key;
        enum event_kind kind;
    } kinds[] = {{"introduced", EVENT_INTRODUCED},
                 {"fixed", EVENT_FIXED},
                 {"last_affected", EVENT_LAST_AFFECTED},
                 {"limit", EVENT_LIMIT}};

    EACH (k, kinds) {
        str                 version = json_opt_str(event, k->key);
        struct range_event *place;

        if (str_empty(version))
            continue;
        place = range->event_count < LIMIT_RANGE_EVENTS
                    ? BUILD_MORE(o->arena, range->events, range->event_count)
                    : NULL;
        if (place == NULL)
            return damaged(o, "a range has too many events");
        if (version.len > LIMIT_VERSION_BYTES)
            return damaged(o, "a version in a range is too long");
        *place = (struct range_event){k->kind, version};
    }
    return true;
}

static bool take_ranges(struct osv *o, struct affected *affected, const json_t *list) {
    size_t  i, e;
    json_t *value, *event;

    json_array_foreach(list, i, value) {
        str           type = json_opt_str(value, "type");
        struct range *range;

        if (str_eq(type, STR("GIT")))
            continue;
        if (!str_eq(type, STR("SEMVER")) && !str_eq(type, STR("ECOSYSTEM")))
            return damaged(o, "a range is neither SEMVER, ECOSYSTEM nor GIT");
        range = BUILD_MORE(o->arena, affected->ranges, affected->range_count);
        if (range == NULL)
            return damaged(o, "too many ranges");
        range->type = str_eq(type, STR("SEMVER")) ? RANGE_SEMVER : RANGE_ECOSYSTEM;
        json_array_foreach(json_opt_list(value, "events"), e, event) {
            if (!take_event(o, range, event))
                return false;
        }
        if (range->event_count == 0)
            return damaged(o, "a range has no events");
    }
    return true;
}

static bool take_versions(struct osv *o, struct affected *affected, const json_t *list) {
    size_t  i;
    json_t *value;

    if (json_array_size(list) > LIMIT_ADVISORY_ITEMS)
        return damaged(o, "too many versions");
    affected->versions = arena_array(o->arena, json_array_size(list), sizeof *affected->versions);
    if (affected->versions == NULL)
        return damaged(o, "too many versions");
    json_array_foreach(list, i, value) {
        str version = json_str_of(value);

        if (!str_empty(version) && version.len <= LIMIT_VERSION_BYTES)
            affected->versions[affected->version_count++] = version;
    }
    return true;
}

/* --- packages --- */

static bool is_informational(const json_t *value) {
    str word = json_opt_str(json_opt_object(value, "database_specific"), "informational");

    return str_eq(word, STR("unmaintained")) || str_eq(word, STR("notice"));
}

static str urgency_of(const json_t *value) {
    const json_t *specific = json_opt_object(value, "ecosystem_specific");
    str           urgency = json_opt_str(specific, "urgency");

    return str_empty(urgency) ? json_opt_str(specific, "ubuntu_priority") : urgency;
}

static enum advisory_status status_of(str urgency) {
    if (str_eq(urgency, STR("unimportant")))
        return STATUS_UNIMPORTANT;
    return str_eq(urgency, STR("end-of-life")) ? STATUS_END_OF_LIFE : STATUS_AFFECTED;
}

static bool take_affected(struct osv *o, const json_t *value) {
    const json_t    *package = json_opt_object(value, "package");
    struct affected *affected, out = {.ecosystem = json_opt_str(package, "ecosystem")};
    str              name = json_opt_str(package, "name");

    if (package == NULL || is_informational(value))
        return true; /* about source code, or not a vulnerability */
    if (str_empty(out.ecosystem) || str_empty(name))
        return damaged(o, "a package has no ecosystem or no name");
    if (out.ecosystem.len > LIMIT_ADVISORY_ID_BYTES || name.len > LIMIT_FIELD_BYTES)
        return damaged(o, "the name of a package or ecosystem is too long");
    out.package = str_eq(out.ecosystem, STR("PyPI")) ? pep503_normalise(o->arena, name) : name;
    out.urgency = urgency_of(value);
    out.status = status_of(out.urgency);
    if (out.package.ptr == NULL || !take_ranges(o, &out, json_opt_list(value, "ranges")) ||
        !take_versions(o, &out, json_opt_list(value, "versions")) ||
        !take_ratings(o, json_opt_list(value, "severity"), &out.ratings, &out.rating_count))
        return false;
    affected = BUILD_MORE(o->arena, o->out.affected, o->out.affected_count);
    if (affected == NULL)
        return damaged(o, "too many packages");
    *affected = out;
    return true;
}

static bool take_references(struct osv *o, const json_t *list) {
    size_t  i;
    json_t *value;

    json_array_foreach(list, i, value) {
        str  url = json_opt_str(value, "url");
        str *place;

        if (o->out.reference_count >= LIMIT_REFERENCES)
            return true;
        if (str_empty(url) || url.len > LIMIT_TARGET_BYTES)
            continue;
        place = BUILD_MORE(o->arena, o->out.references, o->out.reference_count);
        if (place == NULL)
            return damaged(o, "too many references");
        *place = url;
    }
    return true;
}

static bool take_record(struct osv *o, const json_t *root) {
    struct advisory *out = &o->out;
    size_t           i;
    json_t          *value;
    str              schema = json_opt_str(root, "schema_version");

    if (!build_id_ok(out->id))
        return damaged(o, "no id, or one with spaces");
    if (!str_empty(schema) && !str_starts(schema, STR("1.")))
        return damaged(o, "a schema_version that is not 1.x");
    out->summary = build_text(o->arena, json_opt_str(root, "summary"));
    out->details = build_text(o->arena, json_opt_str(root, "details"));
    out->published_at = build_time(root, "published");
    out->modified_at = build_time(root, "modified");
    out->withdrawn_at = build_time(root, "withdrawn");
    if (!str_empty(json_opt_str(root, "withdrawn")) && out->withdrawn_at == 0)
        return damaged(o, "withdrawn is not a time");
    o->source = source_of(o->arena, out->id);
    if (!take_ids(o, json_opt_list(root, "aliases"), &out->aliases, &out->alias_count) ||
        !take_upstream(o, root) ||
        !take_ratings(o, json_opt_list(root, "severity"), &out->ratings, &out->rating_count) ||
        !take_word(o, json_opt_str(json_opt_object(root, "database_specific"), "severity"),
                   &out->ratings, &out->rating_count) ||
        !take_references(o, json_opt_list(root, "references")))
        return false;
    json_array_foreach(json_opt_list(root, "affected"), i, value) {
        if (!take_affected(o, value))
            return false;
    }
    return true;
}

static pw_code osv_document(struct feed_reader *reader, const json_t *root, struct err *err) {
    struct osv o = {.arena = &reader->arena, .out = {.id = json_opt_str(root, "id")}};

    if (!json_is_object(root) || (str_empty(o.out.id) && json_opt_list(root, "affected") == NULL))
        return err_set(err, PW_INVALID, "not an OSV record: no \"id\" and no \"affected\"");
    if (!take_record(&o, root))
        return reader_bad(reader, o.out.id, o.why != NULL ? o.why : "needs too much memory", err);
    if (o.out.affected_count == 0)
        return PW_OK; /* about source code only: nothing to match */
    return reader_advisory(reader, o.out.id, &o.out, err);
}

static pw_code sample_end(struct feed_reader *reader, struct err *err) {
    struct feed_scope scope = {.all = true};

    return reader_scope(reader, &scope, err);
}

const struct feed_format osv_format = {.document = osv_document, .by_ecosystem = true};
const struct feed_format sample_format = {.document = osv_document, .end = sample_end};
