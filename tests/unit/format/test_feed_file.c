/* Zip archives and feeds: every packing of the same documents gives the same names and bytes. */
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>
#include "base/limits.h"
#include "format/feed_file.h"
#include "format/zip_reader.h"
#include "packer.h"
#include "tar_maker.h"

static const struct zip_reader_limits wide = {(uint64_t)1 << 40, (uint64_t)1 << 40, 1 << 20};

/* A folder of this test's own. */
static char folder[] = "/tmp/feed-file-XXXXXX";

static void path_in(char out[256], const char *name) {
    snprintf(out, 256, "%s/%s", folder, name);
}

static void put(const char *name, str bytes) {
    struct err err = ERR_NONE;
    char       path[256];

    path_in(path, name);
    CHECK_OK(file_write(path, bytes, 0644, &err));
}

static void make_zip(const char *name, const char *const entries[][2], zip_int32_t method,
                     const char *password) {
    char   path[256];
    int    code;
    zip_t *zip;

    path_in(path, name);
    zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
    CHECK(zip != NULL);
    for (size_t i = 0; entries[i][0] != NULL; i++) {
        zip_int64_t at;

        if (entries[i][1] == NULL) {
            CHECK(zip_dir_add(zip, entries[i][0], 0) >= 0);
            continue;
        }
        at = zip_file_add(zip, entries[i][0],
                          zip_source_buffer(zip, entries[i][1], strlen(entries[i][1]), 0), 0);
        CHECK(at >= 0);
        CHECK_EQ(zip_set_file_compression(zip, (zip_uint64_t)at, method, 0), 0);
        if (password != NULL)
            CHECK_EQ(zip_file_set_encryption(zip, (zip_uint64_t)at, ZIP_EM_AES_256, password), 0);
    }
    CHECK_EQ(zip_close(zip), 0);
}

/* --- zip --- */

static const char *const three[][2] = {
    {"a.json", "[1]"}, {"dir/", NULL}, {"dir/b.json", "[2,\"longer content\"]"}, {NULL, NULL}};

TEST(zip_entries) {
    static const zip_int32_t methods[] = {ZIP_CM_STORE, ZIP_CM_DEFLATE};

    EACH (method, methods)
        for (int in_memory = 0; in_memory < 2; in_memory++) {
            AUTO(zip_reader_closep) struct zip_reader *zip = NULL;
            AUTO(buf_done) struct buf                  bytes = BUF_INIT(MIB(1));
            const struct zip_reader_entry             *entry;
            struct err                                 err = ERR_NONE;
            char                                       path[256];

            make_zip("three.zip", three, *method, NULL);
            path_in(path, "three.zip");
            CHECK_OK(file_read(path, MIB(1), &bytes, &err));
            CHECK(zip_reader_sniff(buf_str(&bytes)));
            CHECK_OK(in_memory ? zip_reader_open_memory(buf_str(&bytes), wide, &zip, &err)
                               : zip_reader_open(path, wide, &zip, &err));
            CHECK_EQ(zip_reader_count(zip), 3);
            for (size_t i = 0; three[i][0] != NULL; i++) {
                AUTO(buf_done) struct buf content = BUF_INIT(KIB(1));

                CHECK_OK(zip_reader_next(zip, &entry, &err));
                CHECK_STR(entry->name, three[i][0]);
                CHECK_EQ(entry->is_dir, three[i][1] == NULL);
                if (entry->is_dir)
                    continue;
                CHECK_EQ(entry->size, strlen(three[i][1]));
                CHECK_OK(pull_source_read_all(zip_reader_as_source(zip), &content, &err));
                CHECK_STR(buf_str(&content), three[i][1]);
            }
            CHECK_OK(zip_reader_next(zip, &entry, &err));
            CHECK(entry == NULL);
        }
}

static pw_code read_zip(const char *name, struct zip_reader_limits limits, struct err *err) {
    AUTO(zip_reader_closep) struct zip_reader *zip = NULL;
    const struct zip_reader_entry             *entry;
    char                                       path[256];

    path_in(path, name);
    PW_TRY(zip_reader_open(path, limits, &zip, err));
    for (;;) {
        AUTO(buf_done) struct buf content = BUF_INIT(MIB(16));

        PW_TRY(zip_reader_next(zip, &entry, err));
        if (entry == NULL)
            return PW_OK;
        if (!entry->is_dir)
            PW_TRY(pull_source_read_all(zip_reader_as_source(zip), &content, err));
    }
}

