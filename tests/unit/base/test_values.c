/* Digests, clocks, JSON writing, maps, files, logs. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/digest.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "test.h"

#define HEX64 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

TEST(digests_are_parsed) {
    static const struct {
        const char *text;
        pw_code     want;
    } cases[] = {
        {"sha256:" HEX64, PW_OK},
        {"sha512:" HEX64 HEX64, PW_OK},
        {"sha256:" HEX64 "0", PW_INVALID},
        {"sha256:", PW_INVALID},
        {"sha256", PW_INVALID},
        {"", PW_INVALID},
        {":" HEX64, PW_INVALID},
        {"sha256:E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         PW_INVALID}, /* upper case */
        {"sha256:g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", PW_INVALID},
        {"SHA256:" HEX64, PW_INVALID},
        {"sha512:" HEX64, PW_INVALID}, /* too short for it */
        {"sha384:" HEX64, PW_UNSUPPORTED},
        {"sha256+b64:abcDEF_-=", PW_UNSUPPORTED},
        {"sha256..x:abc", PW_INVALID}, /* two separators */
        {"+sha256:abc", PW_INVALID},
        {"sha256+:abc", PW_INVALID},
        {"md5:d41d8cd98f00b204e9800998ecf8427e", PW_UNSUPPORTED},
        {"sha256:../../etc/passwd", PW_INVALID},
        {"sha256:" HEX64 "\n", PW_INVALID},
    };

    EACH (c, cases) {
        struct digest digest = {.algorithm = DIGEST_NONE};
        struct err    err = ERR_NONE;
        char          text[DIGEST_TEXT_SIZE];

        CHECK_EQ(digest_parse(str_of(c->text), &digest, &err), c->want);
        if (c->want == PW_OK) {
            CHECK_STR(digest_format(&digest, text), c->text);
        } else {
            CHECK_EQ(digest.algorithm, DIGEST_NONE);
            CHECK_TEXT(err.tag, "DIGEST_INVALID");
        }
    }
}

