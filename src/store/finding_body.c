/* finding_body.c - a finding's text to JSON and back. */
#include "base/buf.h"
#include "store/finding_body.h"

#include "base/json_write.h"
#include "base/limits.h"
#include "format/json.h"

static void put_list(struct json_writer *w, const char *key, const str *items, size_t count) {
    if (count == 0)
        return;
    json_key(w, key);
    json_open_list(w);
    for (size_t i = 0; i < count; i++)
        json_str(w, items[i]);
    json_close_list(w);
}

static void put_some(struct json_writer *w, const char *key, str value) {
    if (value.len > 0)
        json_put_str(w, key, value);
}

static void put_number(struct json_writer *w, const char *key, double value) {
    json_key(w, key);
    json_double(w, value, 5);
}

pw_code finding_body_encode(const struct finding *f, struct buf *out, struct err *err) {
    struct json_writer w = JSON_WRITER(out);
    str                text;

    json_open(&w);
    put_list(&w, "aliases", f->aliases, f->alias_count);
    put_some(&w, "why", f->why);
    put_some(&w, "title", f->title);
    put_some(&w, "description", f->description);
    put_some(&w, "severity_source", f->severity_source);
    if (f->cvss_count > 0) {
        json_key(&w, "cvss");
        json_open_list(&w);
        for (size_t i = 0; i < f->cvss_count; i++) {
            json_open(&w);
            json_put_str(&w, "version", f->cvss[i].version);
            json_put_str(&w, "vector", f->cvss[i].vector);
            put_number(&w, "score", f->cvss[i].score);
            json_close(&w);
        }
        json_close_list(&w);
    }
    if (f->epss >= 0) {
        put_number(&w, "epss", f->epss);
        put_number(&w, "epss_percentile", f->epss_percentile);
    }
    if (f->kev_added_at != 0)
        json_put_int(&w, "kev_added_at", f->kev_added_at);
    if (f->published_at != 0)
        json_put_int(&w, "published_at", f->published_at);
    if (f->disputed)
        json_put_bool(&w, "disputed", true);
    put_list(&w, "references", f->references, f->reference_count);
    json_close(&w);
    return buf_finish(out, &text, err);
}

static bool take_text(struct arena *arena, str text, str *ret_text) {
    *ret_text = text.len > 0 ? arena_str(arena, text) : STR("");
    return ret_text->ptr != NULL;
}

static bool take_list(struct arena *arena, const json_t *list, str **ret_items, size_t *ret_count) {
    size_t n = json_array_size(list);
    str   *items = n > 0 ? arena_array(arena, n, sizeof *items) : NULL;

    if (n > 0 && items == NULL)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!take_text(arena, json_str_of(json_array_get(list, i)), &items[i]))
            return false;
    *ret_items = items;
    *ret_count = n;
    return true;
}

static bool take_cvss(struct arena *arena, const json_t *list, struct finding *f) {
    size_t n = json_array_size(list);

    f->cvss = n > 0 ? arena_array(arena, n, sizeof *f->cvss) : NULL;
    if (n > 0 && f->cvss == NULL)
        return false;
    f->cvss_count = n;
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);

        if (!take_text(arena, json_opt_str(item, "version"), &f->cvss[i].version) ||
            !take_text(arena, json_opt_str(item, "vector"), &f->cvss[i].vector))
            return false;
        f->cvss[i].score = json_opt_double(item, "score", -1);
    }
    return true;
}

pw_code finding_body_decode(struct arena *arena, str body, struct finding *f, struct err *err) {
    AUTO(json_endp) json_t *root = NULL;
    bool                    ok;

    PW_TRY(json_parse(body, LIMIT_ADVISORY_BYTES, &root, err));
    ok = take_list(arena, json_opt_list(root, "aliases"), &f->aliases, &f->alias_count) &&
         take_list(arena, json_opt_list(root, "references"), &f->references, &f->reference_count) &&
         take_cvss(arena, json_opt_list(root, "cvss"), f) &&
         take_text(arena, json_opt_str(root, "why"), &f->why) &&
         take_text(arena, json_opt_str(root, "title"), &f->title) &&
         take_text(arena, json_opt_str(root, "description"), &f->description) &&
         take_text(arena, json_opt_str(root, "severity_source"), &f->severity_source);
    if (!ok)
        return arena_error(arena, err);
    f->epss = json_opt_double(root, "epss", -1);
    f->epss_percentile = json_opt_double(root, "epss_percentile", -1);
    f->kev_added_at = json_opt_int(root, "kev_added_at", 0);
    f->published_at = json_opt_int(root, "published_at", 0);
    f->disputed = json_opt_bool(root, "disputed", false);
    return PW_OK;
}