TEST(zip_refusals) {
    static char               zeros[MIB(4) + 1];
    const char *const         bomb[][2] = {{"bomb", zeros}, {NULL, NULL}};
    AUTO(buf_done) struct buf bytes = BUF_INIT(MIB(1));
    struct err                err = ERR_NONE;
    char                      path[256], want[400];
    size_t                    at;

    memset(zeros, '0', sizeof zeros - 1);
    make_zip("bomb.zip", bomb, ZIP_CM_DEFLATE, NULL);
    CHECK_OK(read_zip("bomb.zip", wide, &err));
    CHECK_EQ(read_zip("bomb.zip", (struct zip_reader_limits){MIB(8), MIB(8), 100}, &err),
             PW_TOO_LARGE);
    CHECK_TEXT(err_text(&err), "zip entry bomb grows more than 100 times");
    CHECK_EQ(read_zip("bomb.zip", (struct zip_reader_limits){1000, MIB(8), 1 << 20}, &err),
             PW_TOO_LARGE);
    CHECK_TEXT(err_text(&err), "zip entry bomb gives more than 1000 bytes");
    CHECK_EQ(read_zip("bomb.zip", (struct zip_reader_limits){MIB(8), 2000, 1 << 20}, &err),
             PW_TOO_LARGE);
    CHECK_TEXT(err_text(&err), "zip entry bomb gives more than 2000 bytes");

    make_zip("secret.zip", three, ZIP_CM_DEFLATE, "password");
    CHECK_EQ(read_zip("secret.zip", wide, &err), PW_UNSUPPORTED);
    CHECK_TEXT(err_text(&err), "zip entry a.json is encrypted");

    make_zip("stored.zip", three, ZIP_CM_STORE, NULL);
    path_in(path, "stored.zip");
    CHECK_OK(file_read(path, MIB(1), &bytes, &err));
    at = str_find(buf_str(&bytes), STR("longer"));
    bytes.ptr[at] ^= 1;
    put("crc.zip", buf_str(&bytes));
    CHECK_EQ(read_zip("crc.zip", wide, &err), PW_CORRUPT);
    CHECK_TEXT(err_text(&err), "zip entry dir/b.json: CRC error");
    put("cut.zip", str_sub(buf_str(&bytes), 0, bytes.len - 30));
    CHECK_EQ(read_zip("cut.zip", wide, &err), PW_CORRUPT);
    path_in(path, "cut.zip");
    snprintf(want, sizeof want, "%s: zip archive cannot be opened: Not a zip archive", path);
    CHECK_TEXT(err_text(&err), want);
    CHECK_EQ(read_zip("absent.zip", wide, &err), PW_NOT_FOUND);
}

/* --- feeds --- */

struct seen {
    struct buf text;
    bool       only_json;
};

static bool wants(void *ctx, str name) {
    const struct seen *seen = ctx;

    return !seen->only_json || str_ends(name, STR(".json"));
}

static pw_code see(void *ctx, str name, struct pull_source bytes, struct err *err) {
    struct seen              *seen = ctx;
    AUTO(buf_done) struct buf content = BUF_INIT(MIB(1));

    PW_TRY(pull_source_read_all(bytes, &content, err));
    if (str_eq(buf_str(&content), STR("stop")))
        return err_set(err, PW_CANCELLED, "told to stop");
    buf_addf(&seen->text, STR_FMT "=" STR_FMT ";", STR_ARG(name), STR_ARG(buf_str(&content)));
    return PW_OK;
}

static void check_feed(const char *name, bool only_json, const char *want) {
    struct seen         seen = {.text = BUF_INIT(MIB(1)), .only_json = only_json};
    struct feed_visitor visitor = {&seen, wants, see};
    struct err          err = ERR_NONE;
    char                path[256];

    path_in(path, name);
    CHECK_OK(feed_file_walk(path, &visitor, &err));
    CHECK_STR(buf_str(&seen.text), want);
    buf_done(&seen.text);
}

TEST(one_document_in_every_packing) {
    static const struct {
        const char *name, *want;
        void (*pack)(struct buf *out, str plain);
    } cases[] = {
        {"x.json", "x.json=[1];", pack_plain},
        {"x.json.gz", "x.json=[1];", pack_gzip},
        {"x.json.zst", "x.json=[1];", pack_zstd},
        {"x.json.xz", "x.json=[1];", pack_xz},
        {"x.json.bz2", "x.json=[1];", pack_bzip2},
        {"no-ending", "no-ending=[1];", pack_xz}, /* told from its bytes */
        {"lies.gz", "lies=[1];", pack_plain},
    };

    EACH (c, cases) {
        AUTO(buf_done) struct buf packed = BUF_INIT(KIB(4));

        c->pack(&packed, STR("[1]"));
        put(c->name, buf_str(&packed));
        check_feed(c->name, false, c->want);
    }
}

