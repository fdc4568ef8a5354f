#pragma once
/*
 * digest.h - content digests, and hashing whose state can be stored and resumed.
 *
 * Spec:    OCI image-spec 1.1 "Digests": algorithm ":" encoded; sha256 and sha512, lower-case hex.
 * Note:    the one place that uses OpenSSL's copyable SHA contexts, because an upload's state is
 *          saved with its row and resumed after a restart. EVP everywhere else.
 * Memory:  none is allocated. Threads: pure.
 */
#include <openssl/sha.h>
#include "base/err.h"
#include "base/str.h"

enum digest_algorithm { DIGEST_NONE, DIGEST_SHA256, DIGEST_SHA512 };
enum { DIGEST_TEXT_SIZE = 7 + 128 + 1 };

struct digest {
    enum digest_algorithm algorithm;
    unsigned char         bytes[64]; /* 32 used for sha256, the rest zero */
};

/* PW_INVALID (tag DIGEST_INVALID): malformed; PW_UNSUPPORTED (same tag): a well-formed digest of
 * an algorithm that is not sha256 or sha512. */
pw_code            digest_parse(str text, struct digest *ret_digest, struct err *err);
str                digest_format(const struct digest *digest, char out[DIGEST_TEXT_SIZE]);
size_t             digest_size(enum digest_algorithm algorithm); /* bytes: 32, 64 */
static inline bool digest_eq(const struct digest *a, const struct digest *b) {
    return a->algorithm == b->algorithm && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

struct hasher {
    enum digest_algorithm algorithm;
    union {
        SHA256_CTX sha256;
        SHA512_CTX sha512;
    } state;
};

void hasher_init(struct hasher *hasher, enum digest_algorithm algorithm);
void hasher_add(struct hasher *hasher, const void *bytes, size_t len);
/* Of everything added so far; the hasher can go on afterwards. */
void hasher_digest(const struct hasher *hasher, struct digest *ret_digest);
void digest_of(enum digest_algorithm algorithm, str bytes, struct digest *ret_digest);

/* The state as bytes for this machine's build: version, algorithm, context. */
enum { HASHER_SAVED_SIZE = 2 + sizeof(SHA512_CTX) };
void hasher_save(const struct hasher *hasher, unsigned char out[HASHER_SAVED_SIZE]);
bool hasher_load(struct hasher *hasher, str saved); /* false: not a state of this build */

void hex_encode(const unsigned char *bytes, size_t n, char *out); /* 2n characters and a NUL */
