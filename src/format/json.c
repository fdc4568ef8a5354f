/* json.c - a strict, bounded face over jansson. */
#include "format/json.h"

#include "base/limits.h"

void json_warm_up(void) {
    json_object_seed(0);
}

void json_endp(json_t **json) {
    json_decref(*json);
    *json = NULL;
}

/* Line and column (from 1) of byte `at`. */
static void place_of(str text, size_t at, size_t *ret_line, size_t *ret_column) {
    *ret_line = *ret_column = 1;
    for (size_t i = 0; i < at && i < text.len; i++) {
        (*ret_column)++;
        if (text.ptr[i] == '\n') {
            (*ret_line)++;
            *ret_column = 1;
        }
    }
}

/* jansson recurses up to 2048 levels; ours ends earlier and before anything is built. */
static pw_code check_depth(str text, struct err *err) {
    size_t depth = 0;
    bool   in_text = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (in_text) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '{' || c == '[') {
            size_t line, column;

            if (++depth <= LIMIT_JSON_DEPTH)
                continue;
            place_of(text, i, &line, &column);
            return err_set(err, PW_TOO_LARGE, "JSON nests deeper than %d at line %zu, column %zu",
                           LIMIT_JSON_DEPTH, line, column);
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return PW_OK;
}

static pw_code parse(str text, size_t max_bytes, size_t flags, json_t **ret_root, struct err *err) {
    json_error_t problem;
    json_t      *root;

    if (text.len > max_bytes)
        return err_set(err, PW_TOO_LARGE, "JSON of %zu bytes is larger than %zu", text.len,
                       max_bytes);
    PW_TRY(check_depth(text, err));
    root = json_loadb(text.len > 0 ? text.ptr : "", text.len, flags, &problem);
    if (root == NULL && json_error_code(&problem) == json_error_out_of_memory)
        return err_set(err, PW_MEMORY, "out of memory while reading JSON");
    if (root == NULL)
        return err_set(err, PW_INVALID, "JSON is malformed at line %d, column %d: %s",
                       problem.line > 0 ? problem.line : 1, problem.column > 0 ? problem.column : 1,
                       json_error_code(&problem) == json_error_null_character
                           ? "text may not hold \\u0000"
                           : problem.text);
    *ret_root = root;
    return PW_OK;
}

pw_code json_parse(str text, size_t max_bytes, json_t **ret_root, struct err *err) {
    return parse(text, max_bytes, JSON_REJECT_DUPLICATES, ret_root, err);
}

pw_code json_parse_lenient(str text, size_t max_bytes, json_t **ret_root, struct err *err) {
    if (str_starts(text, STR("\xEF\xBB\xBF")))
        text = str_from(text, 3);
    return parse(text, max_bytes, 0, ret_root, err);
}

static pw_code wrong(const json_t *object, const char *key, const char *want, struct err *err) {
    if (!json_is_object(object))
        return err_set(err, PW_INVALID, "\"%s\" was looked for in something that is not an object",
                       key);
    if (json_object_get(object, key) == NULL)
        return err_set(err, PW_INVALID, "member \"%s\" is missing", key);
    return err_set(err, PW_INVALID, "member \"%s\" is not %s", key, want);
}

str json_str_of(const json_t *value) {
    return json_is_string(value) ? (str){json_string_value(value), json_string_length(value)}
                                 : STR_NONE;
}

pw_code json_get_str(const json_t *object, const char *key, str *ret_text, struct err *err) {
    const json_t *value = json_object_get(object, key);

    if (!json_is_string(value))
        return wrong(object, key, "a string", err);
    *ret_text = json_str_of(value);
    return PW_OK;
}

pw_code json_get_int(const json_t *object, const char *key, int64_t *ret_value, struct err *err) {
    const json_t *value = json_object_get(object, key);

    if (!json_is_integer(value))
        return wrong(object, key, "a whole number", err);
    *ret_value = json_integer_value(value);
    return PW_OK;
}

pw_code json_get_double(const json_t *object, const char *key, double *ret_value, struct err *err) {
    const json_t *value = json_object_get(object, key);

    if (!json_is_number(value))
        return wrong(object, key, "a number", err);
    *ret_value = json_number_value(value);
    return PW_OK;
}

pw_code json_get_bool(const json_t *object, const char *key, bool *ret_value, struct err *err) {
    const json_t *value = json_object_get(object, key);

    if (!json_is_boolean(value))
        return wrong(object, key, "true or false", err);
    *ret_value = json_is_true(value);
    return PW_OK;
}

pw_code json_get_object(const json_t *object, const char *key, json_t **ret_object,
                        struct err *err) {
    json_t *value = json_object_get(object, key);

    if (!json_is_object(value))
        return wrong(object, key, "an object", err);
    *ret_object = value;
    return PW_OK;
}

pw_code json_get_list(const json_t *object, const char *key, json_t **ret_list, struct err *err) {
    json_t *value = json_object_get(object, key);

    if (!json_is_array(value))
        return wrong(object, key, "a list", err);
    *ret_list = value;
    return PW_OK;
}

str json_opt_str(const json_t *object, const char *key) {
    return json_str_of(json_object_get(object, key));
}

int64_t json_opt_int(const json_t *object, const char *key, int64_t otherwise) {
    const json_t *value = json_object_get(object, key);

    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

double json_opt_double(const json_t *object, const char *key, double otherwise) {
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : otherwise;
}

bool json_opt_bool(const json_t *object, const char *key, bool otherwise) {
    const json_t *value = json_object_get(object, key);

    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

json_t *json_opt_object(const json_t *object, const char *key) {
    json_t *value = json_object_get(object, key);

    return json_is_object(value) ? value : NULL;
}

json_t *json_opt_list(const json_t *object, const char *key) {
    json_t *value = json_object_get(object, key);

    return json_is_array(value) ? value : NULL;
}
