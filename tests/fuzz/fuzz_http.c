/* fuzz_http.c - what strangers write into a request: target, query, Range, and the way through the
 * route table. Invariants: decoded text never grows, parameters lie within the path, ranges within
 * the size. */
#include <assert.h>
#include "http/range.h"
#include "http/route.h"

static pw_code nothing(struct http_request *request, struct http_reply *reply, struct err *err) {
    return PW_OK;
}

static const struct http_route rows[] = {
    {"GET", "/{path*}", HTTP_EVENT, 0, nothing},
    {"GET", "/v2/", HTTP_EVENT, 0, nothing},
    {"GET", "/v2/{name*}/manifests/{reference}", HTTP_EVENT, 0, nothing},
    {"PUT", "/v2/{name*}/blobs/uploads/{id}", HTTP_EVENT, 0, nothing},
    {"GET", "/v2/{name*}/blobs/{digest}", HTTP_EVENT, 0, nothing},
    {"GET", "~/{scope*}/providers/{ns}/assessments", HTTP_EVENT, 0, nothing},
};

static void check_target(const struct route_table *table, str text, struct arena *arena) {
    static const str   names[] = {STR_INIT("n"), STR_INIT("digest"), STR_INIT("")};
    struct target      target;
    struct route_match match;
    struct err         err;
    str                value;

    if (target_parse(text, arena, &target, &err) != PW_OK)
        return;
    assert(target.path.len <= text.len && target.count >= 1);
    assert(target.path.len > 0 && target.path.ptr[0] == '/');
    EACH (name, names)
        for (size_t i = 0; i < 3 && target_query(&target, *name, i, arena, &value); i++)
            assert(value.len <= target.query.len);
    route_find(table, STR("GET"), &target, arena, &match);
    for (unsigned i = 0; i < match.param_count; i++)
        assert(match.params[i].value.len > 0 && match.params[i].value.len <= target.path.len);
}

static void check_ranges(str text, uint64_t size) {
    struct http_range      ranges[16];
    size_t                 count = 0;
    uint64_t               sum = 0;
    enum http_range_answer answer = http_range_parse(text, size, ranges, 16, &count);

    if (answer != HTTP_RANGE_PARTS)
        return;
    assert(count >= 1 && count <= 16);
    for (size_t i = 0; i < count; i++) {
        assert(ranges[i].length > 0 && ranges[i].first < size);
        assert(ranges[i].length <= size - ranges[i].first);
        sum += ranges[i].length;
    }
    assert(sum <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct route_table *table;
    struct arena               arena = ARENA_INIT(1 << 20);
    struct err                 err;
    str                        text = str_make(data, size), first, rest = text;

    if (table == NULL && route_table_new(rows, COUNT_OF(rows), &table, &err) != PW_OK)
        return 0;
    str_cut(&rest, '\n', &first);
    check_target(table, first, &arena);
    check_ranges(rest, 1000);
    check_ranges(rest, UINT64_MAX);
    check_ranges(first, 0);
    arena_done(&arena);
    return 0;
}
