/* The tar walk: names, types, dialects, damage, content, and quietness after the warm-up. */
#include "format/tar.h"
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include "base/limits.h"
#include "packer.h"
#include "tar_maker.h"

static const struct inflate_limits wide = {(uint64_t)1 << 40, 1 << 20};

struct walk {
    str             slice;
    struct inflate *bytes;
    struct tar     *tar;
    struct err      err;
};

static void walk_open(struct walk *walk, str archive) {
    *walk = (struct walk){.slice = archive};
    CHECK_EQ(inflate_open(pull_source_of_slice(&walk->slice), wide, &walk->bytes, &walk->err),
             PW_OK);
    check_ok(tar_open(walk->bytes, &walk->tar, &walk->err), &walk->err, __FILE__, __LINE__);
}

static void walk_done(struct walk *walk) {
    tar_close(walk->tar);
    inflate_close(walk->bytes);
}

static const struct tar_entry *walk_next(struct walk *walk) {
    const struct tar_entry *entry = NULL;

    check_ok(tar_next(walk->tar, &entry, &walk->err), &walk->err, __FILE__, __LINE__);
    return entry;
}

TEST(names_are_normalised) {
    static const struct {
        const char *name, *want, *why; /* one of the two */
    } cases[] = {
        {"usr/bin/env", "usr/bin/env", NULL},
        {"./usr/bin/env", "usr/bin/env", NULL},
        {"/usr/bin/env", "usr/bin/env", NULL},
        {"//usr///bin//env//", "usr/bin/env", NULL},
        {"./.", "", NULL},
        {"/", "", NULL},
        {"usr/./bin/../lib/x", "usr/lib/x", NULL},
        {"a/..", "", NULL},
        {"a/../b", "b", NULL},
        {"..a/b..", "..a/b..", NULL},
        {"...", "...", NULL},
        {" a / b ", " a / b ", NULL},
        {"a\nb", "a\nb", NULL},         /* legal on Linux */
        {"\xff\xfe", "\xff\xfe", NULL}, /* bytes, not text */
        {"..", NULL, "its name leads above the root"},
        {"../etc/passwd", NULL, "its name leads above the root"},
        {"a/../../b", NULL, "its name leads above the root"},
        {"/..", NULL, "its name leads above the root"},
        {"", NULL, "it has no name"},
    };

    EACH (c, cases) {
        char        out[LIMIT_PATH_BYTES + 1];
        str         path = STR("untouched");
        const char *why = tar_normalise(str_of(c->name), out, &path);

        if (c->want != NULL) {
            CHECK(why == NULL);
            CHECK_STR(path, c->want);
        } else {
            CHECK_TEXT(why, c->why);
            CHECK_STR(path, "untouched");
        }
    }
}

TEST(absurd_names_are_bad) {
    static char long_name[LIMIT_PATH_BYTES + 10], out[LIMIT_PATH_BYTES + 1];
    str         path;

    memset(long_name, 'a', sizeof long_name);
    CHECK(tar_normalise(str_make(long_name, LIMIT_PATH_BYTES - 1), out, &path) == NULL);
    CHECK_TEXT(tar_normalise(str_make(long_name, LIMIT_PATH_BYTES), out, &path),
               "its name is too long");
    CHECK_TEXT(tar_normalise(str_make(long_name, LIMIT_PATH_BYTES + 1), out, &path),
               "its name is too long");
    for (size_t i = 1; i < sizeof long_name; i += 2)
        long_name[i] = '/';
    CHECK(tar_normalise(str_make(long_name, 2 * LIMIT_PATH_PARTS), out, &path) == NULL);
    CHECK_TEXT(tar_normalise(str_make(long_name, 2 * LIMIT_PATH_PARTS + 2), out, &path),
               "its name has too many parts");
    CHECK_TEXT(tar_normalise(STR("a\0b"), out, &path), "its name holds a NUL");
}

