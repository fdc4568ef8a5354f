/* test_answer.c - what a child may say, and what is refused, in pieces of any size. */
#include "test.h"
#include "sandbox/answer.h"

static void add_frame(struct buf *out, uint32_t kind, uint32_t code, uint64_t length,
                      const char *payload) {
    struct frame head = {.kind = kind, .code = code, .length = length};

    buf_add(out, str_make(&head, sizeof head));
    buf_adds(out, payload);
}

/* Feeds `bytes` in pieces of `step`. */
static pw_code feed(struct answer *answer, str bytes, size_t step, struct err *err) {
    for (size_t at = 0; at < bytes.len; at += step)
        PW_TRY(answer_feed(answer, bytes.ptr + at, MIN_OF(step, bytes.len - at), err));
    return PW_OK;
}

TEST(frames_in_pieces) {
    static const size_t steps[] = {1, 2, 3, 15, 16, 17, 1000};

    EACH (step, steps) {
        AUTO(answer_done) struct answer answer = ANSWER_INIT(100);
        AUTO(buf_done) struct buf       bytes = BUF_INIT(1000);
        struct err                      err = ERR_NONE;

        add_frame(&bytes, FRAME_WAITING, 0, 7, "");
        add_frame(&bytes, FRAME_WAITING, 0, 4711, "");
        CHECK_OK(feed(&answer, buf_str(&bytes), *step, &err));
        CHECK(answer.waiting && answer.waiting_at == 4711 && !answer.final);
        buf_clear(&bytes);
        add_frame(&bytes, FRAME_FACTS, 0, 5, "facts");
        CHECK_OK(feed(&answer, buf_str(&bytes), *step, &err));
        CHECK(answer.has_facts && !answer.has_failure && !answer.waiting);
        CHECK_STR(buf_str(&answer.facts), "facts");
    }
}

TEST(refused) {
    static const struct {
        uint32_t    kind, code;
        uint64_t    length;
        const char *payload, *want;
    } cases[] = {
        {0, 0, 0, "", "the reader sent an unknown frame"},
        {FRAME_FAILED + 1, 0, 0, "", "the reader sent an unknown frame"},
        {FRAME_FACTS, 0, 101, "", "the reader announced 101 bytes of facts; at most 100 are taken"},
        {FRAME_FACTS, 0, UINT64_MAX, "",
         "the reader announced 18446744073709551615 bytes of facts; at most 100 are taken"},
        {FRAME_FACTS, 0, 2, "abc", "the reader went on talking after its answer"},
        {FRAME_FAILED, PW_CODE_COUNT, 0, "", "the reader sent a malformed failure"},
        {FRAME_FAILED, PW_IO, ANSWER_FAILURE_BYTES + 1, "", "the reader sent a malformed failure"},
    };

    EACH (c, cases) {
        AUTO(answer_done) struct answer answer = ANSWER_INIT(100);
        AUTO(buf_done) struct buf       bytes = BUF_INIT(1000);
        struct err                      err = ERR_NONE;
        pw_code                         code;

        add_frame(&bytes, c->kind, c->code, c->length, c->payload);
        add_frame(&bytes, FRAME_WAITING, 0, 0, "0123456789abcdef");
        code = feed(&answer, buf_str(&bytes), 1000, &err);
        CHECK_EQ(code, PW_CORRUPT);
        CHECK_TEXT(err_text(&err), c->want);
        CHECK(answer.facts.room < 4096); /* announced is not allocated */
    }
}

TEST(failure_text_is_printable) {
    AUTO(answer_done) struct answer answer = ANSWER_INIT(100);
    AUTO(buf_done) struct buf       bytes = BUF_INIT(1000);
    struct err                      err = ERR_NONE;

    add_frame(&bytes, FRAME_FAILED, PW_IO, 6, "a\033[1m\n");
    CHECK_OK(feed(&answer, buf_str(&bytes), 1, &err));
    CHECK(answer.has_failure);
    CHECK_EQ(answer.head.code, PW_IO);
    CHECK_TEXT(answer.failure, "a?[1m?");
}

TEST(an_answer_that_is_cut) {
    AUTO(answer_done) struct answer answer = ANSWER_INIT(100);
    AUTO(buf_done) struct buf       bytes = BUF_INIT(1000);
    struct err                      err = ERR_NONE;

    add_frame(&bytes, FRAME_FACTS, 0, 6, "facts");
    CHECK_OK(feed(&answer, buf_str(&bytes), 4, &err));
    CHECK(!answer.has_facts);
}

RUN_TESTS(UNIT(frames_in_pieces), UNIT(refused), UNIT(failure_text_is_printable),
          UNIT(an_answer_that_is_cut))
