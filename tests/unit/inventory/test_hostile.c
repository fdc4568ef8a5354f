/*
 * test_hostile.c - layers made to hurt: each ends soon, within its memory, with a visible reason.
 *
 * Nothing here is about time on a clock: a case that does not end fails by the runner's timeout.
 */
#include "unit/inventory/layer_kit.h"

#define KIT_TEST struct kit kit AUTO(kit_done) = KIT
#define STATUS   "var/lib/dpkg/status"

static const struct incomplete *fact(const struct kit *kit, const char *kind) {
    return kit_find(kit->facts->incomplete, kit->facts->incomplete_count, kind);
}

/* --- endless streams, made as they are read --- */

struct stream {
    void (*fill)(struct stream *stream, char block[512]); /* the next 512 bytes */
    uint64_t blocks, at;                                  /* how many there are, and have been */
    char     rest[512];
    size_t   rest_len;
};

static pw_code stream_read(void *ctx, void *out, size_t n, size_t *ret_n, struct err *err) {
    struct stream *stream = ctx;
    size_t         len = 0;

    (void)err;
    while (len + 512 <= n && stream->at < stream->blocks) {
        stream->fill(stream, (char *)out + len);
        stream->at++;
        len += 512;
    }
    *ret_n = len;
    return PW_OK;
}

static void tar_header(char block[512], const char *path, uint64_t size, char type) {
    unsigned sum = 0;

    memset(block, 0, 512);
    snprintf(block, 100, "%s", path);
    memcpy(block + 100, "0000755", 8);
    snprintf(block + 124, 12, "%011llo", (unsigned long long)size);
    memcpy(block + 257, "ustar\00000", 8);
    block[156] = type;
    memset(block + 148, ' ', 8);
    for (int i = 0; i < 512; i++)
        sum += (unsigned char)block[i];
    snprintf(block + 148, 8, "%06o", sum);
}

static void read_stream(struct kit *kit, struct stream *stream) {
    struct layer_source source = {stream, stream_read};
    struct buf          AUTO(buf_done) encoded = BUF_INIT(LIMIT_FACTS_BYTES);
    struct err          err = ERR_NONE;

    CHECK_OK(layer_read(&source, &encoded, &err));
    CHECK_OK(facts_decode(&kit->arena, buf_str(&encoded), &kit->facts, &err));
}

static void fill_tiny_members(struct stream *stream, char block[512]) {
    char path[32];

    snprintf(path, sizeof path, "d%llu/f", (unsigned long long)stream->at);
    tar_header(block, path, 0, '0');
}

TEST(millions_of_tiny_members) {
    KIT_TEST;
    struct stream stream = {.fill = fill_tiny_members, .blocks = LIMIT_TAR_ENTRIES * 5ull};

#ifdef PW_SANITIZED
    SKIP("too slow with sanitizers");
#endif
    read_stream(&kit, &stream);
    CHECK(fact(&kit, "ceiling") != NULL);
    CHECK_EQ(kit.facts->files.count, LIMIT_TAR_ENTRIES);
    CHECK(stream.at < LIMIT_TAR_ENTRIES + 1000); /* the rest was not read */
}

static void fill_one_line(struct stream *stream, char block[512]) {
    if (stream->at == 0)
        tar_header(block, STATUS, (uint64_t)1 << 30, '0');
    else
        memset(block, 'x', 512);
}

TEST(one_line_of_a_gigabyte) {
    KIT_TEST;
    struct stream stream = {.fill = fill_one_line, .blocks = 1 + ((uint64_t)1 << 30) / 512};

    read_stream(&kit, &stream);
    CHECK_STR(fact(&kit, "ceiling")->path, STATUS);
    CHECK_EQ(kit.facts->evidence_count, 0);
}

