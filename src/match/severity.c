/* severity.c - the first source of the list that has a rating decides. */
#include "match/severity.h"

#include "base/macros.h"

static const struct {
    str           word;
    enum severity severity;
} words[] = {
    {STR_INIT("critical"), SEVERITY_CRITICAL}, {STR_INIT("high"), SEVERITY_HIGH},
    {STR_INIT("important"), SEVERITY_HIGH},    {STR_INIT("medium"), SEVERITY_MEDIUM},
    {STR_INIT("moderate"), SEVERITY_MEDIUM},   {STR_INIT("low"), SEVERITY_LOW},
    {STR_INIT("negligible"), SEVERITY_LOW},    {STR_INIT("none"), SEVERITY_NONE},
};

enum severity severity_of_word(str word) {
    while (word.len > 0 && word.ptr[word.len - 1] == '*') /* Debian: taken over from NVD */
        word.len--;
    EACH (row, words)
        if (str_eq_nocase(row->word, word))
            return row->severity;
    return SEVERITY_UNRATED;
}

enum severity severity_of_score(str kind, double score) {
    if (str_eq(kind, STR("CVSS_V2"))) /* has neither "none" nor "critical" */
        return score < 4.0 ? SEVERITY_LOW : score < 7.0 ? SEVERITY_MEDIUM : SEVERITY_HIGH;
    if (score <= 0.0)
        return SEVERITY_NONE;
    if (score < 4.0)
        return SEVERITY_LOW;
    if (score < 7.0)
        return SEVERITY_MEDIUM;
    return score < 9.0 ? SEVERITY_HIGH : SEVERITY_CRITICAL;
}

static enum severity severity_of(const struct rating *rating) {
    if (str_eq(rating->kind, STR("word")))
        return severity_of_word(rating->value);
    return rating->scored ? severity_of_score(rating->kind, rating->score) : SEVERITY_UNRATED;
}

/* Who is asked: a step takes the worst rating among those it accepts. */
struct step {
    str  kind;
    bool records;      /* ratings of the records, else those from elsewhere */
    bool primary_only; /* NVD's own, not what it passes on for others */
};

static const struct step steps[] = {
    {STR_INIT("CVSS_V3"), true, false},  {STR_INIT("CVSS_V3"), false, true},
    {STR_INIT("CVSS_V3"), false, false}, {STR_INIT("CVSS_V4"), true, false},
    {STR_INIT("CVSS_V4"), false, false}, {STR_INIT("word"), true, false},
    {STR_INIT("word"), false, false},    {STR_INIT("CVSS_V2"), true, false},
    {STR_INIT("CVSS_V2"), false, true},  {STR_INIT("CVSS_V2"), false, false},
};

static struct severity_choice worst(const struct step *step, const struct rating *const *ratings,
                                    size_t count) {
    struct severity_choice best = {SEVERITY_UNRATED, STR_NONE};
    double                 best_score = -1;

    for (size_t i = 0; i < count; i++) {
        const struct rating *rating = ratings[i];
        enum severity        severity = severity_of(rating);

        if (!str_eq(rating->kind, step->kind) || severity == SEVERITY_UNRATED ||
            (step->primary_only && !str_eq(rating->source, STR("nvd"))))
            continue;
        if (severity > best.severity || (severity == best.severity && rating->score > best_score)) {
            best = (struct severity_choice){severity, rating->source};
            best_score = rating->score;
        }
    }
    return best;
}

struct severity_choice severity_decide(const struct severity_input *in) {
    EACH (step, steps) {
        struct severity_choice choice = step->records
                                            ? worst(step, in->records, in->record_count)
                                            : worst(step, in->elsewhere, in->elsewhere_count);

        if (choice.severity != SEVERITY_UNRATED)
            return choice;
    }
    if (severity_of_word(in->urgency) != SEVERITY_UNRATED)
        return (struct severity_choice){severity_of_word(in->urgency), in->urgency_source};
    return (struct severity_choice){SEVERITY_UNRATED, STR_NONE};
}