TEST(types_and_links) {
    static const struct {
        struct member member;
        enum tar_type type;
        const char   *path, *link;
    } cases[] = {
        {{"./", '5', NULL, NULL, 0755}, TAR_DIR, "", ""},
        {{"./usr/", '5', NULL, NULL, 0755}, TAR_DIR, "usr", ""},
        {{"usr/file", '0', NULL, "hello", 04755}, TAR_FILE, "usr/file", ""},
        {{"usr/old", '\0', NULL, "v7", 0644}, TAR_FILE, "usr/old", ""},
        {{"usr/hard", '1', "./usr/file", NULL, 0644}, TAR_HARDLINK, "usr/hard", "usr/file"},
        {{"lib", '2', "./usr/../usr/lib", NULL, 0777}, TAR_SYMLINK, "lib", "./usr/../usr/lib"},
        {{"up", '2', "../../x", NULL, 0777}, TAR_SYMLINK, "up", "../../x"},
        {{"dev/null", '3', NULL, NULL, 0666}, TAR_OTHER, "dev/null", ""},
        {{"fifo", '6', NULL, NULL, 0666}, TAR_OTHER, "fifo", ""},
        {{"usr/.wh.gone", '0', NULL, NULL, 0}, TAR_FILE, "usr/.wh.gone", ""},
        {{"../evil", '0', NULL, "x", 0644}, TAR_BAD, "../evil", ""},
        {{"./", '0', NULL, NULL, 0644}, TAR_DIR, "", ""}, /* v7: a slash makes a directory */
        {{"hard2", '1', "../../etc/shadow", NULL, 0644}, TAR_BAD, "hard2", ""},
        {{"last", '0', NULL, "end", 0644}, TAR_FILE, "last", ""},
    };
    AUTO(buf_done) struct buf archive = BUF_INIT(MIB(1));
    struct walk               walk;

    EACH (c, cases)
        add_member(&archive, &c->member);
    add_end(&archive);
    walk_open(&walk, buf_str(&archive));
    EACH (c, cases) {
        const struct tar_entry *entry = walk_next(&walk);

        CHECK(entry != NULL);
        CHECK_STR(entry->path, c->path);
        CHECK_EQ(entry->type, c->type);
        CHECK_STR(entry->link, c->link);
        CHECK((entry->why != NULL) == (c->type == TAR_BAD));
        if (c->type == TAR_FILE) {
            AUTO(buf_done) struct buf content = BUF_INIT(KIB(1));

            CHECK_EQ(entry->mode, c->member.mode);
            CHECK_EQ(entry->size, c->member.content != NULL ? strlen(c->member.content) : 0);
            CHECK_EQ(tar_read_all(walk.tar, KIB(1), &content, &walk.err), PW_OK);
            CHECK_STR(buf_str(&content), c->member.content != NULL ? c->member.content : "");
        }
    }
    CHECK(walk_next(&walk) == NULL);
    CHECK(walk_next(&walk) == NULL); /* and stays at its end */
    walk_done(&walk);
}

TEST(long_names_of_gnu_and_pax) {
    AUTO(buf_done)
    struct buf archive = BUF_INIT(MIB(1)), name = BUF_INIT(KIB(8)), pax = BUF_INIT(KIB(16));
    const struct tar_entry *entry;
    struct walk             walk;

    for (int i = 0; i < 60; i++)
        buf_addf(&name, "part-%d/", i);
    buf_adds(&name, "caf\xC3\xA9");
    /* GNU */
    add_member_bytes(&archive, &(struct member){.name = "././@LongLink", .type = 'L'},
                     str_make(name.ptr, name.len + 1));
    add_member(&archive,
               &(struct member){.name = "short", .type = '0', .content = "gnu", .mode = 0644});
    /* pax, with a link and a size of its own */
    add_pax_record(&pax, "path", buf_str(&name));
    add_pax_record(&pax, "linkpath", buf_str(&name));
    add_member_bytes(&archive, &(struct member){.name = "pax", .type = 'x'}, buf_str(&pax));
    add_member(&archive,
               &(struct member){.name = "short", .type = '2', .link = "short", .mode = 0777});
    add_end(&archive);

    walk_open(&walk, buf_str(&archive));
    for (int i = 0; i < 2; i++) {
        entry = walk_next(&walk);
        CHECK(entry != NULL && str_eq(entry->path, buf_str(&name)));
    }
    CHECK(str_eq(entry->link, buf_str(&name)));
    CHECK(walk_next(&walk) == NULL);
    walk_done(&walk);
}

/* Names are bytes: whichever dialect carries them, the same bytes come out. */
TEST(names_keep_their_bytes) {
    static const char *const names[] = {
        "e\xCC\x81", /* decomposed: must not become U+00E9 */
        "\xC3\xA9",  "\xE6\x97\xA5\xE6\x9C\xAC", "latin1-\xE9", "\xF0\x9F\x98\x80",
    };

    CHECK(setlocale(LC_CTYPE, "C.UTF-8") != NULL); /* whatever the locale of the program is */
    EACH (name, names)
        for (int with_pax = 0; with_pax < 2; with_pax++) {
            AUTO(buf_done) struct buf archive = BUF_INIT(MIB(1)), pax = BUF_INIT(KIB(16));
            const struct tar_entry   *entry;
            struct walk               walk;

            if (with_pax) {
                add_pax_record(&pax, "path", str_of(*name));
                add_member_bytes(&archive, &(struct member){.name = "pax", .type = 'x'},
                                 buf_str(&pax));
            }
            add_member(
                &archive,
                &(struct member){.name = with_pax ? "other" : *name, .type = '0', .mode = 0644});
            add_end(&archive);
            walk_open(&walk, buf_str(&archive));
            entry = walk_next(&walk);
            CHECK(entry != NULL);
            CHECK_STR(entry->path, *name);
            walk_done(&walk);
        }
}

