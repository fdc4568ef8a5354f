/* clock.c - wall time, monotonic time, RFC 3339. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

int64_t clock_now(const struct clock *clock) {
    struct timespec now;
    int64_t         fixed = clock != NULL ? atomic_load(&clock->fixed_at) : 0;
    int64_t         offset = clock != NULL ? atomic_load(&clock->offset_seconds) : 0;

    if (fixed != 0)
        return fixed + offset;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec + offset;
}

void clock_move(struct clock *clock, int64_t seconds) {
    atomic_fetch_add(&clock->offset_seconds, seconds);
}

int64_t clock_mono_ns(void) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_deadline(double seconds) {
    return clock_mono_ns() + (int64_t)(seconds * 1e9);
}

str time_format(int64_t at, char out[TIME_TEXT_SIZE]) {
    time_t    seconds = (time_t)at;
    struct tm parts;
    int       len = 0;

    out[0] = '\0'; /* RFC 3339 ends with the year 9999 */
    if (gmtime_r(&seconds, &parts) != NULL && parts.tm_year <= 9999 - 1900)
        len = snprintf(out, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    return (str){out, (size_t)len};
}

/* Reads exactly `digits` digits at *at and moves behind them. */
static bool take_number(str text, size_t *at, size_t digits, int *ret_value) {
    uint64_t value;

    if (!str_to_u64(str_sub(text, *at, digits), 99999, &value) || text.len < *at + digits)
        return false;
    *at += digits;
    *ret_value = (int)value;
    return true;
}

static bool take_char(str text, size_t *at, const char *set) {
    if (*at >= text.len || strchr(set, text.ptr[*at]) == NULL)
        return false;
    (*at)++;
    return true;
}

/* Nothing, or a point with at least one digit behind it: fractions of seconds are dropped. */
static bool take_fraction(str text, size_t *at) {
    size_t from;

    if (!take_char(text, at, "."))
        return true;
    from = *at;
    while (take_char(text, at, "0123456789")) {
    }
    return *at > from;
}

static bool is_day(int year, int month, int day) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool             leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (leap && month == 2);
}

static bool take_zone(str text, size_t *at, int *ret_offset_seconds) {
    int  hours, minutes;
    bool east;

    *ret_offset_seconds = 0;
    if (*at == text.len || take_char(text, at, "Zz"))
        return *at == text.len;
    east = text.ptr[*at] == '+';
    if (!take_char(text, at, "+-") || !take_number(text, at, 2, &hours))
        return false;
    (void)take_char(text, at, ":");
    if (!take_number(text, at, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_offset_seconds = (hours * 3600 + minutes * 60) * (east ? 1 : -1);
    return *at == text.len;
}

bool time_parse(str text, int64_t *ret_at) {
    struct tm parts = {0};
    size_t    at = 0;
    int       zone = 0;

    if (!take_number(text, &at, 4, &parts.tm_year) || !take_char(text, &at, "-") ||
        !take_number(text, &at, 2, &parts.tm_mon) || !take_char(text, &at, "-") ||
        !take_number(text, &at, 2, &parts.tm_mday))
        return false;
    if (!is_day(parts.tm_year, parts.tm_mon, parts.tm_mday))
        return false;
    if (at < text.len) {
        if (!take_char(text, &at, "Tt ") || !take_number(text, &at, 2, &parts.tm_hour) ||
            !take_char(text, &at, ":") || !take_number(text, &at, 2, &parts.tm_min))
            return false;
        if (take_char(text, &at, ":") && !take_number(text, &at, 2, &parts.tm_sec))
            return false;
        if (!take_fraction(text, &at))
            return false;
        if (parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 60 ||
            !take_zone(text, &at, &zone))
            return false;
    }
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    *ret_at = (int64_t)timegm(&parts) - zone;
    return true;
}
