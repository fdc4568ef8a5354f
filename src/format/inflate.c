/* inflate.c - sniffing, members one behind the other, ceilings. The codecs are next door. */
#include "format/inflate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/limits.h"
#include "format/inflate_codec.h"

enum { IN_SIZE = 64 * 1024, OUT_SIZE = 256 * 1024 };

struct inflate {
    struct pull_source          source;
    struct inflate_limits       limits;
    enum inflate_format         format;
    const struct inflate_codec *codec;
    void                       *state;
    const unsigned char        *in; /* into in_bytes: read and not yet used */
    size_t                      in_len;
    bool                        in_ended, finished;
    uint64_t                    pulled, given;
    const unsigned char *pending; /* the rest of a piece that inflate_read handed out in part */
    size_t               pending_len;
    struct err           failure;
    char                 note[120];
    unsigned char        in_bytes[IN_SIZE], out_bytes[OUT_SIZE];
};

const char *inflate_format_name(enum inflate_format format) {
    return inflate_codecs[format].name;
}

enum inflate_format inflate_format(const struct inflate *inflate) {
    return inflate->format;
}

uint64_t inflate_bytes_in(const struct inflate *inflate) {
    return inflate->pulled - inflate->in_len;
}

uint64_t inflate_bytes_out(const struct inflate *inflate) {
    return inflate->given - inflate->pending_len;
}

const char *inflate_note(const struct inflate *inflate) {
    return inflate->note;
}

/* Reads until `least` bytes are there or the source has ended. */
static pw_code fill(struct inflate *inflate, size_t least, struct err *err) {
    if (inflate->in_len >= least)
        return PW_OK;
    if (inflate->in_len > 0)
        memmove(inflate->in_bytes, inflate->in, inflate->in_len);
    inflate->in = inflate->in_bytes;
    while (inflate->in_len < least && !inflate->in_ended) {
        size_t n = 0;

        PW_TRY(inflate->source.read(inflate->source.ctx, inflate->in_bytes + inflate->in_len,
                                    IN_SIZE - inflate->in_len, &n, err));
        inflate->in_ended = n == 0;
        inflate->in_len += n;
        inflate->pulled += n;
    }
    return PW_OK;
}

static enum inflate_format sniff(const unsigned char *bytes, size_t n) {
    for (int i = INFLATE_GZIP; i <= INFLATE_BZIP2; i++)
        if (inflate_codecs[i].starts(bytes, n))
            return (enum inflate_format)i;
    return INFLATE_PLAIN;
}

static pw_code open_codec(struct inflate *inflate, struct err *err) {
    PW_TRY(fill(inflate, INFLATE_SNIFF_BYTES, err));
    inflate->format = sniff(inflate->in, inflate->in_len);
    inflate->codec = &inflate_codecs[inflate->format];
    return inflate->codec->open != NULL ? inflate->codec->open(&inflate->state, err) : PW_OK;
}

pw_code inflate_open(struct pull_source source, struct inflate_limits limits,
                     struct inflate **ret_inflate, struct err *err) {
    struct inflate *inflate = malloc(sizeof *inflate);
    pw_code         code;

    if (inflate == NULL)
        return err_set(err, PW_MEMORY, "out of memory for reading compressed data");
    memset(inflate, 0,
           offsetof(struct inflate, in_bytes)); /* not the buffers: they need no zeros */
    inflate->source = source;
    inflate->limits = limits;
    inflate->in = inflate->in_bytes;
    code = open_codec(inflate, err);
    if (code != PW_OK) {
        inflate_close(inflate);
        return code;
    }
    *ret_inflate = inflate;
    return PW_OK;
}

void inflate_close(struct inflate *inflate) {
    if (inflate == NULL)
        return;
    if (inflate->state != NULL)
        inflate->codec->close(inflate->state);
    free(inflate);
}

void inflate_closep(struct inflate **inflate) {
    inflate_close(*inflate);
    *inflate = NULL;
}

static pw_code check_limits(const struct inflate *inflate, struct err *err) {
    uint64_t in = inflate_bytes_in(inflate);

    if (inflate->given > inflate->limits.max_bytes)
        return err_set(err, PW_TOO_LARGE, "%s data gives more than %" PRIu64 " bytes",
                       inflate->codec->name, inflate->limits.max_bytes);
    if (inflate->format != INFLATE_PLAIN && inflate->given > MIB(1) &&
        inflate->given / inflate->limits.max_ratio > in)
        return err_set(err, PW_TOO_LARGE,
                       "%s data grows more than %" PRIu64 " times: %" PRIu64 " bytes from %" PRIu64,
                       inflate->codec->name, inflate->limits.max_ratio, inflate->given, in);
    return PW_OK;
}

