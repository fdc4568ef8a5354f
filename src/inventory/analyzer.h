#pragma once
/*
 * analyzer.h - what a reader of one kind of package evidence is.
 *
 * The walk (layer.c) opens, limits and closes; an analyzer says which members it wants by name
 * and turns their bytes into packages. One list: analyzers.c.
 */
#include "inventory/collect.h"

struct entry {
    str      path; /* normalised */
    uint64_t size;
    unsigned mode;
};

struct analyzer {
    const char *name;       /* "os/dpkg": stored with every package it gives */
    unsigned    version;    /* raised when its answers change: stored layers are read again */
    size_t      most_bytes; /* of one member; larger ones are "incomplete: ceiling" */
    bool (*wants)(const struct entry *entry); /* asked before a byte is read */
    enum evidence_role (*role)(const struct entry *entry);
    /* Bytes that break their grammar are collect_incomplete, not errors. */
    pw_code (*read)(struct collect *out, const struct entry *entry, str bytes, struct err *err);
};

extern const struct analyzer *const analyzers[]; /* NULL at the end */

extern const struct analyzer dpkg_analyzer, apk_analyzer, npm_analyzer, pypi_analyzer,
    release_analyzer;

/* A helper for all: the file breaks its grammar. */
static inline void analyzer_damaged(struct collect *out, const struct entry *entry, str reason) {
    collect_incomplete(out, "damaged", entry->path, reason);
}
