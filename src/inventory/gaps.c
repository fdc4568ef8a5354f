/* gaps.c - see gaps.h. Names first, then programs by their content. */
#include "inventory/gaps.h"

#include <elf.h>
#include <endian.h>

#include "base/macros.h"
#include "inventory/paths.h"

/* --- by name --- */

static const struct gap_rule rpm = {"rpm-database",
                                    "the rpm package database is not read by this version"};
static const struct gap_rule other_os = {
    "unread-database", "this system's package database is not read by this version"};
static const struct gap_rule jar = {"jar", "Java archives are not read by this version"};
static const struct gap_rule gem = {"unread-language", "Ruby gems are not read by this version"};
static const struct gap_rule composer = {"unread-language",
                                         "PHP Composer packages are not read by this version"};
static const struct gap_rule dotnet = {"unread-language",
                                       ".NET packages are not read by this version"};
static const struct gap_rule egg = {"unread-language",
                                    "zipped Python eggs are not read by this version"};
static const struct gap_rule conda = {"unread-language",
                                      "Conda packages are not read by this version"};
static const struct gap_rule yarn = {"unread-language",
                                     "packages in a Yarn cache are not read by this version"};
static const struct gap_rule go = {"go-binary",
                                   "Go modules inside programs are not read by this version"};
static const struct gap_rule rust = {"rust-binary",
                                     "Rust crates inside programs are not read by this version"};

static const struct {
    str                    path; /* the whole path */
    const struct gap_rule *rule;
} places[] = {
    {STR_INIT("var/lib/rpm/Packages"), &rpm},
    {STR_INIT("var/lib/rpm/Packages.db"), &rpm},
    {STR_INIT("var/lib/rpm/rpmdb.sqlite"), &rpm},
    {STR_INIT("usr/lib/sysimage/rpm/Packages"), &rpm},
    {STR_INIT("usr/lib/sysimage/rpm/Packages.db"), &rpm},
    {STR_INIT("usr/lib/sysimage/rpm/rpmdb.sqlite"), &rpm},
    {STR_INIT("usr/share/rpm/Packages"), &rpm},
    {STR_INIT("usr/share/rpm/Packages.db"), &rpm},
    {STR_INIT("usr/share/rpm/rpmdb.sqlite"), &rpm},
    {STR_INIT("var/lib/rpmmanifest/container-manifest-2"), &rpm},
    {STR_INIT("usr/lib/opkg/status"), &other_os},
    {STR_INIT("var/lib/opkg/status"), &other_os},
    {STR_INIT("var/lib/chisel/manifest.wall"), &other_os},
    {STR_INIT("var/lib/pacman/local/ALPM_DB_VERSION"), &other_os},
    {STR_INIT("var/lib/portage/world"), &other_os},
    {STR_INIT("nix/var/nix/db/db.sqlite"), &other_os},
};

static const struct gap_rule *by_folder(str path) {
    if (str_ends(path, STR(".gemspec")) && str_find(path, STR("specifications/")) != STR_NPOS)
        return &gem;
    if (paths_ends(path, STR("vendor/composer/installed.json")))
        return &composer;
    if (str_ends(path, STR(".deps.json")))
        return &dotnet;
    if (str_ends(path, STR(".json")) && paths_parent_is(path, STR("conda-meta")))
        return &conda;
    if (str_ends(path, STR(".zip")) && paths_ends(paths_parent(path), STR(".yarn/cache")))
        return &yarn;
    if (str_ends(path, STR(".egg")))
        return &egg;
    return paths_is_archive(path) ? &jar : NULL;
}

const struct gap_rule *gaps_of_path(str path) {
    EACH (place, places)
        if (str_eq(place->path, path))
            return place->rule;
    return by_folder(path);
}

/* --- by content --- */

/* Where the content of the last loaded segment ends; 0 when the header is not understood. */
static uint64_t loaded_end(const unsigned char *head, size_t n) {
    Elf64_Ehdr elf;
    uint64_t   end = 0;

    if (n < sizeof elf || head[EI_CLASS] != ELFCLASS64 || head[EI_DATA] != ELFDATA2LSB)
        return 0;
    memcpy(&elf, head, sizeof elf);
    for (unsigned i = 0; i < le16toh(elf.e_phnum); i++) {
        uint64_t   at = le64toh(elf.e_phoff) + (uint64_t)i * sizeof(Elf64_Phdr);
        Elf64_Phdr segment;
        uint64_t   last;

        if (at > n || n - at < sizeof segment)
            break;
        memcpy(&segment, head + at, sizeof segment);
        if (le32toh(segment.p_type) != PT_LOAD ||
            __builtin_add_overflow(le64toh(segment.p_offset), le64toh(segment.p_filesz), &last))
            continue;
        end = MAX_OF(end, last);
    }
    return end;
}

/* Go's build information begins at a multiple of 16 in the file: section .go.buildinfo. */
static bool has_go_mark(const struct program *program, const unsigned char *bytes, size_t n) {
    static const unsigned char mark[14] = "\xff Go buildinf:";
    size_t                     first = (16 - program->at % 16) % 16;

    for (size_t i = first; i + sizeof mark <= n; i += 16)
        if (bytes[i] == mark[0] && memcmp(bytes + i, mark, sizeof mark) == 0)
            return true;
    return false;
}

/* cargo-auditable's section is named where no loaded content is. */
static bool has_rust_mark(struct program *program, const unsigned char *bytes, size_t n) {
    static const char mark[] = ".dep-v0";
    char              seam[sizeof program->carry + sizeof mark];
    size_t            part = MIN_OF(n, sizeof mark);
    bool              found;

    if (program->loaded == 0 || program->at + n <= program->loaded)
        return false;
    memcpy(seam, program->carry, program->carry_len);
    memcpy(seam + program->carry_len, bytes, part);
    found = memmem(seam, program->carry_len + part, mark, sizeof mark) != NULL ||
            memmem(bytes, n, mark, sizeof mark) != NULL;
    program->carry_len = MIN_OF(n, sizeof program->carry);
    memcpy(program->carry, bytes + n - program->carry_len, program->carry_len);
    return found;
}

void program_feed(struct program *program, const void *bytes, size_t n) {
    if (program->at == 0) {
        program->is_elf = n >= 64 && memcmp(bytes, ELFMAG, SELFMAG) == 0;
        program->loaded = program->is_elf ? loaded_end(bytes, n) : 0;
    }
    if (program->is_elf && !program->is_go)
        program->is_go = has_go_mark(program, bytes, n);
    if (program->is_elf && !program->is_rust && n > 0)
        program->is_rust = has_rust_mark(program, bytes, n);
    program->at += n;
}

bool program_goes_on(const struct program *program) {
    return program->at == 0 || (program->is_elf && !program->is_go && !program->is_rust);
}

const struct gap_rule *program_gap(const struct program *program) {
    if (program->is_go)
        return &go;
    return program->is_rust ? &rust : NULL;
}
