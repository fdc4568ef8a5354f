/*
 * spawn.c - starts the zygote: posix_spawn, because the caller has threads and much memory.
 *
 * The zygote inherits one socket and standard error, its own session (a terminal's Ctrl-C is not
 * for it) and next to nothing of the environment: secrets may live there.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "sandbox/protocol.h"
#include "sandbox/state.h"

enum { ENVIRONMENT_MAX = 8 };

extern char **environ;

/* Where libraries are found, and how sanitizers report; nothing else. */
static void pick_environment(char *out[ENVIRONMENT_MAX]) {
    static const char *const kept[] = {
        "LD_LIBRARY_PATH=", "LD_PRELOAD=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS="};
    size_t count = 0;

    for (char **one = environ; one != NULL && *one != NULL; one++)
        EACH (name, kept)
            if (count < ENVIRONMENT_MAX - 1 && strncmp(*one, *name, strlen(*name)) == 0)
                out[count++] = *one;
    out[count] = NULL;
}

static int prepare_actions(posix_spawn_file_actions_t *actions, int socket) {
    int bad = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", 0, 0);

    if (bad == 0)
        bad = posix_spawn_file_actions_adddup2(actions, STDIN_FILENO, STDOUT_FILENO);
    if (bad == 0)
        bad = posix_spawn_file_actions_adddup2(actions, socket, PROTOCOL_SOCKET_FD);
    return bad;
}

static int prepare_attributes(posix_spawnattr_t *attributes) {
    sigset_t signals;
    int      bad;

    sigemptyset(&signals);
    bad = posix_spawnattr_setsigmask(attributes, &signals);
    sigfillset(&signals);
    if (bad == 0)
        bad = posix_spawnattr_setsigdefault(attributes, &signals);
    if (bad == 0)
        bad = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                       POSIX_SPAWN_SETSID);
    return bad;
}

pw_code spawn_zygote(int *ret_socket, pid_t *ret_pid, struct err *err) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t          attributes;
    char                      *argv[] = {(char *)"portwarden", (char *)PROTOCOL_MARKER, NULL};
    char                      *envp[ENVIRONMENT_MAX];
    int                        pair[2], bad;
    pid_t                      pid = 0;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return err_errno(err, "cannot make the sandbox's socket");
    pick_environment(envp);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    bad = prepare_actions(&actions, pair[1]);
    if (bad == 0)
        bad = prepare_attributes(&attributes);
    if (bad == 0)
        bad = posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, argv, envp);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(pair[1]);
    if (bad != 0) {
        close(pair[0]);
        errno = bad;
        return err_errno(err, "cannot start the sandbox (/proc/self/exe)");
    }
    *ret_socket = pair[0];
    *ret_pid = pid;
    return PW_OK;
}
