/* schemes.c - the list of version schemes, and which ecosystem uses which. */
#include "version/members.h"

const struct version_scheme *const version_schemes[] = {
    &deb_scheme, &apk_scheme, &semver_scheme, &pep440_scheme, NULL,
};

static const struct {
    str                          ecosystem;
    const struct version_scheme *scheme;
} ecosystems[] = {
    {STR_INIT("Debian"), &deb_scheme},     {STR_INIT("Ubuntu"), &deb_scheme},
    {STR_INIT("Alpine"), &apk_scheme},     {STR_INIT("Wolfi"), &apk_scheme},
    {STR_INIT("Chainguard"), &apk_scheme}, {STR_INIT("npm"), &semver_scheme},
    {STR_INIT("Go"), &semver_scheme},      {STR_INIT("crates.io"), &semver_scheme},
    {STR_INIT("PyPI"), &pep440_scheme},
};

const struct version_scheme *version_scheme_of(str ecosystem) {
    str family = str_sub(ecosystem, 0, str_find_char(ecosystem, ':'));

    for (size_t i = 0; i < sizeof ecosystems / sizeof ecosystems[0]; i++)
        if (str_eq(family, ecosystems[i].ecosystem))
            return ecosystems[i].scheme;
    return NULL;
}
