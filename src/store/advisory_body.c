/* advisory_body.c - a compact, versioned encoding. */
#include "store/advisory_body.h"

enum { BODY_VERSION = 1, MODIFIED_BYTES = 8 };

/* --- writing --- */

static void put_number(struct buf *out, uint64_t value) {
    while (value >= 0x80) {
        buf_addc(out, (char)(value | 0x80));
        value >>= 7;
    }
    buf_addc(out, (char)value);
}

static void put_signed(struct buf *out, int64_t value) {
    put_number(out, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

static void put_text(struct buf *out, str text) {
    put_number(out, text.len);
    buf_add(out, text);
}

static void put_texts(struct buf *out, const str *list, size_t count) {
    put_number(out, count);
    for (size_t i = 0; i < count; i++)
        put_text(out, list[i]);
}

/* Base scores have one decimal. */
static void put_ratings(struct buf *out, const struct rating *list, size_t count) {
    put_number(out, count);
    for (size_t i = 0; i < count; i++) {
        put_text(out, list[i].source);
        put_text(out, list[i].kind);
        put_text(out, list[i].value);
        put_number(out, list[i].scored ? 1 + (uint64_t)(list[i].score * 10 + 0.5) : 0);
    }
}

static void put_range(struct buf *out, const struct range *range) {
    put_number(out, range->type);
    put_number(out, range->event_count);
    for (size_t i = 0; i < range->event_count; i++) {
        put_number(out, range->events[i].kind);
        put_text(out, range->events[i].version);
    }
}

static void put_affected(struct buf *out, const struct affected *affected) {
    put_text(out, affected->ecosystem);
    put_text(out, affected->package);
    put_number(out, affected->status);
    put_text(out, affected->urgency);
    put_texts(out, affected->versions, affected->version_count);
    put_number(out, affected->range_count);
    for (size_t i = 0; i < affected->range_count; i++)
        put_range(out, &affected->ranges[i]);
    put_ratings(out, affected->ratings, affected->rating_count);
}

void advisory_body_write(struct buf *out, const struct advisory *a) {
    struct buf entry = BUF_INIT(out->ceiling);

    buf_addc(out, BODY_VERSION);
    buf_add(out, str_make(&a->modified_at, MODIFIED_BYTES));
    put_text(out, a->id);
    put_texts(out, a->aliases, a->alias_count);
    put_texts(out, a->upstream, a->upstream_count);
    put_text(out, a->summary);
    put_text(out, a->details);
    put_signed(out, a->published_at);
    put_signed(out, a->withdrawn_at);
    put_ratings(out, a->ratings, a->rating_count);
    put_texts(out, a->references, a->reference_count);
    put_number(out, a->affected_count);
    for (size_t i = 0; i < a->affected_count; i++) {
        buf_clear(&entry);
        put_affected(&entry, &a->affected[i]);
        put_text(out, buf_str(&entry));
        if (!buf_ok(&entry))
            out->failed = entry.failed;
    }
    buf_done(&entry);
}

uint64_t advisory_body_hash(str body) {
    return str_hash(str_from(body, 1 + MODIFIED_BYTES)) ^ BODY_VERSION;
}

/* --- reading: a broken length sticks, and every later read gives nothing --- */

struct reading {
    struct arena *arena;
    str           rest;
    bool          broken, full; /* full: the arena is */
};

static uint64_t get_number(struct reading *r) {
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && r->rest.len > 0; shift += 7) {
        unsigned char byte = (unsigned char)r->rest.ptr[0];

        r->rest = str_from(r->rest, 1);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    r->broken = true;
    return 0;
}

static int64_t get_signed(struct reading *r) {
    uint64_t value = get_number(r);

    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static str get_text(struct reading *r) {
    uint64_t len = get_number(r);
    str      text;

    if (len > r->rest.len) {
        r->broken = true;
        return STR_NONE;
    }
    text = str_sub(r->rest, 0, (size_t)len);
    r->rest = str_from(r->rest, (size_t)len);
    return text;
}

/* A list's length, and its memory: each element takes at least one byte. */
static void *get_list(struct reading *r, size_t size, size_t *ret_count) {
    uint64_t count = get_number(r);
    void    *list;

    *ret_count = 0;
    if (count > r->rest.len) {
        r->broken = true;
        return NULL;
    }
    list = arena_array(r->arena, (size_t)count, size);
    if (list == NULL) {
        r->full = r->broken = true;
        return NULL;
    }
    *ret_count = (size_t)count;
    return list;
}

static str *get_texts(struct reading *r, size_t *ret_count) {
    str *list = get_list(r, sizeof *list, ret_count);

    for (size_t i = 0; i < *ret_count; i++)
        list[i] = get_text(r);
    return list;
}

static struct rating *get_ratings(struct reading *r, size_t *ret_count) {
    struct rating *list = get_list(r, sizeof *list, ret_count);

    for (size_t i = 0; i < *ret_count; i++) {
        uint64_t score;

        list[i].source = get_text(r);
        list[i].kind = get_text(r);
        list[i].value = get_text(r);
        score = get_number(r);
        list[i].scored = score > 0;
        list[i].score = score > 0 ? (double)(score - 1) / 10 : 0;
    }
    return list;
}

static void get_range(struct reading *r, struct range *range) {
    range->type = (enum range_type)get_number(r);
    range->events = get_list(r, sizeof *range->events, &range->event_count);
    for (size_t i = 0; i < range->event_count; i++) {
        range->events[i].kind = (enum event_kind)get_number(r);
        range->events[i].version = get_text(r);
        r->broken = r->broken || range->events[i].kind > EVENT_LIMIT;
    }
    r->broken = r->broken || range->type > RANGE_GIT;
}

static bool is_wanted(const struct affected *affected, str ecosystem, str package) {
    str family = str_sub(ecosystem, 0, str_find_char(ecosystem, ':'));

    if (str_empty(ecosystem))
        return true;
    return str_eq(affected->package, package) &&
           (str_eq(affected->ecosystem, ecosystem) || str_eq(affected->ecosystem, family));
}

static bool get_affected(struct reading *r, str ecosystem, str package, struct affected *out) {
    struct reading entry = {.arena = r->arena, .rest = get_text(r)};

    out->ecosystem = get_text(&entry);
    out->package = get_text(&entry);
    if (!is_wanted(out, ecosystem, package)) {
        r->broken = r->broken || entry.broken;
        return false;
    }
    out->status = (enum advisory_status)get_number(&entry);
    out->urgency = get_text(&entry);
    out->versions = get_texts(&entry, &out->version_count);
    out->ranges = get_list(&entry, sizeof *out->ranges, &out->range_count);
    for (size_t i = 0; i < out->range_count; i++)
        get_range(&entry, &out->ranges[i]);
    out->ratings = get_ratings(&entry, &out->rating_count);
    r->broken = r->broken || entry.broken || out->status > STATUS_NOT_AFFECTED;
    r->full = r->full || entry.full;
    return true;
}

static pw_code finish(const struct reading *r, struct err *err) {
    if (r->full)
        return arena_error(r->arena, err);
    if (r->broken)
        return err_set(err, PW_CORRUPT, "a stored advisory cannot be read; import its feed again");
    return PW_OK;
}

pw_code advisory_body_read(struct arena *arena, str body, str ecosystem, str package,
                           struct advisory *ret_advisory, struct err *err) {
    struct reading  r = {.arena = arena, .rest = str_from(body, 1 + MODIFIED_BYTES)};
    struct advisory a = {0};
    size_t          count;

    if (body.len <= 1 + MODIFIED_BYTES || body.ptr[0] != BODY_VERSION)
        return err_set(err, PW_CORRUPT,
                       "a stored advisory is of another build; import its feed again");
    memcpy(&a.modified_at, body.ptr + 1, MODIFIED_BYTES);
    a.id = get_text(&r);
    a.aliases = get_texts(&r, &a.alias_count);
    a.upstream = get_texts(&r, &a.upstream_count);
    a.summary = get_text(&r);
    a.details = get_text(&r);
    a.published_at = get_signed(&r);
    a.withdrawn_at = get_signed(&r);
    a.ratings = get_ratings(&r, &a.rating_count);
    a.references = get_texts(&r, &a.reference_count);
    a.affected = get_list(&r, sizeof *a.affected, &count);
    for (size_t i = 0; i < count && !r.broken; i++) {
        struct affected one = {0};

        if (get_affected(&r, ecosystem, package, &one))
            a.affected[a.affected_count++] = one;
    }
    PW_TRY(finish(&r, err));
    *ret_advisory = a;
    return PW_OK;
}

/* --- vulnerabilities --- */

void vulnerability_body_write(struct buf *out, const struct vulnerability *v) {
    buf_addc(out, BODY_VERSION);
    put_text(out, v->id);
    put_text(out, v->description);
    put_ratings(out, v->ratings, v->rating_count);
    put_signed(out, v->published_at);
}

pw_code vulnerability_body_read(struct arena *arena, str body,
                                struct vulnerability *ret_vulnerability, struct err *err) {
    struct reading       r = {.arena = arena, .rest = str_from(body, 1)};
    struct vulnerability v = {0};

    if (body.len == 0 || body.ptr[0] != BODY_VERSION)
        return err_set(err, PW_CORRUPT,
                       "a stored rating is of another build; import its feed again");
    v.id = get_text(&r);
    v.description = get_text(&r);
    v.ratings = get_ratings(&r, &v.rating_count);
    v.published_at = get_signed(&r);
    PW_TRY(finish(&r, err));
    *ret_vulnerability = v;
    return PW_OK;
}
