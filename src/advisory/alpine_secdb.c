/*
 * alpine_secdb.c - {distroversion, reponame, packages: [{pkg: {name, secfixes: {version: [ids]}}}]}.
 *
 * Spec: https://secdb.alpinelinux.org. One record for each release, repository, package and id, named
 * "v3.18/main/openssl/CVE-...". Key "0" means: not affected. Entries hold several ids and remarks in
 * one string ("CVE-2019-1 (+ regression fix)", "CVE-2016-9932 XSA-200"); an id fixed twice is affected
 * until the later fix.
 */
#include "advisory/format.h"

/* An id of one package with all the versions that fix it. */
struct fix {
    str    id;
    str   *versions;
    size_t version_count;
};

struct secdb {
    struct feed_reader *reader;
    str                 release, repository, ecosystem;
};

static bool is_vulnerability(str token) {
    return str_starts(token, STR("CVE-")) || str_starts(token, STR("CVE_")) ||
           str_starts(token, STR("GHSA-"));
}

/* "XSA-207": upper case, a dash, something behind it with a digit. Remarks are not. */
static bool is_other_id(str token) {
    size_t dash = str_find_char(token, '-');
    bool   digit = false;

    if (dash == STR_NPOS || dash < 2)
        return false;
    for (size_t i = 0; i < dash; i++)
        if (token.ptr[i] < 'A' || token.ptr[i] > 'Z')
            return false;
    for (size_t i = dash; i < token.len; i++)
        digit = digit || (token.ptr[i] >= '0' && token.ptr[i] <= '9');
    return digit;
}

static str bare(str token) {
    while (token.len > 0 && strchr("(,;", token.ptr[0]) != NULL)
        token = str_from(token, 1);
    while (token.len > 0 && strchr("),;:", token.ptr[token.len - 1]) != NULL)
        token.len--;
    return token;
}

/* CVE_2020_1234 and CVE_2020-1234 -> CVE-2020-1234 */
static str spelled(struct arena *arena, str id) {
    str   copy;
    char *letters;

    if (!str_starts(id, STR("CVE")) || str_find_char(id, '_') == STR_NPOS)
        return id;
    copy = arena_str(arena, id);
    letters = (char *)copy.ptr; /* our own copy */
    for (size_t i = 0; i < copy.len; i++)
        if (letters[i] == '_')
            letters[i] = '-';
    return copy;
}

struct fixes {
    struct fix *list;
    size_t      count;
};

static bool add_fix(struct arena *arena, struct fixes *fixes, str id, str version) {
    struct fix *fix = NULL;
    str        *place;

    for (size_t i = 0; fix == NULL && i < fixes->count; i++)
        if (str_eq(fixes->list[i].id, id))
            fix = &fixes->list[i];
    if (fix == NULL) {
        fix = BUILD_MORE(arena, fixes->list, fixes->count);
        if (fix == NULL)
            return false;
        fix->id = id;
    }
    place = BUILD_MORE(arena, fix->versions, fix->version_count);
    if (place == NULL)
        return false;
    *place = version;
    return true;
}

/* The ids of one string; other databases' ids count only where there is no CVE or GHSA beside them. */
static bool add_entry(struct arena *arena, struct fixes *fixes, str entry, str version) {
    bool found = false;

    for (int pass = 0; pass < 2 && !found; pass++) {
        str rest = entry, token;

        while (str_cut(&rest, ' ', &token)) {
            token = bare(token);
            if (!build_id_ok(token) || !(pass == 0 ? is_vulnerability(token) : is_other_id(token)))
                continue;
            found = true;
            if (!add_fix(arena, fixes, spelled(arena, token), version))
                return false;
        }
    }
    return true;
}

static bool to_affected(struct arena *arena, const struct secdb *db, str package,
                        const struct fix *fix, struct advisory *out) {
    struct affected *ranges = NULL;

    for (size_t i = 0; i < fix->version_count; i++) {
        bool             denied = str_eq(fix->versions[i], STR("0"));
        struct affected *place = ranges;

        if (denied || place == NULL) {
            place = BUILD_MORE(arena, out->affected, out->affected_count);
            if (place == NULL)
                return false;
            *place = (struct affected){.ecosystem = db->ecosystem,
                                       .package = package,
                                       .status = denied ? STATUS_NOT_AFFECTED : STATUS_AFFECTED};
        }
        if (denied)
            continue;
        if (!build_below(arena, place, fix->versions[i]))
            return false;
        ranges = place;
    }
    return true;
}

static pw_code give(const struct secdb *db, str package, const struct fixes *fixes,
                    struct err *err) {
    struct arena *arena = &db->reader->arena;

    for (size_t i = 0; i < fixes->count; i++) {
        const struct fix *fix = &fixes->list[i];
        struct advisory   out = {.id = fix->id};
        str               name =
            arena_strf(arena, STR_FMT "/" STR_FMT "/" STR_FMT "/" STR_FMT, STR_ARG(db->release),
                       STR_ARG(db->repository), STR_ARG(package), STR_ARG(fix->id));

        if (name.ptr == NULL || !to_affected(arena, db, package, fix, &out))
            return reader_bad(db->reader, package, "needs too much memory", err);
        PW_TRY(reader_advisory(db->reader, name, &out, err));
    }
    return PW_OK;
}

static pw_code take_package(const struct secdb *db, const json_t *package, struct err *err) {
    struct fixes fixes = {0};
    str          name = json_opt_str(package, "name");
    const char  *version;
    json_t      *ids, *id;
    size_t       i;

    arena_reset(&db->reader->arena);
    if (!build_id_ok(name))
        return reader_bad(db->reader, name, "a package without a name", err);
    json_object_foreach(json_opt_object(package, "secfixes"), version, ids) {
        if (strlen(version) > LIMIT_VERSION_BYTES || version[0] == '\0')
            return reader_bad(db->reader, name, "a fixed version that is none", err);
        json_array_foreach(ids, i, id) {
            if (!add_entry(&db->reader->arena, &fixes, json_str_of(id), str_of(version)))
                return reader_bad(db->reader, name, "too many ids", err);
        }
    }
    return give(db, name, &fixes, err);
}

static pw_code secdb_document(struct feed_reader *reader, const json_t *root, struct err *err) {
    struct secdb db = {.reader = reader,
                       .release = json_opt_str(root, "distroversion"),
                       .repository = json_opt_str(root, "reponame")};
    AUTO(arena_done)
    struct arena      kept = ARENA_INIT(KIB(64)); /* the reader's is reset for each package */
    struct feed_scope scope = {0};
    json_t           *packages = json_opt_list(root, "packages"), *package;
    size_t            i;

    if (!build_id_ok(db.release) || !build_id_ok(db.repository) || packages == NULL)
        return err_set(
            err, PW_INVALID,
            "not a secdb document: \"distroversion\", \"reponame\" or \"packages\" is missing");
    db.ecosystem = arena_strf(&kept, "Alpine:" STR_FMT, STR_ARG(db.release));
    scope = (struct feed_scope){.stream = db.ecosystem, .part = db.repository};
    scope.prefix =
        arena_strf(&kept, STR_FMT "/" STR_FMT "/", STR_ARG(db.release), STR_ARG(db.repository));
    if (db.ecosystem.ptr == NULL || scope.prefix.ptr == NULL)
        return arena_error(&kept, err);
    json_array_foreach(packages, i, package)
        PW_TRY(take_package(&db, json_opt_object(package, "pkg"), err));
    return reader_scope(reader, &scope, err);
}

const struct feed_format alpine_secdb_format = {.document = secdb_document};
