#pragma once
/*
 * facts.h - what one layer says, independent of all others, and its stored form.
 *
 * Form:    "PWFACTS\n", version, sections in fixed order; numbers little-endian, text with its
 *          length before it, a 64-bit checksum of everything at the end.
 * Paths:   normalised: no leading slash, no ".", "..", or empty part; "" is the root.
 * Errors:  decoding answers PW_CORRUPT for bytes that are not such facts, PW_UNSUPPORTED for
 *          another version, PW_TOO_LARGE past a ceiling. Bytes are hostile until decoded:
 *          text comes out as UTF-8 without control characters, hashes strictly ascending.
 * Memory:  decoded facts live in the arena and borrow nothing from the encoded bytes.
 * Threads: pure.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "model/inventory.h"

/* What an evidence file is to the image. */
enum evidence_role {
    ROLE_DATABASE,  /* lists the operating system's packages */
    ROLE_LANGUAGE,  /* is one or more language packages */
    ROLE_OWNERSHIP, /* says which paths an OS package owns, nothing else */
};

/* Paths that an OS package owns, as far as a language reader or a gap could care. */
struct ownership {
    str       package; /* name, without architecture */
    uint64_t *paths;   /* str_hash, in the file's order */
    size_t    path_count;
};

struct evidence {
    enum evidence_role role;
    str                analyzer; /* "os/dpkg" */
    str                path;
    struct package    *packages; /* their path is the evidence's */
    size_t             package_count;
    struct ownership  *owners;
    size_t             owner_count;
};

enum os_file_kind {
    OS_FILE_RELEASE,          /* os-release */
    OS_FILE_ALPINE_RELEASE,   /* etc/alpine-release: version_id */
    OS_FILE_DEBIAN_VERSION,   /* etc/debian_version: version_id */
    OS_FILE_APK_REPOSITORIES, /* version_id: the highest release, "v3.18" or "edge" */
};

struct os_file {
    enum os_file_kind kind;
    str               path;
    str               id, version_id, name, codename;
};

struct fact_link {
    str path, target; /* target as written */
};

struct hash_set {
    uint64_t *hashes; /* str_hash of paths, strictly ascending */
    size_t    count;
};

struct layer_facts {
    str                format; /* "gzip", "zstd", "tar", ... */
    uint64_t           inflated_bytes, entries;
    struct evidence   *evidence; /* one per path */
    size_t             evidence_count;
    struct os_file    *os_files;
    size_t             os_file_count;
    struct fact_link  *links; /* symbolic links that may lead to a database */
    size_t             link_count;
    struct incomplete *gaps; /* files that no reader reads: path, reason, kind */
    size_t             gap_count;
    struct incomplete *incomplete; /* what kept the layer from being read whole */
    size_t             incomplete_count;
    struct hash_set    files;     /* every member that is no directory */
    struct hash_set    dirs;      /* every directory */
    struct hash_set    whiteouts; /* paths removed from lower layers */
    struct hash_set    opaques;   /* directories whose lower content is hidden */
};

pw_code facts_encode(const struct layer_facts *facts, struct buf *out, struct err *err);
/* facts_decode: inventory/inventory.h */

bool hash_set_has(const struct hash_set *set, uint64_t hash);
/* Text as it may be shown: UTF-8, no control characters; a copy in the arena when it had to be
 * changed. ptr NULL: out of memory. */
str facts_clean_text(struct arena *arena, str text);
