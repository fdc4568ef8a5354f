#pragma once
/*
 * feed_file.h - the documents of a feed, wherever they are: one file, a compressed one, a zip, a tar
 * (compressed or not), or a folder with any of these.
 *
 * Gives:   every document as a name and a stream of its plain bytes. Names are relative: the path
 *          below the folder, the name inside the archive, or the file's own name without .gz, .xz,
 *          .zst, .bz2. Folders are walked in the order of their names; links below them are not
 *          followed. The kind of a file is told from its bytes.
 * Limits:  LIMIT_FEED_BYTES inflated per file, LIMIT_FEED_RATIO, LIMIT_FEED_DEPTH folders deep.
 * Errors:  say which file (and entry). Errors of the visitor pass through and end the walk.
 * Memory:  1 MiB and the names of one folder at a time.   Threads: pure.
 */
#include "format/pull_source.h"

struct feed_visitor {
    void *ctx;
    bool (*wants)(void *ctx, str name); /* NULL: everything. Asked before anything is inflated */
    pw_code (*each)(void *ctx, str name, struct pull_source bytes, struct err *err);
};

pw_code feed_file_walk(const char *path, const struct feed_visitor *visitor, struct err *err);
