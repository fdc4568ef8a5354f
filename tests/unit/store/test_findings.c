/* test_findings.c - components, their findings, and how little changes when little changed. */
#include "store_fixture.h"
#include "base/limits.h"
#include "store/components.h"
#include "store/findings.h"
#include "store/inventories.h"
#include "store/subscriptions.h"

static const struct os_release debian = {
    .id = STR_INIT("debian"), .version_id = STR_INIT("12"), .ecosystem = STR_INIT("Debian:12")};
static const struct component_row openssl = {.package = {.ecosystem = STR_INIT("Debian"),
                                                         .namespace_ = STR_INIT("debian"),
                                                         .name = STR_INIT("libssl3"),
                                                         .version = STR_INIT("3.0.1-1"),
                                                         .source = STR_INIT("openssl"),
                                                         .source_version = STR_INIT("3.0.1-1"),
                                                         .arch = STR_INIT("amd64")},
                                             .lookup_ecosystem = STR_INIT("Debian:12"),
                                             .lookup_name = STR_INIT("openssl")};

struct state {
    int64_t                id, other;
    const struct finding  *findings;
    size_t                 count;
    struct findings_change change;
    struct finding_list    list;
    struct arena           arena;
};

static pw_code make(struct txn *txn, void *arg, struct err *err) {
    struct state    *s = arg;
    struct inventory inventory = {.os = debian, .coverage = COVERAGE_FULL};
    struct package   place = {.path = STR_INIT("var/lib/dpkg/status"),
                              .layer = STR_INIT("sha256:aa")};
    int64_t          context, matched, inventory_id, published;

    PW_TRY(components_context(txn, &debian, &context, err));
    PW_TRY(components_put(txn, &openssl, context, &s->id, &matched, err));
    CHECK_EQ(matched, 0);
    PW_TRY(components_put(txn, &openssl, context, &s->other, &matched, err));
    CHECK_EQ(s->id, s->other); /* the same key: the same component */
    PW_TRY(inventories_begin(txn, context, &inventory, &inventory_id, err));
    CHECK_EQ(inventories_find(txn, STR("sha256:inventory"), &published, NULL), PW_NOT_FOUND);
    PW_TRY(inventories_add(txn, inventory_id, s->id, &place, err));
    PW_TRY(inventories_publish(txn, inventory_id, STR("sha256:inventory"), &published, err));
    CHECK_EQ(published, inventory_id);
    return inventories_find(txn, STR("sha256:inventory"), &s->other, err);
}

static pw_code put(struct txn *txn, void *arg, struct err *err) {
    struct state *s = arg;

    return findings_put(txn, s->id, s->findings, s->count, &s->change, err);
}

static pw_code get(struct txn *txn, void *arg, struct err *err) {
    struct state *s = arg;

    arena_reset(&s->arena);
    return findings_of_inventory(txn, &s->arena, s->other, &s->list, err);
}

static void expect_change(struct state *s, struct fixture *f, const struct finding *findings,
                          size_t count, const struct findings_change *want) {
    struct err err = ERR_NONE;

    s->findings = findings;
    s->count = count;
    CHECK_OK(store_write(f->store, STORE_FOREGROUND, put, s, &err));
    CHECK_EQ(s->change.added, want->added);
    CHECK_EQ(s->change.changed, want->changed);
    CHECK_EQ(s->change.gone, want->gone);
    CHECK_OK(store_read(f->store, get, s, &err));
}

