/*
 * pypi.c - installed Python packages: METADATA of wheels, PKG-INFO of eggs.
 *
 * Spec: core metadata (RFC 5322 style headers up to the first empty line); names by PEP 503.
 * Python's own egg-info ("Name: Python") is the interpreter, not a package of PyPI.
 */
#include "base/limits.h"
#include "format/pep503.h"
#include "format/stanza.h"
#include "inventory/analyzer.h"
#include "inventory/paths.h"

static pw_code read_metadata(struct collect *out, const struct entry *entry, str bytes,
                             struct err *err) {
    struct stanza_reader reader = STANZA_READER(bytes);
    struct package       package = {.ecosystem = STR("PyPI")};
    str                  headers = STR_NONE, name;

    (void)stanza_next(&reader, &headers); /* an empty file has no headers: said below */
    name = stanza_first_line(stanza_get(headers, STR("Name")));
    package.version = stanza_first_line(stanza_get(headers, STR("Version")));
    if (str_eq(name, STR("Python")))
        return PW_OK;
    if (str_empty(name) || str_empty(package.version)) {
        analyzer_damaged(out, entry, STR("Python metadata without name or version"));
        return PW_OK;
    }
    if (name.len > LIMIT_NAME_BYTES) {
        analyzer_damaged(out, entry, STR("Python metadata with a name too long to be one"));
        return PW_OK;
    }
    package.name = pep503_normalise(&out->arena, name);
    if (package.name.ptr == NULL)
        return arena_error(&out->arena, err);
    return collect_package(out, &package, err);
}

static bool wants(const struct entry *entry) {
    return paths_is_pypi(entry->path);
}

static enum evidence_role role(const struct entry *entry) {
    (void)entry;
    return ROLE_LANGUAGE;
}

const struct analyzer pypi_analyzer = {
    .name = "lang/pypi",
    .version = 1,
    .most_bytes = LIMIT_PYTHON_METADATA,
    .wants = wants,
    .role = role,
    .read = read_metadata,
};
