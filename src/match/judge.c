/* judge.c - who decides, how it stands, and what is told about it. */
#include "match/judge.h"

#include "base/macros.h"
#include "match/severity.h"

/* What is gathered from the members of one group. */
struct gathered {
    unsigned                authority;
    const struct affected **deciding; /* records of that authority that affect the version */
    size_t                  deciding_count;
    const struct candidate *lead; /* the record that is shown */
    enum finding_state      state;
    bool                    affected, unknown, denied, clear, others_affected, others_clear;
    str                     unorderable;
    const struct rating   **ratings, **elsewhere;
    size_t                  rating_count, elsewhere_count;
};

struct ratings {
    const struct rating *first;
    size_t               count;
};

/* What the record says of this package, else what it says at large. */
static struct ratings ratings_of(const struct candidate *candidate) {
    if (candidate->affected->rating_count > 0)
        return (struct ratings){candidate->affected->ratings, candidate->affected->rating_count};
    return (struct ratings){candidate->advisory->ratings, candidate->advisory->rating_count};
}

static pw_code gather_room(struct matching *m, const struct group *group, struct gathered *g,
                           struct err *err) {
    size_t ratings = 0;

    for (size_t i = 0; i < group->member_count; i++)
        ratings += ratings_of(&m->candidates[group->members[i]]).count;
    g->deciding = arena_array(m->arena, group->member_count, sizeof(void *));
    g->ratings = arena_array(m->arena, ratings, sizeof(void *));
    return g->deciding == NULL || g->ratings == NULL ? arena_error(m->arena, err) : PW_OK;
}

/* Lower is worse: a plain "affected" counts more than "unimportant" of another record. */
static int state_order(enum finding_state state) {
    return state == FINDING_FIXED || state == FINDING_OPEN ? 0
           : state == FINDING_UNIMPORTANT                  ? 1
                                                           : 2;
}

static void take_affected(struct gathered *g, const struct candidate *candidate,
                          const struct verdict *verdict) {
    g->deciding[g->deciding_count++] = candidate->affected;
    if (!g->affected || state_order(verdict->state) < state_order(g->state)) {
        g->state = verdict->state;
        g->lead = candidate;
    }
    g->affected = true;
}

static void take(struct gathered *g, const struct candidate *candidate,
                 const struct verdict *verdict) {
    if (candidate->authority != g->authority) {
        g->others_affected = g->others_affected || verdict->kind == VERDICT_AFFECTED;
        g->others_clear =
            g->others_clear || verdict->kind == VERDICT_CLEAR || verdict->kind == VERDICT_DENIED;
        return;
    }
    switch (verdict->kind) {
    case VERDICT_AFFECTED:
        take_affected(g, candidate, verdict);
        break;
    case VERDICT_UNKNOWN:
        if (!g->unknown)
            g->unorderable = verdict->unorderable;
        g->unknown = true;
        if (g->lead == NULL)
            g->lead = candidate;
        break;
    case VERDICT_DENIED:
        g->denied = true;
        break;
    case VERDICT_CLEAR:
        g->clear = true;
        break;
    }
}

/* One record may name a package twice (two entries for one release): being outside one of them
 * is no disagreement. */
static bool same_record_affects(const struct matching *m, const struct group *group,
                                size_t member) {
    const struct advisory *advisory = m->candidates[member].advisory;

    for (size_t i = 0; i < group->member_count; i++)
        if (m->candidates[group->members[i]].advisory == advisory &&
            m->verdicts[group->members[i]].kind == VERDICT_AFFECTED)
            return true;
    return false;
}

