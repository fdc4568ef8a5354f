/*
 * script.h - packages, records and wanted findings in the words of cases/match/.
 *
 *   case M7 M8 what it shows          the rows of the documentation that it proves
 *   package Debian libssl3 3.0.1-1 source=openssl source_version=3.0.1-1 origin=third-party
 *   release Debian:12
 *   record osv/1 CVE-2024-1 aliases=A,B upstream=C withdrawn status=open urgency=low versions=1.0,1.1
 *          range=>=0,<3.0.2  range=...  rating=ghsa:CVSS_V3:9.8  own_rating=...  title=word
 *   facts CVE-2024-1 rating=nvd:CVSS_V3:7.5 epss=0.5 kev=100 title=word
 *   want CVE-2024-1 fixed fixed=3.0.2 severity=high source=nvd aliases=A,B disputed feed=osv
 *   want nothing                       (or want unmatched)
 *
 * A file is cut into cases; each is handed over as one struct.
 */
#pragma once
#include "test.h"

#include "base/arena.h"
#include "match/match.h"

enum { SCRIPT_MOST = 24 };

struct script_case {
    struct arena               arena;
    str                        title;
    int                        line;
    struct package             package;
    struct os_release          os;
    struct advisory            advisories[SCRIPT_MOST];
    struct affected            affected[SCRIPT_MOST];
    struct candidate           candidates[SCRIPT_MOST];
    size_t                     candidate_count;
    struct vulnerability_facts facts[SCRIPT_MOST];
    size_t                     facts_count;
    str                        want[SCRIPT_MOST];
    size_t                     want_count;
};

static inline str *script_list(struct arena *arena, str text, size_t *ret_count) {
    str   *list = arena_array(arena, SCRIPT_MOST, sizeof *list), word;
    size_t count = 0;

    while (str_cut(&text, ',', &word))
        list[count++] = word;
    *ret_count = count;
    return list;
}

static inline void script_rating(struct arena *arena, struct rating **list, size_t *count,
                                 str text) {
    str    source, kind;
    double score;

    if (*list == NULL)
        *list = arena_array(arena, SCRIPT_MOST, sizeof **list);
    str_cut(&text, ':', &source);
    str_cut(&text, ':', &kind);
    score = strtod(text.ptr, NULL); /* the line has a NUL behind it */
    (*list)[(*count)++] = str_eq(kind, STR("word")) ? (struct rating){source, kind, text, false, 0}
                          : str_eq(text, STR("none"))
                              ? (struct rating){source, kind, text, false, 0}
                              : (struct rating){source, kind, text, true, score};
}

static inline void script_range(struct arena *arena, struct affected *affected, str text) {
    struct range *range;
    str           word;

    if (affected->ranges == NULL)
        affected->ranges = arena_array(arena, SCRIPT_MOST, sizeof *affected->ranges);
    range = &affected->ranges[affected->range_count++];
    range->events = arena_array(arena, SCRIPT_MOST, sizeof *range->events);
    while (str_cut(&text, ',', &word)) {
        struct range_event *event = &range->events[range->event_count++];
        size_t              skip = word.len > 1 && word.ptr[1] == '=' ? 2 : 1;

        if (str_eq(word, STR("git"))) {
            range->type = RANGE_GIT;
            range->event_count--;
            continue;
        }
        event->kind = word.ptr[0] == '>' ? EVENT_INTRODUCED
                      : skip == 2        ? EVENT_LAST_AFFECTED
                                         : EVENT_FIXED;
        event->version = str_from(word, skip);
    }
}

static inline enum advisory_status script_status(str word) {
    static const char *const words[] = {"affected",    "open",         "unimportant",
                                        "end-of-life", "undetermined", "not-affected"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq(word, str_of(words[i])))
            return (enum advisory_status)i;
    fail_msg("bad status");
    return STATUS_AFFECTED;
}

