/*
 * debian_tracker.c - {source: {CVE: {description, releases: {codename: {status, fixed_version, urgency}}}}}.
 *
 * Spec: https://security-tracker.debian.org/tracker/data/json. One record for each source package and
 * id, named "source/CVE-...". Fixed version "0" means: not affected. Ids without a CVE (TEMP-...) are
 * kept as they are.
 */
#include "advisory/format.h"

/* Codenames become release numbers, as in the OSV ecosystem strings and in os-release. */
static const struct {
    str codename, ecosystem;
} releases[] = {
    {STR_INIT("wheezy"), STR_INIT("Debian:7")},    {STR_INIT("jessie"), STR_INIT("Debian:8")},
    {STR_INIT("stretch"), STR_INIT("Debian:9")},   {STR_INIT("buster"), STR_INIT("Debian:10")},
    {STR_INIT("bullseye"), STR_INIT("Debian:11")}, {STR_INIT("bookworm"), STR_INIT("Debian:12")},
    {STR_INIT("trixie"), STR_INIT("Debian:13")},   {STR_INIT("forky"), STR_INIT("Debian:14")},
    {STR_INIT("duke"), STR_INIT("Debian:15")},
};

static str ecosystem_of(struct arena *arena, str codename) {
    EACH (row, releases)
        if (str_eq(row->codename, codename))
            return row->ecosystem;
    return arena_strf(arena, "Debian:" STR_FMT,
                      STR_ARG(codename)); /* sid, experimental, ones to come */
}

/* NULL: fine. */
static const char *take_release(struct arena *arena, struct affected *out, const json_t *release) {
    str status = json_opt_str(release, "status");
    str fixed = json_opt_str(release, "fixed_version");

    out->urgency = json_opt_str(release, "urgency");
    if (str_eq(status, STR("undetermined"))) {
        out->status = STATUS_UNDETERMINED;
        return NULL;
    }
    if (str_eq(fixed, STR("0"))) {
        out->status = STATUS_NOT_AFFECTED;
        return NULL;
    }
    if (!str_eq(status, STR("resolved")) && !str_eq(status, STR("open")))
        return "a status that is not resolved, open or undetermined";
    if (str_eq(out->urgency, STR("unimportant")))
        out->status = STATUS_UNIMPORTANT;
    if (str_eq(status, STR("open"))) {
        if (str_eq(out->urgency, STR("end-of-life")))
            out->status = STATUS_END_OF_LIFE;
        else if (out->status == STATUS_AFFECTED)
            out->status = STATUS_OPEN;
        return NULL;
    }
    if (str_empty(fixed) || fixed.len > LIMIT_VERSION_BYTES)
        return "resolved without a fixed_version";
    return build_below(arena, out, fixed) ? NULL : "needs too much memory";
}

static const char *take_releases(struct arena *arena, str source, const json_t *list,
                                 struct advisory *out) {
    const char *name;
    json_t     *release;

    json_object_foreach((json_t *)list, name, release) {
        struct affected  one = {.package = source, .ecosystem = ecosystem_of(arena, str_of(name))};
        const char      *why = take_release(arena, &one, release);
        struct affected *place;

        if (why != NULL)
            return why;
        place = BUILD_MORE(arena, out->affected, out->affected_count);
        if (place == NULL || one.ecosystem.ptr == NULL)
            return "too many releases";
        *place = one;
    }
    return NULL;
}

static pw_code tracker_record(struct feed_reader *reader, str source, str id, const json_t *value,
                              struct err *err) {
    struct advisory out = {.id = id};
    str name = arena_strf(&reader->arena, STR_FMT "/" STR_FMT, STR_ARG(source), STR_ARG(id));
    const char *why;

    if (name.ptr == NULL || !build_id_ok(source) || !build_id_ok(id) || !json_is_object(value))
        return reader_bad(reader, name.ptr != NULL ? name : id, "not {source: {id: {...}}}", err);
    out.details = build_text(&reader->arena, json_opt_str(value, "description"));
    why = take_releases(&reader->arena, source, json_opt_object(value, "releases"), &out);
    if (why != NULL)
        return reader_bad(reader, name, why, err);
    if (out.affected_count == 0) {
        reader->records++;
        return PW_OK; /* known, and in no release */
    }
    return reader_advisory(reader, name, &out, err);
}

static pw_code tracker_end(struct feed_reader *reader, struct err *err) {
    struct feed_scope scope = {.all = true};

    if (reader->records == 0)
        return err_set(err, PW_INVALID,
                       "not the tracker's document: no {source: {id: {...}}} in it");
    return reader_scope(reader, &scope, err);
}

const struct feed_format debian_tracker_format = {.record = tracker_record, .end = tracker_end};