/* What real writers make: libarchive's own, with a sparse file, read back. */
TEST(sparse_files_have_their_holes) {
    static char               content[3 << 20];
    AUTO(buf_done) struct buf archive = BUF_INIT(MIB(8)), got = BUF_INIT(MIB(8));
    struct archive           *writer = archive_write_new();
    struct archive_entry     *raw = archive_entry_new();
    const struct tar_entry   *entry;
    struct walk               walk;
    size_t                    used = 0;

    memset(content + (1 << 20), 'x', 4096);
    memset(content + (3 << 20) - 10, 'y', 10);
    CHECK_EQ(archive_write_set_format_pax(writer), ARCHIVE_OK);
    CHECK_EQ(archive_write_open_memory(writer, buf_room(&archive, MIB(6)), MIB(6), &used),
             ARCHIVE_OK);
    archive_entry_set_pathname(raw, "sparse");
    archive_entry_set_filetype(raw, AE_IFREG);
    archive_entry_set_perm(raw, 0600);
    archive_entry_set_size(raw, sizeof content);
    archive_entry_sparse_add_entry(raw, 1 << 20, 4096);
    archive_entry_sparse_add_entry(raw, (3 << 20) - 10, 10);
    CHECK_EQ(archive_write_header(writer, raw), ARCHIVE_OK);
    CHECK_EQ(archive_write_data(writer, content, sizeof content), sizeof content);
    CHECK_EQ(archive_write_close(writer), ARCHIVE_OK);
    archive_entry_free(raw);
    archive_write_free(writer);
    buf_wrote(&archive, used);
    CHECK(used < 100000); /* it is sparse */

    walk_open(&walk, buf_str(&archive));
    entry = walk_next(&walk);
    CHECK(entry != NULL);
    CHECK_STR(entry->path, "sparse");
    CHECK_EQ(entry->size, sizeof content);
    CHECK_EQ(tar_read_all(walk.tar, MIB(4), &got, &walk.err), PW_OK);
    CHECK(str_eq(buf_str(&got), str_make(content, sizeof content)));
    walk_done(&walk);
}

TEST(content_has_a_ceiling) {
    AUTO(buf_done) struct buf archive = BUF_INIT(MIB(1)), content = BUF_INIT(MIB(1));
    const struct tar_entry   *entry;
    struct walk               walk;

    add_member(&archive,
               &(struct member){.name = "a", .type = '0', .content = "0123456789", .mode = 0644});
    add_member(&archive,
               &(struct member){.name = "b", .type = '0', .content = "next", .mode = 0644});
    add_end(&archive);
    walk_open(&walk, buf_str(&archive));
    entry = walk_next(&walk);
    CHECK(entry != NULL);
    CHECK_EQ(tar_read_all(walk.tar, 9, &content, &walk.err), PW_TOO_LARGE);
    CHECK_TEXT(err_text(&walk.err), "a has more than 9 bytes");
    CHECK_EQ(content.len, 0);
    CHECK_EQ(tar_read_all(walk.tar, 10, &content, &walk.err), PW_OK); /* still there */
    CHECK_STR(buf_str(&content), "0123456789");
    entry = walk_next(&walk);
    CHECK(entry != NULL);
    CHECK_STR(entry->path, "b");
    walk_done(&walk);
}

static pw_code walk_all(str archive, unsigned *ret_entries, struct err *err) {
    AUTO(inflate_closep) struct inflate *bytes = NULL;
    AUTO(tar_closep) struct tar         *tar = NULL;
    const struct tar_entry              *entry = NULL;

    *ret_entries = 0;
    PW_TRY(inflate_open(pull_source_of_slice(&archive), wide, &bytes, err));
    PW_TRY(tar_open(bytes, &tar, err));
    for (;;) {
        PW_TRY(tar_next(tar, &entry, err));
        if (entry == NULL)
            return PW_OK;
        (*ret_entries)++;
    }
}

TEST(ends) {
    AUTO(buf_done) struct buf archive = BUF_INIT(MIB(1));
    struct err                err = ERR_NONE;
    unsigned                  entries;
    size_t                    body;

    add_member(&archive,
               &(struct member){.name = "a", .type = '0', .content = "0123456789", .mode = 0644});
    body = archive.len;
    add_end(&archive);
    CHECK_OK(
        walk_all(str_sub(buf_str(&archive), body, 1024), &entries, &err)); /* an empty archive */
    CHECK_EQ(entries, 0);
    CHECK_OK(
        walk_all(str_sub(buf_str(&archive), 0, body), &entries, &err)); /* without an end mark */
    CHECK_EQ(entries, 1);
    buf_adds(&archive, "junk behind the end");
    CHECK_OK(walk_all(buf_str(&archive), &entries, &err));
    CHECK_EQ(entries, 1);
    /* cut in the header, cut in the content */
    CHECK_EQ(walk_all(str_sub(buf_str(&archive), 0, 300), &entries, &err), PW_CORRUPT);
    CHECK_EQ(walk_all(str_sub(buf_str(&archive), 0, 515), &entries, &err), PW_CORRUPT);
    CHECK(str_starts(str_of(err_text(&err)),
                     STR("tar archive is damaged after 1 entries: Truncated")));
}