static inline void script_record_word(struct script_case *c, size_t i, str key, str value) {
    struct advisory *advisory = &c->advisories[i];
    struct affected *affected = &c->affected[i];

    if (str_eq(key, STR("aliases")))
        advisory->aliases = script_list(&c->arena, value, &advisory->alias_count);
    else if (str_eq(key, STR("upstream")))
        advisory->upstream = script_list(&c->arena, value, &advisory->upstream_count);
    else if (str_eq(key, STR("versions")))
        affected->versions = script_list(&c->arena, value, &affected->version_count);
    else if (str_eq(key, STR("range")))
        script_range(&c->arena, affected, value);
    else if (str_eq(key, STR("rating")))
        script_rating(&c->arena, &advisory->ratings, &advisory->rating_count, value);
    else if (str_eq(key, STR("own_rating")))
        script_rating(&c->arena, &affected->ratings, &affected->rating_count, value);
    else if (str_eq(key, STR("withdrawn")))
        advisory->withdrawn_at = 1;
    else if (str_eq(key, STR("status")))
        affected->status = script_status(value);
    else if (str_eq(key, STR("urgency")))
        affected->urgency = value;
    else if (str_eq(key, STR("title")))
        advisory->summary = value;
    else
        fail_msg("bad word of a record");
}

static inline void script_facts_word(struct script_case *c, str key, str value) {
    struct vulnerability_facts *facts = &c->facts[c->facts_count];

    if (str_eq(key, STR("rating")))
        script_rating(&c->arena, &facts->ratings, &facts->rating_count, value);
    else if (str_eq(key, STR("epss")))
        facts->epss = facts->epss_percentile = strtod(value.ptr, NULL);
    else if (str_eq(key, STR("kev")))
        facts->kev_added_at = strtol(value.ptr, NULL, 10);
    else if (str_eq(key, STR("title")))
        facts->title = value;
    else
        fail_msg("bad word of facts");
}

static inline void script_package_word(struct script_case *c, str key, str value) {
    struct package *p = &c->package;
    static const struct {
        str    key;
        size_t at;
    } fields[] = {{STR_INIT("source"), offsetof(struct package, source)},
                  {STR_INIT("source_version"), offsetof(struct package, source_version)},
                  {STR_INIT("origin"), offsetof(struct package, origin)},
                  {STR_INIT("arch"), offsetof(struct package, arch)},
                  {STR_INIT("module"), offsetof(struct package, module)},
                  {STR_INIT("namespace"), offsetof(struct package, namespace_)},
                  {STR_INIT("path"), offsetof(struct package, path)},
                  {STR_INIT("owned_by"), offsetof(struct package, owned_by)}};

    EACH (f, fields)
        if (str_eq(f->key, key)) {
            *(str *)((char *)p + f->at) = value;
            return;
        }
    fail_msg("bad word of a package");
}

static inline str script_next(str *line) {
    str word = STR_NONE;

    while (str_cut(line, ' ', &word) && str_empty(word))
        continue;
    return word;
}

static inline void script_record(struct script_case *c, str line) {
    size_t i = c->candidate_count++;
    str    feed = script_next(&line), name, word;

    str_cut(&feed, '/', &name);
    c->candidates[i] = (struct candidate){&c->advisories[i], &c->affected[i], name,
                                          (unsigned)(feed.ptr[0] - '0'), false};
    c->advisories[i].id = script_next(&line);
    while (!str_empty(word = script_next(&line))) {
        str key;

        str_cut(&word, '=', &key);
        script_record_word(c, i, key, word);
    }
}

static inline void script_line(struct script_case *c, str line) {
    str verb = script_next(&line), word, key;

    if (str_eq(verb, STR("record"))) {
        script_record(c, line);
        return;
    }
    if (str_eq(verb, STR("want"))) {
        c->want[c->want_count++] = str_trim(line);
        return;
    }
    if (str_eq(verb, STR("release"))) {
        c->os.ecosystem = script_next(&line);
        return;
    }
    if (str_eq(verb, STR("package"))) {
        c->package = (struct package){.ecosystem = script_next(&line)};
        c->package.name = script_next(&line);
        c->package.version = script_next(&line);
    } else if (str_eq(verb, STR("facts"))) {
        c->facts[c->facts_count] = (struct vulnerability_facts){
            .id = script_next(&line), .epss = -1, .epss_percentile = -1};
    } else {
        fail_msg("bad line \"" STR_FMT "\"", STR_ARG(verb));
    }
    while (!str_empty(word = script_next(&line))) {
        str_cut(&word, '=', &key);
        if (str_eq(verb, STR("facts")))
            script_facts_word(c, key, word);
        else
            script_package_word(c, key, word);
    }
    c->facts_count += str_eq(verb, STR("facts"));
}
