/* cvss.c - metrics as tables, base scores by the formulas of the specifications. */
#include "format/cvss.h"

#include <math.h>
#include "base/limits.h"

struct value {
    const char *letter;
    double      weight;
};
struct metric {
    const char  *name;
    bool         base; /* must be there */
    struct value values[8];
};

enum { MAX_METRICS = 40 };
/* The chosen value of each metric of a table, NULL when the vector does not name it. */
struct chosen {
    const struct value *of[MAX_METRICS];
};

enum { V2_AV, V2_AC, V2_AU, V2_C, V2_I, V2_A };
static const struct metric v2_metrics[] = {
    [V2_AV] = {"AV", true, {{"L", 0.395}, {"A", 0.646}, {"N", 1.0}}},
    [V2_AC] = {"AC", true, {{"H", 0.35}, {"M", 0.61}, {"L", 0.71}}},
    [V2_AU] = {"Au", true, {{"M", 0.45}, {"S", 0.56}, {"N", 0.704}}},
    [V2_C] = {"C", true, {{"N", 0.0}, {"P", 0.275}, {"C", 0.660}}},
    [V2_I] = {"I", true, {{"N", 0.0}, {"P", 0.275}, {"C", 0.660}}},
    [V2_A] = {"A", true, {{"N", 0.0}, {"P", 0.275}, {"C", 0.660}}},
    {"E", false, {{"U", 0}, {"POC", 0}, {"F", 0}, {"H", 0}, {"ND", 0}}},
    {"RL", false, {{"OF", 0}, {"TF", 0}, {"W", 0}, {"U", 0}, {"ND", 0}}},
    {"RC", false, {{"UC", 0}, {"UR", 0}, {"C", 0}, {"ND", 0}}},
    {"CDP", false, {{"N", 0}, {"L", 0}, {"LM", 0}, {"MH", 0}, {"H", 0}, {"ND", 0}}},
    {"TD", false, {{"N", 0}, {"L", 0}, {"M", 0}, {"H", 0}, {"ND", 0}}},
    {"CR", false, {{"L", 0}, {"M", 0}, {"H", 0}, {"ND", 0}}},
    {"IR", false, {{"L", 0}, {"M", 0}, {"H", 0}, {"ND", 0}}},
    {"AR", false, {{"L", 0}, {"M", 0}, {"H", 0}, {"ND", 0}}},
};

enum { V3_AV, V3_AC, V3_PR, V3_UI, V3_S, V3_C, V3_I, V3_A };
static const struct metric v3_metrics[] = {
    [V3_AV] = {"AV", true, {{"N", 0.85}, {"A", 0.62}, {"L", 0.55}, {"P", 0.2}}},
    [V3_AC] = {"AC", true, {{"L", 0.77}, {"H", 0.44}}},
    [V3_PR] = {"PR", true, {{"N", 0.85}, {"L", 0.62}, {"H", 0.27}}}, /* scope unchanged */
    [V3_UI] = {"UI", true, {{"N", 0.85}, {"R", 0.62}}},
    [V3_S] = {"S", true, {{"U", 0}, {"C", 1}}},
    [V3_C] = {"C", true, {{"H", 0.56}, {"L", 0.22}, {"N", 0}}},
    [V3_I] = {"I", true, {{"H", 0.56}, {"L", 0.22}, {"N", 0}}},
    [V3_A] = {"A", true, {{"H", 0.56}, {"L", 0.22}, {"N", 0}}},
    {"E", false, {{"X", 0}, {"H", 0}, {"F", 0}, {"P", 0}, {"U", 0}}},
    {"RL", false, {{"X", 0}, {"U", 0}, {"W", 0}, {"T", 0}, {"O", 0}}},
    {"RC", false, {{"X", 0}, {"C", 0}, {"R", 0}, {"U", 0}}},
    {"CR", false, {{"X", 0}, {"H", 0}, {"M", 0}, {"L", 0}}},
    {"IR", false, {{"X", 0}, {"H", 0}, {"M", 0}, {"L", 0}}},
    {"AR", false, {{"X", 0}, {"H", 0}, {"M", 0}, {"L", 0}}},
    {"MAV", false, {{"X", 0}, {"N", 0}, {"A", 0}, {"L", 0}, {"P", 0}}},
    {"MAC", false, {{"X", 0}, {"L", 0}, {"H", 0}}},
    {"MPR", false, {{"X", 0}, {"N", 0}, {"L", 0}, {"H", 0}}},
    {"MUI", false, {{"X", 0}, {"N", 0}, {"R", 0}}},
    {"MS", false, {{"X", 0}, {"U", 0}, {"C", 0}}},
    {"MC", false, {{"X", 0}, {"H", 0}, {"L", 0}, {"N", 0}}},
    {"MI", false, {{"X", 0}, {"H", 0}, {"L", 0}, {"N", 0}}},
    {"MA", false, {{"X", 0}, {"H", 0}, {"L", 0}, {"N", 0}}},
};