TEST(archives_and_folders) {
    AUTO(buf_done) struct buf tar = BUF_INIT(MIB(1)), packed = BUF_INIT(MIB(1));
    struct err                err = ERR_NONE;
    char                      path[256];

    make_zip("feed.zip", three, ZIP_CM_DEFLATE, NULL);
    check_feed("feed.zip", false, "a.json=[1];dir/b.json=[2,\"longer content\"];");

    add_member(&tar,
               &(struct member){.name = "./a.json", .type = '0', .content = "[1]", .mode = 0644});
    add_member(&tar, &(struct member){.name = "dir", .type = '5', .mode = 0755});
    add_member(&tar, &(struct member){.name = "link", .type = '2', .link = "a.json", .mode = 0777});
    add_member(&tar,
               &(struct member){.name = "readme", .type = '0', .content = "text", .mode = 0644});
    add_end(&tar);
    put("feed.tar", buf_str(&tar));
    check_feed("feed.tar", false, "a.json=[1];readme=text;");
    pack_xz(&packed, buf_str(&tar));
    put("feed.tar.xz", buf_str(&packed));
    check_feed("feed.tar.xz", true, "a.json=[1];");

    path_in(path, "tree/v3.20");
    CHECK_OK(dir_make(path, 0755, &err));
    put("tree/b.json", STR("[3]"));
    put("tree/.hidden.json", STR("[4]"));
    put("tree/NOTES.md", STR("text"));
    put("tree/v3.20/main.json", STR("[5]"));
    buf_clear(&packed);
    pack_gzip(&packed, STR("[6]"));
    put("tree/v3.20/packed.json.gz", buf_str(&packed));
    make_zip("tree/all.zip", three, ZIP_CM_DEFLATE, NULL);
    path_in(path, "tree/loop");
    CHECK_EQ(symlink("..", path), 0);
    check_feed("tree", true,
               "a.json=[1];dir/b.json=[2,\"longer "
               "content\"];b.json=[3];v3.20/main.json=[5];v3.20/packed.json=[6];");
    check_feed("tree/", true,
               "a.json=[1];dir/b.json=[2,\"longer "
               "content\"];b.json=[3];v3.20/main.json=[5];v3.20/packed.json=[6];");
}

TEST(feed_problems_name_the_place) {
    struct seen               seen = {.text = BUF_INIT(MIB(1))};
    struct feed_visitor       visitor = {&seen, NULL, see};
    AUTO(buf_done) struct buf packed = BUF_INIT(KIB(4));
    static const char *const  stop[][2] = {
         {"ok.json", "[1]"}, {"dir/bad.json", "stop"}, {NULL, NULL}};
    struct err err = ERR_NONE;
    char       path[256], want[600];

    path_in(path, "absent");
    CHECK_EQ(feed_file_walk(path, &visitor, &err), PW_NOT_FOUND);
    snprintf(want, sizeof want, "cannot open %s: No such file or directory", path);
    CHECK_TEXT(err_text(&err), want);

    pack_gzip(&packed, STR("[1]"));
    put("cut.json.gz", str_sub(buf_str(&packed), 0, packed.len - 2));
    path_in(path, "cut.json.gz");
    CHECK_EQ(feed_file_walk(path, &visitor, &err), PW_CORRUPT);
    snprintf(want, sizeof want, "%s: gzip data is cut short", path);
    CHECK(str_starts(str_of(err_text(&err)), str_of(want)));

    make_zip("stop.zip", stop, ZIP_CM_DEFLATE, NULL);
    path_in(path, "stop.zip");
    CHECK_EQ(feed_file_walk(path, &visitor, &err), PW_CANCELLED);
    snprintf(want, sizeof want, "%s: dir/bad.json: told to stop", path);
    CHECK_TEXT(err_text(&err), want);
    buf_done(&seen.text);
}

TEST(read_all_tells_the_end_from_too_much) {
    AUTO(buf_done) struct buf out = BUF_INIT(5);
    struct err                err = ERR_NONE;
    str                       five = STR("12345"), six = STR("123456");

    CHECK_OK(pull_source_read_all(pull_source_of_slice(&five), &out, &err));
    CHECK_STR(buf_str(&out), "12345");
    buf_clear(&out);
    CHECK_EQ(pull_source_read_all(pull_source_of_slice(&six), &out, &err), PW_TOO_LARGE);
    CHECK_TEXT(err_text(&err), "there are more than 5 bytes");
}

static int make_folder(void **state) {
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
    char command[300];

    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        UNIT(zip_entries),
        UNIT(zip_refusals),
        UNIT(one_document_in_every_packing),
        UNIT(archives_and_folders),
        UNIT(feed_problems_name_the_place),
        UNIT(read_all_tells_the_end_from_too_much),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
