/* Bytes under keys that are never reused; uploads that survive. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/limits.h"
#include "store/blob_store.h"
#include "store_fixture.h"

struct place {
    char               folder[64];
    struct blob_store *blobs;
};

static struct place open_place(void) {
    struct place place = {0};
    struct err   err = ERR_NONE;

    fixture_folder(place.folder);
    CHECK_OK(blob_files_open(place.folder, &place.blobs, &err));
    return place;
}

static void close_place(struct place *place) {
    blob_store_close(place->blobs);
    fixture_remove(place->folder);
}

static struct digest digest_text(const char *text) {
    struct digest digest;

    digest_of(DIGEST_SHA256, str_of(text), &digest);
    return digest;
}

static void check_content(struct place *place, const char *key, const char *want) {
    struct err err = ERR_NONE;
    char       text[256] = "";
    size_t     n;
    int        fd;

    CHECK_OK(blob_open(place->blobs, key, strlen(want), &fd, &err));
    CHECK_OK(fd_pread_all(fd, text, sizeof text - 1, 0, &n, &err));
    CHECK_TEXT(text, want);
    CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    close(fd);
}

struct list {
    int      count;
    char     last[512];
    uint64_t bytes;
};

static pw_code count_one(void *ctx, str name, uint64_t size, int64_t modified_at, struct err *err) {
    struct list *list = ctx;

    (void)err;
    list->count++;
    list->bytes += size;
    snprintf(list->last, sizeof list->last, STR_FMT, STR_ARG(name));
    CHECK(modified_at > 1500000000);
    return PW_OK;
}

static int count_uploads(struct place *place) {
    struct list list = {0};
    struct err  err = ERR_NONE;

    CHECK_OK(blob_uploads_each(place->blobs, count_one, &list, &err));
    return list.count;
}

TEST(small_blobs_go_and_come) {
    struct place  place = open_place();
    struct digest digest = digest_text("hello");
    struct err    err = ERR_NONE;
    struct list   list = {0};
    char          key[BLOB_KEY_SIZE], second[BLOB_KEY_SIZE];
    int           fd;

    CHECK_OK(blob_put(place.blobs, &digest, STR("hello"), key, &err));
    CHECK_OK(blob_put(place.blobs, &digest, STR("hello"), second, &err));
    CHECK(strcmp(key, second) != 0); /* the same bytes, another copy: keys are never shared */
    CHECK(str_starts(str_of(key), STR("sha256/2c/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa742"
                                      "5e73043362938b9824.")));
    check_content(&place, key, "hello");
    CHECK_OK(blob_keys_each(place.blobs, count_one, &list, &err));
    CHECK_EQ(list.count, 2);
    CHECK_EQ(list.bytes, 10);
    CHECK_OK(blob_delete(place.blobs, key, &err));
    CHECK_OK(blob_delete(place.blobs, key, &err)); /* absent is fine */
    CHECK_EQ(blob_open(place.blobs, key, 5, &fd, &err), PW_NOT_FOUND);
    check_content(&place, second, "hello");
    CHECK(blob_free_bytes(place.blobs) > 0);
    close_place(&place);
}

static pw_code is_young(void *ctx, str name, uint64_t size, int64_t modified_at, struct err *err) {
    CHECK(modified_at > (int64_t)time(NULL) - 60);
    ++*(int *)ctx;
    return PW_OK;
}

TEST(a_finished_blob_is_young) {
    const struct timespec long_ago[2] = {{.tv_sec = 1600000000}, {.tv_sec = 1600000000}};
    struct place          place = open_place();
    struct digest         digest = digest_text("hello");
    struct blob_writer   *writer;
    struct err            err = ERR_NONE;
    char                  path[128], key[BLOB_KEY_SIZE];
    int                   count = 0;

    CHECK_OK(blob_writer_open(place.blobs, STR("ab"), 0, 0, &writer, &err));
    CHECK_OK(blob_writer_add(writer, STR("hello"), &err));
    CHECK_OK(blob_writer_pause(writer, &err));
    snprintf(path, sizeof path, "%s/uploads/ab", place.folder);
    CHECK_EQ(utimensat(AT_FDCWD, path, long_ago, 0), 0);
    CHECK_OK(blob_writer_open(place.blobs, STR("ab"), 5, 0, &writer, &err));
    CHECK_OK(blob_writer_finish(writer, &digest, key, &err));
    CHECK_OK(blob_keys_each(place.blobs, is_young, &count, &err));
    CHECK_EQ(count, 1);
    close_place(&place);
}

