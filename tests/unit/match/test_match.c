/* Verdicts, groups and severities as told by cases/match/matching.txt and severity.txt; every
 * numbered row of docs/matching.md and docs/severity.md has its case. */
#include "script.h"

#include "match/severity.h"

static bool facts_of(void *ctx, str id, struct vulnerability_facts *ret_facts) {
    const struct script_case *c = ctx;

    for (size_t i = 0; i < c->facts_count; i++)
        if (str_eq(c->facts[i].id, id)) {
            *ret_facts = c->facts[i];
            return true;
        }
    return false;
}

/* A finding in the words of a "want" line, only what the line asks for beyond id and state. */
static void add_word(struct buf *out, const struct finding *f, str key) {
    if (str_eq(key, STR("fixed")))
        buf_addf(out, " fixed=" STR_FMT, STR_ARG(f->fixed_version));
    else if (str_eq(key, STR("severity")))
        buf_addf(out, " severity=%s", severity_word(f->severity));
    else if (str_eq(key, STR("source")))
        buf_addf(out, " source=" STR_FMT,
                 STR_ARG(str_eq(f->severity_source, STR("debian urgency")) ? STR("debian_urgency")
                                                                           : f->severity_source));
    else if (str_eq(key, STR("feed")))
        buf_addf(out, " feed=" STR_FMT, STR_ARG(f->feed));
    else if (str_eq(key, STR("title")))
        buf_addf(out, " title=" STR_FMT, STR_ARG(f->title));
    else if (str_eq(key, STR("epss")))
        buf_addf(out, " epss=%g", f->epss);
    else if (str_eq(key, STR("kev")))
        buf_addf(out, " kev=%d", (int)f->kev_added_at);
    else if (str_eq(key, STR("cvss")))
        buf_addf(out, " cvss=%zu", f->cvss_count);
    else if (str_eq(key, STR("disputed")) || str_eq(key, STR("agreed")))
        buf_adds(out, f->disputed ? " disputed" : " agreed");
    else if (str_eq(key, STR("why")))
        buf_addf(out, " why=" STR_FMT, STR_ARG(f->why));
    else if (str_eq(key, STR("aliases"))) {
        buf_adds(out, " aliases=");
        for (size_t i = 0; i < f->alias_count; i++)
            buf_addf(out, "%s" STR_FMT, i > 0 ? "," : "", STR_ARG(f->aliases[i]));
    }
}

static void check_finding(const struct script_case *c, const struct finding *f, str want) {
    AUTO(buf_done) struct buf got = BUF_INIT(8192);
    str                       rest = want, word;

    buf_addf(&got, STR_FMT " %s", STR_ARG(f->id), finding_state_word(f->state));
    script_next(&rest);
    script_next(&rest);
    while (!str_empty(word = script_next(&rest))) {
        str key;

        str_cut(&word, '=', &key);
        add_word(&got, f, key);
        if (str_eq(key, STR("why")))
            break; /* the rest of the line is its text */
    }
    if (!str_eq(buf_str(&got), want))
        fail_msg("line %d, %.*s:\ngot  " STR_FMT "\nwant " STR_FMT, c->line, (int)c->title.len,
                 c->title.ptr, STR_ARG(buf_str(&got)), STR_ARG(want));
}

