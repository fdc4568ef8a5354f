/* kev.c - CISA's catalogue of known exploited vulnerabilities, one small document. */
#include "advisory/format.h"

static pw_code take_entry(struct feed_reader *reader, const json_t *entry, struct err *err) {
    struct kev_entry out = {
        .cve = json_opt_str(entry, "cveID"),
        .added_at = build_time(entry, "dateAdded"),
        .due_at = build_time(entry, "dueDate"),
        .ransomware =
            str_eq_nocase(json_opt_str(entry, "knownRansomwareCampaignUse"), STR("Known")),
    };

    if (!build_id_ok(out.cve) || !str_starts(out.cve, STR("CVE-")))
        return reader_bad(reader, out.cve, "no cveID", err);
    if (out.added_at == 0)
        return reader_bad(reader, out.cve, "dateAdded is not a date", err);
    reader->records++;
    return reader->sink->kev != NULL ? reader->sink->kev(reader->sink->ctx, &out, err) : PW_OK;
}

static pw_code kev_document(struct feed_reader *reader, const json_t *root, struct err *err) {
    json_t *list = json_opt_list(root, "vulnerabilities"), *entry;
    size_t  i;

    if (list == NULL || str_empty(json_opt_str(root, "catalogVersion")))
        return err_set(
            err, PW_INVALID,
            "not the KEV catalogue: \"catalogVersion\" or \"vulnerabilities\" is missing");
    reader_version(reader, json_opt_str(root, "catalogVersion"));
    json_array_foreach(list, i, entry) PW_TRY(take_entry(reader, entry, err));
    return PW_OK;
}

const struct feed_format kev_format = {.document = kev_document};
