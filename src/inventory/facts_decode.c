/*
 * facts_decode.c - bytes to facts, trusting nothing.
 *
 * The first failure sticks in the cursor; every read after it gives zero, so that the code below
 * reads like the form. A count is believed only as far as bytes for it are there.
 */
#include <endian.h>

#include "base/limits.h"
#include "inventory/facts.h"
#include "inventory/facts_form.h"
#include "inventory/inventory.h"

struct cursor {
    struct arena *arena;
    str           rest;
    size_t        packages;
    pw_code       failed;
    struct err   *err;
};

static void fail(struct cursor *in, const char *what) {
    if (in->failed == PW_OK)
        in->failed = err_set(in->err, PW_CORRUPT, "stored facts of a layer are damaged: %s", what);
    in->rest = STR_NONE;
}

static void fail_memory(struct cursor *in) {
    if (in->failed == PW_OK)
        in->failed = arena_error(in->arena, in->err);
    in->rest = STR_NONE;
}

static const char *take(struct cursor *in, size_t n) {
    const char *at = in->rest.ptr;

    if (in->failed != PW_OK || n > in->rest.len) {
        fail(in, "they end too early");
        return NULL;
    }
    in->rest = str_from(in->rest, n);
    return at;
}

static uint32_t take_u32(struct cursor *in) {
    const char *at = take(in, sizeof(uint32_t));
    uint32_t    value = 0;

    if (at != NULL)
        memcpy(&value, at, sizeof value);
    return le32toh(value);
}

static uint64_t take_u64(struct cursor *in) {
    const char *at = take(in, sizeof(uint64_t));
    uint64_t    value = 0;

    if (at != NULL)
        memcpy(&value, at, sizeof value);
    return le64toh(value);
}

/* --- text --- */

/* The length of a well-formed, printable UTF-8 sequence at the start of s, or 0. */
static size_t good_sequence(str s) {
    unsigned char c = (unsigned char)s.ptr[0];
    size_t        n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

    if (c < 0x20 || c == 0x7f || n > s.len || !str_is_utf8(str_sub(s, 0, n)))
        return 0;
    if (c == 0xc2 && (unsigned char)s.ptr[1] < 0xa0)
        return 0; /* C1 controls */
    return n;
}

str facts_clean_text(struct arena *arena, str text) {
    static const char mark[] = "\xef\xbf\xbd"; /* U+FFFD */
    size_t            good = 0, bad = 0;
    char             *out, *at;

    for (size_t i = 0, n; i < text.len; i += n ? n : 1) {
        n = good_sequence(str_from(text, i));
        good += n;
        bad += n == 0;
    }
    if (bad == 0)
        return text;
    out = at = arena_alloc(arena, good + bad * 3 + 1);
    if (out == NULL)
        return STR_NONE;
    for (size_t i = 0, n; i < text.len; i += n ? n : 1) {
        n = good_sequence(str_from(text, i));
        memcpy(at, n ? text.ptr + i : mark, n ? n : 3);
        at += n ? n : 3;
    }
    return str_make(out, good + bad * 3);
}

static str take_str(struct cursor *in, size_t most) {
    uint32_t    len = take_u32(in);
    const char *at;
    str         text;

    if (len > most) {
        fail(in, "a text is longer than its ceiling");
        return STR_NONE;
    }
    at = take(in, len);
    if (at == NULL || len == 0)
        return STR_NONE;
    text = facts_clean_text(in->arena, str_make(at, len));
    if (text.ptr == at)
        text = arena_str(in->arena, text);
    if (text.ptr == NULL)
        fail_memory(in);
    return text;
}

/* --- lists --- */

/* A list's place: `least` is the number of bytes that one element takes at least. */
static void *take_list(struct cursor *in, size_t least, size_t element, size_t most,
                       size_t *ret_count) {
    uint32_t count = take_u32(in);
    void    *list;

    *ret_count = 0;
    if (count > most || count > in->rest.len / least) {
        fail(in, "a list is longer than its bytes or its ceiling");
        return NULL;
    }
    if (count == 0 || in->failed != PW_OK)
        return NULL;
    list = arena_array(in->arena, count, element);
    if (list == NULL)
        fail_memory(in);
    else
        *ret_count = count;
    return list;
}

static uint64_t *take_hashes(struct cursor *in, size_t *ret_count) {
    uint64_t *list =
        take_list(in, sizeof(uint64_t), sizeof(uint64_t), LIMIT_TAR_ENTRIES, ret_count);

    for (size_t i = 0; i < *ret_count; i++)
        list[i] = take_u64(in);
    return list;
}

static void take_set(struct cursor *in, struct hash_set *set) {
    set->hashes = take_hashes(in, &set->count);
    for (size_t i = 1; i < set->count; i++)
        if (set->hashes[i - 1] >= set->hashes[i]) {
            fail(in, "hashes are out of order");
            return;
        }
}

static void take_package(struct cursor *in, const struct evidence *evidence, struct package *out) {
    out->ecosystem = take_str(in, LIMIT_NAME_BYTES);
    out->namespace_ = take_str(in, LIMIT_PATH_BYTES);
    out->name = take_str(in, LIMIT_PATH_BYTES);
    out->version = take_str(in, LIMIT_PATH_BYTES);
    out->source = take_str(in, LIMIT_PATH_BYTES);
    out->source_version = take_str(in, LIMIT_PATH_BYTES);
    out->arch = take_str(in, LIMIT_PATH_BYTES);
    out->module = take_str(in, LIMIT_PATH_BYTES);
    out->origin = take_str(in, LIMIT_PATH_BYTES);
    out->path = evidence->path;
    if (in->failed == PW_OK && (str_empty(out->name) || str_empty(out->version)))
        fail(in, "a package lacks its name or version");
}

