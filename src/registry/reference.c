/* reference.c - grammar of names, tags and references. */
#include "registry/reference.h"

#include <stdio.h>
#include "registry/refuse.h"

static bool is_alnum_lower(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Length of the separator at `at` ("." "_" "__" "-"...), 0 when there is none that is allowed. */
static size_t separator_length(str part, size_t at) {
    size_t n = 1;

    if (part.ptr[at] == '.')
        return 1;
    if (part.ptr[at] != '_' && part.ptr[at] != '-')
        return 0;
    while (at + n < part.len && part.ptr[at + n] == part.ptr[at])
        n++;
    return part.ptr[at] == '_' && n > 2 ? 0 : n;
}

/* [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)* */
static bool is_path_part(str part) {
    size_t at = 0;

    while (at < part.len && is_alnum_lower(part.ptr[at])) {
        size_t separator;

        while (at < part.len && is_alnum_lower(part.ptr[at]))
            at++;
        if (at == part.len)
            return true;
        separator = separator_length(part, at);
        if (separator == 0)
            return false;
        at += separator;
    }
    return false;
}

pw_code reference_check_name(str name, struct err *err) {
    str rest = name, part;

    if (name.len == 0)
        return refuse(err, PW_INVALID, "NAME_INVALID", "the repository name is empty");
    if (name.len > LIMIT_NAME_BYTES)
        return refuse(err, PW_INVALID, "NAME_INVALID",
                      "the repository name has %zu characters, at most %d are possible", name.len,
                      LIMIT_NAME_BYTES);
    if (name.ptr[name.len - 1] == '/')
        return refuse(err, PW_INVALID, "NAME_INVALID",
                      "repository name \"" STR_FMT "\" ends with a slash", STR_ARG(name));
    while (str_cut(&rest, '/', &part)) {
        if (part.len > LIMIT_NAME_PART_BYTES)
            return refuse(err, PW_INVALID, "NAME_INVALID",
                          "a part of the repository name has %zu characters, at most %d are "
                          "possible",
                          part.len, LIMIT_NAME_PART_BYTES);
        if (!is_path_part(part))
            return refuse(err, PW_INVALID, "NAME_INVALID",
                          "repository name \"" STR_FMT "\" is not made of lower-case letters and "
                          "digits, joined by single '.', '_', '__', '-' or '/'",
                          STR_ARG(name));
    }
    return PW_OK;
}

pw_code reference_check_tag(str tag, struct err *err) {
    bool ok = tag.len > 0 && tag.len <= LIMIT_TAG_BYTES && tag.ptr[0] != '.' && tag.ptr[0] != '-';

    for (size_t i = 0; ok && i < tag.len; i++) {
        char c = tag.ptr[i];

        ok = is_alnum_lower(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-';
    }
    if (!ok)
        return refuse(err, PW_INVALID, "TAG_INVALID",
                      "tag \"" STR_FMT "\" is not 1 to %d letters, digits, '_', '.' or '-' that "
                      "begin with a letter, a digit or '_'",
                      STR_ARG(str_sub(tag, 0, 160)), LIMIT_TAG_BYTES);
    return PW_OK;
}

pw_code reference_parse(str text, struct reference *ret_reference, struct err *err) {
    struct reference out = {.is_digest = str_find_char(text, ':') != STR_NPOS};

    if (out.is_digest) {
        PW_TRY(digest_parse(text, &out.digest, err));
    } else {
        PW_TRY(reference_check_tag(text, err));
        out.tag = text;
    }
    *ret_reference = out;
    return PW_OK;
}

str reference_fallback_tag(const struct digest *subject, char out[REFERENCE_FALLBACK_SIZE]) {
    char text[DIGEST_TEXT_SIZE];
    str  rest = digest_format(subject, text), algorithm = STR_NONE;

    (void)str_cut(&rest, ':', &algorithm); /* a digest always has one */
    rest = str_sub(rest, 0, 64);
    snprintf(out, REFERENCE_FALLBACK_SIZE, STR_FMT "-" STR_FMT, STR_ARG(algorithm), STR_ARG(rest));
    return str_of(out);
}
