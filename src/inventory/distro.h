#pragma once
/*
 * distro.h - which distribution an image is, and which advisory stream that means.
 *
 * Spec:    os-release(5); Alpine's stream is the highest release of etc/apk/repositories; Debian's
 *          is the major number (a code name for testing and unstable); OSV ecosystem names.
 * Gives:   an empty id when no distribution was found; an empty ecosystem when no stream is known.
 * Memory:  in the arena or borrowed from the files.   Threads: pure.
 */
#include "inventory/facts.h"

/* The files that stand in the image, NULL where there is none. */
struct distro_files {
    const struct os_file *release;        /* etc/os-release, else usr/lib/os-release */
    const struct os_file *alpine_release; /* etc/alpine-release */
    const struct os_file *debian_version; /* etc/debian_version */
    const struct os_file *repositories;   /* etc/apk/repositories */
};

pw_code distro_identify(struct arena *arena, const struct distro_files *files,
                        struct os_release *ret_os, struct err *err);

/* "Debian" for packages of dpkg on "debian": the ecosystem family without a release. `fallback`
 * ("deb", "apk") when the distribution has no advisories of its own here. */
str distro_family(str os_id, str fallback);
