/* digest.c - content digests. The only user of the deprecated, copyable SHA contexts. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/digest.h"

#include <stdio.h>

enum { SAVED_VERSION = 1 };

static const struct {
    const char *name;
    size_t      size;
} algorithms[] = {[DIGEST_SHA256] = {"sha256", 32}, [DIGEST_SHA512] = {"sha512", 64}};

size_t digest_size(enum digest_algorithm algorithm) {
    return algorithm == DIGEST_NONE ? 0 : algorithms[algorithm].size;
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_decode(str hex, unsigned char *out) {
    for (size_t i = 0; i + 1 < hex.len; i += 2) {
        int high = hex_value(hex.ptr[i]), low = hex_value(hex.ptr[i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i / 2] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static bool is_algorithm_name(str name) {
    bool separator = true; /* a name may not begin or end with one, nor hold two in a row */

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            separator = false;
        else if (strchr("+._-", c) == NULL || c == '\0' || separator)
            return false;
        else
            separator = true;
    }
    return !separator;
}

static bool is_encoded(str text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '=' || c == '_' || c == '-'))
            return false;
    }
    return text.len > 0;
}

static pw_code bad_digest(struct err *err, pw_code code, str text, const char *why) {
    err_set(err, code, "digest \"" STR_FMT "\" %s", STR_ARG(str_sub(text, 0, 160)), why);
    err_tag(err, "DIGEST_INVALID");
    return code;
}

pw_code digest_parse(str text, struct digest *ret_digest, struct err *err) {
    struct digest out = {.algorithm = DIGEST_NONE};
    str           rest = text, name;

    if (str_find_char(text, ':') == STR_NPOS || !str_cut(&rest, ':', &name) ||
        !is_algorithm_name(name) || !is_encoded(rest))
        return bad_digest(err, PW_INVALID, text, "is not of the form algorithm:hex");
    for (int i = DIGEST_SHA256; i <= DIGEST_SHA512; i++)
        if (str_eq(name, str_of(algorithms[i].name)))
            out.algorithm = (enum digest_algorithm)i;
    if (out.algorithm == DIGEST_NONE)
        return bad_digest(err, PW_UNSUPPORTED, text, "uses neither sha256 nor sha512");
    if (rest.len != 2 * digest_size(out.algorithm) || !hex_decode(rest, out.bytes))
        return bad_digest(err, PW_INVALID, text,
                          "does not hold the lower-case hex of its algorithm");
    *ret_digest = out;
    return PW_OK;
}

void hex_encode(const unsigned char *bytes, size_t n, char *out) {
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

str digest_format(const struct digest *digest, char out[DIGEST_TEXT_SIZE]) {
    size_t n = digest_size(digest->algorithm);

    if (n == 0) {
        out[0] = '\0';
        return (str){out, 0};
    }
    memcpy(out, algorithms[digest->algorithm].name, 6);
    out[6] = ':';
    hex_encode(digest->bytes, n, out + 7);
    return (str){out, 7 + 2 * n};
}

void hasher_init(struct hasher *hasher, enum digest_algorithm algorithm) {
    memset(hasher, 0, sizeof *hasher);
    hasher->algorithm = algorithm;
    if (algorithm == DIGEST_SHA512)
        SHA512_Init(&hasher->state.sha512);
    else
        SHA256_Init(&hasher->state.sha256);
}

void hasher_add(struct hasher *hasher, const void *bytes, size_t len) {
    if (hasher->algorithm == DIGEST_SHA512)
        SHA512_Update(&hasher->state.sha512, bytes, len);
    else
        SHA256_Update(&hasher->state.sha256, bytes, len);
}

void hasher_digest(const struct hasher *hasher, struct digest *ret_digest) {
    struct hasher copy = *hasher;

    memset(ret_digest, 0, sizeof *ret_digest);
    ret_digest->algorithm = hasher->algorithm;
    if (hasher->algorithm == DIGEST_SHA512)
        SHA512_Final(ret_digest->bytes, &copy.state.sha512);
    else
        SHA256_Final(ret_digest->bytes, &copy.state.sha256);
}

void digest_of(enum digest_algorithm algorithm, str bytes, struct digest *ret_digest) {
    struct hasher hasher;

    hasher_init(&hasher, algorithm);
    hasher_add(&hasher, bytes.ptr, bytes.len);
    hasher_digest(&hasher, ret_digest);
}

void hasher_save(const struct hasher *hasher, unsigned char out[HASHER_SAVED_SIZE]) {
    memset(out, 0, HASHER_SAVED_SIZE);
    out[0] = SAVED_VERSION;
    out[1] = (unsigned char)hasher->algorithm;
    memcpy(out + 2, &hasher->state, sizeof hasher->state);
}

/* The counts inside steer where bytes are written: a state that was not ours must not be used. */
static bool is_sane(const struct hasher *hasher) {
    if (hasher->algorithm == DIGEST_SHA512)
        return hasher->state.sha512.num < SHA512_CBLOCK &&
               hasher->state.sha512.md_len == SHA512_DIGEST_LENGTH;
    return hasher->algorithm == DIGEST_SHA256 && hasher->state.sha256.num < SHA256_CBLOCK &&
           hasher->state.sha256.md_len == SHA256_DIGEST_LENGTH;
}

bool hasher_load(struct hasher *hasher, str saved) {
    struct hasher loaded = {.algorithm = DIGEST_NONE};

    if (saved.len != HASHER_SAVED_SIZE || saved.ptr[0] != SAVED_VERSION ||
        (saved.ptr[1] != DIGEST_SHA256 && saved.ptr[1] != DIGEST_SHA512))
        return false;
    loaded.algorithm = (enum digest_algorithm)saved.ptr[1];
    memcpy(&loaded.state, saved.ptr + 2, sizeof loaded.state);
    if (!is_sane(&loaded))
        return false;
    *hasher = loaded;
    return true;
}
