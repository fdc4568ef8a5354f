/* analyzers.c - the list of all readers; a new one is one file and one line here. */
#include "inventory/analyzer.h"
#include "inventory/inventory.h"

const struct analyzer *const analyzers[] = {
    &dpkg_analyzer, &apk_analyzer, &npm_analyzer, &pypi_analyzer, &release_analyzer, NULL,
};

/* Raised with any analyzer's version, with gaps.c and with what layer.c keeps. */
const unsigned inventory_reader_version = 2;