TEST(both_algorithms_and_the_empty_blob) {
    struct place  place = open_place();
    struct digest digest;
    struct err    err = ERR_NONE;
    char          key[BLOB_KEY_SIZE];

    digest_of(DIGEST_SHA512, STR(""), &digest);
    CHECK_OK(blob_put(place.blobs, &digest, STR_NONE, key, &err));
    CHECK(str_starts(str_of(key), STR("sha512/cf/cf83e1357eefb8bd")));
    check_content(&place, key, "");
    digest.algorithm = DIGEST_NONE;
    CHECK_EQ(blob_put(place.blobs, &digest, STR(""), key, &err), PW_UNSUPPORTED);
    close_place(&place);
}

TEST(a_blob_of_another_size_is_corrupt) {
    struct place  place = open_place();
    struct digest digest = digest_text("hello");
    struct err    err = ERR_NONE;
    char          key[BLOB_KEY_SIZE], path[512];
    int           fd;

    CHECK_OK(blob_put(place.blobs, &digest, STR("hello"), key, &err));
    snprintf(path, sizeof path, "%s/blobs/%s", place.folder, key);
    CHECK_EQ(truncate(path, 3), 0);
    CHECK_EQ(blob_open(place.blobs, key, 5, &fd, &err), PW_CORRUPT);
    CHECK(strstr(err_text(&err), "has 3 bytes on disk and should have 5") != NULL);
    close_place(&place);
}

#define HEX64 "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

TEST(names_that_lead_elsewhere_are_refused) {
    static const char *const keys[] = {
        "",
        "/",
        "..",
        "../uploads/a",
        "sha256",
        "sha256/2c",
        "sha256/2c/" HEX64,                     /* no random */
        "sha256/2d/" HEX64 ".0123456789abcdef", /* another fan */
        "sha256/2c/" HEX64 ".0123456789abcdeg",
        "sha256/2c/" HEX64 ".0123456789abcdef0",
        "sha256/2c/" HEX64 ".",
        "sha512/2c/" HEX64 ".0123456789abcdef",
        "md5/2c/" HEX64 ".0123456789abcdef",
        "/etc/passwd",
        "sha256/../" HEX64 ".0123456789abcdef",
    };
    static const char *const uploads[] = {"",
                                          ".",
                                          "..",
                                          "a/b",
                                          "../a",
                                          "A",
                                          "-a",
                                          "a.b",
                                          "a b",
                                          "0123456789012345678901234567890123456789"
                                          "01234567890123456789012345678"};
    static const char *const records[] = {"",   "/",    "/a", "a/",  "a//b", "..",   "a/../b",
                                          ".a", "a/.b", "a~", "a b", "a\\b", "a\nb", "\xc3\xa4"};
    struct place             place = open_place();
    struct blob_writer      *writer;
    struct err               err = ERR_NONE;
    int                      fd;

    EACH (key, keys) {
        CHECK_EQ(blob_open(place.blobs, *key, 0, &fd, &err), PW_INVALID);
        CHECK_EQ(blob_delete(place.blobs, *key, &err), PW_INVALID);
    }
    EACH (id, uploads) {
        CHECK_EQ(blob_writer_open(place.blobs, str_of(*id), 0, 0, &writer, &err), PW_INVALID);
        CHECK_EQ(blob_upload_drop(place.blobs, str_of(*id), &err), PW_INVALID);
    }
    EACH (name, records) {
        CHECK_EQ(blob_record_put(place.blobs, str_of(*name), STR("x"), &err), PW_INVALID);
        CHECK_EQ(blob_record_delete(place.blobs, str_of(*name), &err), PW_INVALID);
    }
    CHECK_EQ(blob_record_put(place.blobs, str_make("a\0b", 3), STR("x"), &err), PW_INVALID);
    close_place(&place);
}