static void take_evidence(struct cursor *in, struct evidence *out) {
    uint32_t role = take_u32(in);

    if (role > ROLE_OWNERSHIP)
        fail(in, "an evidence file has an unknown role");
    out->role = (enum evidence_role)role;
    out->analyzer = take_str(in, LIMIT_NAME_BYTES);
    out->path = take_str(in, LIMIT_PATH_BYTES);
    out->packages = take_list(in, 36, sizeof *out->packages, LIMIT_PACKAGES - in->packages,
                              &out->package_count);
    in->packages += out->package_count;
    for (size_t i = 0; i < out->package_count && in->failed == PW_OK; i++)
        take_package(in, out, &out->packages[i]);
    out->owners = take_list(in, 8, sizeof *out->owners, LIMIT_PACKAGES, &out->owner_count);
    for (size_t i = 0; i < out->owner_count && in->failed == PW_OK; i++) {
        out->owners[i].package = take_str(in, LIMIT_PATH_BYTES);
        out->owners[i].paths = take_hashes(in, &out->owners[i].path_count);
    }
}

static void take_os_file(struct cursor *in, struct os_file *out) {
    uint32_t kind = take_u32(in);

    if (kind > OS_FILE_APK_REPOSITORIES)
        fail(in, "a release file has an unknown kind");
    out->kind = (enum os_file_kind)kind;
    out->path = take_str(in, LIMIT_PATH_BYTES);
    out->id = take_str(in, LIMIT_PATH_BYTES);
    out->version_id = take_str(in, LIMIT_PATH_BYTES);
    out->name = take_str(in, LIMIT_PATH_BYTES);
    out->codename = take_str(in, LIMIT_PATH_BYTES);
}

static struct incomplete *take_incomplete(struct cursor *in, size_t *ret_count) {
    struct incomplete *list = take_list(in, 12, sizeof *list, LIMIT_GAPS, ret_count);

    for (size_t i = 0; i < *ret_count && in->failed == PW_OK; i++) {
        list[i].path = take_str(in, LIMIT_PATH_BYTES);
        list[i].reason = take_str(in, LIMIT_PATH_BYTES);
        list[i].kind = take_str(in, LIMIT_NAME_BYTES);
    }
    return list;
}

static void take_facts(struct cursor *in, struct layer_facts *out) {
    out->format = take_str(in, LIMIT_NAME_BYTES);
    out->inflated_bytes = take_u64(in);
    out->entries = take_u64(in);
    out->evidence = take_list(in, 20, sizeof *out->evidence, LIMIT_EVIDENCE, &out->evidence_count);
    for (size_t i = 0; i < out->evidence_count && in->failed == PW_OK; i++)
        take_evidence(in, &out->evidence[i]);
    out->os_files =
        take_list(in, 24, sizeof *out->os_files, LIMIT_LAYER_LINKS, &out->os_file_count);
    for (size_t i = 0; i < out->os_file_count && in->failed == PW_OK; i++)
        take_os_file(in, &out->os_files[i]);
    out->links = take_list(in, 8, sizeof *out->links, LIMIT_LAYER_LINKS, &out->link_count);
    for (size_t i = 0; i < out->link_count && in->failed == PW_OK; i++) {
        out->links[i].path = take_str(in, LIMIT_PATH_BYTES);
        out->links[i].target = take_str(in, LIMIT_PATH_BYTES);
    }
    out->gaps = take_incomplete(in, &out->gap_count);
    out->incomplete = take_incomplete(in, &out->incomplete_count);
    take_set(in, &out->files);
    take_set(in, &out->dirs);
    take_set(in, &out->whiteouts);
    take_set(in, &out->opaques);
}

static pw_code check_frame(str encoded, str *ret_body, struct err *err) {
    size_t   head = sizeof FACTS_MAGIC - 1;
    uint32_t version;
    uint64_t sum;

    if (encoded.len > LIMIT_FACTS_BYTES)
        return err_set(err, PW_TOO_LARGE, "facts of a layer: %zu bytes, at most %zu are taken",
                       encoded.len, LIMIT_FACTS_BYTES);
    if (encoded.len < head + sizeof version + sizeof sum || !str_starts(encoded, STR(FACTS_MAGIC)))
        return err_set(err, PW_CORRUPT, "these bytes are not facts of a layer");
    memcpy(&version, encoded.ptr + head, sizeof version);
    if (le32toh(version) != FACTS_VERSION)
        return err_set(err, PW_UNSUPPORTED, "facts of a layer have form %u; this program reads %u",
                       le32toh(version), FACTS_VERSION);
    memcpy(&sum, encoded.ptr + encoded.len - sizeof sum, sizeof sum);
    encoded.len -= sizeof sum;
    if (le64toh(sum) != str_hash(encoded))
        return err_set(err, PW_CORRUPT, "facts of a layer do not match their checksum");
    *ret_body = str_from(encoded, head + sizeof version);
    return PW_OK;
}

pw_code facts_decode(struct arena *arena, str encoded, struct layer_facts **ret_facts,
                     struct err *err) {
    struct cursor       in = {.arena = arena, .err = err};
    struct layer_facts *facts = arena_new(arena, struct layer_facts);

    if (facts == NULL)
        return arena_error(arena, err);
    PW_TRY(check_frame(encoded, &in.rest, err));
    take_facts(&in, facts);
    if (in.failed == PW_OK && in.rest.len != 0)
        fail(&in, "something follows them");
    if (in.failed == PW_OK)
        *ret_facts = facts;
    return in.failed;
}

bool hash_set_has(const struct hash_set *set, uint64_t hash) {
    size_t low = 0, high = set->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (set->hashes[middle] == hash)
            return true;
        if (set->hashes[middle] < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}