static pw_code gather(struct matching *m, const struct group *group, struct gathered *g,
                      struct err *err) {
    PW_TRY(gather_room(m, group, g, err));
    g->authority = m->candidates[group->members[0]].authority;
    for (size_t i = 1; i < group->member_count; i++)
        g->authority = MIN_OF(g->authority, m->candidates[group->members[i]].authority);
    for (size_t i = 0; i < group->member_count; i++) {
        size_t                  member = group->members[i];
        const struct candidate *candidate = &m->candidates[member];

        if (m->verdicts[member].kind != VERDICT_CLEAR || !same_record_affects(m, group, member))
            take(g, candidate, &m->verdicts[member]);
        struct ratings ratings = ratings_of(candidate);
        for (size_t r = 0; r < ratings.count; r++)
            g->ratings[g->rating_count++] = &ratings.first[r];
    }
    return PW_OK;
}

static pw_code settle(struct matching *m, struct gathered *g, struct finding *out,
                      struct err *err) {
    bool doubted = g->clear || g->others_clear;

    out->disputed = g->affected ? doubted || g->denied : g->others_affected;
    if (g->denied) {
        out->state = FINDING_NOT_AFFECTED;
        return PW_OK;
    }
    if (!g->affected) {
        out->state = FINDING_UNDETERMINED;
        out->why =
            str_empty(g->unorderable)
                ? STR("the publisher has not decided yet whether this version is affected")
                : arena_strf(m->arena, "version \"" STR_FMT "\" cannot be ordered as " STR_FMT,
                             STR_ARG(g->unorderable), STR_ARG(m->package->ecosystem));
        return out->why.ptr == NULL ? arena_error(m->arena, err) : PW_OK;
    }
    out->state = g->state;
    out->fixed_version =
        verdict_fixed_version(m->scheme, g->deciding, g->deciding_count, m->version);
    if (state_order(g->state) == 0)
        out->state = str_empty(out->fixed_version) ? FINDING_OPEN : FINDING_FIXED;
    return PW_OK;
}

/* --- what other sources know --- */

static pw_code add_facts(struct matching *m, const struct vulnerability_facts *facts,
                         struct gathered *g, struct finding *out, struct err *err) {
    size_t         have = g->elsewhere_count;
    struct rating *copies = arena_array(m->arena, facts->rating_count, sizeof *copies);

    g->elsewhere = arena_grow(m->arena, g->elsewhere, have * sizeof(void *),
                              (have + facts->rating_count) * sizeof(void *));
    if (copies == NULL || g->elsewhere == NULL)
        return arena_error(m->arena, err);
    for (size_t i = 0; i < facts->rating_count; i++) {
        copies[i] = facts->ratings[i];
        g->elsewhere[g->elsewhere_count++] = &copies[i];
    }
    if (facts->epss > out->epss) {
        out->epss = facts->epss;
        out->epss_percentile = facts->epss_percentile;
    }
    if (facts->kev_added_at != 0 &&
        (out->kev_added_at == 0 || facts->kev_added_at < out->kev_added_at))
        out->kev_added_at = facts->kev_added_at;
    if (out->published_at == 0)
        out->published_at = facts->published_at;
    if (str_empty(out->title))
        out->title = facts->title;
    if (str_empty(out->description))
        out->description = facts->description;
    return PW_OK;
}

static pw_code look_up(struct matching *m, const struct group *group, struct gathered *g,
                       struct finding *out, struct err *err) {
    for (size_t i = 0; m->lookup != NULL && i <= group->alias_count; i++) {
        struct vulnerability_facts facts = {.epss = -1, .epss_percentile = -1};
        str                        id = i == 0 ? group->id : group->aliases[i - 1];

        if (m->lookup->get(m->lookup->ctx, id, &facts))
            PW_TRY(add_facts(m, &facts, g, out, err));
    }
    return PW_OK;
}

/* --- what is told --- */

static str cvss_version_of(const struct rating *rating) {
    size_t slash = str_find_char(rating->value, '/');

    if (str_starts(rating->value, STR("CVSS:")) && slash != STR_NPOS)
        return str_sub(rating->value, 5, slash - 5);
    return str_eq(rating->kind, STR("CVSS_V4"))   ? STR("4.0")
           : str_eq(rating->kind, STR("CVSS_V3")) ? STR("3.0")
                                                  : STR("2.0");
}