static void fill_long_line(struct stream *stream, char block[512]) {
    if (stream->at == 0)
        tar_header(block, STATUS, MIB(60), '0');
    else if (stream->at == 1)
        snprintf(block, 512, "Package: a\nVersion: 1\nDescription: %0470d", 0);
    else
        memset(block, 'x', 512);
    if (stream->at == 1)
        block[511] = 'x';
}

TEST(one_line_of_sixty_megabytes_is_read) {
    KIT_TEST;
    struct stream stream = {.fill = fill_long_line, .blocks = 1 + MIB(60) / 512};

    read_stream(&kit, &stream);
    CHECK_EQ(kit.facts->evidence_count, 1);
    CHECK_STR(kit.facts->evidence[0].packages[0].version, "1");
}

/* --- bombs --- */

static void compress_layer(struct kit *kit, int (*filter)(struct archive *), size_t zeros) {
    char *content = calloc(1, zeros);

    kit_open(kit);
    archive_write_free(kit->tar);
    kit->tar = archive_write_new();
    archive_write_set_format_ustar(kit->tar);
    archive_write_set_bytes_in_last_block(kit->tar, 1); /* no zeros behind the end */
    CHECK_EQ(filter(kit->tar), ARCHIVE_OK);
    buf_clear(&kit->bytes);
    CHECK_EQ(archive_write_open(kit->tar, &kit->bytes, NULL, kit_write, NULL), ARCHIVE_OK);
    kit_file(kit, STATUS, "Package: a\nVersion: 1\n");
    kit_add(kit, (struct kit_member){
                     .path = "zeros", .type = AE_IFREG, .content = str_make(content, zeros)});
    kit_close_tar(kit);
    free(content);
}

TEST(bombs) {
    static const struct {
        int (*filter)(struct archive *);
        const char *kind; /* NULL: an honest layer */
        size_t      megabytes;
    } cases[] = {
        {archive_write_add_filter_gzip, "ceiling", 200},
        {archive_write_add_filter_zstd, "ceiling", 200},
        {archive_write_add_filter_xz, "ceiling", 200},
        {archive_write_add_filter_bzip2, "ceiling", 200},
        {archive_write_add_filter_none, NULL, 20},
    };

    EACH (c, cases) {
        KIT_TEST;

        compress_layer(&kit, c->filter, MIB(c->megabytes));
        kit_add_layer(&kit, buf_str(&kit.bytes));
        CHECK_EQ(kit.facts->evidence_count, 1); /* what came before it counts */
        CHECK_EQ(fact(&kit, "ceiling") != NULL, c->kind != NULL);
    }
}

/* A program of a few bytes and a hole of 64 GiB: the zeros come from no byte of the layer. */
TEST(a_hole_without_end) {
    KIT_TEST;
    static const char pax[512] = "22 GNU.sparse.major=1\n"
                                 "22 GNU.sparse.minor=0\n"
                                 "25 GNU.sparse.name=bin/x\n"
                                 "35 GNU.sparse.realsize=68719476736\n";
    static const char content[512 + 4096 + 512] = "2\n0\n4096\n68719476726\n10\n";
    char              head[512];
    str               layer;

    tar_header(head, "PaxHeaders/x", strlen(pax), 'x');
    buf_add(&kit.bytes, str_make(head, sizeof head));
    buf_add(&kit.bytes, str_make(pax, sizeof pax));
    tar_header(head, "bin/x", 512 + 4096 + 10, '0');
    buf_add(&kit.bytes, str_make(head, sizeof head));
    buf_add(&kit.bytes, str_make(content, sizeof content));
    buf_add(&kit.bytes, str_make(content + 512, 1024));
    layer = buf_str(&kit.bytes);
    memcpy((char *)layer.ptr + 2048,
           "\x7f"
           "ELF",
           4);
    kit_add_layer(&kit, layer);
    CHECK(fact(&kit, "ceiling") != NULL);
    CHECK_STR(fact(&kit, "ceiling")->reason,
              "sparse files of the tar archive have more than 1073741824 bytes of holes");
}

