#pragma once
/*
 * migrate.h - brings a database step by step to this build's schema.
 *
 * Each step is a numbered text of sql/migrations and runs in its own transaction together with its
 * row in schema_version: a crash leaves a whole number of steps, and the next start goes on.
 *
 * Errors: PW_UNSUPPORTED when the database was written by a newer build, or when it is older and
 *         may not be changed (read-only).   Threads: one process at a time, others wait.
 */
#include "store/backend.h"

struct migrate_db {
    void        *ctx;
    enum dialect dialect;
    bool         read_only;
    const char  *begin;  /* starts a transaction that excludes every other migration */
    const char  *exists; /* 1 when there is a table schema_version */
    pw_code (*exec)(void *ctx, const char *sql, struct err *err);
    /* the first column of the first row */
    pw_code (*number)(void *ctx, const char *sql, int64_t *ret_number, struct err *err);
};

/* *ret_steps: how many were taken. */
pw_code migrate_run(const struct migrate_db *db, const struct backend_schema *schema, int64_t now,
                    int *ret_steps, struct err *err);
