#pragma once
/*
 * paths.h - questions about normalised paths (no leading slash, no empty parts).
 *
 * Threads: pure. Memory: none.
 */
#include "base/str.h"

str paths_base(str path);   /* the last part */
str paths_parent(str path); /* what is before it, "" for a part of the root */
/* Is `path` below a folder with this last part, at this height? paths_parent_is("a/b/c", "b") */
bool paths_parent_is(str path, str base);
/* Is `path` equal to `tail`, or does it end in "/" and `tail`? */
bool paths_ends(str path, str tail);

/* package.json of an installed npm package: node_modules/x, node_modules/@s/x, nodejs/x. */
bool paths_is_npm(str path);
bool paths_is_pypi(str path);
bool paths_is_archive(str path); /* jar, war, ear and their like */
/* Could a language reader or a gap speak of this path? Decides which owned paths are kept. */
bool paths_may_matter(str path);
/* bin/, sbin/, lib*: may stand below usr/ in a merged tree. */
bool paths_is_merged_into_usr(str path);
/* Could a symbolic link here lead to a package database or release file? */
bool paths_link_matters(str path);
