#pragma once
/*
 * json.h - JSON documents, read through jansson.
 *
 * Spec:    RFC 8259. Refused: duplicate keys, anything behind the document, NUL in text, nesting
 *          past LIMIT_JSON_DEPTH, more bytes than the caller's ceiling.
 * Gives:   a json_t that the caller ends (AUTO(json_endp) json_t *root = NULL). Text that the
 *          getters give is borrowed from the document.
 * Errors:  json_parse: PW_INVALID with line and column; PW_TOO_LARGE. Getters: PW_INVALID naming
 *          the member and what it should be.
 * Memory:  about 8 times the text.   Threads: a document belongs to one thread at a time.
 * Note:    json_write.h (base) writes; jansson's own json_dumps is not used.
 */
#include <jansson.h>
#include "base/err.h"
#include "base/str.h"

/* Before anything is locked down: jansson's hash seed comes from a file otherwise. */
void json_warm_up(void);
void json_endp(json_t **json); /* for AUTO; accepts NULL */

pw_code json_parse(str text, size_t max_bytes, json_t **ret_root, struct err *err);
/* As json_parse, for files that other tools wrote: a byte order mark is skipped and of duplicate
 * keys the last wins. */
pw_code json_parse_lenient(str text, size_t max_bytes, json_t **ret_root, struct err *err);

/* Members that must be there. */
pw_code json_get_str(const json_t *object, const char *key, str *ret_text, struct err *err);
pw_code json_get_int(const json_t *object, const char *key, int64_t *ret_value, struct err *err);
pw_code json_get_double(const json_t *object, const char *key, double *ret_value, struct err *err);
pw_code json_get_bool(const json_t *object, const char *key, bool *ret_value, struct err *err);
pw_code json_get_object(const json_t *object, const char *key, json_t **ret_object,
                        struct err *err);
pw_code json_get_list(const json_t *object, const char *key, json_t **ret_list, struct err *err);

/* Members that may be missing, null or of another type: then the text is empty, the object or
 * list NULL, the number `otherwise`. jansson's walks accept NULL. */
str     json_opt_str(const json_t *object, const char *key);
int64_t json_opt_int(const json_t *object, const char *key, int64_t otherwise);
double  json_opt_double(const json_t *object, const char *key, double otherwise);
bool    json_opt_bool(const json_t *object, const char *key, bool otherwise);
json_t *json_opt_object(const json_t *object, const char *key);
json_t *json_opt_list(const json_t *object, const char *key);

str json_str_of(const json_t *value); /* the text of a string, empty for anything else */
