/*
 * The small parsers of text: the first byte picks one. Stanzas, package URLs, CVSS vectors, digests,
 * times, numbers, JSON documents and the escaping of any bytes.
 */
#include <stdlib.h>
#include "base/clock.h"
#include "base/digest.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "format/cvss.h"
#include "format/json.h"
#include "format/pep503.h"
#include "format/purl.h"
#include "format/stanza.h"

static void fuzz_stanza(str text) {
    struct stanza_reader reader = STANZA_READER(text);
    char                 problem[120];
    str                  stanza, key, value;

    while (stanza_next(&reader, &stanza)) {
        if (stanza.ptr < text.ptr || stanza.ptr + stanza.len > text.ptr + text.len)
            abort();
        while (stanza_field(&stanza, &key, &value)) {
            if (key.len == 0 || value.ptr + value.len > text.ptr + text.len)
                abort();
            (void)stanza_first_line(value);
        }
    }
    (void)stanza_problem(&reader, problem, sizeof problem);
    if (reader.malformed == 0 && (problem[0] != '\0' || reader.cut))
        abort();
}

/* What is accepted is written canonically, and reading that writes the same again. */
static void fuzz_purl(str text) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(1));
    AUTO(buf_done) struct buf     once = BUF_INIT(MIB(1)), twice = BUF_INIT(MIB(1));
    struct err                    err = ERR_NONE;
    struct purl                   purl;

    if (purl_parse(&arena, text, &purl, &err) != PW_OK)
        return;
    purl_write(&once, &purl);
    if (purl_parse(&arena, buf_str(&once), &purl, &err) != PW_OK)
        return; /* longer than a package URL may be, once it is encoded */
    purl_write(&twice, &purl);
    if (!str_eq(buf_str(&once), buf_str(&twice)))
        abort();
}

static void fuzz_cvss(str text) {
    struct err  err = ERR_NONE;
    struct cvss cvss;

    if (cvss_parse(text, &cvss, &err) == PW_OK && !(cvss.score >= 0 && cvss.score <= 10))
        abort();
}

static void fuzz_digest(str text) {
    struct digest digest;
    struct hasher hasher;
    struct err    err = ERR_NONE;
    char          again[DIGEST_TEXT_SIZE];

    if (digest_parse(text, &digest, &err) == PW_OK && !str_eq(digest_format(&digest, again), text))
        abort();
    if (hasher_load(&hasher, text)) {
        hasher_add(&hasher, text.ptr, text.len);
        hasher_digest(&hasher, &digest);
    }
}

static void fuzz_values(str text) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(1));
    char                          out[TIME_TEXT_SIZE];
    int64_t                       at, again;
    uint64_t                      number;
    str                           name = pep503_normalise(&arena, text);

    if (!str_eq(pep503_normalise(&arena, name), name))
        abort();
    if (time_parse(text, &at) && (!time_parse(time_format(at, out), &again) || again != at) &&
        at >= -62135596800 && at <= 253402300799)
        abort();
    if (str_to_u64(text, 1000, &number) && number > 1000)
        abort();
}

static void fuzz_json(str text) {
    AUTO(json_endp) json_t *root = NULL;
    struct err              err = ERR_NONE;

    (void)json_parse(text, MIB(1), &root, &err); /* an error is an answer */
    json_endp(&root);
    (void)json_parse_lenient(text, MIB(1), &root, &err);
}

/* Whatever the bytes are, the escaped text is a JSON string, and for UTF-8 it is the same text. */
static void fuzz_escape(str text) {
    AUTO(buf_done) struct buf out = BUF_INIT(MIB(1));
    struct json_writer        w = JSON_WRITER(&out);
    AUTO(json_endp) json_t   *root = NULL;

    json_open_list(&w);
    json_str(&w, text);
    json_close_list(&w);
    root = json_loadb(out.ptr, out.len, JSON_ALLOW_NUL, NULL);
    if (root == NULL)
        abort();
    if (str_is_utf8(text) && !str_eq(json_str_of(json_array_get(root, 0)), text))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const targets[])(str) = {fuzz_stanza, fuzz_purl, fuzz_cvss,  fuzz_digest,
                                           fuzz_values, fuzz_json, fuzz_escape};

    if (size > 0)
        targets[data[0] % COUNT_OF(targets)](str_make(data + 1, size - 1));
    return 0;
}