TEST(a_window_of_two_gigabytes) {
    KIT_TEST;
    static const char frame[] =
        "\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00"; /* windowLog 31, an empty last block */

    kit_add_layer(&kit, str_make(frame, sizeof frame - 1));
    CHECK(kit.facts->incomplete_count > 0);
    CHECK_STR(kit.facts->format, "zstd");
    kit_stack(&kit);
    CHECK_EQ(kit.inventory.coverage, COVERAGE_UNSCANNED);
}

TEST(json_a_hundred_thousand_deep) {
    KIT_TEST;
    char *deep = malloc(200001);

    memset(deep, '[', 100000);
    memset(deep + 100000, ']', 100000);
    deep[200000] = '\0';
    kit_file(&kit, "node_modules/x/package.json", deep);
    kit_file(&kit, "node_modules/y/package.json", "{\"name\":\"y\",\"version\":\"1.0.0\"}");
    kit_end_layer(&kit);
    CHECK_STR(fact(&kit, "damaged")->path, "node_modules/x/package.json");
    CHECK_EQ(kit.facts->evidence_count, 1); /* the others are read */
    free(deep);
}

TEST(a_document_too_large) {
    KIT_TEST;
    char *large = malloc(LIMIT_PACKAGE_JSON + 2);

    memset(large, ' ', LIMIT_PACKAGE_JSON + 1);
    large[LIMIT_PACKAGE_JSON + 1] = '\0';
    kit_file(&kit, "node_modules/x/package.json", large);
    kit_end_layer(&kit);
    CHECK_STR(fact(&kit, "ceiling")->path, "node_modules/x/package.json");
    free(large);
}

TEST(more_packages_than_there_can_be) {
    KIT_TEST;
    struct buf AUTO(buf_done) status = BUF_INIT(MIB(32));

    for (int i = 0; i <= LIMIT_PACKAGES; i++)
        buf_addf(&status, "Package: p%d\nVersion: 1\n\n", i);
    kit_file(&kit, STATUS, buf_str(&status).ptr);
    kit_file(&kit, "node_modules/y/package.json", "{\"name\":\"y\",\"version\":\"1.0.0\"}");
    kit_end_layer(&kit);
    CHECK_STR(fact(&kit, "ceiling")->reason, "the layer holds more than 200000 packages");
    CHECK_EQ(kit.facts->evidence_count, 0); /* after a ceiling nothing is half-read */
    CHECK_EQ(kit.facts->files.count, 2);    /* but every path is known */
}

TEST(texts_too_long_to_be_names) {
    KIT_TEST;
    char *text = malloc(LIMIT_VERSION_BYTES + 100);

    memset(text, '1', LIMIT_VERSION_BYTES + 100);
    memcpy(text, "Package: a\nVersion: ", 20);
    text[LIMIT_VERSION_BYTES + 99] = '\0';
    kit_file(&kit, STATUS, text);
    kit_end_layer(&kit);
    CHECK(fact(&kit, "ceiling") != NULL);
    CHECK_EQ(kit.facts->evidence[0].package_count, 0);
    free(text);
}

/* --- names and links --- */

TEST(names_that_lead_elsewhere) {
    static const struct {
        const char *path;
        bool        damaged;
        const char *file; /* the normalised path that is noted; NULL: none */
    } cases[] = {
        {"../etc/passwd", true, NULL},        {"a/../../b", true, NULL},
        {"/etc/passwd", false, "etc/passwd"}, {"a/../b", false, "b"},
        {"././/a//b", false, "a/b"},          {"a/\xff\xfe", false, "a/\\xff\\xfe"},
        {"a/\033[31m", false, "a/\\x1b[31m"},
    };

    EACH (c, cases) {
        KIT_TEST;
        char block[512 * 3] = {0};

        tar_header(block, c->path, 0, '0');
        kit_add_layer(&kit, str_make(block, sizeof block));
        CHECK_EQ(fact(&kit, "damaged") != NULL, c->damaged);
        CHECK_EQ(kit.facts->files.count, c->file != NULL);
        if (c->file != NULL)
            CHECK(hash_set_has(&kit.facts->files, str_hash(str_of(c->file))));
    }
}

