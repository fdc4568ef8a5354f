/* The cases of cases/match/ranges.txt, each range in the order written and in reverse. */
#include "test.h"

#include "base/arena.h"
#include "match/ranges.h"

enum { MOST = 16 };

static struct range_event event_of(str word) {
    static const struct {
        str             sign;
        enum event_kind kind;
    } signs[] = {{STR_INIT(">="), EVENT_INTRODUCED},
                 {STR_INIT("<="), EVENT_LAST_AFFECTED},
                 {STR_INIT("<"), EVENT_FIXED},
                 {STR_INIT("^"), EVENT_LIMIT}};

    EACH (s, signs)
        if (str_starts(word, s->sign))
            return (struct range_event){s->kind, str_from(word, s->sign.len)};
    fail_msg("bad event \"" STR_FMT "\"", STR_ARG(word));
    return (struct range_event){0};
}

struct parsed {
    struct affected    affected;
    struct range       ranges[MOST];
    struct range_event events[MOST][MOST];
    str                versions[MOST];
};

static void parse_range(struct parsed *p, str text) {
    struct range *range = &p->ranges[p->affected.range_count];
    str           word;
    bool          any = false;

    *range = (struct range){RANGE_ECOSYSTEM, p->events[p->affected.range_count], 0};
    while (str_cut(&text, ' ', &word)) {
        if (str_empty(word))
            continue;
        if (word.ptr[0] == '=') {
            p->versions[p->affected.version_count++] = str_from(word, 1);
            continue;
        }
        any = true;
        if (str_eq(word, STR("git")))
            range->type = RANGE_GIT;
        else if (str_eq(word, STR("semver")))
            range->type = RANGE_SEMVER;
        else
            range->events[range->event_count++] = event_of(word);
    }
    p->affected.range_count += any;
}

static void reverse(struct parsed *p) {
    for (size_t r = 0; r < p->affected.range_count; r++) {
        struct range *range = &p->ranges[r];

        for (size_t i = 0, j = range->event_count; i + 1 < j; i++) {
            struct range_event swapped = range->events[i];

            j--;
            range->events[i] = range->events[j];
            range->events[j] = swapped;
        }
    }
}

static void check_case(const struct parsed *p, str ecosystem, str version, str want, int number) {
    static const char *const words[] = {"outside", "inside", "unknown"};
    str                      why = STR_NONE, word;
    enum range_verdict       got;

    got = ranges_hold(version_scheme_of(ecosystem), &p->affected, version, &why);
    str_cut(&want, ' ', &word);
    if (!str_eq(word, str_of(words[got])) || (got == RANGE_UNKNOWN && !str_eq(str_trim(want), why)))
        fail_msg("ranges.txt:%d: got %s \"" STR_FMT "\"", number, words[got], STR_ARG(why));
}

static void range_case(void *ctx, str line, int number) {
    struct parsed p = {0};
    str           text, ecosystem, version, ranges, range, want;

    p.affected.ranges = p.ranges;
    p.affected.versions = p.versions;
    str_cut(&line, '#', &text);
    str_cut(&text, '|', &ecosystem);
    str_cut(&text, '|', &version);
    str_cut(&text, '|', &ranges);
    want = str_trim(text);
    while (str_cut(&ranges, ';', &range))
        parse_range(&p, range);
    check_case(&p, str_trim(ecosystem), str_trim(version), want, number);
    reverse(&p);
    check_case(&p, str_trim(ecosystem), str_trim(version), want, number);
    (*(int *)ctx)++;
}

TEST(ranges_hold_what_the_cases_say) {
    int count = 0;

    case_file("match/ranges.txt", range_case, &count);
    CHECK(count > 50);
}

TEST(a_range_with_many_events_is_walked_once) {
    AUTO(arena_done) struct arena arena = ARENA_INIT((size_t)64 << 20);
    size_t                        count = 10000;
    struct range range = {RANGE_ECOSYSTEM, arena_array(&arena, count, sizeof *range.events), count};
    str          why = STR_NONE;

    for (size_t i = 0; i < count; i++) /* introduced at even, fixed at odd numbers; shuffled */
        range.events[(i * 7919) % count] = (struct range_event){
            i % 2 ? EVENT_FIXED : EVENT_INTRODUCED, arena_strf(&arena, "%zu.0.0", i)};
    CHECK_EQ(ranges_hold_one(version_scheme_of(STR("npm")), &range, STR("5000.1.0"), &why),
             RANGE_INSIDE);
    CHECK_EQ(ranges_hold_one(version_scheme_of(STR("npm")), &range, STR("5001.1.0"), &why),
             RANGE_OUTSIDE);
}

RUN_TESTS(UNIT(ranges_hold_what_the_cases_say), UNIT(a_range_with_many_events_is_walked_once))
