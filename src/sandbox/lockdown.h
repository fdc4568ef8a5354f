#pragma once
/*
 * lockdown.h - takes everything from the calling process but arithmetic and three descriptors.
 *
 * Afterwards it can pread LOCKDOWN_LAYER_FD, read LOCKDOWN_CONTROL_FD, write LOCKDOWN_RESULT_FD,
 * get anonymous memory up to its ceiling, ask the time and exit. Any other system call kills it.
 * Order matters: ids, death signal, dumpable, no_new_privs, Landlock, limits, seccomp last.
 * Threads: the process must have one.
 */
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

enum { LOCKDOWN_LAYER_FD = 3, LOCKDOWN_CONTROL_FD = 4, LOCKDOWN_RESULT_FD = 5 };

struct lockdown_limits {
    uint64_t memory_bytes; /* address space */
    unsigned cpu_seconds;
};

/* PW_UNSUPPORTED: this kernel lacks a mandatory part. */
pw_code lockdown_apply(const struct lockdown_limits *limits, struct err *err);

/* Gives up capabilities for good, becomes nobody when it was root (where the container allows it),
 * and forbids getting anything back; for the zygote, before its first child. */
pw_code lockdown_drop_privileges(struct err *err);
/* Denies all file system and network access that Landlock of this kernel can deny. */
pw_code lockdown_landlock(struct err *err);
int     lockdown_landlock_abi(void); /* 0: no Landlock */

/* System calls allowed on top because the program is built with sanitizers; 0 in a release. */
extern const size_t lockdown_extra_calls;
