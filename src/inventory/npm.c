/*
 * npm.c - installed npm packages: package.json of every package root.
 *
 * A root is node_modules/x, node_modules/@s/x (also pnpm's .pnpm/x@1/node_modules/x, and global
 * ones) or Debian's usr/share/nodejs/x. Without a valid name and a version it is no package.
 */
#include "base/limits.h"
#include "format/json.h"
#include "inventory/analyzer.h"
#include "inventory/paths.h"

/* npm's own rule: at most 214 characters, URL-safe; old packages have capitals. */
static bool is_name(str name) {
    str rest = name, scope;

    if (name.len == 0 || name.len > 214)
        return false;
    if (name.ptr[0] == '@') {
        if (!str_cut(&rest, '/', &scope) || scope.len < 2 || rest.len == 0)
            return false;
    }
    for (size_t i = 0; i < rest.len; i++)
        if (strchr("-._~!'()*", rest.ptr[i]) == NULL &&
            !(rest.ptr[i] >= '0' && rest.ptr[i] <= '9') &&
            !(rest.ptr[i] >= 'a' && rest.ptr[i] <= 'z') &&
            !(rest.ptr[i] >= 'A' && rest.ptr[i] <= 'Z'))
            return false;
    return rest.ptr[0] != '.';
}

static pw_code read_package_json(struct collect *out, const struct entry *entry, str bytes,
                                 struct err *err) {
    AUTO(json_endp) json_t *root = NULL;
    struct err              problem = ERR_NONE;
    struct package          package = {.ecosystem = STR("npm")};

    if (json_parse_lenient(bytes, LIMIT_PACKAGE_JSON, &root, &problem) != PW_OK) {
        analyzer_damaged(out, entry, str_of(err_text(&problem)));
        return problem.code == PW_MEMORY ? err_set(err, PW_MEMORY, "%s", err_text(&problem))
                                         : PW_OK;
    }
    package.name = json_opt_str(root, "name");
    package.version = str_trim(json_opt_str(root, "version"));
    if (!is_name(package.name) || str_empty(package.version))
        return PW_OK;
    if (package.name.ptr[0] == '@')
        package.namespace_ = str_sub(package.name, 0, str_find_char(package.name, '/'));
    return collect_package(out, &package, err);
}

static bool wants(const struct entry *entry) {
    return paths_is_npm(entry->path);
}

static enum evidence_role role(const struct entry *entry) {
    (void)entry;
    return ROLE_LANGUAGE;
}

const struct analyzer npm_analyzer = {
    .name = "lang/npm",
    .version = 1,
    .most_bytes = LIMIT_PACKAGE_JSON,
    .wants = wants,
    .role = role,
    .read = read_package_json,
};