TEST(a_path_of_a_million_parts) {
    KIT_TEST;
    char *path = malloc(2000001);

    for (int i = 0; i < 1000000; i++)
        memcpy(path + i * 2, "a/", 2);
    path[1999999] = '\0';
    kit_file(&kit, path, "x");
    kit_file(&kit, STATUS, "Package: a\nVersion: 1\n");
    kit_end_layer(&kit);
    CHECK(kit.facts->incomplete_count > 0);
    free(path);
}

TEST(hard_links) {
    KIT_TEST;

    kit_file(&kit, "s/node_modules/a/package.json", "{\"name\":\"a\",\"version\":\"1.0.0\"}");
    kit_hardlink(&kit, "t/node_modules/a/package.json", "s/node_modules/a/package.json");
    kit_hardlink(&kit, "u/node_modules/b/package.json", "store/0123");
    kit_hardlink(&kit, "srv/passwd", "/etc/passwd");
    kit_end_layer(&kit);
    kit_stack(&kit);
    CHECK_EQ(kit.inventory.package_count, 2);
    CHECK_EQ(kit.inventory.coverage, COVERAGE_PARTIAL);
    CHECK_STR(kit_missing(&kit, "unreadable")->path, "u/node_modules/b/package.json");
}

/* The last member of a name is the file. */
TEST(members_of_the_same_name) {
    static const struct {
        int         type;
        const char *content, *want;
    } cases[] = {
        {AE_IFREG, "Package: a\nVersion: 2\n", "2 L0"},
        {AE_IFREG, "", "-"},
        {AE_IFDIR, "", "-"},
        {AE_IFLNK, "", "-"},
    };

    EACH (c, cases) {
        KIT_TEST;

        kit_file(&kit, STATUS, "Package: a\nVersion: 1\n");
        kit_add(&kit, (struct kit_member){.path = "./" STATUS,
                                          .type = c->type,
                                          .link = c->type == AE_IFLNK ? "x" : NULL,
                                          .content = str_of(c->content)});
        kit_end_layer(&kit);
        kit_stack(&kit);
        CHECK_TEXT(kit_shown(&kit, "a"), c->want);
    }
}

/* --- damage --- */

TEST(no_archive_at_all) {
    static const char *const layers[] = {
        "",
        "x",
        "not a tar archive, but longer than that: ................",
        "\x1f\x8b\x08",
        "\x28\xb5\x2f\xfd",
        "BZh9",
        "\xfd"
        "7zXZ"};

    EACH (bytes, layers) {
        KIT_TEST;

        kit_add_layer(&kit, str_of(*bytes));
        kit_stack(&kit);
        CHECK_EQ(kit.inventory.coverage, COVERAGE_UNSCANNED);
        CHECK(kit.inventory.incomplete_count > 0);
    }
}

/* Cut or changed anywhere: never an error of the reading, never silence. */
TEST(cut_anywhere) {
    struct kit layer AUTO(kit_done) = KIT;

    kit_file(&layer, STATUS, "Package: a\nVersion: 1\n");
    kit_file(&layer, "b/node_modules/b/package.json", "{\"name\":\"b\",\"version\":\"1.0.0\"}");
    kit_close_tar(&layer);
    for (size_t n = 0; n < layer.bytes.len; n += 37) {
        KIT_TEST;

        kit_add_layer(&kit, str_sub(buf_str(&layer.bytes), 0, n));
        kit_stack(&kit);
        if (kit.inventory.package_count < 2)
            CHECK(kit.inventory.incomplete_count > 0);
    }
}

