/* test_words.c - suggestions, text for terminals, tar members. */
#include <unistd.h>
#include "base/arena.h"
#include "base/suggest.h"
#include "cli/cli.h"
#include "cli/tar_index.h"
#include "test.h"

TEST(distances) {
    static const struct {
        const char *a, *b;
        unsigned    want;
    } cases[] = {
        {"", "", 0},
        {"a", "", 1},
        {"serve", "serve", 0},
        {"serv", "serve", 1},
        {"sevre", "serve", 1},
        /* a swap */ {"scan", "serve", 4},
        {"kitten", "sitting", 3},
    };

    EACH (c, cases) {
        CHECK_EQ(suggest_distance(str_of(c->a), str_of(c->b)), c->want);
        CHECK_EQ(suggest_distance(str_of(c->b), str_of(c->a)), c->want);
    }
}

TEST(suggestions) {
    static const struct {
        const char *typed, *want;
    } cases[] = {{"sacn", "scan"}, {"servee", "serve"}, {"xyz", ""}, {"s", ""}, {"fsk", "fsck"}};

    EACH (c, cases) {
        struct suggestion near = SUGGESTION(str_of(c->typed));

        suggest_offer(&near, STR("serve"));
        suggest_offer(&near, STR("scan"));
        suggest_offer(&near, STR("fsck"));
        CHECK_STR(near.best, c->want);
    }
}

TEST(text_cannot_steer_a_terminal) {
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"openssl", "openssl"},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"\x1b[31mred", "\\x1b[31mred"},
        {"a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f"},
        {"\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m"}, /* C1 control */
        {"\xe2\x80\xae"
         "cod",
         "\\xe2\\x80\\xaecod"},     /* direction override */
        {"\xff\xc3", "\\xff\\xc3"}, /* no UTF-8 */
    };

    EACH (c, cases) {
        char  *got = NULL;
        size_t n = 0;
        FILE  *out = open_memstream(&got, &n);

        terminal_text(out, str_of(c->text));
        fclose(out);
        CHECK_TEXT(got, c->want);
        free(got);
    }
    CHECK_EQ(terminal_width(STR("caf\xc3\xa9")), 4);
    CHECK_EQ(terminal_width(STR("\x1b[")), 5);
}

/* --- tar --- */

static void header(struct buf *out, const char *name, char type, const char *link, size_t size) {
    unsigned char block[512] = {0};
    unsigned      sum = 0;

    snprintf((char *)block, 100, "%s", name);
    snprintf((char *)block + 124, 12, "%011o", (unsigned)size);
    block[156] = (unsigned char)type;
    snprintf((char *)block + 157, 100, "%s", link);
    memcpy(block + 257,
           "ustar\0"
           "00",
           8);
    memset(block + 148, ' ', 8);
    for (size_t i = 0; i < sizeof block; i++)
        sum += block[i];
    snprintf((char *)block + 148, 8, "%06o", sum & 0777777);
    buf_add(out, str_make(block, sizeof block));
}

static void member(struct buf *out, const char *name, char type, const char *content) {
    static const char zeros[512];
    size_t            n = strlen(content);

    header(out, name, type, "", n);
    buf_adds(out, content);
    buf_add(out, str_make(zeros, (512 - n % 512) % 512));
}

static pw_code index_of(const struct buf *tar, struct arena *arena, struct tar_index *index,
                        struct err *err) {
    char    path[] = "/tmp/portwarden-tar-XXXXXX";
    int     fd = mkstemp(path);
    pw_code code;

    unlink(path);
    check_ok(fd_write_all(fd, tar->ptr != NULL ? tar->ptr : "", tar->len, err), err, __FILE__,
             __LINE__);
    code = tar_index_read(fd, arena, index, err);
    close(fd);
    return code;
}

TEST(members_of_an_archive) {
    struct buf       tar = BUF_INIT(1 << 20);
    struct arena     arena = ARENA_INIT(1 << 20);
    struct tar_index index;
    struct err       err = ERR_NONE;
    char             end[1024] = {0};

    member(&tar, "./manifest.json", '0', "[]");
    member(&tar, "a/layer.tar", '0', "bytes");
    header(&tar, "b/layer.tar", '2', "../a/layer.tar", 0); /* equal layers are links */
    member(&tar, "x", 'x', "25 path=long/name/of/it\n\n");
    member(&tar, "short", '0', "abc");
    member(&tar, "x", 'L', "gnu/long/name");
    member(&tar, "short", '0', "abcd");
    header(&tar, "loop", '2', "loop", 0);
    buf_add(&tar, str_make(end, sizeof end));
    CHECK_OK(index_of(&tar, &arena, &index, &err));
    CHECK_EQ(index.count, 6);
    CHECK_EQ(tar_index_find(&index, &arena, STR("manifest.json"))->size, 2);
    CHECK_EQ(tar_index_find(&index, &arena, STR("a/layer.tar"))->size, 5);
    CHECK(tar_index_find(&index, &arena, STR("b/layer.tar")) ==
          tar_index_find(&index, &arena, STR("a/layer.tar")));
    CHECK_EQ(tar_index_find(&index, &arena, STR("gnu/long/name"))->size, 4);
    CHECK(tar_index_find(&index, &arena, STR("loop")) == NULL); /* never ends */
    CHECK(tar_index_find(&index, &arena, STR("absent")) == NULL);
    arena_done(&arena);
    buf_done(&tar);
}

TEST(archives_that_are_refused) {
    struct arena     arena = ARENA_INIT(1 << 20);
    struct tar_index index;

    for (int i = 0; i < 4; i++) {
        struct buf tar = BUF_INIT(1 << 20);
        struct err err = ERR_NONE;

        if (i == 0)
            for (int n = 0; n < 600; n++)
                buf_addc(&tar, 'x'); /* no tar at all */
        if (i == 1)
            header(&tar, "a", '0', "", 4096); /* the content is missing */
        if (i == 2)
            member(&tar, "x", 'x', "999 path=a\n"); /* a length past the header */
        if (i == 3) {
            header(&tar, "a", '0', "", 0);
            tar.ptr[3] = 'b'; /* the checksum is another's */
        }
        CHECK_EQ(index_of(&tar, &arena, &index, &err), PW_CORRUPT);
        buf_done(&tar);
    }
    arena_done(&arena);
}

RUN_TESTS(UNIT(distances), UNIT(suggestions), UNIT(text_cannot_steer_a_terminal),
          UNIT(members_of_an_archive), UNIT(archives_that_are_refused))
