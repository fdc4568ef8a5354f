/* test_facts.c - the stored form of facts: written, read back, and refused when it is not right. */
#include <endian.h>
#include "unit/inventory/layer_kit.h"
#include "inventory/facts_form.h"
#include "inventory/sort.h"

static uint64_t hashes[] = {1, 5, 9};

static struct package packages[] = {
    {.ecosystem = STR_INIT("npm"),
     .namespace_ = STR_INIT("@a"),
     .name = STR_INIT("@a/b"),
     .version = STR_INIT("1.0.0"),
     .source = STR_INIT("s"),
     .source_version = STR_INIT("sv"),
     .arch = STR_INIT("amd64"),
     .module = STR_INIT("m:1"),
     .origin = STR_INIT("third-party")},
    {.name = STR_INIT("n"), .version = STR_INIT("v")},
};
static struct ownership owners[] = {{STR_INIT("bash"), hashes, 3}};
static struct evidence  evidence[] = {
     {ROLE_LANGUAGE, STR_INIT("lang/npm"), STR_INIT("a/b"), packages, 2, NULL, 0},
     {ROLE_OWNERSHIP, STR_INIT("os/dpkg"), STR_INIT("c"), NULL, 0, owners, 1},
};
static struct os_file    os_files[] = {{OS_FILE_RELEASE, STR_INIT("etc/os-release"),
                                        STR_INIT("debian"), STR_INIT("12"), STR_INIT("Debian"),
                                        STR_INIT("bookworm")}};
static struct fact_link  links[] = {{STR_INIT("lib"), STR_INIT("usr/lib")}};
static struct incomplete gaps[] = {{STR_INIT("a.jar"), STR_INIT("not read"), STR_INIT("jar")}};
static struct incomplete incompletes[] = {{STR_INIT(""), STR_INIT("cut"), STR_INIT("damaged")}};

static const struct layer_facts sample = {
    .format = STR_INIT("gzip"),
    .inflated_bytes = 1u << 31,
    .entries = 77,
    .evidence = evidence,
    .evidence_count = 2,
    .os_files = os_files,
    .os_file_count = 1,
    .links = links,
    .link_count = 1,
    .gaps = gaps,
    .gap_count = 1,
    .incomplete = incompletes,
    .incomplete_count = 1,
    .files = {hashes, 3},
    .dirs = {hashes, 1},
    .whiteouts = {hashes, 2},
    .opaques = {NULL, 0},
};

static void encode(struct buf *out) {
    struct err err = ERR_NONE;

    CHECK_OK(facts_encode(&sample, out, &err));
}

/* The checksum of changed bytes made right again, as an attacker would. */
static void seal(char *bytes, size_t n) {
    uint64_t sum = htole64(str_hash(str_make(bytes, n - 8)));

    memcpy(bytes + n - 8, &sum, 8);
}

static pw_code decode(str bytes, struct arena *arena, struct layer_facts **facts, struct err *err) {
    *facts = NULL;
    return facts_decode(arena, bytes, facts, err);
}

TEST(written_and_read_back) {
    struct arena        AUTO(arena_done) arena = ARENA_INIT(MIB(1));
    struct buf          AUTO(buf_done) bytes = BUF_INIT(MIB(1)), again = BUF_INIT(MIB(1));
    struct layer_facts *facts;
    struct err          err = ERR_NONE;

    encode(&bytes);
    CHECK_OK(decode(buf_str(&bytes), &arena, &facts, &err));
    CHECK_EQ(facts->entries, 77);
    CHECK_EQ(facts->inflated_bytes, 1u << 31);
    CHECK_STR(facts->format, "gzip");
    CHECK_EQ(facts->evidence_count, 2);
    CHECK_STR(facts->evidence[0].packages[0].name, "@a/b");
    CHECK_STR(facts->evidence[0].packages[0].origin, "third-party");
    CHECK_STR(facts->evidence[0].packages[1].path, "a/b");
    CHECK_STR(facts->evidence[1].owners[0].package, "bash");
    CHECK_EQ(facts->evidence[1].owners[0].paths[2], 9);
    CHECK_STR(facts->os_files[0].codename, "bookworm");
    CHECK_STR(facts->links[0].target, "usr/lib");
    CHECK(hash_set_has(&facts->files, 5) && !hash_set_has(&facts->files, 6));
    CHECK(!hash_set_has(&facts->opaques, 1));
    CHECK_OK(facts_encode(facts, &again, &err));
    CHECK(str_eq(buf_str(&bytes), buf_str(&again)));
    /* nothing is borrowed from the bytes */
    memset(bytes.ptr, 'x', bytes.len);
    CHECK_STR(facts->evidence[0].packages[0].name, "@a/b");
}

TEST(cut_anywhere_is_refused) {
    struct buf          AUTO(buf_done) bytes = BUF_INIT(MIB(1));
    struct layer_facts *facts;

    encode(&bytes);
    for (size_t n = 0; n < bytes.len; n++) {
        struct arena AUTO(arena_done) arena = ARENA_INIT(MIB(1));
        struct err   err = ERR_NONE;
        char        *copy = malloc(n + 1);

        memcpy(copy, bytes.ptr, n);
        CHECK_EQ(decode(str_make(copy, n), &arena, &facts, &err), PW_CORRUPT);
        if (n >= 20) {
            seal(copy, n);
            CHECK(decode(str_make(copy, n), &arena, &facts, &err) != PW_OK);
        }
        free(copy);
    }
}

