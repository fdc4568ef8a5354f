/* Decompression: every format, cut, damaged, concatenated, too large, and in small steps. */
#include "format/inflate.h"
#include "base/limits.h"
#include "packer.h"

static const struct format_case {
    enum inflate_format format;
    void (*pack)(struct buf *out, str plain);
} formats[] = {
    {INFLATE_PLAIN, pack_plain}, {INFLATE_GZIP, pack_gzip},   {INFLATE_ZSTD, pack_zstd},
    {INFLATE_XZ, pack_xz},       {INFLATE_BZIP2, pack_bzip2},
};

static const struct inflate_limits wide = {(uint64_t)1 << 40, 1 << 20};

/* Everything that comes out of `packed`, given `step` bytes at a time. */
static pw_code inflate_all(str packed, size_t step, struct inflate_limits limits, struct buf *out,
                           struct err *err) {
    struct dribble                       dribble = DRIBBLE(packed, step);
    AUTO(inflate_closep) struct inflate *inflate = NULL;
    const void                          *bytes;
    size_t                               n;

    PW_TRY(inflate_open((struct pull_source){&dribble, dribble_read}, limits, &inflate, err));
    do {
        PW_TRY(inflate_next(inflate, &bytes, &n, err));
        buf_add(out, str_make(bytes, n));
    } while (n > 0);
    CHECK_EQ(inflate_bytes_out(inflate), out->len);
    return PW_OK;
}

TEST(formats_are_told_from_their_bytes) {
    AUTO(buf_done) struct buf plain = BUF_INIT(MIB(4));

    add_sample(&plain, MIB(1));
    EACH (f, formats) {
        AUTO(buf_done) struct buf            packed = BUF_INIT(MIB(8)), out = BUF_INIT(MIB(8));
        AUTO(inflate_closep) struct inflate *inflate = NULL;
        struct err                           err = ERR_NONE;
        str                                  slice;

        f->pack(&packed, buf_str(&plain));
        slice = buf_str(&packed);
        CHECK_OK(inflate_open(pull_source_of_slice(&slice), wide, &inflate, &err));
        CHECK_EQ(inflate_format(inflate), f->format);
        CHECK_OK(inflate_all(buf_str(&packed), SIZE_MAX, wide, &out, &err));
        CHECK(str_eq(buf_str(&out), buf_str(&plain)));
    }
}

TEST(small_steps_give_the_same_bytes) {
    static const size_t       steps[] = {1, 2, 3, 7, 64, 1000, 65536};
    AUTO(buf_done) struct buf plain = BUF_INIT(MIB(4));

    add_sample(&plain, 200000);
    EACH (f, formats)
        EACH (step, steps) {
            AUTO(buf_done) struct buf packed = BUF_INIT(MIB(8)), out = BUF_INIT(MIB(8));
            struct err                err = ERR_NONE;

            f->pack(&packed, buf_str(&plain));
            CHECK_OK(inflate_all(buf_str(&packed), *step, wide, &out, &err));
            CHECK(str_eq(buf_str(&out), buf_str(&plain)));
        }
}

TEST(members_follow_each_other) {
    static const size_t steps[] = {1, 5, SIZE_MAX};

    EACH (f, formats)
        EACH (step, steps) {
            AUTO(buf_done) struct buf packed = BUF_INIT(MIB(1)), out = BUF_INIT(MIB(1));
            struct err                err = ERR_NONE;

            f->pack(&packed, STR("first "));
            f->pack(&packed, STR(""));
            f->pack(&packed, STR("second "));
            f->pack(&packed, STR("third"));
            CHECK_OK(inflate_all(buf_str(&packed), *step, wide, &out, &err));
            CHECK_STR(buf_str(&out), "first second third");
        }
}

TEST(a_cut_is_an_error_wherever_it_is) {
    AUTO(buf_done) struct buf plain = BUF_INIT(MIB(4));

    add_sample(&plain, 3000);
    EACH (f, formats) {
        AUTO(buf_done) struct buf packed = BUF_INIT(MIB(1));

        if (f->format == INFLATE_PLAIN)
            continue;
        f->pack(&packed, buf_str(&plain));
        for (size_t cut = 10; cut < packed.len; cut++) {
            AUTO(buf_done) struct buf out = BUF_INIT(MIB(1));
            struct err                err = ERR_NONE;
            char                      want[64];

            CHECK_EQ(inflate_all(str_sub(buf_str(&packed), 0, cut), SIZE_MAX, wide, &out, &err),
                     PW_CORRUPT);
            snprintf(want, sizeof want, "%s data is cut short: it ends after %zu bytes",
                     inflate_format_name(f->format), cut);
            CHECK(str_starts(str_of(err_text(&err)), str_of(want)));
            CHECK(str_starts(buf_str(&plain), buf_str(&out))); /* what came out before is right */
        }
    }
}

