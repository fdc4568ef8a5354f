/* finding.c - the words of findings. */
#include "model/finding.h"

#include "base/macros.h"

static const char *const severity_words[] = {
    [SEVERITY_UNRATED] = "unrated", [SEVERITY_NONE] = "none", [SEVERITY_LOW] = "low",
    [SEVERITY_MEDIUM] = "medium",   [SEVERITY_HIGH] = "high", [SEVERITY_CRITICAL] = "critical",
};
static const char *const state_words[] = {
    [FINDING_FIXED] = "fixed",
    [FINDING_OPEN] = "open",
    [FINDING_UNIMPORTANT] = "unimportant",
    [FINDING_END_OF_LIFE] = "end-of-life",
    [FINDING_UNDETERMINED] = "undetermined",
    [FINDING_NOT_AFFECTED] = "not-affected",
};

const char *severity_word(enum severity severity) {
    return severity_words[severity];
}

const char *finding_state_word(enum finding_state state) {
    return state_words[state];
}

bool finding_state_parse(str word, enum finding_state *ret_state) {
    for (size_t i = 0; i < COUNT_OF(state_words); i++)
        if (str_eq(word, str_of(state_words[i]))) {
            *ret_state = (enum finding_state)i;
            return true;
        }
    return false;
}