static void check_case(struct script_case *c) {
    struct vulnerability_lookup lookup = {c, facts_of};
    struct finding             *findings;
    size_t                      count;
    struct err                  err = ERR_NONE;
    str                         ecosystem, name;

    if (c->want_count == 1 && str_starts(c->want[0], STR("unmatched"))) {
        CHECK(!match_key(&c->package, &c->os, &ecosystem, &name));
        CHECK_TEXT(match_unmatched_why(&c->package, &c->os), c->want[0].ptr + 10);
    }
    for (size_t i = 0; i < c->want_count; i++)
        if (str_starts(c->want[i], STR("key "))) {
            CHECK(match_key(&c->package, &c->os, &ecosystem, &name));
            CHECK_STR(arena_strf(&c->arena, "key " STR_FMT " " STR_FMT, STR_ARG(ecosystem),
                                 STR_ARG(name)),
                      c->want[i].ptr);
            memmove(&c->want[i], &c->want[i + 1], (--c->want_count - i) * sizeof c->want[0]);
            if (c->want_count == 0)
                return;
        }
    CHECK_OK(match_package(&c->arena, &c->package, &c->os, c->candidates, c->candidate_count,
                           &lookup, &findings, &count, &err));
    if (c->want_count == 1 &&
        (str_eq(c->want[0], STR("nothing")) || str_starts(c->want[0], STR("unmatched")))) {
        if (count != 0)
            fail_msg("line %d: %zu findings, none wanted", c->line, count);
        return;
    }
    if (count != c->want_count)
        fail_msg("line %d, " STR_FMT ": %zu findings, %zu wanted", c->line, STR_ARG(c->title),
                 count, c->want_count);
    for (size_t i = 0; i < count; i++)
        check_finding(c, &findings[i], c->want[i]);
}

/* --- cutting a file into cases --- */

struct reading {
    struct script_case *now;
    struct buf          proven; /* " M1 M2 ..." */
    int                 count;
    const char         *defaults; /* lines that open every case */
};

static void end_case(struct reading *r) {
    if (r->now == NULL)
        return;
    check_case(r->now);
    arena_done(&r->now->arena);
    free(r->now);
    r->now = NULL;
    r->count++;
}

static void case_line(void *ctx, str line, int number) {
    struct reading *r = ctx;
    str             copy;

    if (str_starts(line, STR("case "))) {
        end_case(r);
        r->now = calloc(1, sizeof *r->now);
        r->now->arena = (struct arena)ARENA_INIT((size_t)16 << 20);
        r->now->title = arena_str(&r->now->arena, str_from(line, 5));
        r->now->line = number;
        r->now->os.ecosystem = STR("Debian:12");
        buf_addf(&r->proven, " " STR_FMT " ", STR_ARG(r->now->title));
        return;
    }
    copy = arena_str(&r->now->arena, str_trim(line));
    script_line(r->now, copy);
}

static void run_file(const char *name, struct reading *r) {
    case_file(name, case_line, r);
    end_case(r);
}

/* Every row "| M1 | ..." or "... (S15)" of a page must have been named by a case. */
static void check_page(const char *page, char letter, size_t least, const struct buf *proven) {
    AUTO(buf_done) struct buf text = BUF_INIT((size_t)1 << 20);
    struct err                err = ERR_NONE;
    char                      path[1024], row[24];
    size_t                    highest = 0;

    snprintf(path, sizeof path, "%s/docs/%s", getenv("PORTWARDEN_SOURCE"), page);
    CHECK_OK(file_read(path, (size_t)1 << 20, &text, &err));
    for (size_t i = 1; i < 100; i++) {
        snprintf(row, sizeof row, "%c%zu", letter, i);
        size_t at = str_find(buf_str(&text), str_of(row));

        if (at == STR_NPOS)
            break;
        highest = i;
        snprintf(row, sizeof row, " %c%zu ", letter, i);
        if (str_find(buf_str(proven), str_of(row)) == STR_NPOS)
            fail_msg("docs/%s: row %c%zu has no case", page, letter, i);
    }
    CHECK(highest >= least);
}

TEST(matching_page_holds) {
    struct reading r = {.proven = BUF_INIT((size_t)1 << 20)};

    run_file("match/matching.txt", &r);
    check_page("matching.md", 'M', 34, &r.proven);
    check_page("matching.md", 'K', 8, &r.proven);
    CHECK(r.count > 40);
    buf_done(&r.proven);
}

