/* listing_referrers.c - what refers to a digest, as an image index. */
#include "base/json_write.h"
#include "base/limits.h"
#include "registry/listing.h"
#include "registry/reference.h"
#include "registry/service_state.h"
#include "store/manifests.h"
#include "store/referrers.h"
#include "store/repositories.h"

#define ANSWER_CEILING                                                                             \
    (LIMIT_MANIFEST_BYTES * 2) /* a page ends early rather than pass half of it */

struct query {
    int64_t                         registry_id;
    const struct listing_referrers *wanted;
    struct arena                   *arena;
    struct referrer                *referrers;
    size_t                          count;
    struct referrer                *fallback; /* listed by the fallback tag's index */
    size_t                          fallback_count;
};

/* --- the fallback tag --- */

/* Those that name the subject themselves are listed anyway, on whichever page. */
static bool is_wanted(const struct query *query, const struct referrer *referrer) {
    char subject[DIGEST_TEXT_SIZE];

    if (str_eq(referrer->subject, digest_format(&query->wanted->subject, subject)))
        return false;
    return str_empty(query->wanted->artifact_type) ||
           str_eq(query->wanted->artifact_type, referrer->artifact_type);
}

static pw_code add_fallback(struct txn *txn, int64_t repository_id, struct query *query,
                            const struct descriptor *entry, struct err *err) {
    struct referrer *out = &query->fallback[query->fallback_count];
    pw_code code = referrers_find(txn, repository_id, &entry->digest, query->arena, out, err);

    if (code == PW_NOT_FOUND)
        return PW_OK; /* the index outlived it */
    if (code == PW_OK && is_wanted(query, out))
        query->fallback_count++;
    return code;
}

static pw_code read_fallback(struct txn *txn, int64_t repository_id, struct query *query,
                             struct err *err) {
    struct repository_key key = {query->registry_id, query->wanted->repository};
    char                  tag[REFERENCE_FALLBACK_SIZE];
    struct manifest_row   row;
    struct descriptor    *entries;
    size_t                count;
    pw_code               code;

    code = manifests_by_tag(txn, &key, reference_fallback_tag(&query->wanted->subject, tag),
                            query->arena, &row, err);
    if (code == PW_NOT_FOUND)
        return PW_OK;
    if (code != PW_OK || row.kind != MANIFEST_INDEX)
        return code;
    PW_TRY(manifests_references(txn, row.id, query->arena, &entries, &count, err));
    query->fallback = arena_array(query->arena, count + 1, sizeof *query->fallback);
    if (query->fallback == NULL)
        return arena_error(query->arena, err);
    for (size_t i = 0; i < count; i++)
        PW_TRY(add_fallback(txn, repository_id, query, &entries[i], err));
    return PW_OK;
}

static pw_code read_referrers(struct txn *txn, void *arg, struct err *err) {
    struct query         *query = arg;
    struct referrers_page page = {.subject = &query->wanted->subject,
                                  .artifact_type = query->wanted->artifact_type,
                                  .after = query->wanted->after,
                                  .limit = LIMIT_REFERRERS_PAGE + 1,
                                  .bytes = LIMIT_MANIFEST_BYTES};
    pw_code code = repositories_find(txn, query->registry_id, query->wanted->repository,
                                     &page.repository_id, err);

    query->count = query->fallback_count = 0;
    if (code == PW_NOT_FOUND)
        return PW_OK; /* nothing refers to anything there */
    if (code != PW_OK)
        return code;
    PW_TRY(referrers_page(txn, &page, query->arena, &query->referrers, &query->count, err));
    return query->wanted->after == 0 ? read_fallback(txn, page.repository_id, query, err) : PW_OK;
}

/* --- the answer --- */

static void write_descriptor(struct json_writer *w, const struct referrer *referrer) {
    char digest[DIGEST_TEXT_SIZE];

    json_open(w);
    json_put_str(w, "mediaType", referrer->media_type);
    json_put_str(w, "digest", digest_format(&referrer->digest, digest));
    json_put_int(w, "size", (int64_t)referrer->size);
    if (!str_empty(referrer->artifact_type))
        json_put_str(w, "artifactType", referrer->artifact_type);
    if (!str_empty(referrer->annotations)) {
        json_key(w, "annotations");
        json_raw(w, referrer->annotations);
    }
    json_close(w);
}

/* Number of referrers that one answer carries: their annotations may be large. */
static size_t fitting(const struct query *query) {
    size_t bytes = 0, n = 0;

    while (n < query->count && n < LIMIT_REFERRERS_PAGE) {
        bytes += query->referrers[n].annotations.len + 512;
        if (n > 0 && bytes > LIMIT_MANIFEST_BYTES)
            break;
        n++;
    }
    return n;
}

pw_code listing_referrers_index(struct registry_service        *service,
                                const struct listing_referrers *wanted, struct arena *arena,
                                str *ret_json, int64_t *ret_next, struct err *err) {
    AUTO(buf_done) struct buf out = BUF_INIT(ANSWER_CEILING);
    struct json_writer        w = JSON_WRITER(&out);
    struct query query = {.registry_id = service->registry_id, .wanted = wanted, .arena = arena};
    size_t       n;
    str          text;

    PW_TRY(reference_check_name(wanted->repository, err));
    PW_TRY(store_read(service->store, read_referrers, &query, err));
    n = fitting(&query);
    json_open(&w);
    json_put_int(&w, "schemaVersion", 2);
    json_put_str(&w, "mediaType", STR("application/vnd.oci.image.index.v1+json"));
    json_key(&w, "manifests");
    json_open_list(&w);
    for (size_t i = 0; i < n; i++)
        write_descriptor(&w, &query.referrers[i]);
    for (size_t i = 0; i < query.fallback_count; i++)
        write_descriptor(&w, &query.fallback[i]);
    json_close_list(&w);
    json_close(&w);
    PW_TRY(buf_finish(&out, &text, err));
    *ret_json = arena_str(arena, text);
    if (ret_json->ptr == NULL)
        return arena_error(arena, err);
    *ret_next = n < query.count ? query.referrers[n - 1].manifest_id : 0;
    return PW_OK;
}
