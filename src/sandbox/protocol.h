#pragma once
/*
 * protocol.h - what parent, zygote and child say to each other.
 *
 * Parent and zygote: one struct per SOCK_SEQPACKET message; both ends are the same program, so
 * layout is shared. A START carries three descriptors: layer, growth counter, result pipe.
 * Parent to child: an eventfd. Each write adds the growth in bytes; PROTOCOL_COMPLETE is added
 * once when the file is whole. Counters add up, so telling never blocks and never piles up.
 * Child to parent: frames on a pipe, hostile until checked (answer.h).
 */
#include <stdint.h>

#define PROTOCOL_MARKER   "--sandbox-zygote" /* argv[1] of the re-executed program */
#define PROTOCOL_COMPLETE ((uint64_t)1 << 62)

enum { PROTOCOL_SOCKET_FD = 3, PROTOCOL_START_FDS = 3 };

enum protocol_request { PROTOCOL_START = 1, PROTOCOL_KILL };
struct request {
    uint32_t kind;
    uint32_t cpu_seconds;
    uint64_t id;
    uint64_t length; /* bytes there now */
    uint64_t memory_bytes;
    uint32_t complete;
};

enum protocol_report { PROTOCOL_HELLO = 1, PROTOCOL_ENDED };
struct report {
    uint32_t kind;
    int32_t  status; /* ENDED: as from wait(2); -1: never started */
    uint64_t id;
    uint64_t cpu_ms;
    int32_t  landlock_abi; /* HELLO */
    uint32_t namespaces;
    uint32_t uid;    /* it runs as */
    uint32_t failed; /* HELLO: the sandbox cannot be had, `text` says why */
    char
        text[256]; /* HELLO: why it failed or why there are no namespaces; ENDED: why not started */
};

enum protocol_frame { FRAME_WAITING = 0x70770001, FRAME_FACTS, FRAME_FAILED };
struct frame {
    uint32_t kind;
    uint32_t code;   /* FAILED: a pw_code */
    uint64_t length; /* WAITING: the offset it waits at; FACTS, FAILED: bytes that follow */
};