TEST(an_upload_becomes_a_blob) {
    struct place        place = open_place();
    struct digest       digest = digest_text("hello, world");
    struct blob_writer *writer;
    struct err          err = ERR_NONE;
    char                key[BLOB_KEY_SIZE], text[16] = "";
    size_t              n;
    int                 fd;

    CHECK_OK(blob_writer_open(place.blobs, STR("a1-b2"), 0, 12, &writer, &err));
    CHECK_OK(blob_writer_add(writer, STR("hello, "), &err));
    CHECK_OK(blob_writer_reader(writer, &fd, &err)); /* sees what came, and cannot write */
    CHECK_OK(fd_pread_all(fd, text, sizeof text, 0, &n, &err));
    CHECK_EQ(n, 7);
    CHECK_EQ(write(fd, "x", 1), -1);
    CHECK_OK(blob_writer_add(writer, STR("world"), &err));
    CHECK_OK(fd_pread_all(fd, text, sizeof text, 0, &n, &err));
    CHECK_EQ(n, 12);
    CHECK_EQ(blob_writer_offset(writer), 12);
    CHECK_OK(blob_writer_finish(writer, &digest, key, &err));
    check_content(&place, key, "hello, world");
    CHECK_EQ(count_uploads(&place), 1); /* until the row is committed */
    CHECK_OK(blob_upload_drop(place.blobs, STR("a1-b2"), &err));
    CHECK_OK(blob_upload_drop(place.blobs, STR("a1-b2"), &err));
    CHECK_EQ(count_uploads(&place), 0);
    check_content(&place, key, "hello, world");
    CHECK_OK(fd_pread_all(fd, text, sizeof text, 0, &n, &err)); /* a reader goes on to the end */
    CHECK_EQ(n, 12);
    close(fd);
    close_place(&place);
}

TEST(an_upload_goes_on_where_it_stopped) {
    struct place        place = open_place();
    struct digest       digest = digest_text("abcdefXY");
    struct blob_writer *writer, *second;
    struct err          err = ERR_NONE;
    char                key[BLOB_KEY_SIZE];

    CHECK_EQ(blob_writer_open(place.blobs, STR("aa"), 3, 0, &writer, &err), PW_NOT_FOUND);
    CHECK_OK(blob_writer_open(place.blobs, STR("aa"), 0, 1000, &writer, &err));
    CHECK_OK(blob_writer_add(writer, STR("abcdefgh"), &err));
    CHECK_EQ(blob_writer_open(place.blobs, STR("aa"), 8, 0, &second, &err), PW_CONFLICT);
    CHECK_OK(blob_writer_pause(writer, &err));
    CHECK_EQ(blob_writer_open(place.blobs, STR("aa"), 9, 0, &writer, &err), PW_CORRUPT);
    /* the row says 6: what is behind was never acknowledged */
    CHECK_OK(blob_writer_open(place.blobs, STR("aa"), 6, 0, &writer, &err));
    CHECK_OK(blob_writer_add(writer, STR("XY"), &err));
    CHECK_OK(blob_writer_finish(writer, &digest, key, &err));
    check_content(&place, key, "abcdefXY");
    CHECK_OK(blob_writer_open(place.blobs, STR("ab"), 0, 0, &writer, &err));
    blob_writer_abort(writer);
    CHECK_EQ(blob_writer_open(place.blobs, STR("ab"), 1, 0, &writer, &err), PW_NOT_FOUND);
    close_place(&place);
}

/* 40 MiB in uneven pieces: several windows, each byte where it belongs. */
TEST(windows_keep_every_byte) {
    struct place        place = open_place();
    struct blob_writer *writer;
    struct hasher       hasher;
    struct digest       want, got;
    struct err          err = ERR_NONE;
    char                key[BLOB_KEY_SIZE], *bytes = malloc(MIB(1) + 13);
    uint64_t            total = 0;
    size_t              n;
    int                 fd;

    hasher_init(&hasher, DIGEST_SHA256);
    CHECK_OK(blob_writer_open(place.blobs, STR("cc"), 0, MIB(60), &writer, &err));
    for (unsigned i = 0; i < 40; i++) {
        memset(bytes, (int)(i * 37 + 1), MIB(1) + 13);
        hasher_add(&hasher, bytes, MIB(1) + 13);
        CHECK_OK(blob_writer_add(writer, str_make(bytes, MIB(1) + 13), &err));
        total += MIB(1) + 13;
    }
    hasher_digest(&hasher, &want);
    CHECK_OK(blob_writer_finish(writer, &want, key, &err));
    CHECK_OK(blob_open(place.blobs, key, total, &fd, &err));
    hasher_init(&hasher, DIGEST_SHA256);
    for (off_t at = 0; at < (off_t)total; at += (off_t)n) {
        CHECK_OK(fd_pread_all(fd, bytes, MIB(1), at, &n, &err));
        CHECK(n > 0);
        hasher_add(&hasher, bytes, n);
    }
    hasher_digest(&hasher, &got);
    CHECK(digest_eq(&want, &got));
    close(fd);
    free(bytes);
    close_place(&place);
}

