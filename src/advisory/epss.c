/*
 * epss.c - FIRST's scores: a comment with model and date, a head line, then "CVE,score,percentile".
 *
 * Spec: https://www.first.org/epss/data_stats.
 */
#include "advisory/format.h"

/* "0.00123": digits with at most one point; from 0 to 1. No locale, no exponent but "1e-05". */
static bool parse_share(str text, double *ret_value) {
    double value = 0, place = 0;
    size_t i = 0;

    for (; i < text.len && text.ptr[i] != 'e' && text.ptr[i] != 'E'; i++) {
        if (text.ptr[i] == '.' && place == 0) {
            place = 1;
            continue;
        }
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || i > 24)
            return false;
        value = value * 10 + (text.ptr[i] - '0');
        place *= 10;
    }
    if (i == 0 || (i == 1 && place == 1))
        return false;
    value /= place > 1 ? place : 1;
    if (i < text.len) {
        uint64_t power;

        if (str_sub(text, i + 1, 1).len == 0 || text.ptr[i + 1] != '-' ||
            !str_to_u64(str_from(text, i + 2), 30, &power))
            return false;
        while (power-- > 0)
            value /= 10;
    }
    *ret_value = value;
    return value <= 1;
}

static void take_comment(struct feed_reader *reader, str line) {
    static const str key = STR_INIT("score_date:");
    size_t           at = str_find(line, key);

    if (at != STR_NPOS)
        reader_version(reader, str_sub(line, at + key.len, 10));
}

static pw_code epss_line(struct feed_reader *reader, str line, size_t number, struct err *err) {
    struct epss_score out;
    str               rest = line, score, percentile;

    if (str_starts(line, STR("#"))) {
        take_comment(reader, line);
        return PW_OK;
    }
    if (str_eq(line, STR("cve,epss,percentile")) || str_empty(line))
        return PW_OK;
    if (!str_cut(&rest, ',', &out.cve) || !str_cut(&rest, ',', &score) ||
        !str_cut(&rest, ',', &percentile) || !str_starts(out.cve, STR("CVE-")) ||
        !build_id_ok(out.cve)) {
        if (reader->records == 0) /* the first line decides whether this is such a file at all */
            return err_set(err, PW_INVALID,
                           "not EPSS scores: line %zu is not \"cve,epss,percentile\"", number);
        return reader_bad(reader, str_sub(line, 0, 64), "not \"cve,epss,percentile\"", err);
    }
    if (!parse_share(score, &out.score) || !parse_share(percentile, &out.percentile))
        return reader_bad(reader, out.cve, "a score that is not between 0 and 1", err);
    reader->records++;
    return reader->sink->epss != NULL ? reader->sink->epss(reader->sink->ctx, &out, err) : PW_OK;
}

static pw_code epss_end(struct feed_reader *reader, struct err *err) {
    return reader->records == 0
               ? err_set(err, PW_INVALID, "not EPSS scores: no line \"cve,epss,percentile\"")
               : PW_OK;
}

const struct feed_format epss_format = {.line = epss_line, .end = epss_end};
