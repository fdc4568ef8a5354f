/*
 * release.c - files that say which distribution an image is (distro.c judges them).
 *
 * Spec: os-release(5); etc/alpine-release and etc/debian_version hold one line; of
 * etc/apk/repositories the highest untagged release counts, and "edge" above all.
 */
#include "base/limits.h"
#include "inventory/analyzer.h"
#include "inventory/paths.h"

static const struct {
    str               path;
    enum os_file_kind kind;
} release_files[] = {
    {STR_INIT("etc/os-release"), OS_FILE_RELEASE},
    {STR_INIT("usr/lib/os-release"), OS_FILE_RELEASE},
    {STR_INIT("etc/alpine-release"), OS_FILE_ALPINE_RELEASE},
    {STR_INIT("etc/debian_version"), OS_FILE_DEBIAN_VERSION},
    {STR_INIT("etc/apk/repositories"), OS_FILE_APK_REPOSITORIES},
};

static bool find_kind(str path, enum os_file_kind *ret_kind) {
    EACH (file, release_files)
        if (str_eq(file->path, path)) {
            *ret_kind = file->kind;
            return true;
        }
    return false;
}

/* A value as a shell would read it, into `out`; quotes ' and ", backslash before one character. */
static str unquote(str value, char *out, size_t size) {
    char   quote = 0;
    size_t n = 0;

    value = str_trim(value);
    for (size_t i = 0; i < value.len && n < size; i++) {
        char c = value.ptr[i];

        if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
            continue;
        }
        if (quote != 0 && c == quote) {
            quote = 0;
            continue;
        }
        if (c == '\\' && quote != '\'' && i + 1 < value.len)
            c = value.ptr[++i];
        out[n++] = c;
    }
    return str_make(out, n);
}

enum { VALUE_BYTES = 256, KEYS = 5 };

static pw_code read_os_release(struct collect *out, struct os_file *file, str bytes,
                               struct err *err) {
    static const char *const keys[KEYS] = {"ID", "VERSION_ID", "PRETTY_NAME", "NAME",
                                           "VERSION_CODENAME"};
    char                     texts[KEYS][VALUE_BYTES];
    str                      values[KEYS] = {STR_NONE}, line, key;

    while (str_line(&bytes, &line)) {
        line = str_trim(line);
        if (str_starts(line, STR("#")) || str_find_char(line, '=') == STR_NPOS)
            continue;
        (void)str_cut(&line, '=', &key); /* there is one */
        for (int i = 0; i < KEYS; i++)
            if (str_eq(str_of(keys[i]), key))
                values[i] = unquote(line, texts[i], VALUE_BYTES);
    }
    file->id = values[0];
    file->version_id = values[1];
    file->name = str_empty(values[2]) ? values[3] : values[2];
    file->codename = values[4];
    return collect_os_file(out, file, err);
}

/* "v3.18" -> 3018, "edge" -> the highest, 0 for anything else. */
static unsigned release_rank(str part) {
    uint64_t major, minor;
    str      first;

    if (str_eq(part, STR("edge")))
        return 1u << 30;
    if (!str_starts(part, STR("v")))
        return 0;
    part = str_from(part, 1);
    if (!str_cut(&part, '.', &first) || !str_to_u64(first, 999, &major) ||
        !str_to_u64(part, 999, &minor))
        return 0;
    return (unsigned)(major * 1000 + minor);
}

static pw_code read_repositories(struct collect *out, struct os_file *file, str bytes,
                                 struct err *err) {
    unsigned best = 0;
    str      line, part;

    while (str_line(&bytes, &line)) {
        line = str_trim(line);
        /* a tagged repository serves only packages that ask for it */
        if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == '@')
            continue;
        while (str_cut(&line, '/', &part))
            if (release_rank(part) > best) {
                best = release_rank(part);
                file->version_id = part;
            }
    }
    return collect_os_file(out, file, err);
}

static bool wants(const struct entry *entry) {
    enum os_file_kind kind;

    return find_kind(entry->path, &kind);
}

static enum evidence_role role(const struct entry *entry) {
    (void)entry;
    return ROLE_LANGUAGE; /* gives no packages, so no evidence file is kept */
}

static pw_code read_release(struct collect *out, const struct entry *entry, str bytes,
                            struct err *err) {
    struct os_file file = {.path = entry->path};
    str            line = STR_NONE;

    if (!find_kind(entry->path, &file.kind))
        return PW_OK;
    if (file.kind == OS_FILE_RELEASE)
        return read_os_release(out, &file, bytes, err);
    if (file.kind == OS_FILE_APK_REPOSITORIES)
        return read_repositories(out, &file, bytes, err);
    (void)str_line(&bytes, &line); /* an empty file has no line */
    file.version_id = str_sub(str_trim(line), 0, VALUE_BYTES);
    return collect_os_file(out, &file, err);
}

const struct analyzer release_analyzer = {
    .name = "os/release",
    .version = 1,
    .most_bytes = KIB(64),
    .wants = wants,
    .role = role,
    .read = read_release,
};