/* Only the allocation shows that what was reserved and did not come was given back. */
TEST(a_short_upload_keeps_no_reservation) {
    struct place        place = open_place();
    struct digest       digest = digest_text("x");
    struct blob_writer *writer;
    struct err          err = ERR_NONE;
    struct stat         facts;
    char                key[BLOB_KEY_SIZE], path[512];

    CHECK_OK(blob_writer_open(place.blobs, STR("dd"), 0, MIB(64), &writer, &err));
    CHECK_OK(blob_writer_add(writer, STR("x"), &err));
    CHECK_OK(blob_writer_finish(writer, &digest, key, &err));
    snprintf(path, sizeof path, "%s/blobs/%s", place.folder, key);
    CHECK_EQ(stat(path, &facts), 0);
    CHECK(facts.st_blocks < 64);
    CHECK_EQ(blob_writer_open(place.blobs, STR("dd2"), 0, UINT64_MAX, &writer, &err), PW_TOO_LARGE);
    CHECK_OK(blob_upload_drop(place.blobs, STR("dd"), &err));
    CHECK_EQ(count_uploads(&place), 0);
    close_place(&place);
}

TEST(records) {
    struct place             place = open_place();
    struct err               err = ERR_NONE;
    struct buf               text = BUF_INIT(MIB(1));
    static const char *const names[] = {"repo/library/nginx/tags/1.25", "repo/library", "repo",
                                        "repo/library/nginx", "manifest/sha256:abc"};
    static const struct {
        const char *prefix;
        int         count;
    } walks[] = {{"", 5},
                 {"repo", 4},
                 {"repo/", 3},
                 {"repo/library/nginx", 2},
                 {"repo/lib", 3},
                 {"manifest/sha", 1},
                 {"nothing", 0},
                 {"repo/library/nginx/", 1},
                 {"repo/library/nginx/tags/1.25", 1}};

    EACH (name, names) /* one is the folder of another */
        CHECK_OK(blob_record_put(place.blobs, str_of(*name), str_of(*name), &err));
    CHECK_OK(blob_record_put(place.blobs, STR("repo"), STR("replaced"), &err));
    CHECK_OK(blob_record_get(place.blobs, STR("repo"), &text, &err));
    CHECK_STR(buf_str(&text), "replaced");
    EACH (walk, walks) {
        struct list list = {0};

        CHECK_OK(blob_records_each(place.blobs, str_of(walk->prefix), count_one, &list, &err));
        if (list.count != walk->count)
            fail_msg("prefix \"%s\": %d records, want %d", walk->prefix, list.count, walk->count);
    }
    CHECK_OK(blob_record_delete(place.blobs, STR("repo"), &err));
    CHECK_OK(blob_record_delete(place.blobs, STR("repo"), &err));
    CHECK_OK(blob_record_delete(place.blobs, STR("a/b/c"), &err));
    CHECK_EQ(blob_record_get(place.blobs, STR("repo"), &text, &err), PW_NOT_FOUND);
    buf_clear(&text);
    CHECK_OK(blob_record_get(place.blobs, STR("repo/library"), &text, &err));
    CHECK_STR(buf_str(&text), "repo/library");
    buf_done(&text);
    close_place(&place);
}

static pw_code stop_at_once(void *ctx, str name, uint64_t size, int64_t at, struct err *err) {
    (void)name, (void)size, (void)at;
    (*(int *)ctx)++;
    return err_set(err, PW_CANCELLED, "enough");
}

TEST(a_walk_stops_when_told) {
    struct place  place = open_place();
    struct digest digest = digest_text("hello");
    struct err    err = ERR_NONE;
    char          key[BLOB_KEY_SIZE];
    int           seen = 0;

    for (int i = 0; i < 3; i++)
        CHECK_OK(blob_put(place.blobs, &digest, STR("hello"), key, &err));
    CHECK_EQ(blob_keys_each(place.blobs, stop_at_once, &seen, &err), PW_CANCELLED);
    CHECK_EQ(seen, 1);
    close_place(&place);
}

/* --- trouble --- */