STORE_TEST(findings_change_as_little_as_possible) {
    str                aliases[] = {STR_INIT("GHSA-1"), STR_INIT("DSA-1")};
    struct cvss_rating ratings[] = {{STR_INIT("3.1"), STR_INIT("CVSS:3.1/AV:N"), 7.5}};
    struct finding     one[] = {{.id = STR_INIT("CVE-1"),
                                 .aliases = aliases,
                                 .alias_count = 2,
                                 .state = FINDING_OPEN,
                                 .severity = SEVERITY_HIGH,
                                 .severity_source = STR_INIT("nvd"),
                                 .cvss = ratings,
                                 .cvss_count = 1,
                                 .epss = -1,
                                 .title = STR_INIT("a \"title\"\n<b>"),
                                 .feed = STR_INIT("debian-tracker")},
                                {.id = STR_INIT("CVE-2"),
                                 .state = FINDING_UNDETERMINED,
                                 .why = STR_INIT("not known"),
                                 .epss = -1,
                                 .feed = STR_INIT("debian-tracker")},
                                {.id = STR_INIT("CVE-3"), .state = FINDING_NOT_AFFECTED, .epss = -1}};
    struct state       s = {.arena = ARENA_INIT(MIB(4))};
    struct finding    *found;
    int64_t            since;

    CHECK_OK(store_write(f->store, STORE_FOREGROUND, make, &s, &err));
    expect_change(&s, f, one, 3,
                  &(struct findings_change){.added = 2}); /* not affected is not stored */
    CHECK_EQ(s.list.count, 2);
    found = &s.list.rows[0].found.finding;
    since = s.list.rows[0].found.since;
    CHECK_STR(found->id, "CVE-1"); /* the most severe first */
    CHECK_EQ(found->alias_count, 2);
    CHECK_STR(found->aliases[1], "DSA-1");
    CHECK_STR(found->title, "a \"title\"\n<b>");
    CHECK_STR(found->severity_source, "nvd");
    CHECK_EQ(found->cvss_count, 1);
    CHECK_STR(found->cvss[0].vector, "CVSS:3.1/AV:N");
    CHECK(found->cvss[0].score > 7.4 && found->cvss[0].score < 7.6);
    CHECK(found->epss < 0);
    CHECK_STR(s.list.rows[1].found.finding.why, "not known");

    clock_move(&f->clock, 1000);
    expect_change(&s, f, one, 3, &(struct findings_change){0}); /* the same again */
    one[0].state = FINDING_FIXED;
    one[0].fixed_version = STR("3.0.2-1");
    expect_change(&s, f, one, 3, &(struct findings_change){.changed = 1});
    CHECK_EQ(s.list.rows[0].found.since, since); /* it is the same finding */
    CHECK_STR(s.list.rows[0].found.finding.fixed_version, "3.0.2-1");
    expect_change(&s, f, one, 1, &(struct findings_change){.gone = 1});
    expect_change(&s, f, one, 0, &(struct findings_change){.gone = 1});
    CHECK_EQ(s.list.count, 0);
    arena_done(&s.arena);
}

struct lookup {
    struct arena arena;
    const char  *ecosystem, *name;
    size_t       count;
};

static pw_code find(struct txn *txn, void *arg, struct err *err) {
    struct lookup       *l = arg;
    struct component_ids ids;

    PW_TRY(components_by_lookup(txn, &l->arena, str_of(l->ecosystem), str_of(l->name), &ids, err));
    l->count = ids.count;
    return PW_OK;
}

STORE_TEST(components_are_found_by_what_advisories_name) {
    static const struct {
        const char *ecosystem, *name;
        size_t      want;
    } cases[] = {
        {"Debian:12", "openssl", 1}, {"Debian", "openssl", 1}, /* all releases */
        {"Debian:11", "openssl", 0}, {"Debia", "openssl", 0},
        {"Debian:12", "libssl3", 0}, {"", "openssl", 0},
    };
    struct state s = {.arena = ARENA_INIT(MIB(4))};

    CHECK_OK(store_write(f->store, STORE_FOREGROUND, make, &s, &err));
    EACH (c, cases) {
        struct lookup l = {.arena = ARENA_INIT(MIB(1)), .ecosystem = c->ecosystem, .name = c->name};

        CHECK_OK(store_read(f->store, find, &l, &err));
        CHECK_EQ(l.count, c->want);
        arena_done(&l.arena);
    }
    arena_done(&s.arena);
}

struct owners {
    struct arena                 arena;
    struct subscriptions_default first, second;
    pw_code                      found, other_case, unknown;
};

static pw_code own(struct txn *txn, void *arg, struct err *err) {
    struct owners          *o = arg;
    struct subscription_row subscription;
    struct registry_row     registry;
    char                    shouted[64] = "";

    PW_TRY(subscriptions_default(txn, &o->arena, &o->first, err));
    PW_TRY(subscriptions_default(txn, &o->arena, &o->second, err));
    for (size_t i = 0; i < o->first.subscription.id.len; i++)
        shouted[i] = (char)(o->first.subscription.id.ptr[i] &
                            (o->first.subscription.id.ptr[i] >= 'a' ? ~32 : ~0));
    o->found = subscriptions_find(txn, &o->arena, str_of(shouted), &subscription, err);
    o->other_case =
        subscriptions_registry(txn, &o->arena, str_of(shouted), STR("PortWarden"), &registry, err);
    o->unknown = subscriptions_find(txn, &o->arena, STR("nobody"), &subscription, NULL);
    return PW_OK;
}

STORE_TEST(owners_are_made_once_and_found_in_any_case) {
    struct owners o = {.arena = ARENA_INIT(MIB(1))};

    CHECK_OK(store_write(f->store, STORE_FOREGROUND, own, &o, &err));
    CHECK(o.first.made && !o.second.made);
    CHECK(str_eq(o.first.subscription.id, o.second.subscription.id));
    CHECK_EQ(o.first.subscription.id.len, 36);
    CHECK_EQ(o.found, PW_OK);
    CHECK_EQ(o.other_case, PW_OK);
    CHECK_EQ(o.unknown, PW_NOT_FOUND);
    arena_done(&o.arena);
}

RUN_TESTS(STORE_UNITS(findings_change_as_little_as_possible),
          STORE_UNITS(components_are_found_by_what_advisories_name),
          STORE_UNITS(owners_are_made_once_and_found_in_any_case))
