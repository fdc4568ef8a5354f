/*
 * apk.c - packages of Alpine's, Wolfi's and Chainguard's apk, and the files they own.
 *
 * Spec: apk-tools "installed" database: one letter and ":" a line, case-sensitive; an empty line
 * ends a package; a file's path is the last F, "/", R. Names that begin with "." are virtual.
 */
#include "base/limits.h"
#include "inventory/analyzer.h"
#include "inventory/paths.h"

struct apk_reading {
    struct collect     *out;
    const struct entry *entry;
    struct package      package; /* of the paragraph that is being read */
    str                 folder;
    bool                owning; /* collect_owner was called for it */
    size_t              nameless, malformed;
};

static bool is_virtual(str name) {
    return str_starts(name, STR("."));
}

static pw_code end_package(struct apk_reading *in, struct err *err) {
    struct package package = in->package;

    in->package = (struct package){.ecosystem = STR("apk")};
    in->folder = STR_NONE;
    in->owning = false;
    if (str_empty(package.name) && str_empty(package.version))
        return PW_OK;
    if (str_empty(package.name) || str_empty(package.version)) {
        in->nameless++;
        return PW_OK;
    }
    return is_virtual(package.name) ? PW_OK : collect_package(in->out, &package, err);
}

static pw_code own_file(struct apk_reading *in, str file, struct err *err) {
    char path[LIMIT_PATH_BYTES + 1];
    str  folder = in->folder;

    if (str_empty(in->package.name) || is_virtual(in->package.name) ||
        folder.len + file.len + 1 > LIMIT_PATH_BYTES || str_empty(file))
        return PW_OK;
    if (!in->owning)
        PW_TRY(collect_owner(in->out, in->package.name, err));
    in->owning = true;
    if (str_empty(folder))
        return collect_owned(in->out, file, err);
    memcpy(path, folder.ptr, folder.len);
    path[folder.len] = '/';
    memcpy(path + folder.len + 1, file.ptr, file.len);
    return collect_owned(in->out, str_make(path, folder.len + 1 + file.len), err);
}

static pw_code read_line(struct apk_reading *in, str line, struct err *err) {
    str value = str_from(line, 2);

    if (line.len < 2 || line.ptr[1] != ':') {
        in->malformed++;
        return PW_OK;
    }
    switch (line.ptr[0]) {
    case 'P':
        in->package.name = value;
        break;
    case 'V':
        in->package.version = value;
        break;
    case 'A':
        in->package.arch = value;
        break;
    case 'o':
        in->package.source = value;
        break;
    case 'F':
        in->folder = value;
        break;
    case 'R':
        return own_file(in, value, err);
    default:
        break;
    }
    return PW_OK;
}

static pw_code read_installed(struct collect *out, const struct entry *entry, str bytes,
                              struct err *err) {
    struct apk_reading in = {.out = out, .entry = entry, .package = {.ecosystem = STR("apk")}};
    str                line;

    while (str_line(&bytes, &line)) {
        if (line.len == 0)
            PW_TRY(end_package(&in, err));
        else
            PW_TRY(read_line(&in, line, err));
    }
    PW_TRY(end_package(&in, err));
    if (in.malformed > 0)
        analyzer_damaged(out, entry, STR("lines of the apk database are not \"letter:value\""));
    if (in.nameless > 0)
        analyzer_damaged(out, entry, STR("an apk paragraph lacks its package name or version"));
    return PW_OK;
}

static bool wants(const struct entry *entry) {
    return paths_ends(entry->path, STR("lib/apk/db/installed"));
}

static enum evidence_role role(const struct entry *entry) {
    (void)entry;
    return ROLE_DATABASE;
}

const struct analyzer apk_analyzer = {
    .name = "os/apk",
    .version = 1,
    .most_bytes = LIMIT_MEMBER_BYTES,
    .wants = wants,
    .role = role,
    .read = read_installed,
};
