/* answer.c - see answer.h. */
#include "sandbox/answer.h"

void answer_done(struct answer *answer) {
    buf_done(&answer->facts);
}

static void end_payload(struct answer *answer) {
    if (answer->head.kind == FRAME_FACTS)
        answer->has_facts = true;
    else
        answer->has_failure = true;
}

static pw_code take_head(struct answer *answer, struct err *err) {
    const struct frame *head = &answer->head;

    if (answer->final)
        return err_set(err, PW_CORRUPT, "the reader went on talking after its answer");
    answer->head_have = 0;
    switch (head->kind) {
    case FRAME_WAITING:
        answer->waiting = true;
        answer->waiting_at = head->length;
        return PW_OK;
    case FRAME_FACTS:
        if (head->length > answer->facts.ceiling)
            return err_set(err, PW_CORRUPT,
                           "the reader announced %llu bytes of facts; at most %zu are taken",
                           (unsigned long long)head->length, answer->facts.ceiling);
        break;
    case FRAME_FAILED:
        if (head->length > ANSWER_FAILURE_BYTES || head->code >= PW_CODE_COUNT)
            return err_set(err, PW_CORRUPT, "the reader sent a malformed failure");
        break;
    default:
        return err_set(err, PW_CORRUPT, "the reader sent an unknown frame");
    }
    answer->waiting = false;
    answer->final = true;
    answer->left = head->length;
    if (answer->left == 0)
        end_payload(answer);
    return PW_OK;
}

static pw_code take_payload(struct answer *answer, const char *bytes, size_t n, struct err *err) {
    if (answer->head.kind == FRAME_FACTS) {
        buf_add(&answer->facts, str_make(bytes, n));
        if (!buf_ok(&answer->facts))
            return err_set(err, answer->facts.failed, "no memory for %zu bytes of facts",
                           answer->facts.len + n);
    } else {
        for (size_t i = 0; i < n; i++)
            answer->failure[answer->failure_len++] =
                bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '?';
    }
    answer->left -= n;
    if (answer->left == 0)
        end_payload(answer);
    return PW_OK;
}

pw_code answer_feed(struct answer *answer, const void *bytes, size_t n, struct err *err) {
    const char *at = bytes;

    while (n > 0) {
        size_t part;

        if (answer->left > 0) {
            part = MIN_OF(n, answer->left);
            PW_TRY(take_payload(answer, at, part, err));
        } else {
            part = MIN_OF(n, sizeof answer->head - answer->head_have);
            memcpy((char *)&answer->head + answer->head_have, at, part);
            answer->head_have += part;
            if (answer->head_have == sizeof answer->head)
                PW_TRY(take_head(answer, err));
        }
        at += part;
        n -= part;
    }
    return PW_OK;
}
