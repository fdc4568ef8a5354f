#pragma once
/*
 * inventory.h - the packages of a whole image, layers stacked.
 *
 * Coverage rule: an image is *unscanned* when nothing in it could be read or judged, *partly
 * scanned* when some of it could, *scanned* when everything was. Only a scanned image whose
 * ecosystems all have a complete, fresh feed may be called healthy.
 */
#include "model/package.h"

enum coverage { COVERAGE_UNSCANNED, COVERAGE_PARTIAL, COVERAGE_FULL };

struct inventory {
    struct os_release  os;
    struct package    *packages; /* sorted by ecosystem, name, version, arch, path */
    size_t             package_count;
    struct incomplete *incomplete;
    size_t             incomplete_count;
    enum coverage      coverage; /* by what was read; feeds may lower it later */
};