TEST(compressed_and_cut) {
    static int (*const filters[])(struct archive *) = {
        archive_write_add_filter_gzip, archive_write_add_filter_zstd, archive_write_add_filter_xz,
        archive_write_add_filter_bzip2};

    EACH (filter, filters) {
        KIT_TEST;

        compress_layer(&kit, *filter, 1000);
        kit_add_layer(&kit, str_sub(buf_str(&kit.bytes), 0, kit.bytes.len - 5));
        CHECK(fact(&kit, "damaged") != NULL);
        kit_stack(&kit);
        CHECK(kit.inventory.coverage != COVERAGE_FULL);
    }
}

/* --- text --- */

/* Two names that differ in bytes that cannot be shown are two files, and can be removed. */
TEST(names_that_cannot_be_shown) {
    static const char *const names[] = {"\xe9/node_modules/a/package.json",
                                        "\xe8/node_modules/b/package.json",
                                        "\xe8/.wh.node_modules"};
    KIT_TEST;
    char head[512], body[512];

    for (int i = 0; i < 3; i++) {
        memset(body, 0, sizeof body);
        snprintf(body, sizeof body, "{\"name\":\"%c\",\"version\":\"1.0.0\"}", 'a' + i);
        tar_header(head, names[i], i < 2 ? 30 : 0, '0');
        if (i == 2) { /* the mark is a layer of its own */
            buf_add(&kit.bytes, str_make((char[1024]){0}, 1024));
            kit_add_layer(&kit, buf_str(&kit.bytes));
            kit_stack(&kit);
            CHECK_EQ(kit.inventory.package_count, 2);
            buf_clear(&kit.bytes);
        }
        buf_add(&kit.bytes, str_make(head, sizeof head));
        if (i < 2)
            buf_add(&kit.bytes, str_make(body, sizeof body));
    }
    buf_add(&kit.bytes, str_make((char[1024]){0}, 1024));
    kit_add_layer(&kit, buf_str(&kit.bytes));
    kit_stack(&kit);
    CHECK_TEXT(kit_shown(&kit, "a"), "1.0.0 L0");
    CHECK_TEXT(kit_shown(&kit, "b"), "-");
}

TEST(text_from_images_cannot_speak_to_a_terminal) {
    KIT_TEST;

    kit_file(&kit, STATUS, "Package: a\033[31m\nVersion: 1\x07\xff\nSource: <b>\n");
    kit_file(&kit, "n\x1b]0;x/node_modules/b/package.json",
             "{\"name\":\"b\",\"version\":\"1\\u001b[0m\"}");
    kit_end_layer(&kit);
    kit_stack(&kit);
    for (size_t i = 0; i < kit.inventory.package_count; i++) {
        const struct package *p = &kit.inventory.packages[i];

        CHECK(str_find_char(p->name, '\033') == STR_NPOS && str_is_utf8(p->name));
        CHECK(str_find_char(p->version, '\033') == STR_NPOS && str_is_utf8(p->version));
        CHECK(str_find_char(p->path, '\033') == STR_NPOS);
    }
    CHECK_EQ(kit.inventory.package_count, 2);
}

RUN_TESTS(UNIT(millions_of_tiny_members), UNIT(one_line_of_a_gigabyte),
          UNIT(one_line_of_sixty_megabytes_is_read), UNIT(bombs), UNIT(a_hole_without_end),
          UNIT(a_window_of_two_gigabytes), UNIT(json_a_hundred_thousand_deep),
          UNIT(a_document_too_large), UNIT(more_packages_than_there_can_be),
          UNIT(texts_too_long_to_be_names), UNIT(names_that_lead_elsewhere),
          UNIT(a_path_of_a_million_parts), UNIT(hard_links), UNIT(members_of_the_same_name),
          UNIT(no_archive_at_all), UNIT(cut_anywhere), UNIT(compressed_and_cut),
          UNIT(names_that_cannot_be_shown), UNIT(text_from_images_cannot_speak_to_a_terminal))
