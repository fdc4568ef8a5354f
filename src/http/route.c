/* route.c - pattern matching. */
#include "http/route.h"

#include <stdio.h>
#include <stdlib.h>

enum part_kind { PART_STAR, PART_NAME, PART_LITERAL }; /* the order is: more and more specific */

struct part {
    enum part_kind kind;
    str            text; /* the literal, or the placeholder's name */
};

struct pattern {
    const struct http_route *row;
    struct part             *parts;
    unsigned                 count;
    int                      star; /* index of the "{name*}", -1: none */
    bool                     any_case, head;
    size_t                   order;
};

struct route_table {
    struct pattern *patterns; /* the most specific first */
    size_t          count;
};

static pw_code parse_part(str text, struct part *out) {
    *out = (struct part){PART_LITERAL, text};
    if (text.len == 0 || text.ptr[0] != '{')
        return str_find_char(text, '{') == STR_NPOS ? PW_OK : PW_INVALID;
    if (text.len < 3 || text.ptr[text.len - 1] != '}')
        return PW_INVALID;
    out->kind = PART_NAME;
    out->text = str_sub(text, 1, text.len - 2);
    if (str_ends(out->text, STR("*"))) {
        out->kind = PART_STAR;
        out->text.len--;
    }
    return out->text.len > 0 ? PW_OK : PW_INVALID;
}

static pw_code compile(const struct http_route *row, size_t order, struct pattern *out,
                       struct err *err) {
    str      text = str_of(row->pattern), rest, part;
    unsigned names = 0;

    *out = (struct pattern){.row = row, .star = -1, .order = order};
    out->any_case = str_starts(text, STR("~"));
    text = str_from(text, out->any_case);
    if (!str_starts(text, STR("/")) || text.len > LIMIT_TARGET_BYTES)
        return err_set(err, PW_INVALID, "route \"%s\" must begin with \"/\"", row->pattern);
    out->head = str_eq(str_of(row->method), STR("HEAD"));
    for (size_t i = 0; i < text.len; i++)
        out->count += text.ptr[i] == '/';
    out->parts = calloc(out->count + 1, sizeof *out->parts);
    if (out->parts == NULL)
        return err_set(err, PW_MEMORY, "out of memory");
    rest = str_from(text, 1);
    for (unsigned i = 0; i < out->count; i++) {
        if (!str_cut(&rest, '/', &part))
            part = STR("");
        if (parse_part(part, &out->parts[i]) != PW_OK)
            return err_set(err, PW_INVALID, "route \"%s\": bad placeholder \"" STR_FMT "\"",
                           row->pattern, STR_ARG(part));
        names += out->parts[i].kind != PART_LITERAL;
        if (out->parts[i].kind == PART_STAR && out->star >= 0)
            return err_set(err, PW_INVALID, "route \"%s\" has two {name*}", row->pattern);
        if (out->parts[i].kind == PART_STAR)
            out->star = (int)i;
    }
    if (names > LIMIT_ROUTE_PARAMS)
        return err_set(err, PW_INVALID, "route \"%s\" has more than %d placeholders", row->pattern,
                       LIMIT_ROUTE_PARAMS);
    return PW_OK;
}

/* <0: a is more specific; 0: the same shape. */
static int shape_compare(const struct pattern *a, const struct pattern *b) {
    unsigned i = a->count, k = b->count;

    while (i > 0 && k > 0) {
        enum part_kind x = a->parts[--i].kind, y = b->parts[--k].kind;

        if (x != y)
            return x > y ? -1 : 1;
    }
    return (i < k) - (i > k);
}

static int by_shape(const void *x, const void *y) {
    const struct pattern *a = x, *b = y;
    int                   order = shape_compare(a, b);

    return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

void route_table_free(struct route_table *table) {
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->count; i++)
        free(table->patterns[i].parts);
    free(table->patterns);
    free(table);
}