TEST(damage) {
    AUTO(buf_done) struct buf archive = BUF_INIT(MIB(1));
    struct err                err = ERR_NONE;
    unsigned                  entries;

    CHECK_EQ(walk_all(STR("this is no archive, it is a sentence"), &entries, &err), PW_CORRUPT);
    CHECK_EQ(entries, 0);
    add_member(&archive,
               &(struct member){.name = "a", .type = '0', .content = "0123456789", .mode = 0644});
    add_member(&archive,
               &(struct member){.name = "b", .type = '0', .content = "0123456789", .mode = 0644});
    add_end(&archive);
    archive.ptr[1024 + 150] ^= 1; /* the checksum of the second header */
    CHECK_EQ(walk_all(buf_str(&archive), &entries, &err), PW_CORRUPT);
    CHECK_EQ(entries, 1);
}

/* The bytes below say why, not libarchive's "cannot be read". */
TEST(errors_below_come_up) {
    AUTO(buf_done)
    struct buf archive = BUF_INIT(MIB(4)), packed = BUF_INIT(MIB(4)), sample = BUF_INIT(MIB(2));
    struct err err = ERR_NONE;
    unsigned   entries;

    add_sample(&sample, MIB(1));
    add_member_bytes(&archive, &(struct member){.name = "a", .type = '0', .mode = 0644},
                     buf_str(&sample));
    add_end(&archive);
    pack_gzip(&packed, buf_str(&archive));
    CHECK_OK(walk_all(buf_str(&packed), &entries, &err));
    CHECK_EQ(walk_all(str_sub(buf_str(&packed), 0, packed.len / 2), &entries, &err), PW_CORRUPT);
    CHECK(str_starts(str_of(err_text(&err)), STR("gzip data is cut short")));
    /* also when only the checksum behind the end mark is missing */
    CHECK_EQ(walk_all(str_sub(buf_str(&packed), 0, packed.len - 1), &entries, &err), PW_CORRUPT);
    CHECK_EQ(entries, 1);
    CHECK(str_starts(str_of(err_text(&err)), STR("gzip data is cut short")));
}

/* A layer inside an archive of an image: inflate over an entry of a tar over inflate. */
TEST(archives_nest) {
    AUTO(buf_done)
    struct buf inner = BUF_INIT(MIB(1)), packed = BUF_INIT(MIB(1)), outer = BUF_INIT(MIB(1));
    AUTO(inflate_closep) struct inflate *bytes = NULL;
    AUTO(tar_closep) struct tar         *tar = NULL;
    const struct tar_entry              *entry;
    struct walk                          walk;
    struct err                           err = ERR_NONE;

    add_member(&inner,
               &(struct member){.name = "deep", .type = '0', .content = "inside", .mode = 0644});
    add_end(&inner);
    pack_zstd(&packed, buf_str(&inner));
    add_member_bytes(&outer, &(struct member){.name = "layer.tar", .type = '0', .mode = 0644},
                     buf_str(&packed));
    add_end(&outer);
    walk_open(&walk, buf_str(&outer));
    CHECK(walk_next(&walk) != NULL);
    CHECK_OK(inflate_open(tar_as_source(walk.tar), wide, &bytes, &err));
    CHECK_EQ(inflate_format(bytes), INFLATE_ZSTD);
    CHECK_OK(tar_open(bytes, &tar, &err));
    CHECK_OK(tar_next(tar, &entry, &err));
    CHECK_STR(entry->path, "deep");
    walk_done(&walk);
}

TEST(warm_up_works_twice) {
    struct err err = ERR_NONE;

    CHECK_OK(tar_warm_up(&err));
    CHECK_OK(tar_warm_up(&err));
    CHECK_TEXT(setlocale(LC_CTYPE, NULL), "C"); /* it leaves no trace */
}

RUN_TESTS(UNIT(names_are_normalised), UNIT(absurd_names_are_bad), UNIT(warm_up_works_twice),
          UNIT(types_and_links), UNIT(long_names_of_gnu_and_pax), UNIT(names_keep_their_bytes),
          UNIT(sparse_files_have_their_holes), UNIT(content_has_a_ceiling), UNIT(ends),
          UNIT(damage), UNIT(errors_below_come_up), UNIT(archives_nest))