static const struct metric v4_metrics[] = {
    {"AV", true, {{"N", 0}, {"A", 0}, {"L", 0}, {"P", 0}}},
    {"AC", true, {{"L", 0}, {"H", 0}}},
    {"AT", true, {{"N", 0}, {"P", 0}}},
    {"PR", true, {{"N", 0}, {"L", 0}, {"H", 0}}},
    {"UI", true, {{"N", 0}, {"P", 0}, {"A", 0}}},
    {"VC", true, {{"H", 0}, {"L", 0}, {"N", 0}}},
    {"VI", true, {{"H", 0}, {"L", 0}, {"N", 0}}},
    {"VA", true, {{"H", 0}, {"L", 0}, {"N", 0}}},
    {"SC", true, {{"H", 0}, {"L", 0}, {"N", 0}}},
    {"SI", true, {{"H", 0}, {"L", 0}, {"N", 0}}},
    {"SA", true, {{"H", 0}, {"L", 0}, {"N", 0}}},
    {"E", false, {{"X", 0}, {"A", 0}, {"P", 0}, {"U", 0}}},
    {"CR", false, {{"X", 0}, {"H", 0}, {"M", 0}, {"L", 0}}},
    {"IR", false, {{"X", 0}, {"H", 0}, {"M", 0}, {"L", 0}}},
    {"AR", false, {{"X", 0}, {"H", 0}, {"M", 0}, {"L", 0}}},
    {"MAV", false, {{"X", 0}, {"N", 0}, {"A", 0}, {"L", 0}, {"P", 0}}},
    {"MAC", false, {{"X", 0}, {"L", 0}, {"H", 0}}},
    {"MAT", false, {{"X", 0}, {"N", 0}, {"P", 0}}},
    {"MPR", false, {{"X", 0}, {"N", 0}, {"L", 0}, {"H", 0}}},
    {"MUI", false, {{"X", 0}, {"N", 0}, {"P", 0}, {"A", 0}}},
    {"MVC", false, {{"X", 0}, {"H", 0}, {"L", 0}, {"N", 0}}},
    {"MVI", false, {{"X", 0}, {"H", 0}, {"L", 0}, {"N", 0}}},
    {"MVA", false, {{"X", 0}, {"H", 0}, {"L", 0}, {"N", 0}}},
    {"MSC", false, {{"X", 0}, {"H", 0}, {"L", 0}, {"N", 0}}},
    {"MSI", false, {{"X", 0}, {"S", 0}, {"H", 0}, {"L", 0}, {"N", 0}}},
    {"MSA", false, {{"X", 0}, {"S", 0}, {"H", 0}, {"L", 0}, {"N", 0}}},
    {"S", false, {{"X", 0}, {"N", 0}, {"P", 0}}},
    {"AU", false, {{"X", 0}, {"N", 0}, {"Y", 0}}},
    {"R", false, {{"X", 0}, {"A", 0}, {"U", 0}, {"I", 0}}},
    {"V", false, {{"X", 0}, {"D", 0}, {"C", 0}}},
    {"RE", false, {{"X", 0}, {"L", 0}, {"M", 0}, {"H", 0}}},
    {"U", false, {{"X", 0}, {"Clear", 0}, {"Green", 0}, {"Amber", 0}, {"Red", 0}}},
};

/* Rounds to the nearest tenth; the small number undoes what binary fractions lose. */
static double nearest_tenth(double score) {
    return floor(score * 10 + 0.5 + 1e-9) / 10;
}

/* "Roundup" of CVSS 3.1 appendix A: the next tenth up, in integers so that 4.0 stays 4.0. */
static double tenth_up(double score) {
    int64_t scaled = (int64_t)round(score * 100000);

    return scaled % 10000 == 0 ? (double)scaled / 100000 : (double)(scaled / 10000 + 1) / 10;
}

static double v2_score(const struct chosen *chosen) {
    const struct value *const *of = chosen->of;
    double                     impact =
        10.41 * (1 - (1 - of[V2_C]->weight) * (1 - of[V2_I]->weight) * (1 - of[V2_A]->weight));
    double exploitability = 20 * of[V2_AV]->weight * of[V2_AC]->weight * of[V2_AU]->weight;

    return nearest_tenth((0.6 * impact + 0.4 * exploitability - 1.5) * (impact > 0 ? 1.176 : 0));
}

static double v3_privileges(const struct chosen *chosen, bool scope_changed) {
    const struct value *value = chosen->of[V3_PR];

    if (scope_changed && value->letter[0] == 'L')
        return 0.68;
    if (scope_changed && value->letter[0] == 'H')
        return 0.5;
    return value->weight;
}

