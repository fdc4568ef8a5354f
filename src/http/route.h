#pragma once
/*
 * route.h - which row of the route table serves a path.
 *
 * Patterns are compared segment by segment from the right: a literal is more specific than
 * "{name}", "{name}" more than "{name*}"; so the last keyword of a path decides, and a repository
 * may be called "blobs/uploads". Equal patterns are decided by the order of the table. A pattern
 * that begins with "~" compares its literals in any letter case (Azure paths).
 * Errors:  route_table_new: PW_INVALID names the pattern that is wrong.
 * Memory:  the rows are borrowed for the life of the table.   Threads: pure once built.
 */
#include "base/limits.h"
#include "http/server.h"
#include "http/target.h"

struct route_table;

struct route_param {
    str name, value;
};

struct route_match {
    const struct http_route *row;        /* NULL: none */
    bool                     path_known; /* another method would have been served */
    struct route_param       params[LIMIT_ROUTE_PARAMS];
    unsigned                 param_count;
    char                     allow[96]; /* when path_known and row is NULL */
};

pw_code route_table_new(const struct http_route *rows, size_t count, struct route_table **ret_table,
                        struct err *err);
void    route_table_free(struct route_table *table);
void    route_find(const struct route_table *table, str method, const struct target *target,
                   struct arena *arena, struct route_match *ret_match);
