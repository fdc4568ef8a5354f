/* distro.c - see distro.h. */
#include "inventory/distro.h"

static const struct {
    str id, family;
} families[] = {
    {STR_INIT("debian"), STR_INIT("Debian")},         {STR_INIT("ubuntu"), STR_INIT("Ubuntu")},
    {STR_INIT("alpine"), STR_INIT("Alpine")},         {STR_INIT("wolfi"), STR_INIT("Wolfi")},
    {STR_INIT("chainguard"), STR_INIT("Chainguard")},
};

static const struct {
    str      codename;
    unsigned major;
} debian_names[] = {
    {STR_INIT("wheezy"), 7},  {STR_INIT("jessie"), 8},    {STR_INIT("stretch"), 9},
    {STR_INIT("buster"), 10}, {STR_INIT("bullseye"), 11}, {STR_INIT("bookworm"), 12},
    {STR_INIT("trixie"), 13}, {STR_INIT("forky"), 14},    {STR_INIT("duke"), 15},
};

str distro_family(str os_id, str fallback) {
    EACH (family, families)
        if (str_eq(family->id, os_id))
            return family->family;
    return fallback;
}

/* The digits at the front. */
static str leading_number(str text) {
    size_t n = 0;

    while (n < text.len && text.ptr[n] >= '0' && text.ptr[n] <= '9')
        n++;
    return str_sub(text, 0, n);
}

/* "12", "12.5" -> 12; "trixie/sid", "trixie" -> 13; 0 when neither. */
static unsigned debian_major(str version) {
    uint64_t major;
    str      name;

    if (str_to_u64(leading_number(version), 9999, &major))
        return (unsigned)major;
    (void)str_cut(&version, '/', &name);
    EACH (known, debian_names)
        if (str_eq(known->codename, name))
            return known->major;
    return 0;
}

static str debian_stream(struct arena *arena, const struct distro_files *files,
                         const struct os_release *os) {
    unsigned major = debian_major(os->version_id);

    if (major == 0 && files->release != NULL)
        major = debian_major(files->release->codename);
    if (major == 0 && files->debian_version != NULL)
        major = debian_major(files->debian_version->version_id);
    return major == 0 ? STR("") : arena_strf(arena, "Debian:%u", major);
}

/* "22.04" -> year 22, month 04. */
static bool ubuntu_release(str version, uint64_t *ret_year, str *ret_month) {
    str year;

    if (!str_cut(&version, '.', &year) || !str_to_u64(year, 99, ret_year))
        return false;
    *ret_month = leading_number(version);
    return ret_month->len == 2;
}

static str ubuntu_stream(struct arena *arena, const struct os_release *os) {
    uint64_t year;
    str      month;
    bool     long_term;

    if (!ubuntu_release(os->version_id, &year, &month))
        return STR("");
    long_term = year % 2 == 0 && (str_eq(month, STR("04")) || year == 6);
    return arena_strf(arena, "Ubuntu:%u." STR_FMT "%s", (unsigned)year, STR_ARG(month),
                      long_term ? ":LTS" : "");
}

static str alpine_stream(struct arena *arena, const struct distro_files *files,
                         const struct os_release *os) {
    str      version = os->version_id, major;
    uint64_t first, second;

    if (files->repositories != NULL && !str_empty(files->repositories->version_id))
        return arena_strf(arena, "Alpine:" STR_FMT, STR_ARG(files->repositories->version_id));
    if (str_find(version, STR("_alpha")) != STR_NPOS || str_eq(version, STR("edge")))
        return STR("Alpine:edge");
    if (!str_cut(&version, '.', &major) || !str_to_u64(major, 999, &first) ||
        !str_to_u64(leading_number(version), 999, &second))
        return STR("");
    return arena_strf(arena, "Alpine:v%u.%u", (unsigned)first, (unsigned)second);
}

static str stream_of(struct arena *arena, const struct distro_files *files,
                     const struct os_release *os) {
    if (str_eq(os->id, STR("debian")))
        return debian_stream(arena, files, os);
    if (str_eq(os->id, STR("ubuntu")))
        return ubuntu_stream(arena, os);
    if (str_eq(os->id, STR("alpine")))
        return alpine_stream(arena, files, os);
    /* rolling: one stream without a release */
    if (str_eq(os->id, STR("wolfi")) || str_eq(os->id, STR("chainguard")))
        return distro_family(os->id, STR(""));
    return STR("");
}

static void take_file(struct os_release *os, const struct os_file *file, str id, str name) {
    os->id = id;
    os->version_id = file->version_id;
    os->name = name;
    os->path = file->path;
}

pw_code distro_identify(struct arena *arena, const struct distro_files *files,
                        struct os_release *ret_os, struct err *err) {
    struct os_release os = {0};

    if (files->release != NULL && !str_empty(files->release->id))
        take_file(&os, files->release, files->release->id, files->release->name);
    else if (files->alpine_release != NULL)
        take_file(&os, files->alpine_release, STR("alpine"), STR("Alpine Linux"));
    else if (files->debian_version != NULL)
        take_file(&os, files->debian_version, STR("debian"), STR("Debian GNU/Linux"));
    if (str_empty(os.version_id) && str_eq(os.id, STR("alpine")) && files->alpine_release != NULL)
        os.version_id = files->alpine_release->version_id;
    if (str_empty(os.version_id) && str_eq(os.id, STR("debian")) && files->debian_version != NULL)
        os.version_id = files->debian_version->version_id;
    os.ecosystem = stream_of(arena, files, &os);
    if (os.ecosystem.ptr == NULL)
        return arena_error(arena, err);
    *ret_os = os;
    return PW_OK;
}
