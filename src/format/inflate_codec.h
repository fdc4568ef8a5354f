#pragma once
/*
 * inflate_codec.h - what inflate.c asks of one compression format. One list: inflate_codecs.
 *
 * A codec decodes one member at a time (gzip member, zstd frame, xz stream, bzip2 stream).
 * Errors:  PW_CORRUPT and PW_UNSUPPORTED with a sentence; PW_MEMORY.
 * Memory:  `state` is allocated by open and freed by close.   Threads: one at a time.
 */
#include "format/inflate.h"

/* What is left of the input and of the room for output; step moves through both. */
struct inflate_window {
    const unsigned char *in;
    size_t               in_len;
    unsigned char       *out;
    size_t               out_room;
};

struct inflate_codec {
    const char *name;
    bool (*starts)(const unsigned char *bytes, size_t n); /* do these bytes begin a member? */
    pw_code (*open)(void **ret_state, struct err *err);   /* ready for the first member */
    pw_code (*restart)(void *state, struct err *err);     /* ready for the next member */
    /* Moves as far as it can; *ret_end: the member is complete and checked. */
    pw_code (*step)(void *state, struct inflate_window *window, bool *ret_end, struct err *err);
    void (*close)(void *state);
};

enum { INFLATE_SNIFF_BYTES = 10 }; /* the longest beginning that `starts` looks at */
extern const struct inflate_codec inflate_codecs[INFLATE_BZIP2 + 1]; /* plain has no step */