/* Any changed byte is an error or, where it carries no content, changes nothing. */
TEST(damage_is_noticed) {
    AUTO(buf_done) struct buf plain = BUF_INIT(MIB(4));

    add_sample(&plain, 3000);
    EACH (f, formats) {
        AUTO(buf_done) struct buf packed = BUF_INIT(MIB(1));
        size_t                    noticed = 0;

        if (f->format == INFLATE_PLAIN)
            continue;
        f->pack(&packed, buf_str(&plain));
        for (size_t at = 10; at < packed.len; at++) {
            AUTO(buf_done) struct buf out = BUF_INIT(MIB(4));
            struct err                err = ERR_NONE;
            pw_code                   code;

            packed.ptr[at] ^= 0x10;
            code = inflate_all(buf_str(&packed), SIZE_MAX, wide, &out, &err);
            packed.ptr[at] ^= 0x10;
            noticed += code != PW_OK;
            CHECK(code != PW_OK || str_eq(buf_str(&out), buf_str(&plain)));
            CHECK(code == PW_OK || code == PW_CORRUPT || code == PW_UNSUPPORTED);
        }
        CHECK(noticed > packed.len * 9 / 10);
    }
}

TEST(a_wrong_checksum_says_so) {
    AUTO(buf_done) struct buf packed = BUF_INIT(MIB(1)), out = BUF_INIT(MIB(1));
    struct err                err = ERR_NONE;

    pack_gzip(&packed, STR("content"));
    packed.ptr[packed.len - 8] ^= 1;
    CHECK_EQ(inflate_all(buf_str(&packed), SIZE_MAX, wide, &out, &err), PW_CORRUPT);
    CHECK_TEXT(err_text(&err), "gzip data does not match its checksum");
}

TEST(junk_behind_the_data_is_told_and_ignored) {
    EACH (f, formats) {
        AUTO(buf_done) struct buf            packed = BUF_INIT(MIB(1));
        AUTO(inflate_closep) struct inflate *inflate = NULL;
        struct err                           err = ERR_NONE;
        char                                 out[64], want[128];
        size_t                               n, end;
        str                                  slice;

        if (f->format == INFLATE_PLAIN)
            continue;
        f->pack(&packed, STR("content"));
        end = packed.len + 3;
        buf_add(&packed, STR("\0\0\0junk"));
        slice = buf_str(&packed);
        CHECK_OK(inflate_open(pull_source_of_slice(&slice), wide, &inflate, &err));
        CHECK_OK(inflate_read(inflate, out, sizeof out, &n, &err));
        CHECK_STR(str_make(out, n), "content");
        CHECK_OK(inflate_read(inflate, out, sizeof out, &n, &err));
        CHECK_EQ(n, 0);
        snprintf(want, sizeof want, "bytes behind the end of the %s data, at byte %zu, are ignored",
                 inflate_format_name(f->format), end);
        CHECK_TEXT(inflate_note(inflate), want);
    }
}

TEST(padding_is_no_junk) {
    AUTO(buf_done) struct buf            packed = BUF_INIT(MIB(1));
    AUTO(inflate_closep) struct inflate *inflate = NULL;
    struct err                           err = ERR_NONE;
    char                                 out[64];
    size_t                               n;
    str                                  slice;

    pack_gzip(&packed, STR("content"));
    buf_add(&packed, STR("\0\0\0\0\0\0\0\0"));
    slice = buf_str(&packed);
    CHECK_OK(inflate_open(pull_source_of_slice(&slice), wide, &inflate, &err));
    do
        CHECK_OK(inflate_read(inflate, out, sizeof out, &n, &err));
    while (n > 0);
    CHECK_TEXT(inflate_note(inflate), "");
}

TEST(ceilings) {
    AUTO(buf_done) struct buf zeros = BUF_INIT(MIB(16));

    memset(buf_room(&zeros, MIB(8)), 0, MIB(8));
    buf_wrote(&zeros, MIB(8));
    EACH (f, formats) {
        AUTO(buf_done) struct buf packed = BUF_INIT(MIB(16)), out = BUF_INIT(MIB(16));
        struct err                err = ERR_NONE;

        f->pack(&packed, buf_str(&zeros));
        CHECK_EQ(inflate_all(buf_str(&packed), SIZE_MAX,
                             (struct inflate_limits){MIB(8) - 1, 1 << 20}, &out, &err),
                 PW_TOO_LARGE);
        CHECK(str_ends(str_of(err_text(&err)), STR("data gives more than 8388607 bytes")));
        buf_clear(&out);
        CHECK_OK(inflate_all(buf_str(&packed), SIZE_MAX, (struct inflate_limits){MIB(8), 1 << 20},
                             &out, &err));
        buf_clear(&out);
        if (f->format == INFLATE_PLAIN)
            continue; /* a plain stream has no ratio */
        CHECK_EQ(inflate_all(buf_str(&packed), SIZE_MAX, (struct inflate_limits){MIB(8), 50}, &out,
                             &err),
                 PW_TOO_LARGE);
        CHECK(str_find(str_of(err_text(&err)), STR("data grows more than 50 times")) != STR_NPOS);
    }
}