TEST(a_full_disk_is_said_early_and_leaves_nothing) {
    struct place        place = {0};
    struct blob_writer *writer;
    struct digest       digest = digest_text("small");
    struct err          err = ERR_NONE;
    char                key[BLOB_KEY_SIZE], *bytes = calloc(1, MIB(8));
    pw_code             code = PW_OK;

    fixture_folder(place.folder);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", place.folder, "tmpfs", 0, "size=4m") != 0)
        SKIP("a small disk can be mounted by root only");
    CHECK_OK(blob_files_open(place.folder, &place.blobs, &err));
    CHECK_EQ(blob_writer_open(place.blobs, STR("ee"), 0, MIB(8), &writer, &err), PW_NO_SPACE);
    CHECK(strstr(err_text(&err), "the disk has no room for a blob of 8388608 bytes") != NULL);
    CHECK_EQ(count_uploads(&place), 0);
    CHECK_OK(blob_writer_open(place.blobs, STR("ef"), 0, 0, &writer, &err)); /* not known before */
    code = blob_writer_add(writer, str_make(bytes, MIB(8)), &err);
    CHECK_EQ(code, PW_NO_SPACE);
    blob_writer_abort(writer);
    CHECK_EQ(blob_put(place.blobs, &digest, str_make(bytes, MIB(8)), key, &err), PW_NO_SPACE);
    CHECK_OK(blob_put(place.blobs, &digest, STR("small"), key, &err)); /* usable afterwards */
    check_content(&place, key, "small");
    free(bytes);
    blob_store_close(place.blobs);
    CHECK_EQ(umount(place.folder), 0);
    rmdir(place.folder);
}

/* A child acknowledges what pause has made durable, and is killed while it writes on. */
static _Noreturn void upload_and_acknowledge(const char *folder, int out) {
    struct blob_store  *blobs;
    struct blob_writer *writer;
    char                piece[10000];
    uint64_t            offset = 0;

    memset(piece, 'p', sizeof piece);
    if (blob_files_open(folder, &blobs, NULL) != PW_OK)
        _exit(1);
    for (;;) {
        if (blob_writer_open(blobs, STR("f0"), offset, 0, &writer, NULL) != PW_OK ||
            blob_writer_add(writer, str_make(piece, sizeof piece), NULL) != PW_OK)
            _exit(2);
        offset = blob_writer_offset(writer);
        if (blob_writer_pause(writer, NULL) != PW_OK ||
            write(out, &offset, sizeof offset) != sizeof offset)
            _exit(3);
    }
}

TEST(an_upload_survives_a_kill) {
    struct place        place = open_place();
    struct err          err = ERR_NONE;
    struct blob_writer *writer;
    uint64_t            offset = 0, acknowledged = 0;
    int                 pipe_fds[2], status;
    pid_t               child;

    CHECK_EQ(pipe(pipe_fds), 0);
    child = fork();
    if (child == 0) {
        close(pipe_fds[0]);
        upload_and_acknowledge(place.folder, pipe_fds[1]);
    }
    close(pipe_fds[1]);
    while (acknowledged < 50000 && read(pipe_fds[0], &offset, sizeof offset) == sizeof offset)
        acknowledged = offset;
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
    while (read(pipe_fds[0], &offset, sizeof offset) == sizeof offset)
        acknowledged = offset;
    close(pipe_fds[0]);
    CHECK(acknowledged >= 50000);
    CHECK_OK(blob_writer_open(place.blobs, STR("f0"), acknowledged, 0, &writer, &err));
    CHECK_OK(blob_writer_add(writer, STR("end"), &err));
    CHECK_EQ(blob_writer_offset(writer), acknowledged + 3);
    blob_writer_abort(writer);
    close_place(&place);
}

RUN_TESTS(UNIT(small_blobs_go_and_come), UNIT(a_finished_blob_is_young),
          UNIT(both_algorithms_and_the_empty_blob), UNIT(a_blob_of_another_size_is_corrupt),
          UNIT(names_that_lead_elsewhere_are_refused), UNIT(an_upload_becomes_a_blob),
          UNIT(an_upload_goes_on_where_it_stopped), UNIT(windows_keep_every_byte),
          UNIT(a_short_upload_keeps_no_reservation), UNIT(records), UNIT(a_walk_stops_when_told),
          UNIT(an_upload_survives_a_kill), UNIT(a_full_disk_is_said_early_and_leaves_nothing))
