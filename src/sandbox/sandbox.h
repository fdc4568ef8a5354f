#pragma once
/*
 * sandbox.h - runs the layer reader on hostile bytes in a locked-down child.
 *
 * One zygote process (this program re-executed through /proc/self/exe over a socketpair) forks a
 * child per layer. The child gets the bytes by a read-only descriptor (pread), is told by an event
 * counter how far the file has grown, and answers facts by pipe. It has no file system, network,
 * exec or fork; memory, time and output are bounded. When the zygote dies it is started again and
 * the readings under way end with PW_CANCELLED, to be queued again by the caller.
 *
 * Threads: every call is safe from any thread. sandbox_open must run before the program's other
 * threads hold descriptors that are not close-on-exec. A reading belongs to one caller at a time,
 * but reading_grew may run beside reading_finish.
 */
#include "base/buf.h"

struct sandbox;
struct reading;

struct sandbox_status {
    int      landlock_abi; /* 0: not available (then sandbox_open fails) */
    bool     namespaces;   /* user, net, pid, mount, ipc, uts namespaces are in force */
    char     why_no_namespaces[128];
    unsigned uid;        /* of zygote and children; 0: could not become nobody here */
    int      zygote_pid; /* 0: being started again */
    unsigned restarts;   /* how often the zygote died */
    unsigned children;   /* readings under way */
};

/* Zero fields take their default from base/limits.h; tests bring smaller ones. */
struct sandbox_options {
    unsigned children;     /* readings at once at most, at least 1 */
    double   idle_seconds; /* a child that waits longer for more bytes is ended */
    double   wall_seconds; /* one reading from begin to end */
    unsigned cpu_seconds;
    size_t   memory_bytes;
    size_t   facts_bytes; /* the longest answer */
};

/* `children` at once at most. PW_UNSUPPORTED when Landlock or seccomp are missing. */
pw_code sandbox_open(unsigned children, struct sandbox **ret_sandbox, struct err *err);
pw_code sandbox_open_with(const struct sandbox_options *options, struct sandbox **ret_sandbox,
                          struct err *err);
/* Ends children and zygote; accepts NULL. Readings not yet finished end with PW_CANCELLED. */
void sandbox_close(struct sandbox *sandbox);
void sandbox_status(struct sandbox *sandbox, struct sandbox_status *ret_status);

/* Begins to read the layer in fd (borrowed: duplicated before return). `length` bytes are there;
 * `complete`: and no more will come. Waits for nothing: PW_BUSY when all children are taken. */
pw_code sandbox_begin(struct sandbox *sandbox, int fd, uint64_t length, bool complete,
                      struct reading **ret_reading, struct err *err);
/* The file has grown to `length` (never blocks) / will not grow any more. */
void reading_grew(struct reading *reading, uint64_t length);
void reading_complete(struct reading *reading, uint64_t length);
/* The encoded facts, added to `facts` (inventory/facts.h decodes them; they are hostile until
 * decoded). Waits for the end of the reading; ends and frees it whatever it returns.
 * PW_TIMEOUT: starved or too slow; PW_CORRUPT: the child died or answered nonsense (the err says
 * how); PW_IO: the file could not be read; PW_CANCELLED: the zygote died or the sandbox closed. */
pw_code reading_finish(struct reading *reading, struct buf *facts, struct err *err);
void    reading_cancel(struct reading *reading); /* frees it; accepts NULL */

/* The entry point of the re-executed program: `portwarden` calls this first in main() and returns
 * its value when *ret_is_zygote is set. */
int sandbox_zygote_main(int argc, char **argv, bool *ret_is_zygote);