TEST(a_small_stream_may_have_any_ratio) {
    AUTO(buf_done)
    struct buf zeros = BUF_INIT(MIB(1)), packed = BUF_INIT(MIB(1)), out = BUF_INIT(MIB(1));
    struct err err = ERR_NONE;

    memset(buf_room(&zeros, KIB(64)), 0, KIB(64));
    buf_wrote(&zeros, KIB(64));
    pack_zstd(&packed, buf_str(&zeros));
    CHECK_OK(
        inflate_all(buf_str(&packed), SIZE_MAX, (struct inflate_limits){MIB(1), 10}, &out, &err));
}

/* Frame header: magic, no checksum or size, window descriptor 2^(10+N). */
TEST(a_window_past_the_ceiling_is_refused) {
    static const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, (28 - 10) << 3,
                                          0x01, 0,    0,    0,    0,    0};
    AUTO(buf_done) struct buf  out = BUF_INIT(MIB(1));
    struct err                 err = ERR_NONE;

    CHECK_EQ(inflate_all(str_make(frame, sizeof frame), SIZE_MAX, wide, &out, &err),
             PW_UNSUPPORTED);
    CHECK_TEXT(err_text(&err),
               "zstd data needs a window of more than 128 MiB; compress it with --long=27 or less");
}

TEST(errors_of_the_source_pass_through_and_stick) {
    EACH (f, formats) {
        AUTO(buf_done) struct buf            plain = BUF_INIT(MIB(1)), packed = BUF_INIT(MIB(1));
        AUTO(inflate_closep) struct inflate *inflate = NULL;
        struct dribble                       dribble = {.step = 100, .fail_at = 200};
        struct err                           err = ERR_NONE;
        const void                          *bytes;
        size_t                               n;
        pw_code                              code;

        add_sample(&plain, 20000);
        f->pack(&packed, buf_str(&plain));
        dribble.rest = buf_str(&packed);
        CHECK_OK(inflate_open((struct pull_source){&dribble, dribble_read}, wide, &inflate, &err));
        do
            code = inflate_next(inflate, &bytes, &n, &err);
        while (code == PW_OK && n > 0);
        CHECK_EQ(code, PW_IO);
        CHECK_TEXT(err_text(&err), "the disk is gone");
        dribble.fail_at = SIZE_MAX;
        err = (struct err)ERR_NONE;
        CHECK_EQ(inflate_next(inflate, &bytes, &n, &err), PW_IO);
        CHECK_TEXT(err_text(&err), "the disk is gone");
    }
}

TEST(nothing_is_an_empty_plain_stream) {
    AUTO(buf_done) struct buf out = BUF_INIT(MIB(1));
    struct err                err = ERR_NONE;

    CHECK_OK(inflate_all(STR_NONE, 1, wide, &out, &err));
    CHECK_EQ(out.len, 0);
    CHECK_OK(inflate_all(STR("\x1f\x8b"), 1, wide, &out, &err)); /* too short to be gzip */
    CHECK_EQ(out.len, 2);
}

TEST(pieces_and_copies_can_be_mixed) {
    AUTO(buf_done)
    struct buf plain = BUF_INIT(MIB(1)), packed = BUF_INIT(MIB(1)), out = BUF_INIT(MIB(1));
    AUTO(inflate_closep) struct inflate *inflate = NULL;
    struct err                           err = ERR_NONE;
    str                                  slice;

    add_sample(&plain, 300000);
    pack_gzip(&packed, buf_str(&plain));
    slice = buf_str(&packed);
    CHECK_OK(inflate_open(pull_source_of_slice(&slice), wide, &inflate, &err));
    for (unsigned turn = 0;; turn++) {
        char        copy[777];
        const void *bytes = copy;
        size_t      n;

        if (turn % 3 == 2)
            CHECK_OK(inflate_next(inflate, &bytes, &n, &err));
        else
            CHECK_OK(inflate_read(inflate, copy, sizeof copy, &n, &err));
        buf_add(&out, str_make(bytes, n));
        CHECK_EQ(inflate_bytes_out(inflate), out.len);
        if (n == 0)
            break;
    }
    CHECK(str_eq(buf_str(&out), buf_str(&plain)));
    CHECK_EQ(inflate_bytes_in(inflate), packed.len);
}

RUN_TESTS(UNIT(formats_are_told_from_their_bytes), UNIT(small_steps_give_the_same_bytes),
          UNIT(members_follow_each_other), UNIT(a_cut_is_an_error_wherever_it_is),
          UNIT(damage_is_noticed), UNIT(a_wrong_checksum_says_so),
          UNIT(junk_behind_the_data_is_told_and_ignored), UNIT(padding_is_no_junk), UNIT(ceilings),
          UNIT(a_small_stream_may_have_any_ratio), UNIT(a_window_past_the_ceiling_is_refused),
          UNIT(errors_of_the_source_pass_through_and_stick), UNIT(nothing_is_an_empty_plain_stream),
          UNIT(pieces_and_copies_can_be_mixed))