TEST(severity_page_holds) {
    struct reading r = {.proven = BUF_INIT((size_t)1 << 20)};

    run_file("match/severity.txt", &r);
    check_page("severity.md", 'S', 26, &r.proven);
    buf_done(&r.proven);
}

TEST(words_of_severity) {
    static const struct {
        const char   *word;
        enum severity want;
    } cases[] = {
        {"CRITICAL", SEVERITY_CRITICAL},
        {"Important", SEVERITY_HIGH},
        {"high", SEVERITY_HIGH},
        {"high**", SEVERITY_HIGH},
        {"MODERATE", SEVERITY_MEDIUM},
        {"medium*", SEVERITY_MEDIUM},
        {"low", SEVERITY_LOW},
        {"negligible", SEVERITY_LOW},
        {"none", SEVERITY_NONE},
        {"unimportant", SEVERITY_UNRATED},
        {"end-of-life", SEVERITY_UNRATED},
        {"", SEVERITY_UNRATED},
        {"not yet assigned", SEVERITY_UNRATED},
        {"**", SEVERITY_UNRATED},
        {"lower", SEVERITY_UNRATED},
    };

    EACH (c, cases)
        CHECK_EQ(severity_of_word(str_of(c->word)), c->want);
}

/* Ten thousand records of one package: one finding each, and no time that grows with the square. */
TEST(a_kernel_is_matched) {
    enum { MANY = 10000 };
    AUTO(arena_done) struct arena arena = ARENA_INIT((size_t)256 << 20);
    struct advisory              *advisories = arena_array(&arena, MANY, sizeof *advisories);
    struct affected              *affected = arena_array(&arena, MANY, sizeof *affected);
    struct candidate             *candidates = arena_array(&arena, MANY, sizeof *candidates);
    struct range_event           *events = arena_array(&arena, 2, sizeof *events);
    struct range                  range = {RANGE_ECOSYSTEM, events, 2};
    struct package                package = {.ecosystem = STR("Debian"),
                                             .name = STR("linux-libc-dev"),
                                             .version = STR("6.1.1-1"),
                                             .source = STR("linux")};
    struct os_release             os = {.ecosystem = STR("Debian:12")};
    struct finding               *findings;
    size_t                        count;
    struct err                    err = ERR_NONE;

    events[0] = (struct range_event){EVENT_INTRODUCED, STR("0")};
    events[1] = (struct range_event){EVENT_FIXED, STR("6.1.2-1")};
    for (size_t i = 0; i < MANY; i++) {
        advisories[i].id = arena_strf(&arena, "CVE-2024-%05zu", i);
        affected[i] = (struct affected){.ranges = &range, .range_count = 1};
        candidates[i] =
            (struct candidate){&advisories[i], &affected[i], STR("debian-tracker"), 0, false};
    }
    CHECK_OK(match_package(&arena, &package, &os, candidates, MANY, NULL, &findings, &count, &err));
    CHECK_EQ(count, MANY);
    CHECK_STR(findings[9999].id, "CVE-2024-09999");
    CHECK_STR(findings[9999].fixed_version, "6.1.2-1");
}

TEST(an_arena_that_is_too_small_is_an_error) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(64);
    struct advisory               advisory = {.id = STR("CVE-1")};
    struct affected               affected = {.status = STATUS_OPEN};
    struct candidate              candidate = {&advisory, &affected, STR("osv"), 0, false};
    struct package  package = {.ecosystem = STR("npm"), .name = STR("a"), .version = STR("1.0.0")};
    struct finding *findings;
    size_t          count;
    struct err      err = ERR_NONE;

    CHECK_EQ(match_package(&arena, &package, NULL, &candidate, 1, NULL, &findings, &count, &err),
             PW_TOO_LARGE);
}

RUN_TESTS(UNIT(matching_page_holds), UNIT(severity_page_holds), UNIT(words_of_severity),
          UNIT(a_kernel_is_matched), UNIT(an_arena_that_is_too_small_is_an_error))
