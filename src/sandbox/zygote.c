/*
 * zygote.c - the process that forks children: small, single-threaded, without privileges.
 *
 * It warms every library first, because a child can open nothing; then proves once that a child
 * can be locked down, says hello, and serves until its socket closes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "inventory/inventory.h"
#include "sandbox/child.h"
#include "sandbox/lockdown.h"
#include "sandbox/sandbox.h"

#define ALL_NAMESPACES                                                                             \
    (CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)

enum { CHILDREN_MAX = 256, PROOF_SECONDS = 5 };

struct zygote_child {
    uint64_t id;
    pid_t    pid; /* 0: the place is free */
};

struct zygote {
    uint64_t            namespaces; /* clone flags that work here, or 0 */
    int                 signals;    /* signalfd of SIGCHLD */
    int                 life[2];    /* a pipe: its write end closes when the zygote dies */
    struct zygote_child children[CHILDREN_MAX];
};

/* fork(2) with namespaces; the process has one thread, so the bare call is enough. */
static pid_t spawn(uint64_t flags) {
    struct clone_args args = {.flags = flags, .exit_signal = SIGCHLD};

    return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

static pid_t spawn_plain(void) {
    pid_t pid = spawn(0);

    /* A container's filter may answer clone3 with ENOSYS while fork is fine. */
    return pid < 0 && errno == ENOSYS ? fork() : pid;
}

static void say(const struct report *report) {
    ssize_t n;

    do {
        n = send(PROTOCOL_SOCKET_FD, report, sizeof *report, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        _exit(0); /* the parent is gone; children die with us */
}

/* --- start --- */

static void probe_namespaces(struct zygote *zygote, struct report *hello) {
    int   status = 0;
    pid_t pid = spawn(ALL_NAMESPACES);

    if (pid == 0)
        _exit(0);
    if (pid < 0) {
        snprintf(hello->text, sizeof hello->text, "clone3 with namespaces: %s", strerror(errno));
        return;
    }
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        snprintf(hello->text, sizeof hello->text, "a child in new namespaces did not live");
        return;
    }
    zygote->namespaces = ALL_NAMESPACES;
    hello->namespaces = 1;
}

/* One child locks itself down, proves that it still lives, and then does what it must not. */
_Noreturn static void prove_in_child(int result_fd) {
    struct lockdown_limits limits = {LIMIT_CHILD_MEMORY, PROOF_SECONDS};
    struct err             err = ERR_NONE;
    int                    fds[PROTOCOL_START_FDS] = {result_fd, result_fd, result_fd};

    if (child_place_fds(fds, &err) != PW_OK || lockdown_apply(&limits, &err) != PW_OK) {
        (void)fd_write_all(LOCKDOWN_RESULT_FD, err.text, strlen(err.text), NULL);
        _exit(1);
    }
    (void)fd_write_all(LOCKDOWN_RESULT_FD, "", 1, NULL);
    (void)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
    _exit(1);
}

static bool prove_lockdown(const struct zygote *zygote, struct report *hello) {
    char    text[sizeof hello->text] = "a locked-down child died before it could answer";
    int     pipes[2], status = 0;
    ssize_t n;
    pid_t   pid;

    if (pipe2(pipes, O_CLOEXEC) != 0)
        return false;
    pid = zygote->namespaces ? spawn(zygote->namespaces) : spawn_plain();
    if (pid == 0)
        prove_in_child(pipes[1]);
    close(pipes[1]);
    n = pid > 0 ? read(pipes[0], text, sizeof text - 1) : -1;
    close(pipes[0]);
    if (pid > 0)
        (void)waitpid(pid, &status, 0);
    if (n == 1 && text[0] == '\0' && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        return true;
    if (n > 1)
        text[n] = '\0';
    else if (n == 1)
        snprintf(text, sizeof text, "the system call filter did not stop a forbidden call");
    snprintf(hello->text, sizeof hello->text, "%s", text);
    return false;
}

static void prepare(struct zygote *zygote, struct report *hello) {
    struct err err = ERR_NONE;

    hello->landlock_abi = lockdown_landlock_abi();
    /* libarchive converts names by the locale's rules; C.UTF-8 is part of every Debian. Messages
     * stay in "C": for any other locale strerror looks for a catalogue, which a child may not. */
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        (void)setlocale(LC_CTYPE, "C");
    if (layer_read_warm_up(&err) != PW_OK || lockdown_drop_privileges(&err) != PW_OK ||
        lockdown_landlock(&err) != PW_OK) {
        hello->failed = 1;
        snprintf(hello->text, sizeof hello->text, "%.250s", err_text(&err));
        return;
    }
    hello->uid = geteuid();
    probe_namespaces(zygote, hello);
    if (!prove_lockdown(zygote, hello))
        hello->failed = 1;
}

/* --- serving --- */

static struct zygote_child *child_of(struct zygote *zygote, uint64_t id) {
    for (int i = 0; i < CHILDREN_MAX; i++)
        if (zygote->children[i].pid != 0 && zygote->children[i].id == id)
            return &zygote->children[i];
    return NULL;
}

/* In the child: the death signal, and the case that the zygote died before it was armed. */
static void die_with_zygote(const struct zygote *zygote) {
    struct pollfd life = {zygote->life[0], POLLIN, 0};

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* checked when lockdown_apply repeats it */
    close(zygote->life[1]);
    if (poll(&life, 1, 0) != 0)
        _exit(0);
}

static void start_child(struct zygote *zygote, const struct request *request, const int *fds) {
    struct report        report = {.kind = PROTOCOL_ENDED, .status = -1, .id = request->id};
    struct zygote_child *place = NULL;
    pid_t                pid;

    for (int i = 0; i < CHILDREN_MAX && place == NULL; i++)
        if (zygote->children[i].pid == 0)
            place = &zygote->children[i];
    if (place == NULL) {
        snprintf(report.text, sizeof report.text, "the zygote has no room for another child");
        say(&report);
        return;
    }
    pid = zygote->namespaces ? spawn(zygote->namespaces) : spawn_plain();
    if (pid == 0) {
        die_with_zygote(zygote);
        child_run(request, fds);
    }
    if (pid < 0) {
        snprintf(report.text, sizeof report.text, "no child: %s", strerror(errno));
        say(&report);
        return;
    }
    *place = (struct zygote_child){request->id, pid};
}

static void report_end(struct zygote *zygote, pid_t pid, int status, const struct rusage *used) {
    struct report report = {.kind = PROTOCOL_ENDED, .status = status};
    int           i = 0;

    while (i < CHILDREN_MAX && zygote->children[i].pid != pid)
        i++;
    if (i == CHILDREN_MAX)
        return;
    zygote->children[i].pid = 0;
    report.id = zygote->children[i].id;
    report.cpu_ms = (uint64_t)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) * 1000 +
                    (uint64_t)(used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1000;
    say(&report);
}

static void reap(struct zygote *zygote) {
    struct signalfd_siginfo drained;
    struct rusage           used;
    int                     status;
    pid_t                   pid;

    (void)!read(zygote->signals, &drained, sizeof drained); /* non-blocking; only clears it */
    while ((pid = wait4(-1, &status, WNOHANG, &used)) > 0)
        report_end(zygote, pid, status, &used);
}

/* The parent is gone: no child stays behind, not even as a zombie. */
_Noreturn static void end_all(const struct zygote *zygote) {
    for (int i = 0; i < CHILDREN_MAX; i++)
        if (zygote->children[i].pid != 0)
            kill(zygote->children[i].pid, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    _exit(0);
}

static void take_request(struct zygote *zygote) {
    union {
        struct cmsghdr align;
        char           room[CMSG_SPACE(sizeof(int) * PROTOCOL_START_FDS)];
    } control;
    struct request       request = {0};
    struct iovec         part = {&request, sizeof request};
    struct msghdr        message = {.msg_iov = &part,
                                    .msg_iovlen = 1,
                                    .msg_control = control.room,
                                    .msg_controllen = sizeof control.room};
    struct cmsghdr      *extra;
    struct zygote_child *child;
    int                  fds[PROTOCOL_START_FDS];
    ssize_t              n = recvmsg(PROTOCOL_SOCKET_FD, &message, MSG_CMSG_CLOEXEC);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n != sizeof request)
        end_all(zygote);
    extra = CMSG_FIRSTHDR(&message);
    if (request.kind == PROTOCOL_START && extra != NULL &&
        extra->cmsg_len == CMSG_LEN(sizeof fds)) {
        memcpy(fds, CMSG_DATA(extra), sizeof fds);
        start_child(zygote, &request, fds);
        EACH (fd, fds)
            close(*fd);
    } else if (request.kind == PROTOCOL_KILL) {
        child = child_of(zygote, request.id);
        if (child != NULL)
            kill(child->pid, SIGKILL);
    }
}

_Noreturn static void serve(struct zygote *zygote) {
    struct pollfd wait[2] = {{PROTOCOL_SOCKET_FD, POLLIN, 0}, {zygote->signals, POLLIN, 0}};

    for (;;) {
        if (poll(wait, 2, -1) < 0 && errno != EINTR)
            _exit(1);
        if (wait[1].revents != 0)
            reap(zygote);
        if (wait[0].revents != 0)
            take_request(zygote);
    }
}

static bool is_our_socket(void) {
    int       type = 0;
    socklen_t size = sizeof type;

    return getsockopt(PROTOCOL_SOCKET_FD, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
           type == SOCK_SEQPACKET;
}

int sandbox_zygote_main(int argc, char **argv, bool *ret_is_zygote) {
    static struct zygote zygote;
    struct report        hello = {.kind = PROTOCOL_HELLO};
    sigset_t             child_signal;

    *ret_is_zygote = argc == 2 && strcmp(argv[1], PROTOCOL_MARKER) == 0;
    if (!*ret_is_zygote)
        return 0;
    if (!is_our_socket()) {
        fprintf(stderr, "portwarden: " PROTOCOL_MARKER " is for the program's own use\n");
        return 2;
    }
    (void)close_range(PROTOCOL_SOCKET_FD + 1, ~0u, 0);
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    prepare(&zygote, &hello);
    sigprocmask(SIG_BLOCK, &child_signal, NULL);
    zygote.signals = signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK);
    if ((zygote.signals < 0 || pipe2(zygote.life, O_CLOEXEC) != 0) && !hello.failed) {
        hello.failed = 1;
        snprintf(hello.text, sizeof hello.text, "no descriptors: %s", strerror(errno));
    }
    say(&hello);
    if (hello.failed)
        return 1;
    serve(&zygote);
}
