/* build.c - putting the normal form together in an arena. */
#include "advisory/format.h"

#include "base/clock.h"
#include "format/cvss.h"

void *build_more(struct arena *arena, void *array, size_t *count, size_t size) {
    size_t used = *count;

    if (used >= LIMIT_ADVISORY_ITEMS)
        return NULL;
    if ((used & (used - 1)) == 0) { /* 0, 1, 2, 4, 8 ...: full */
        array = arena_grow(arena, array, used * size, (used == 0 ? 1 : used * 2) * size);
        if (array == NULL)
            return NULL;
        memset((char *)array + used * size, 0, (used == 0 ? 1 : used) * size);
    }
    *count = used + 1;
    return array;
}

str build_text(struct arena *arena, str text) {
    size_t keep = LIMIT_ADVISORY_TEXT;

    if (text.len <= keep)
        return text;
    while (keep > 0 && ((unsigned char)text.ptr[keep] & 0xc0) == 0x80)
        keep--;
    return arena_strf(arena, STR_FMT "...", STR_ARG(str_sub(text, 0, keep)));
}

int64_t build_time(const json_t *object, const char *key) {
    char    with_zone[TIME_TEXT_SIZE + 16];
    str     text = json_opt_str(object, key);
    int64_t at;

    if (str_empty(text) || time_parse(text, &at))
        return str_empty(text) ? 0 : at;
    /* NVD writes UTC without saying so */
    if (text.len >= sizeof with_zone - 1)
        return 0;
    memcpy(with_zone, text.ptr, text.len);
    with_zone[text.len] = 'Z';
    return time_parse(str_make(with_zone, text.len + 1), &at) ? at : 0;
}

bool build_id_ok(str id) {
    if (id.len == 0 || id.len > LIMIT_ADVISORY_ID_BYTES)
        return false;
    for (size_t i = 0; i < id.len; i++)
        if ((unsigned char)id.ptr[i] <= ' ' || (unsigned char)id.ptr[i] >= 0x7f)
            return false;
    return true;
}

bool build_cvss(struct rating *rating, str source, str vector, double published) {
    static const str kinds[] = {[CVSS_NONE] = STR_INIT(""),
                                [CVSS_2_0] = STR_INIT("CVSS_V2"),
                                [CVSS_3_0] = STR_INIT("CVSS_V3"),
                                [CVSS_3_1] = STR_INIT("CVSS_V3"),
                                [CVSS_4_0] = STR_INIT("CVSS_V4")};
    struct cvss      cvss;

    if (cvss_parse(vector, &cvss, NULL) != PW_OK)
        return false;
    *rating = (struct rating){.source = source, .kind = kinds[cvss.version], .value = vector};
    rating->scored = cvss.scored || (published >= 0 && published <= 10);
    rating->score = cvss.scored ? cvss.score : rating->scored ? published : 0;
    return true;
}

bool build_below(struct arena *arena, struct affected *affected, str fixed) {
    struct range *range = BUILD_MORE(arena, affected->ranges, affected->range_count);

    if (range == NULL || (range->events = arena_array(arena, 2, sizeof *range->events)) == NULL)
        return false;
    range->event_count = 2;
    range->events[0] = (struct range_event){EVENT_INTRODUCED, STR("0")};
    range->events[1] = (struct range_event){EVENT_FIXED, fixed};
    return true;
}
