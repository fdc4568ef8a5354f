#pragma once
/*
 * serve.h - the process: opens everything in order, waits for a signal, closes in reverse.
 *
 * One folder has one server (DATA/lock). SIGTERM and SIGINT stop it: no new connections, what runs is
 * finished within stop_seconds; a second signal ends the process at once (everything acknowledged is
 * on disk). systemd is told when it is ready and when it stops (NOTIFY_SOCKET).
 * Threads: the main thread only; the sandbox is started before there are any others.
 */
#include "server/config.h"

struct serve_options {
    const struct config *config;
    const char          *data;
    const char          *listen;                                  /* NULL: the configured one */
    void (*ready)(void *ctx, const char *address, unsigned port); /* listens; may be NULL */
    void *ctx;
};
pw_code serve_run(const struct serve_options *options, struct err *err);