static void add_cvss(struct finding *out, const struct rating *rating) {
    if (!str_starts(rating->kind, STR("CVSS_")))
        return;
    for (size_t i = 0; i < out->cvss_count; i++)
        if (str_eq(out->cvss[i].vector, rating->value))
            return;
    out->cvss[out->cvss_count++] = (struct cvss_rating){cvss_version_of(rating), rating->value,
                                                        rating->scored ? rating->score : -1};
}

/* "debian urgency" */
static str urgency_source(const struct matching *m) {
    str   text = arena_strf(m->arena, STR_FMT " urgency", STR_ARG(m->package->ecosystem));
    char *letters = (char *)text.ptr; /* our own copy */

    for (size_t i = 0; i < text.len; i++)
        if (letters[i] >= 'A' && letters[i] <= 'Z')
            letters[i] += 'a' - 'A';
    return text;
}

static pw_code rate(struct matching *m, const struct gathered *g, struct finding *out,
                    struct err *err) {
    struct severity_choice choice;
    struct severity_input  in = {
         g->ratings, g->rating_count, g->elsewhere, g->elsewhere_count, g->lead->affected->urgency,
         STR_NONE};

    if (!str_empty(in.urgency) && (in.urgency_source = urgency_source(m)).ptr == NULL)
        return arena_error(m->arena, err);
    choice = severity_decide(&in);
    out->severity = choice.severity;
    out->severity_source = choice.source;
    out->cvss = arena_array(m->arena, g->rating_count + g->elsewhere_count, sizeof *out->cvss);
    if (out->cvss == NULL)
        return arena_error(m->arena, err);
    for (size_t i = 0; i < g->rating_count; i++)
        add_cvss(out, g->ratings[i]);
    for (size_t i = 0; i < g->elsewhere_count; i++)
        add_cvss(out, g->elsewhere[i]);
    return PW_OK;
}

static void describe(const struct matching *m, const struct group *group, const struct gathered *g,
                     struct finding *out) {
    const struct advisory *lead = g->lead->advisory;

    out->title = lead->summary;
    out->description = lead->details;
    out->published_at = lead->published_at;
    out->references = lead->references;
    out->reference_count = lead->reference_count;
    for (size_t i = 0; i < group->member_count;
         i++) { /* what the lead leaves open, another may say */
        const struct advisory *advisory = m->candidates[group->members[i]].advisory;

        if (str_empty(out->title))
            out->title = advisory->summary;
        if (str_empty(out->description))
            out->description = advisory->details;
        if (out->reference_count == 0) {
            out->references = advisory->references;
            out->reference_count = advisory->reference_count;
        }
    }
}

/* A record of another authority is shown only where nobody closer speaks. */
static const struct candidate *any_wanted(const struct matching *m, const struct group *group) {
    for (size_t i = 0; i < group->member_count; i++)
        if (m->wanted[group->members[i]])
            return &m->candidates[group->members[i]];
    return &m->candidates[group->members[0]];
}

pw_code judge_group(struct matching *m, const struct group *group, struct finding *ret_finding,
                    bool *ret_found, struct err *err) {
    struct gathered g = {0};
    struct finding  out = {.epss = -1, .epss_percentile = -1, .package = m->package};

    PW_TRY(gather(m, group, &g, err));
    *ret_found = g.affected || (g.unknown && !g.denied) || (g.denied && g.others_affected);
    if (!*ret_found)
        return PW_OK;
    if (g.lead == NULL)
        g.lead = any_wanted(m, group);
    out.id = group->id;
    out.aliases = group->aliases;
    out.alias_count = group->alias_count;
    out.feed = g.lead->feed;
    PW_TRY(settle(m, &g, &out, err));
    describe(m, group, &g, &out);
    PW_TRY(look_up(m, group, &g, &out, err));
    PW_TRY(rate(m, &g, &out, err));
    *ret_finding = out;
    return PW_OK;
}
