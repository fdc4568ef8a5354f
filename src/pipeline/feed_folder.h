#pragma once
/*
 * feed_folder.h - an import as feed_import_path does it, of documents that came from elsewhere. Private
 * to feed_import.c and feed_fetch.c.
 */
#include "pipeline/feed_import.h"

/* `source` is what people are told; err may not be NULL. */
pw_code feed_import_folder(const struct feed_import_options *options, const char *path,
                           const char *source, struct feed_import_report *ret_report,
                           struct err *err);
