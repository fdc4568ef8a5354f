/* The parsers of feeds, by cases/advisory/feeds.txt, and what keeps them bounded. */
#include "test.h"

#include "advisory/feeds.h"
#include "base/arena.h"
#include "base/limits.h"

/* --- the normal form in words --- */

static void put_ids(struct buf *out, const char *open, const str *ids, size_t count,
                    const char *close) {
    buf_adds(out, open);
    for (size_t i = 0; i < count; i++)
        buf_addf(out, "%s" STR_FMT, i > 0 ? "," : "", STR_ARG(ids[i]));
    buf_adds(out, close);
}

static void put_ratings(struct buf *out, const struct rating *ratings, size_t count) {
    for (size_t i = 0; i < count; i++) {
        buf_addf(out, " " STR_FMT ":" STR_FMT ":", STR_ARG(ratings[i].source),
                 STR_ARG(ratings[i].kind));
        if (str_eq(ratings[i].kind, STR("word")))
            buf_add(out, ratings[i].value);
        else if (ratings[i].scored)
            buf_addf(out, "%.1f", ratings[i].score);
        else
            buf_adds(out, "unscored");
    }
}

static void put_affected(struct buf *out, const struct affected *a) {
    static const char *const statuses[] = {"affected",    "open",         "unimportant",
                                           "end-of-life", "undetermined", "not-affected"};
    static const char *const signs[] = {">=", "<", "<=", "^"};

    buf_addf(out, " ; " STR_FMT " " STR_FMT " %s", STR_ARG(a->ecosystem), STR_ARG(a->package),
             statuses[a->status]);
    if (!str_empty(a->urgency))
        buf_addf(out, " (" STR_FMT ")", STR_ARG(a->urgency));
    for (size_t r = 0; r < a->range_count; r++) {
        buf_addf(out, "%s%s", r > 0 ? " /" : "",
                 a->ranges[r].type == RANGE_SEMVER ? " semver" : "");
        for (size_t e = 0; e < a->ranges[r].event_count; e++)
            buf_addf(out, " %s" STR_FMT, signs[a->ranges[r].events[e].kind],
                     STR_ARG(a->ranges[r].events[e].version));
    }
    for (size_t v = 0; v < a->version_count; v++)
        buf_addf(out, " =" STR_FMT, STR_ARG(a->versions[v]));
    put_ratings(out, a->ratings, a->rating_count);
}

static void put_times(struct buf *out, int64_t published, int64_t modified) {
    if (published != 0)
        buf_addf(out, " published %d", (int)published);
    if (modified != 0)
        buf_addf(out, " modified %d", (int)modified);
}

static void put_text(struct buf *out, str text) {
    if (!str_empty(text))
        buf_addf(out, " \"" STR_FMT "\"", STR_ARG(text));
}

static pw_code take_advisory(void *ctx, str name, const struct advisory *a, struct err *err) {
    struct buf *out = ctx;

    buf_addf(out, STR_FMT " = " STR_FMT, STR_ARG(name), STR_ARG(a->id));
    put_ids(out, " [", a->aliases, a->alias_count, "]");
    put_ids(out, " {", a->upstream, a->upstream_count, "}");
    put_times(out, a->published_at, a->modified_at);
    if (a->withdrawn_at != 0)
        buf_addf(out, " withdrawn %d", (int)a->withdrawn_at);
    put_ratings(out, a->ratings, a->rating_count);
    put_text(out, a->summary);
    put_text(out, a->details);
    for (size_t i = 0; i < a->reference_count; i++)
        buf_addf(out, " " STR_FMT, STR_ARG(a->references[i]));
    for (size_t i = 0; i < a->affected_count; i++)
        put_affected(out, &a->affected[i]);
    buf_addc(out, '\n');
    return PW_OK;
}

static pw_code take_vulnerability(void *ctx, const struct vulnerability *v, struct err *err) {
    struct buf *out = ctx;

    buf_add(out, v->id);
    put_times(out, v->published_at, v->modified_at);
    put_ratings(out, v->ratings, v->rating_count);
    put_text(out, v->description);
    buf_addc(out, '\n');
    return PW_OK;
}

static pw_code take_epss(void *ctx, const struct epss_score *score, struct err *err) {
    buf_addf(ctx, STR_FMT " %g %g\n", STR_ARG(score->cve), score->score, score->percentile);
    return PW_OK;
}

static pw_code take_kev(void *ctx, const struct kev_entry *entry, struct err *err) {
    buf_addf(ctx, STR_FMT " added %d due %d%s\n", STR_ARG(entry->cve), (int)entry->added_at,
             (int)entry->due_at, entry->ransomware ? " ransomware" : "");
    return PW_OK;
}

static pw_code take_scope(void *ctx, const struct feed_scope *scope, struct err *err) {
    if (scope->all)
        buf_adds(ctx, "scope all\n");
    else
        buf_addf(ctx, "scope " STR_FMT " " STR_FMT " " STR_FMT "\n", STR_ARG(scope->stream),
                 STR_ARG(scope->part), STR_ARG(scope->prefix));
    return PW_OK;
}