TEST(digests_of_known_texts) {
    static const struct {
        enum digest_algorithm algorithm;
        const char           *bytes, *want;
    } cases[] = {
        {DIGEST_SHA256, "", "sha256:" HEX64},
        {DIGEST_SHA256, "abc",
         "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {DIGEST_SHA512, "abc",
         "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
         "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    };

    EACH (c, cases) {
        struct digest digest, parsed;
        struct err    err = ERR_NONE;
        char          text[DIGEST_TEXT_SIZE];

        digest_of(c->algorithm, str_of(c->bytes), &digest);
        CHECK_STR(digest_format(&digest, text), c->want);
        CHECK_OK(digest_parse(str_of(c->want), &parsed, &err));
        CHECK(digest_eq(&digest, &parsed));
    }
}

/* An upload that is saved after every byte and resumed has the digest of the whole. */
TEST(hashing_is_saved_and_resumed) {
    static const enum digest_algorithm algorithms[] = {DIGEST_SHA256, DIGEST_SHA512};
    char                               text[300];

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 7);
    EACH (algorithm, algorithms)
        for (size_t cut = 0; cut <= sizeof text; cut++) {
            unsigned char saved[HASHER_SAVED_SIZE];
            struct hasher first, second;
            struct digest got, want;

            hasher_init(&first, *algorithm);
            hasher_add(&first, text, cut);
            hasher_save(&first, saved);
            CHECK(hasher_load(&second, str_make(saved, sizeof saved)));
            hasher_add(&second, text + cut, sizeof text - cut);
            hasher_digest(&second, &got);
            digest_of(*algorithm, str_make(text, sizeof text), &want);
            CHECK(digest_eq(&got, &want));
        }
}

TEST(a_digest_in_the_middle_changes_nothing) {
    struct hasher hasher;
    struct digest middle, end, want;

    hasher_init(&hasher, DIGEST_SHA256);
    hasher_add(&hasher, "ab", 2);
    hasher_digest(&hasher, &middle);
    digest_of(DIGEST_SHA256, STR("ab"), &want);
    CHECK(digest_eq(&middle, &want));
    hasher_add(&hasher, "c", 1);
    hasher_digest(&hasher, &end);
    digest_of(DIGEST_SHA256, STR("abc"), &want);
    CHECK(digest_eq(&end, &want));
}

TEST(foreign_states_are_refused) {
    unsigned char saved[HASHER_SAVED_SIZE + 1];
    struct hasher hasher, loaded;

    hasher_init(&hasher, DIGEST_SHA256);
    hasher_save(&hasher, saved);
    CHECK(!hasher_load(&loaded, str_make(saved, HASHER_SAVED_SIZE - 1)));
    CHECK(!hasher_load(&loaded, str_make(saved, HASHER_SAVED_SIZE + 1)));
    CHECK(!hasher_load(&loaded, STR_NONE));
    saved[0]++;
    CHECK(!hasher_load(&loaded, str_make(saved, HASHER_SAVED_SIZE)));
    saved[0]--;
    saved[1] = 9;
    CHECK(!hasher_load(&loaded, str_make(saved, HASHER_SAVED_SIZE)));
    saved[1] = DIGEST_SHA512; /* a length of 64-byte blocks that no SHA-512 state has */
    memset(saved + 2, 0xff, HASHER_SAVED_SIZE - 2);
    CHECK(!hasher_load(&loaded, str_make(saved, HASHER_SAVED_SIZE)));
    saved[1] = DIGEST_SHA256;
    CHECK(!hasher_load(&loaded, str_make(saved, HASHER_SAVED_SIZE)));
}

TEST(times) {
    static const struct {
        const char *text;
        int64_t     at; /* -1: refused */
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-21T18:00:00Z", 1795284000},
        {"2026-11-21t18:00:00z", 1795284000},
        {"2026-11-21 18:00:00", 1795284000},
        {"2026-11-21T18:00Z", 1795284000},
        {"2026-11-21T18:00:00.123456789Z", 1795284000},
        {"2026-11-21T19:30:00+01:30", 1795284000},
        {"2026-11-21T16:00:00-0200", 1795284000},
        {"2026-11-21T18:00:00.000", 1795284000},
        {"2026-11-21", 1795219200},
        {"2024-02-29", 1709164800},
        {"2016-12-31T23:59:60Z", 1483228800}, /* a leap second */
        {"1969-12-31T23:59:58Z", -2},
        {"", -1},
        {"2026-11-21T", -1},
        {"2026-11-21T18", -1},
        {"2026-13-01", -1},
        {"2026-00-01", -1},
        {"2026-01-32", -1},
        {"2026-02-30", -1}, /* no such day */
        {"2023-02-29", -1},
        {"2026-04-31", -1},
        {"2026-11-21T24:00:00Z", -1},
        {"2026-11-21T18:60:00Z", -1},
        {"2026-11-21T18:00:61Z", -1},
        {"2026-11-21T18:00:00X", -1},
        {"2026-11-21T18:00:00Z ", -1},
        {"2026-11-21T18:00:00.Z", -1}, /* a point and no digits */
        {"2026-11-21T18:00:00+24:00", -1},
        {"2026-11-21T18:00:00+01:60", -1},
        {"26-11-21", -1},
        {"2026/11/21", -1},
        {"+026-11-21", -1},
    };

    EACH (c, cases) {
        int64_t at = -1;
        bool    good = time_parse(str_of(c->text), &at);

        if (at != c->at || good != (c->at != -1))
            print_error("%s: %lld\n", c->text, (long long)at);
        CHECK(at == c->at && good == (c->at != -1));
    }
}

TEST(times_are_written_and_read_back) {
    static const int64_t times[] = {
        0, 1, -1, -62135596800 /* year 1 */, -33515000000, 951782400, 1795284000, 253402300799};

    EACH (at, times) {
        char    text[TIME_TEXT_SIZE];
        int64_t back = 77;

        CHECK(time_parse(time_format(*at, text), &back));
        CHECK_EQ(back, *at);
    }
}

TEST(clocks_can_be_moved) {
    struct clock clock = CLOCK_INIT;
    int64_t      mono = clock_mono_ns();

    CHECK(clock_now(&clock) - clock_now(NULL) <= 1);
    clock.fixed_at = 1000;
    CHECK_EQ(clock_now(&clock), 1000);
    clock_move(&clock, 60);
    CHECK_EQ(clock_now(&clock), 1060);
    clock_move(&clock, -120);
    CHECK_EQ(clock_now(&clock), 940);
    CHECK(clock_deadline(1.5) - mono >= 1500000000);
}

TEST(json_is_escaped) {
    static const struct {
        str         text;
        const char *want;
    } cases[] = {
        {STR_INIT(""), "\"\""},
        {STR_INIT("plain"), "\"plain\""},
        {STR_INIT("\"\\/"), "\"\\\"\\\\/\""},
        {STR_INIT("\n\r\t\b\f\x01\x1f\x7f"), "\"\\n\\r\\t\\u0008\\u000c\\u0001\\u001f\\u007f\""},
        {STR_INIT("a\0b"), "\"a\\u0000b\""},
        {STR_INIT("caf\xC3\xA9 \xF0\x9F\x98\x80"), "\"caf\xC3\xA9 \xF0\x9F\x98\x80\""},
        {STR_INIT("\xC3"), "\"\xEF\xBF\xBD\""},
        {STR_INIT("a\xFF\"b"), "\"a\xEF\xBF\xBD\\\"b\""},
        {STR_INIT("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* each bad byte */
        {STR_INIT("\xC3\xA9\xC3"), "\"\xC3\xA9\xEF\xBF\xBD\""},
    };

    EACH (c, cases) {
        AUTO(buf_done) struct buf out = BUF_INIT(KIB(1));

        json_escape(&out, c->text);
        CHECK_STR(buf_str(&out), c->want);
    }
}

TEST(json_documents) {
    AUTO(buf_done) struct buf out = BUF_INIT(KIB(1));
    struct json_writer        w = JSON_WRITER(&out);

    json_open(&w);
    json_put_str(&w, "s", STR("x"));
    json_put_text(&w, "null", NULL);
    json_put_int(&w, "least", INT64_MIN);
    json_put_bool(&w, "yes", true);
    json_put_time(&w, "at", 1795284000);
    json_put_time(&w, "never", 0);
    json_key(&w, "list");
    json_open_list(&w);
    json_int(&w, 1);
    json_double(&w, 0.25, 2);
    json_none(&w);
    json_bool(&w, false);
    json_raw(&w, STR("{\"raw\":1}"));
    json_open(&w);
    json_close(&w);
    json_open_list(&w);
    json_close_list(&w);
    json_close_list(&w);
    json_key_str(&w, STR("a\"b"));
    json_text(&w, "end");
    json_close(&w);
    CHECK_STR(buf_str(&out),
              "{\"s\":\"x\",\"null\":null,\"least\":-9223372036854775808,\"yes\":true,"
              "\"at\":\"2026-11-21T18:00:00Z\",\"never\":null,"
              "\"list\":[1,0.25,null,false,{\"raw\":1},{},[]],\"a\\\"b\":\"end\"}");
}

/* JSON knows no such numbers: writing one must not break the document. */
TEST(json_without_infinities) {
    AUTO(buf_done) struct buf out = BUF_INIT(KIB(1));
    struct json_writer        w = JSON_WRITER(&out);

    json_open_list(&w);
    json_double(&w, 1.0 / (double)(out.len - 1), 1);
    json_double(&w, __builtin_nan(""), 1);
    json_close_list(&w);
    CHECK_STR(buf_str(&out), "[null,null]");
}

TEST(maps) {
    struct map map = MAP_INIT;
    char       keys[1000][8];
    size_t     cursor = 0, seen = 0;
    str        key;
    void      *value;

    CHECK(map_get(&map, STR("absent")) == NULL && !map_has(&map, STR("absent")));
    CHECK(!map_next(&map, &cursor, &key, &value));
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        snprintf(keys[i], sizeof keys[i], "k%zu", i);
        *map_at(&map, str_of(keys[i])) = keys[i];
    }
    *map_at(&map, STR_NONE) = &map; /* the empty key is a key */
    CHECK_EQ(map.count, COUNT_OF(keys) + 1);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        CHECK(map_get(&map, str_of(keys[i])) == keys[i]);
        CHECK(*map_at(&map, str_of(keys[i])) == keys[i]); /* asking again makes nothing */
    }
    CHECK(map_get(&map, STR("")) == &map);
    CHECK_EQ(map.count, COUNT_OF(keys) + 1);
    CHECK(!map_has(&map, STR("k1000")));
    *map_at(&map, STR("null")) = NULL;
    CHECK(map_has(&map, STR("null")) && map_get(&map, STR("null")) == NULL);
    for (cursor = 0; map_next(&map, &cursor, &key, &value);)
        seen++;
    CHECK_EQ(seen, COUNT_OF(keys) + 2);
    map_done(&map);
    map_done(&map);
}

TEST(files) {
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1));
    AUTO(fd_close) int        fd = -1;
    char        folder[] = "/tmp/base-files-XXXXXX", path[100], deep[200], bytes[16], want[300];
    struct err  err = ERR_NONE;
    struct stat stat_of;
    size_t      n;

    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/file", folder);
    CHECK_OK(file_write(path, STR("first"), 0640, &err));
    CHECK_OK(file_write(path, STR("second"), 0600, &err)); /* replaces */
    CHECK_OK(file_read(path, 6, &text, &err));
    CHECK_STR(buf_str(&text), "second");
    CHECK(stat(path, &stat_of) == 0 && (stat_of.st_mode & 0777) == 0600);
    buf_clear(&text);
    CHECK_EQ(file_read(path, 5, &text, &err), PW_TOO_LARGE);
    snprintf(want, sizeof want, "%s is larger than 5 bytes", path);
    CHECK_TEXT(err_text(&err), want);
    CHECK_OK(file_open_read(path, &fd, &err));
    CHECK_OK(fd_pread_all(fd, bytes, sizeof bytes, 2, &n, &err));
    CHECK_STR(str_make(bytes, n), "cond");
    CHECK_EQ(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    snprintf(deep, sizeof deep, "%s/a/b/c", folder);
    CHECK_OK(dir_make(deep, 0755, &err));
    CHECK_OK(dir_make(deep, 0755, &err)); /* exists: fine */
    CHECK(file_exists(deep));
    snprintf(deep, sizeof deep, "%s/file/below", folder);
    CHECK(dir_make(deep, 0755, &err) != PW_OK);
    CHECK_EQ(dir_make(path, 0755, &err), PW_CONFLICT); /* a file is in its place */
    snprintf(deep, sizeof deep, "%s/absent/file", folder);
    CHECK_EQ(file_write(deep, STR("x"), 0600, &err), PW_NOT_FOUND);
    CHECK_EQ(file_read(deep, 5, &text, &err), PW_NOT_FOUND);
    snprintf(deep, sizeof deep, "rm -rf '%s'", folder);
    CHECK_EQ(system(deep), 0);
}

