/*
 * nvd.c - ratings of CVEs: {"vulnerabilities": [{"cve": {id, published, descriptions, metrics}}]}.
 *
 * Spec: NVD API 2.0, also as yearly files. NVD's own rating is the source "nvd"; what it passes on for
 * others is "nvd/<publisher>". Scores of CVSS 2 and 3 are computed from the vectors.
 */
#include "advisory/format.h"

static str rating_source(struct arena *arena, const json_t *metric) {
    str source = json_opt_str(metric, "source");

    if (str_eq(source, STR("nvd@nist.gov")))
        return STR("nvd");
    return arena_strf(arena, "nvd/" STR_FMT, STR_ARG(str_sub(source, 0, LIMIT_ADVISORY_ID_BYTES)));
}

static bool take_metrics(struct arena *arena, const json_t *list, bool primary,
                         struct vulnerability *out) {
    size_t  i;
    json_t *metric;

    json_array_foreach(list, i, metric) {
        const json_t *data = json_opt_object(metric, "cvssData");
        struct rating rating, *place;

        if (str_eq(json_opt_str(metric, "type"), STR("Primary")) != primary)
            continue;
        if (!build_cvss(&rating, rating_source(arena, metric), json_opt_str(data, "vectorString"),
                        json_opt_double(data, "baseScore", -1)))
            continue;
        place = BUILD_MORE(arena, out->ratings, out->rating_count);
        if (place == NULL || rating.source.ptr == NULL)
            return false;
        *place = rating;
    }
    return true;
}

static bool take_ratings(struct arena *arena, const json_t *metrics, struct vulnerability *out) {
    static const char *const keys[] = {"cvssMetricV31", "cvssMetricV30", "cvssMetricV40",
                                       "cvssMetricV2"};

    EACH (key, keys) {
        const json_t *list = json_opt_list(metrics, *key);

        if (!take_metrics(arena, list, true, out) || !take_metrics(arena, list, false, out))
            return false;
    }
    return true;
}

static str english(const json_t *descriptions) {
    size_t  i;
    json_t *one;

    json_array_foreach(descriptions, i, one) {
        if (str_eq(json_opt_str(one, "lang"), STR("en")))
            return json_opt_str(one, "value");
    }
    return STR_NONE;
}

static pw_code nvd_record(struct feed_reader *reader, str key, str inner, const json_t *value,
                          struct err *err) {
    const json_t        *cve = json_opt_object(value, "cve");
    struct vulnerability out = {.id = json_opt_str(cve, "id")};

    (void)inner;
    if (!str_eq(key, STR("vulnerabilities")))
        return PW_OK; /* the head of the page */
    if (!str_starts(out.id, STR("CVE-")) || !build_id_ok(out.id))
        return reader_bad(reader, out.id, "not {\"cve\": {\"id\": \"CVE-...\"}}", err);
    out.description = build_text(&reader->arena, english(json_opt_list(cve, "descriptions")));
    out.published_at = build_time(cve, "published");
    out.modified_at = build_time(cve, "lastModified");
    if (!str_eq(json_opt_str(cve, "vulnStatus"), STR("Rejected")) &&
        !take_ratings(&reader->arena, json_opt_object(cve, "metrics"), &out))
        return reader_bad(reader, out.id, "too many metrics", err);
    reader->records++;
    return reader->sink->vulnerability != NULL
               ? reader->sink->vulnerability(reader->sink->ctx, &out, err)
               : PW_OK;
}

static pw_code nvd_end(struct feed_reader *reader, struct err *err) {
    if (reader->records == 0)
        return err_set(err, PW_INVALID, "not NVD 2.0: no \"vulnerabilities\"");
    return PW_OK;
}

const struct feed_format nvd_format = {.record = nvd_record, .end = nvd_end};
