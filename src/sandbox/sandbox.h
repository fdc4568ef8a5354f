#pragma once
/*
 * sandbox.h - runs the layer reader on hostile bytes in a locked-down child.
 *
 * One zygote process (this program re-executed through /proc/self/exe over a socketpair) forks a
 * child per layer. The child gets the bytes by a read-only descriptor (pread), is told by pipe how
 * far the file has grown, and answers facts by pipe. It has no file system, network, exec or fork;
 * memory, time and output are bounded. When the zygote dies it is started again and the readings
 * under way end with PW_CANCELLED, to be queued again by the caller.
 *
 * Threads: every call is safe from any thread. sandbox_open must run on the main thread.
 */
#include "base/buf.h"

struct sandbox;
struct reading;

struct sandbox_status {
    int  landlock_abi;       /* 0: not available (then sandbox_open fails) */
    bool namespaces;         /* user, net, pid, mount, ipc namespaces are in force */
    char why_no_namespaces[128];
};

/* `children` at once at most. PW_UNSUPPORTED when Landlock or seccomp are missing. */
pw_code sandbox_open(unsigned children, struct sandbox **ret_sandbox, struct err *err);
void    sandbox_close(struct sandbox *sandbox); /* ends children and zygote */
void    sandbox_status(struct sandbox *sandbox, struct sandbox_status *ret_status);

/* Begins to read the layer in fd (borrowed: duplicated before return). `length` bytes are there;
 * `complete`: and no more will come. Waits for nothing: PW_BUSY when all children are taken. */
pw_code sandbox_begin(struct sandbox *sandbox, int fd, uint64_t length, bool complete,
                      struct reading **ret_reading, struct err *err);
/* The file has grown to `length` (never blocks) / will not grow any more. */
void reading_grew(struct reading *reading, uint64_t length);
void reading_complete(struct reading *reading, uint64_t length);
/* The encoded facts (inventory/facts.h decodes them; they are hostile until decoded). Ends and
 * frees the reading whatever it returns. PW_TIMEOUT: starved or too slow; PW_CORRUPT: the child
 * died or answered nonsense (the err says how); PW_CANCELLED: the zygote died. */
pw_code reading_finish(struct reading *reading, struct buf *facts, struct err *err);
void    reading_cancel(struct reading *reading); /* frees it */

/* The entry point of the re-executed program: `portwarden` calls this first in main() and returns
 * its value when *ret_is_zygote is set. */
int sandbox_zygote_main(int argc, char **argv, bool *ret_is_zygote);
