/* fuzz_answer.c - what a hijacked child may write into its pipe, in uneven pieces. */
#include "sandbox/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct answer answer = ANSWER_INIT(1000);

    for (size_t at = 0, step = 1; at < size; at += step, step = step * 2 % 61 + 1)
        if (answer_feed(&answer, data + at, MIN_OF(step, size - at), NULL) != PW_OK)
            break;
    answer_done(&answer);
    return 0;
}