static double v3_score(const struct chosen *chosen) {
    const struct value *const *of = chosen->of;
    bool                       changed = of[V3_S]->letter[0] == 'C';
    double base = 1 - (1 - of[V3_C]->weight) * (1 - of[V3_I]->weight) * (1 - of[V3_A]->weight);
    double impact = changed ? 7.52 * (base - 0.029) - 3.25 * pow(base - 0.02, 15) : 6.42 * base;
    double exploitability = 8.22 * of[V3_AV]->weight * of[V3_AC]->weight *
                            v3_privileges(chosen, changed) * of[V3_UI]->weight;
    double score = changed ? 1.08 * (impact + exploitability) : impact + exploitability;

    if (impact <= 0)
        return 0;
    return tenth_up(score < 10 ? score : 10);
}

static const struct scale {
    str                  prefix;
    enum cvss_version    version;
    const struct metric *metrics;
    size_t               metric_count;
    double (*score)(const struct chosen *chosen);
} scales[] = {
    {STR_INIT("CVSS:3.1/"), CVSS_3_1, v3_metrics, COUNT_OF(v3_metrics), v3_score},
    {STR_INIT("CVSS:3.0/"), CVSS_3_0, v3_metrics, COUNT_OF(v3_metrics), v3_score},
    {STR_INIT("CVSS:4.0/"), CVSS_4_0, v4_metrics, COUNT_OF(v4_metrics), NULL},
    {STR_INIT("CVSS:2.0/"), CVSS_2_0, v2_metrics, COUNT_OF(v2_metrics), v2_score},
    {STR_INIT(""), CVSS_2_0, v2_metrics, COUNT_OF(v2_metrics), v2_score}, /* v2 has no prefix */
};

static const struct value *find_value(const struct metric *metric, str letter) {
    for (size_t i = 0; i < COUNT_OF(metric->values) && metric->values[i].letter != NULL; i++)
        if (str_eq(letter, str_of(metric->values[i].letter)))
            return &metric->values[i];
    return NULL;
}

static pw_code take_metric(const struct scale *scale, str item, struct chosen *chosen,
                           struct err *err) {
    str    letter = item, name = STR_NONE;
    size_t i = 0;

    (void)str_cut(&letter, ':', &name); /* without a colon the name is found to be unknown */
    while (i < scale->metric_count && !str_eq(name, str_of(scale->metrics[i].name)))
        i++;
    if (i == scale->metric_count)
        return err_set(err, PW_INVALID, "CVSS %s has no metric \"" STR_FMT "\"",
                       cvss_version_text(scale->version), STR_ARG(str_sub(name, 0, 40)));
    if (chosen->of[i] != NULL)
        return err_set(err, PW_INVALID, "CVSS metric %s is given twice", scale->metrics[i].name);
    chosen->of[i] = find_value(&scale->metrics[i], letter);
    if (chosen->of[i] == NULL)
        return err_set(err, PW_INVALID, "CVSS metric %s cannot be \"" STR_FMT "\"",
                       scale->metrics[i].name, STR_ARG(str_sub(letter, 0, 40)));
    return PW_OK;
}

static const struct scale *scale_of(str vector) {
    for (size_t i = 0; i < COUNT_OF(scales); i++)
        if (str_starts(vector, scales[i].prefix))
            return &scales[i];
    return NULL;
}

pw_code cvss_parse(str vector, struct cvss *ret_cvss, struct err *err) {
    struct chosen       chosen = {0};
    const struct scale *scale;
    str                 rest = str_trim(vector), item;

    if (rest.len == 0 || rest.len > LIMIT_VECTOR_BYTES)
        return err_set(err, PW_INVALID, "a CVSS vector has 1 to %zu characters, not %zu",
                       (size_t)LIMIT_VECTOR_BYTES, rest.len);
    if (rest.ptr[0] == '(' && rest.ptr[rest.len - 1] == ')')
        rest = str_sub(rest, 1, rest.len - 2);
    scale = scale_of(rest);
    if (scale->prefix.len == 0 && str_starts(rest, STR("CVSS:")))
        return err_set(err, PW_UNSUPPORTED,
                       "CVSS version of \"" STR_FMT "\" is not 2.0, 3.0, 3.1 or 4.0",
                       STR_ARG(str_sub(rest, 0, 12)));
    rest = str_from(rest, scale->prefix.len);
    while (str_cut(&rest, '/', &item))
        PW_TRY(take_metric(scale, item, &chosen, err));
    for (size_t i = 0; i < scale->metric_count; i++)
        if (scale->metrics[i].base && chosen.of[i] == NULL)
            return err_set(err, PW_INVALID, "CVSS %s vector lacks metric %s",
                           cvss_version_text(scale->version), scale->metrics[i].name);
    *ret_cvss = (struct cvss){.version = scale->version, .scored = scale->score != NULL};
    if (scale->score != NULL)
        ret_cvss->score = scale->score(&chosen);
    return PW_OK;
}

const char *cvss_version_text(enum cvss_version version) {
    static const char *const texts[] = {[CVSS_NONE] = "",
                                        [CVSS_2_0] = "2.0",
                                        [CVSS_3_0] = "3.0",
                                        [CVSS_3_1] = "3.1",
                                        [CVSS_4_0] = "4.0"};

    return (size_t)version < COUNT_OF(texts) ? texts[version] : "";
}