/* A member is complete: is there another one behind it? Zeros between them are padding. */
static pw_code next_member(struct inflate *inflate, struct err *err) {
    for (;;) {
        PW_TRY(fill(inflate, 1, err));
        while (inflate->in_len > 0 && inflate->in[0] == 0) {
            inflate->in++;
            inflate->in_len--;
        }
        if (inflate->in_len > 0)
            break;
        if (inflate->in_ended) {
            inflate->finished = true;
            return PW_OK;
        }
    }
    PW_TRY(fill(inflate, INFLATE_SNIFF_BYTES, err));
    if (inflate->codec->starts(inflate->in, inflate->in_len))
        return inflate->codec->restart(inflate->state, err);
    inflate->finished = true;
    snprintf(inflate->note, sizeof inflate->note,
             "bytes behind the end of the %s data, at byte %" PRIu64 ", are ignored",
             inflate->codec->name, inflate_bytes_in(inflate));
    return PW_OK;
}

static pw_code next_plain(struct inflate *inflate, const void **ret_bytes, size_t *ret_n,
                          struct err *err) {
    PW_TRY(fill(inflate, 1, err));
    *ret_bytes = inflate->in;
    *ret_n = inflate->in_len;
    inflate->given += inflate->in_len;
    inflate->in_len = 0;
    inflate->finished = *ret_n == 0;
    return check_limits(inflate, err);
}

static pw_code next_piece(struct inflate *inflate, const void **ret_bytes, size_t *ret_n,
                          struct err *err) {
    if (inflate->codec->step == NULL)
        return next_plain(inflate, ret_bytes, ret_n, err);
    while (!inflate->finished) {
        struct inflate_window window = {.out = inflate->out_bytes, .out_room = OUT_SIZE};
        size_t                before, n;
        bool                  end = false;

        PW_TRY(fill(inflate, 1, err));
        window.in = inflate->in;
        window.in_len = before = inflate->in_len;
        PW_TRY(inflate->codec->step(inflate->state, &window, &end, err));
        inflate->in = window.in;
        inflate->in_len = window.in_len;
        n = OUT_SIZE - window.out_room;
        inflate->given += n;
        if (!end && n == 0 && window.in_len == before)
            return err_set(err, PW_CORRUPT,
                           "%s data is cut short: it ends after %" PRIu64
                           " bytes in the middle of its content",
                           inflate->codec->name, inflate->pulled);
        PW_TRY(check_limits(inflate, err));
        if (end)
            PW_TRY(next_member(inflate, err));
        if (n > 0) {
            *ret_bytes = inflate->out_bytes;
            *ret_n = n;
            return PW_OK;
        }
    }
    *ret_n = 0;
    return PW_OK;
}

pw_code inflate_next(struct inflate *inflate, const void **ret_bytes, size_t *ret_n,
                     struct err *err) {
    if (inflate->pending_len > 0) {
        *ret_bytes = inflate->pending;
        *ret_n = inflate->pending_len;
        inflate->pending_len = 0;
        return PW_OK;
    }
    if (inflate->failure.code == PW_OK &&
        next_piece(inflate, ret_bytes, ret_n, &inflate->failure) == PW_OK)
        return PW_OK;
    if (err != NULL)
        *err = inflate->failure;
    return inflate->failure.code;
}

pw_code inflate_read(struct inflate *inflate, void *out, size_t n, size_t *ret_n, struct err *err) {
    const void *bytes;
    size_t      got;

    PW_TRY(inflate_next(inflate, &bytes, &got, err));
    if (got > n) {
        inflate->pending = (const unsigned char *)bytes + n;
        inflate->pending_len = got - n;
        got = n;
    }
    if (got > 0)
        memcpy(out, bytes, got);
    *ret_n = got;
    return PW_OK;
}

static pw_code read_as_source(void *ctx, void *out, size_t n, size_t *ret_n, struct err *err) {
    return inflate_read(ctx, out, n, ret_n, err);
}

struct pull_source inflate_as_source(struct inflate *inflate) {
    return (struct pull_source){inflate, read_as_source};
}
