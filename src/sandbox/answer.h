#pragma once
/*
 * answer.h - what a child says, checked byte by byte; it may be in an attacker's hands.
 *
 * Frames (protocol.h) arrive in pieces of any size. Allowed: any number of WAITING, then exactly
 * one FACTS or FAILED, then nothing.
 * Errors:  PW_CORRUPT for anything else, or for facts longer than the ceiling of `facts`.
 * Memory:  grows with what arrived, never with what was announced.   Threads: one at a time.
 */
#include "base/buf.h"
#include "sandbox/protocol.h"

enum { ANSWER_FAILURE_BYTES = 512 };

struct answer {
    struct buf   facts; /* its ceiling is the longest answer */
    struct frame head;
    size_t       head_have;              /* bytes of head that arrived */
    uint64_t     left;                   /* bytes of the payload still to come */
    bool         final;                  /* a FACTS or FAILED frame began */
    bool         has_facts, has_failure; /* and is whole */
    bool         waiting;                /* said that it waits */
    uint64_t     waiting_at;             /* at this offset */
    size_t       failure_len;
    char         failure[ANSWER_FAILURE_BYTES + 1]; /* printable ASCII */
};

#define ANSWER_INIT(ceiling_bytes)                                                                 \
    { .facts = BUF_INIT(ceiling_bytes) }

void    answer_done(struct answer *answer);
pw_code answer_feed(struct answer *answer, const void *bytes, size_t n, struct err *err);