/* A file of exactly the buffer's ceiling fits: its end is no overflow. */
TEST(files_fit_exactly) {
    AUTO(buf_done) struct buf text = BUF_INIT(6);
    char                      path[] = "/tmp/base-exact-XXXXXX";
    struct err                err = ERR_NONE;
    int                       fd = mkstemp(path);

    CHECK_OK(fd_write_all(fd, "123456", 6, &err));
    close(fd);
    CHECK_OK(file_read(path, 6, &text, &err));
    CHECK_STR(buf_str(&text), "123456");
    CHECK_EQ(unlink(path), 0);
}

TEST(random_texts_differ) {
    struct err err = ERR_NONE;
    char       a[33], b[33];

    CHECK_OK(random_hex(16, a, &err));
    CHECK_OK(random_hex(16, b, &err));
    CHECK_EQ(strlen(a), 32);
    CHECK(strcmp(a, b) != 0);
    CHECK_EQ(strspn(a, "0123456789abcdef"), 32);
}

TEST(log_lines) {
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1));
    char                      path[] = "/tmp/base-log-XXXXXX";
    struct err                err = ERR_NONE;
    enum log_level            level;
    int                       fd = mkstemp(path);

    log_set_fd(fd);
    log_event(LOG_INFO, "listening", {"address", STR("[::1]:5080\n")}, {"port", STR("5080")});
    log_text(LOG_DEBUG, "quiet", "not %s", "written");
    log_set_level(LOG_ERROR);
    log_text(LOG_WARN, "quiet", "not written");
    err_set(&err, PW_IO, "gone");
    log_err(LOG_ERROR, "failed", &err);
    log_set_fd(STDERR_FILENO);
    log_set_level(LOG_INFO);
    CHECK_OK(file_read(path, MIB(1), &text, &err));
    CHECK(str_find(buf_str(&text), STR("\"level\":\"info\",\"event\":\"listening\",\"address\":\"[:"
                                       ":1]:5080\\n\",\"port\":\"5080\"}\n")) != STR_NPOS);
    CHECK(str_ends(
        buf_str(&text),
        STR("\"level\":\"error\",\"event\":\"failed\",\"code\":\"i/o\",\"message\":\"gone\"}\n")));
    CHECK(str_find(buf_str(&text), STR("quiet")) == STR_NPOS);
    CHECK(log_level_parse(STR("warn"), &level) && level == LOG_WARN);
    CHECK(!log_level_parse(STR("loud"), &level));
    close(fd);
    CHECK_EQ(unlink(path), 0);
}

RUN_TESTS(UNIT(digests_are_parsed), UNIT(digests_of_known_texts),
          UNIT(hashing_is_saved_and_resumed), UNIT(a_digest_in_the_middle_changes_nothing),
          UNIT(foreign_states_are_refused), UNIT(times), UNIT(times_are_written_and_read_back),
          UNIT(clocks_can_be_moved), UNIT(json_is_escaped), UNIT(json_documents),
          UNIT(json_without_infinities), UNIT(maps), UNIT(files), UNIT(files_fit_exactly),
          UNIT(random_texts_differ), UNIT(log_lines))
