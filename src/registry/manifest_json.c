/* manifest_json.c - the JSON of a manifest, read within limits. */
#include "registry/manifest_json.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include "base/digest.h"
#include "base/limits.h"
#include "registry/refuse.h"

/* Position behind the string whose opening quote is at `at`. */
static size_t skip_string(str text, size_t at) {
    for (at++; at < text.len && text.ptr[at] != '"'; at++)
        if (text.ptr[at] == '\\')
            at++;
    return at;
}

/* Commas and brackets outside strings: an upper bound of what the parser will build. */
static size_t count_values(str text) {
    size_t values = 0;

    for (size_t at = 0; at < text.len; at++) {
        char c = text.ptr[at];

        if (c == '"')
            at = skip_string(text, at);
        else
            values += c == '{' || c == '[' || c == ',';
    }
    return values;
}

pw_code manifest_json_load(str body, json_t **ret_root, struct err *err) {
    struct err inner = ERR_NONE;
    json_t    *root = NULL;
    pw_code    code;

    if (body.len > LIMIT_MANIFEST_BYTES)
        return refuse(err, PW_TOO_LARGE, "MANIFEST_INVALID",
                      "the manifest has %zu bytes, at most %zu are possible", body.len,
                      LIMIT_MANIFEST_BYTES);
    if (count_values(body) > LIMIT_MANIFEST_VALUES)
        return refuse(err, PW_TOO_LARGE, "MANIFEST_INVALID",
                      "the manifest holds more than %d values", LIMIT_MANIFEST_VALUES);
    code = json_parse(body, LIMIT_MANIFEST_BYTES, &root, &inner);
    if (code != PW_OK)
        return refuse(err, code, "MANIFEST_INVALID", "the manifest is not acceptable: %s",
                      err_text(&inner));
    if (!json_is_object(root)) {
        json_endp(&root);
        return refuse(err, PW_INVALID, "MANIFEST_INVALID", "the manifest is not a JSON object");
    }
    *ret_root = root;
    return PW_OK;
}

pw_code manifest_json_text(struct arena *arena, struct manifest_text wanted, str *ret_text,
                           struct err *err) {
    const json_t *value = json_object_get(wanted.object, wanted.key);
    str           text;

    if (value == NULL || json_is_null(value)) {
        *ret_text = STR("");
        return PW_OK;
    }
    if (!json_is_string(value))
        return refuse(err, PW_INVALID, "MANIFEST_INVALID", "%s%s is not a text", wanted.where,
                      wanted.key);
    text = str_make(json_string_value(value), json_string_length(value));
    if (text.len > wanted.ceiling)
        return refuse(err, PW_TOO_LARGE, "MANIFEST_INVALID",
                      "%s%s has %zu bytes, at most %zu are possible", wanted.where, wanted.key,
                      text.len, wanted.ceiling);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 127)
            return refuse(err, PW_INVALID, "MANIFEST_INVALID", "%s%s holds control characters",
                          wanted.where, wanted.key);
    text = arena_str(arena, text);
    if (text.ptr == NULL)
        return arena_error(arena, err);
    *ret_text = text;
    return PW_OK;
}

/* Length of the bytes that strict, padded base64 stands for; -1: it is not. */
static int64_t decode_base64(str text, unsigned char *out) {
    size_t padding = 0;
    int    n;

    if (text.len == 0)
        return 0;
    if (text.len % 4 != 0)
        return -1;
    while (padding < 2 && text.ptr[text.len - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < text.len - padding; i++)
        if (strchr("+/", text.ptr[i]) == NULL && !((text.ptr[i] >= 'a' && text.ptr[i] <= 'z') ||
                                                   (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z') ||
                                                   (text.ptr[i] >= '0' && text.ptr[i] <= '9')))
            return -1;
    n = EVP_DecodeBlock(out, (const unsigned char *)text.ptr, (int)text.len);
    return n < 0 ? -1 : (int64_t)n - (int64_t)padding;
}

pw_code manifest_json_check_data(const json_t *object, const char *where, uint64_t size,
                                 const struct digest *digest, struct err *err) {
    const json_t  *value = json_object_get(object, "data");
    unsigned char *bytes;
    int64_t        n;
    struct digest  actual;

    if (value == NULL || json_is_null(value))
        return PW_OK;
    if (!json_is_string(value))
        return refuse(err, PW_INVALID, "MANIFEST_INVALID", "%sdata is not a text", where);
    bytes = malloc(json_string_length(value) + 4);
    if (bytes == NULL)
        return err_set(err, PW_MEMORY, "no memory for %sdata", where);
    n = decode_base64(str_make(json_string_value(value), json_string_length(value)), bytes);
    if (n >= 0)
        digest_of(digest->algorithm, str_make(bytes, (size_t)n), &actual);
    free(bytes);
    if (n < 0)
        return refuse(err, PW_INVALID, "MANIFEST_INVALID", "%sdata is not base64", where);
    if ((uint64_t)n != size)
        return refuse(err, PW_INVALID, "MANIFEST_INVALID",
                      "%sdata holds %lld bytes, its size says %llu", where, (long long)n,
                      (unsigned long long)size);
    if (!digest_eq(&actual, digest))
        return refuse(err, PW_INVALID, "MANIFEST_INVALID", "%sdata does not have its digest",
                      where);
    return PW_OK;
}
