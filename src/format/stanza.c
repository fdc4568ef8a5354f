/* stanza.c - deb822 paragraphs, zero-copy. */
#include "format/stanza.h"

#include <stdio.h>
#include "base/macros.h"

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* A line of nothing but blanks ends a paragraph, as deb822 readers do. */
static bool is_empty_line(str line) {
    for (size_t i = 0; i < line.len; i++)
        if (!is_blank(line.ptr[i]) && line.ptr[i] != '\r')
            return false;
    return true;
}

static bool is_key(str key) {
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] <= ' ' || key.ptr[i] == 0x7f)
            return false;
    return key.len > 0;
}

/* "Key:" at the front of a line; false: the line is neither a field nor a continuation. */
static bool field_key(str line, str *ret_key) {
    size_t colon = str_find_char(line, ':');

    if (colon == STR_NPOS)
        return false;
    *ret_key = str_sub(line, 0, colon);
    while (ret_key->len > 0 && is_blank(ret_key->ptr[ret_key->len - 1]))
        ret_key->len--;
    return is_key(*ret_key);
}

static void count_malformed(struct stanza_reader *reader, bool at_the_end) {
    reader->malformed++;
    if (reader->malformed_at == 0)
        reader->malformed_at = reader->line;
    reader->cut = at_the_end;
}

bool stanza_next(struct stanza_reader *reader, str *ret_stanza) {
    const char *from = NULL, *to = NULL;
    bool        in_field = false; /* a continuation needs something to continue */
    str         line, key;

    while (reader->rest.len > 0) {
        (void)str_line(&reader->rest, &line); /* there is a line: rest is not empty */
        if (is_empty_line(line)) {
            reader->line++;
            if (from != NULL)
                break;
            continue;
        }
        if (is_blank(line.ptr[0]) ? !in_field : !field_key(line, &key)) {
            count_malformed(reader, reader->rest.ptr == NULL);
            in_field = false;
        } else {
            in_field = true;
        }
        reader->line++;
        if (from == NULL)
            from = line.ptr;
        to = line.ptr + line.len;
    }
    if (from == NULL)
        return false;
    *ret_stanza = (str){from, (size_t)(to - from)};
    return true;
}

bool stanza_field(str *rest, str *ret_key, str *ret_value) {
    str line, key;

    while (str_line(rest, &line)) {
        const char *from, *to = line.ptr + line.len;

        if (line.len == 0 || is_blank(line.ptr[0]) || !field_key(line, &key))
            continue;
        from = line.ptr + str_find_char(line, ':') + 1;
        while (rest->len > 0 && is_blank(rest->ptr[0])) {
            (void)str_line(rest, &line); /* there is a line: rest is not empty */
            to = line.ptr + line.len;
        }
        *ret_key = key;
        *ret_value = str_trim((str){from, (size_t)(to - from)});
        return true;
    }
    return false;
}

str stanza_get(str stanza, str key) {
    str found, value;

    while (stanza_field(&stanza, &found, &value))
        if (str_eq_nocase(found, key))
            return value;
    return STR_NONE;
}

str stanza_first_line(str value) {
    str line = STR_NONE;

    (void)str_line(&value, &line); /* an empty value has an empty first line */
    return str_trim(line);
}

str stanza_problem(const struct stanza_reader *reader, char *out, size_t size) {
    int n = 0;

    out[0] = '\0';
    if (reader->cut)
        n = snprintf(out, size, "the text ends in the middle of line %zu", reader->line - 1);
    else if (reader->malformed > 0)
        n = snprintf(out, size, "%zu malformed %s skipped, the first is line %zu",
                     reader->malformed, reader->malformed == 1 ? "line was" : "lines were",
                     reader->malformed_at);
    return (str){out, n < 0 ? 0 : MIN_OF((size_t)n, size - 1)};
}