/* Whatever byte changes: refused, or read without harm (under the sanitizers of other builds). */
TEST(changed_anywhere_does_no_harm) {
    static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff};
    struct buf                 AUTO(buf_done) bytes = BUF_INIT(MIB(1));
    struct layer_facts        *facts;
    size_t                     refused = 0;

    encode(&bytes);
    for (size_t at = 0; at + 8 < bytes.len; at++)
        EACH (value, values) {
            struct arena AUTO(arena_done) arena = ARENA_INIT(MIB(1));
            char         before = bytes.ptr[at];
            struct err   err = ERR_NONE;

            bytes.ptr[at] = (char)*value;
            if (bytes.ptr[at] != before)
                CHECK(decode(buf_str(&bytes), &arena, &facts, &err) != PW_OK); /* the checksum */
            seal(bytes.ptr, bytes.len);
            refused += decode(buf_str(&bytes), &arena, &facts, &err) != PW_OK;
            bytes.ptr[at] = before;
            seal(bytes.ptr, bytes.len);
        }
    CHECK(refused > 100);
}

TEST(refused_with_a_reason) {
    struct buf          AUTO(buf_done) bytes = BUF_INIT(MIB(1));
    struct arena        AUTO(arena_done) arena = ARENA_INIT(MIB(1)), small = ARENA_INIT(256);
    struct layer_facts *facts;
    struct layer_facts  unsorted = sample;
    uint64_t            twice[] = {5, 5}, down[] = {5, 4};
    uint64_t *const     wrong[] = {twice, down};
    struct package      nameless = {.version = STR_INIT("1")};
    struct evidence     bad = {.packages = &nameless, .package_count = 1};
    struct err          err = ERR_NONE;

    CHECK_EQ(decode(STR(""), &arena, &facts, &err), PW_CORRUPT);
    CHECK_EQ(decode(STR("no facts at all, but long enough"), &arena, &facts, &err), PW_CORRUPT);
    CHECK_TEXT(err_text(&err), "these bytes are not facts of a layer");
    encode(&bytes);
    CHECK_EQ(decode(buf_str(&bytes), &small, &facts, &err), PW_TOO_LARGE);
    bytes.ptr[8] = FACTS_VERSION + 1;
    seal(bytes.ptr, bytes.len);
    CHECK_EQ(decode(buf_str(&bytes), &arena, &facts, &err), PW_UNSUPPORTED);
    EACH (list, wrong) {
        buf_clear(&bytes);
        unsorted.files = (struct hash_set){*list, 2};
        CHECK_OK(facts_encode(&unsorted, &bytes, &err));
        CHECK_EQ(decode(buf_str(&bytes), &arena, &facts, &err), PW_CORRUPT);
        CHECK_TEXT(err_text(&err), "stored facts of a layer are damaged: hashes are out of order");
    }
    buf_clear(&bytes);
    unsorted = sample;
    unsorted.evidence = &bad;
    unsorted.evidence_count = 1;
    CHECK_OK(facts_encode(&unsorted, &bytes, &err));
    CHECK_EQ(decode(buf_str(&bytes), &arena, &facts, &err), PW_CORRUPT);
    CHECK_TEXT(err_text(&err),
               "stored facts of a layer are damaged: a package lacks its name or version");
}

/* A count is believed only as far as bytes are there: no memory for 4 billion packages. */
TEST(counts_do_not_cost_memory) {
    struct buf          AUTO(buf_done) bytes = BUF_INIT(MIB(1));
    struct arena        AUTO(arena_done) arena = ARENA_INIT(GIB(1));
    struct layer_facts *facts;
    struct err          err = ERR_NONE;

    encode(&bytes);
    for (size_t at = 12; at + 12 < bytes.len; at++) {
        char before[4];

        memcpy(before, bytes.ptr + at, 4);
        memcpy(bytes.ptr + at, "\xff\xff\xff\x7f", 4);
        seal(bytes.ptr, bytes.len);
        (void)decode(buf_str(&bytes), &arena, &facts, &err);
        memcpy(bytes.ptr + at, before, 4);
    }
    CHECK(arena.used < MIB(4));
}

TEST(text_is_cleaned) {
    static const struct {
        const char *in, *want;
    } cases[] = {
        {"plain", "plain"},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"a\033[31mb", "a\xef\xbf\xbd[31mb"}, /* a terminal's escape */
        {"a\nb\tc", "a\xef\xbf\xbd"
                    "b\xef\xbf\xbd"
                    "c"},
        {"\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc3", "\xef\xbf\xbd"},                                 /* cut */
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                 /* overlong */
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* a surrogate */
        {"\xc2\x9b"
         "31m",
         "\xef\xbf\xbd\xef\xbf\xbd"
         "31m"}, /* an 8-bit control */
        {"\x7f", "\xef\xbf\xbd"},
        {"<script>", "<script>"}, /* markup is the page's matter: every writer escapes */
    };

    EACH (c, cases) {
        struct arena AUTO(arena_done) arena = ARENA_INIT(MIB(1));

        CHECK_STR(facts_clean_text(&arena, str_of(c->in)), c->want);
    }
}

TEST(hashes_are_sorted) {
    static uint64_t list[5000];

    for (size_t n = 0; n < 5000; n += n < 40 ? 1 : 701) {
        size_t   count = n;
        uint64_t random = 88172645463325252u;

        for (size_t i = 0; i < n; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            list[i] = i % 3 ? random : random % 7; /* some of them twice */
        }
        sort_hashes(list, &count);
        CHECK(count <= n);
        for (size_t i = 1; i < count; i++)
            CHECK(list[i - 1] < list[i]);
    }
}

RUN_TESTS(UNIT(written_and_read_back), UNIT(cut_anywhere_is_refused),
          UNIT(changed_anywhere_does_no_harm), UNIT(refused_with_a_reason),
          UNIT(counts_do_not_cost_memory), UNIT(text_is_cleaned), UNIT(hashes_are_sorted))