static void take_version(void *ctx, str version) {
    buf_addf(ctx, "version " STR_FMT "\n", STR_ARG(version));
}

static pw_code take_bad(void *ctx, str record, const char *what, struct err *err) {
    buf_addf(ctx, "bad " STR_FMT ": %s\n", STR_ARG(record), what);
    return PW_OK;
}

static struct feed_sink words_of(struct buf *out) {
    return (struct feed_sink){out,      take_advisory, take_vulnerability, take_epss,
                              take_kev, take_scope,    take_version,       take_bad};
}

/* --- cases --- */

struct script {
    char       feed[32], title[128];
    int        line, count;
    struct buf doc, want, got;
    bool       open;
};

static bool same_line(str got, str want) {
    if (str_eq(want, STR("error")) || str_eq(want, STR("error not the JSON that was expected")))
        return str_starts(got, want); /* the parser's own words follow */
    return str_eq(got, want);
}

static void end_case(struct script *s) {
    AUTO(feed_reader_freep) struct feed_reader *reader = NULL;
    struct feed_sink                            sink = words_of(&s->got);
    struct err                                  err = ERR_NONE;
    str                                         got, want, got_line, want_line;

    if (!s->open)
        return;
    s->open = false;
    s->count++;
    CHECK_OK(feed_reader_new(feeds_find(str_of(s->feed)), &sink, &reader, &err));
    if (feed_reader_text(reader, buf_str(&s->doc), &err) != PW_OK)
        buf_addf(&s->got, "error %s\n", err_text(&err));
    got = buf_str(&s->got);
    want = buf_str(&s->want);
    if (str_eq(want, STR("nothing\n")))
        want = STR_NONE;
    while (str_line(&want, &want_line) && want_line.len > 0)
        if (!str_line(&got, &got_line) || !same_line(got_line, want_line))
            fail_msg("line %d, %s:\ngot  " STR_FMT "\nwant " STR_FMT, s->line, s->title,
                     STR_ARG(got_line), STR_ARG(want_line));
    if (str_line(&got, &got_line) && got_line.len > 0)
        fail_msg("line %d, %s: more than wanted: " STR_FMT, s->line, s->title, STR_ARG(got_line));
}

static void add_document(struct buf *doc, str line) {
    for (size_t i = 0; i < line.len; i++)
        buf_addc(doc, line.ptr[i] == '\'' ? '"' : line.ptr[i]);
    buf_addc(doc, '\n');
}

static void script_line(void *ctx, str line, int number) {
    struct script *s = ctx;
    str            rest = line, verb;

    str_cut(&rest, ' ', &verb);
    if (str_eq(verb, STR("feed")) || str_eq(verb, STR("case"))) {
        end_case(s);
        if (str_eq(verb, STR("feed"))) {
            str_copy(rest, s->feed, sizeof s->feed);
            return;
        }
        str_copy(rest, s->title, sizeof s->title);
        s->line = number;
        s->open = true;
        buf_clear(&s->doc);
        buf_clear(&s->want);
        buf_clear(&s->got);
    } else if (str_eq(verb, STR("doc"))) {
        add_document(&s->doc, rest);
    } else {
        CHECK(str_eq(verb, STR("want")));
        buf_addf(&s->want, STR_FMT "\n", STR_ARG(rest));
    }
}

TEST(documents_become_records) {
    struct script s = {
        .doc = BUF_INIT(1 << 20), .want = BUF_INIT(1 << 20), .got = BUF_INIT(1 << 20)};

    case_file("advisory/feeds.txt", script_line, &s);
    end_case(&s);
    CHECK(s.count > 35);
    buf_done(&s.doc);
    buf_done(&s.want);
    buf_done(&s.got);
}

/* --- ceilings --- */

static pw_code read_osv(str document, struct buf *out, struct err *ret_err) {
    AUTO(feed_reader_freep) struct feed_reader *reader = NULL;
    struct feed_sink                            sink = words_of(out);

    if (feed_reader_new(feeds_find(STR("osv")), &sink, &reader, ret_err) != PW_OK)
        fail_msg("%s", err_text(ret_err));
    return feed_reader_text(reader, document, ret_err);
}

TEST(a_range_with_too_many_events_is_damaged) {
    struct buf doc = BUF_INIT((size_t)64 << 20), out = BUF_INIT((size_t)1 << 20);
    struct err err = ERR_NONE;

    buf_adds(&doc,
             "{\"id\":\"X-1\",\"affected\":[{\"package\":{\"ecosystem\":\"npm\",\"name\":\"a\"},"
             "\"ranges\":[{\"type\":\"SEMVER\",\"events\":[{\"introduced\":\"0\"}");
    for (int i = 0; i < LIMIT_RANGE_EVENTS; i++)
        buf_addf(&doc, ",{\"fixed\":\"%d.0.0\"}", i);
    buf_adds(&doc, "]}]}]}");
    CHECK_OK(read_osv(buf_str(&doc), &out, &err));
    CHECK_STR(buf_str(&out), "bad X-1: a range has too many events\n");
    buf_done(&doc);
    buf_done(&out);
}