pw_code route_table_new(const struct http_route *rows, size_t count, struct route_table **ret_table,
                        struct err *err) {
    struct route_table *table = calloc(1, sizeof *table);

    if (table == NULL || (table->patterns = calloc(count + 1, sizeof *table->patterns)) == NULL) {
        free(table);
        return err_set(err, PW_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        pw_code code = compile(&rows[i], i, &table->patterns[table->count++], err);

        if (code != PW_OK) {
            route_table_free(table);
            return code;
        }
    }
    qsort(table->patterns, table->count, sizeof *table->patterns, by_shape);
    *ret_table = table;
    return PW_OK;
}

static bool part_matches(const struct pattern *p, unsigned part, str segment) {
    if (p->parts[part].kind != PART_LITERAL)
        return segment.len > 0;
    return p->any_case ? str_eq_nocase(p->parts[part].text, segment)
                       : str_eq(p->parts[part].text, segment);
}

static bool pattern_matches(const struct pattern *p, const struct target *t) {
    unsigned head = p->star < 0 ? p->count : (unsigned)p->star;
    unsigned tail = p->count - head - (p->star >= 0);

    if (p->star < 0 ? t->count != p->count : t->count < p->count)
        return false;
    for (unsigned i = 0; i < tail; i++)
        if (!part_matches(p, p->count - 1 - i, t->segments[t->count - 1 - i]))
            return false;
    for (unsigned i = 0; i < head; i++)
        if (!part_matches(p, i, t->segments[i]))
            return false;
    for (unsigned i = head; p->star >= 0 && i < t->count - tail; i++)
        if (t->segments[i].len == 0)
            return false;
    return true;
}

static void take_params(const struct pattern *p, const struct target *t, struct arena *arena,
                        struct route_match *out) {
    unsigned extra = t->count - p->count; /* what the star takes beyond one segment */
    unsigned at = 0;

    for (unsigned i = 0; i < p->count; i++, at++) {
        unsigned last = (int)i == p->star ? at + extra : at;

        if (p->parts[i].kind != PART_LITERAL)
            out->params[out->param_count++] =
                (struct route_param){p->parts[i].text, target_join(t, at, last, arena)};
        at = last;
    }
}

static void allow_add(struct route_match *out, const char *method) {
    size_t used = strlen(out->allow);
    str    rest = str_of(out->allow), have;

    while (str_cut(&rest, ',', &have))
        if (str_eq(str_trim(have), str_of(method)))
            return;
    if (used + strlen(method) + 8 < sizeof out->allow)
        snprintf(out->allow + used, sizeof out->allow - used, "%s%s%s", used ? ", " : "", method,
                 strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

/* The row of this method among the patterns from `first` that have its shape and match. */
static const struct pattern *same_shape(const struct route_table *table, size_t first, str method,
                                        const struct target *t, struct route_match *out) {
    const struct pattern *p = &table->patterns[first], *get = NULL;
    const struct pattern *end = table->patterns + table->count;
    bool                  head = str_eq(method, STR("HEAD"));

    for (const struct pattern *q = p; q < end && shape_compare(p, q) == 0; q++) {
        str have = str_of(q->row->method);

        if (q != p && !pattern_matches(q, t))
            continue;
        if (str_eq(have, method))
            return q;
        if (head && get == NULL && str_eq(have, STR("GET")))
            get = q;
        allow_add(out, q->row->method);
    }
    return get;
}

void route_find(const struct route_table *table, str method, const struct target *target,
                struct arena *arena, struct route_match *ret_match) {
    ret_match->row = NULL;
    ret_match->path_known = false;
    ret_match->param_count = 0;
    ret_match->allow[0] = '\0';
    for (size_t i = 0; i < table->count; i++) {
        const struct pattern *p = &table->patterns[i], *found;

        if (!pattern_matches(p, target))
            continue;
        /* "/{path*}" is for paths that nobody knows, not for methods that nobody serves. */
        if (ret_match->path_known && p->count == 1 && p->star == 0)
            break;
        found = same_shape(table, i, method, target, ret_match);
        ret_match->path_known = true;
        if (found == NULL)
            continue;
        ret_match->row = found->row;
        take_params(found, target, arena, ret_match);
        return;
    }
}