TEST(a_version_in_a_range_is_not_endless) {
    struct buf doc = BUF_INIT((size_t)1 << 20), out = BUF_INIT((size_t)1 << 20);
    struct err err = ERR_NONE;

    buf_adds(&doc,
             "{\"id\":\"X-1\",\"affected\":[{\"package\":{\"ecosystem\":\"npm\",\"name\":\"a\"},"
             "\"ranges\":[{\"type\":\"SEMVER\",\"events\":[{\"introduced\":\"");
    for (int i = 0; i <= LIMIT_VERSION_BYTES; i++)
        buf_addc(&doc, '1');
    buf_adds(&doc, "\"}]}]}]}");
    CHECK_OK(read_osv(buf_str(&doc), &out, &err));
    CHECK_STR(buf_str(&out), "bad X-1: a version in a range is too long\n");
    buf_done(&doc);
    buf_done(&out);
}

TEST(long_text_is_cut_at_a_character) {
    struct buf doc = BUF_INIT((size_t)1 << 20), out = BUF_INIT((size_t)1 << 20);
    struct err err = ERR_NONE;

    buf_adds(&doc, "{\"id\":\"X-1\",\"details\":\"x");
    for (size_t i = 0; i < LIMIT_ADVISORY_TEXT;
         i++) /* two bytes each, so that the cut falls inside one */
        buf_adds(&doc, "\xc3\xa9");
    buf_adds(&doc, "\",\"affected\":[{\"package\":{\"ecosystem\":\"npm\",\"name\":\"a\"},"
                   "\"versions\":[\"1\"]}]}");
    CHECK_OK(read_osv(buf_str(&doc), &out, &err));
    CHECK(str_is_utf8(buf_str(&out)));
    CHECK(str_find(buf_str(&out), STR("\xc3\xa9...\"")) != STR_NPOS);
    CHECK(out.len < LIMIT_ADVISORY_TEXT + 200);
    buf_done(&doc);
    buf_done(&out);
}

TEST(a_document_beyond_the_ceiling_is_refused) {
    char      *huge = malloc(LIMIT_ADVISORY_BYTES + 100);
    struct buf out = BUF_INIT(1024);
    struct err err = ERR_NONE;

    memset(huge, ' ', LIMIT_ADVISORY_BYTES + 100);
    CHECK_EQ(read_osv(str_make(huge, LIMIT_ADVISORY_BYTES + 100), &out, &err), PW_TOO_LARGE);
    CHECK(strstr(err_text(&err), "has more than") != NULL);
    free(huge);
    buf_done(&out);
}

/* --- the list --- */

TEST(feeds_have_addresses) {
    static const struct {
        const char *feed;
        size_t      index;
        const char *want; /* NULL: no more */
    } cases[] = {
        {"debian-tracker", 0, "https://security-tracker.debian.org/tracker/data/json"},
        {"debian-tracker", 1, NULL},
        {"alpine-secdb", 1, "https://secdb.alpinelinux.org/edge/community.json"},
        {"osv", 0, "https://osv-vulnerabilities.storage.googleapis.com/Debian/all.zip"},
        {"nvd", 0, "https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-2002.json.gz"},
        {"nvd", 24, "https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-2026.json.gz"},
        {"nvd", 25, NULL},
        {"kev", 0,
         "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"},
        {"epss", 0, "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"},
        {"sample", 0, NULL},
    };

    EACH (c, cases) {
        struct feed_address address;
        bool found = feed_address(feeds_find(str_of(c->feed)), NULL, c->index, 2026, &address);

        CHECK_EQ(found, c->want != NULL);
        if (found)
            CHECK_TEXT(address.url, c->want);
    }
    CHECK(feeds_find(STR("nothing")) == NULL);
}

TEST(addresses_follow_a_mirror) {
    struct feed_address address;

    CHECK(feed_address(feeds_find(STR("osv")), "http://mirror.test/osv/", 3, 2026, &address));
    CHECK_TEXT(address.url, "http://mirror.test/osv/npm/all.zip");
    CHECK_TEXT(address.file, "npm/all.zip");
    CHECK_STR(address.part, "npm");
    CHECK(feed_address(feeds_find(STR("kev")), "http://mirror.test/kev.json", 0, 2026, &address));
    CHECK_TEXT(address.url, "http://mirror.test/kev.json");
    CHECK_TEXT(address.file, "kev.json");
    CHECK(feed_address(feeds_find(STR("alpine-secdb")), "http://mirror.test", 0, 2026, &address));
    CHECK_TEXT(address.file, "edge/main.json");
    CHECK(feed_address(feeds_find(STR("nvd")), "http://mirror.test", 3, 2026, &address));
    CHECK_TEXT(address.url, "http://mirror.test/nvdcve-2.0-2005.json.gz");
}

RUN_TESTS(UNIT(documents_become_records), UNIT(a_range_with_too_many_events_is_damaged),
          UNIT(a_version_in_a_range_is_not_endless), UNIT(long_text_is_cut_at_a_character),
          UNIT(a_document_beyond_the_ceiling_is_refused), UNIT(feeds_have_addresses),
          UNIT(addresses_follow_a_mirror))
