/* sandbox.c - see sandbox.h: opening, closing, and the verbs of a reading. */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "sandbox/state.h"

enum { CHILDREN_MOST = 256, HELLO_SECONDS = 60 };

/* --- open and close --- */

static void fill_defaults(struct sandbox_options *options) {
    options->children = MIN_OF(MAX_OF(options->children, 1u), (unsigned)CHILDREN_MOST);
    if (options->idle_seconds <= 0)
        options->idle_seconds = LIMIT_CHILD_IDLE_SECONDS;
    if (options->wall_seconds <= 0)
        options->wall_seconds = LIMIT_SCAN_SECONDS;
    if (options->cpu_seconds == 0)
        options->cpu_seconds = LIMIT_CHILD_CPU_SECONDS;
    if (options->memory_bytes == 0)
        options->memory_bytes = LIMIT_CHILD_MEMORY;
    if (options->facts_bytes == 0 || options->facts_bytes > LIMIT_FACTS_BYTES)
        options->facts_bytes = LIMIT_FACTS_BYTES;
}

static void unref(struct sandbox *sandbox) {
    bool last;

    pthread_mutex_lock(&sandbox->lock);
    last = --sandbox->references == 0;
    pthread_mutex_unlock(&sandbox->lock);
    if (!last)
        return;
    fd_close(&sandbox->socket);
    fd_close(&sandbox->wake);
    pthread_cond_destroy(&sandbox->changed);
    pthread_mutex_destroy(&sandbox->lock);
    free(sandbox);
}

static void init_waiting(struct sandbox *sandbox) {
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&sandbox->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&sandbox->lock, NULL);
}

static pw_code start(struct sandbox *sandbox, struct err *err) {
    int bad;

    if (sandbox->wake < 0)
        return err_errno(err, "cannot make the sandbox's event counter");
    PW_TRY(spawn_zygote(&sandbox->socket, &sandbox->zygote, err));
    bad = pthread_create(&sandbox->monitor, NULL, monitor_run, sandbox);
    if (bad == 0)
        return PW_OK;
    (void)kill(sandbox->zygote, SIGKILL);
    (void)waitpid(sandbox->zygote, NULL, 0);
    errno = bad;
    return err_errno(err, "cannot start the sandbox's thread");
}

static pw_code await_hello(struct sandbox *sandbox, struct err *err) {
    int64_t         until = clock_deadline(HELLO_SECONDS);
    struct timespec deadline = {until / 1000000000, until % 1000000000};
    pw_code         code = PW_OK;

    pthread_mutex_lock(&sandbox->lock);
    while (!sandbox->greeted && !sandbox->hello.failed && sandbox->restarts == 0)
        if (pthread_cond_timedwait(&sandbox->changed, &sandbox->lock, &deadline) == ETIMEDOUT)
            break;
    if (sandbox->hello.failed)
        code =
            err_set(err, PW_UNSUPPORTED, "no sandbox for hostile images: %s", sandbox->hello.text);
    else if (!sandbox->greeted)
        code = err_set(err, PW_INTERNAL, "the sandbox process did not come up");
    pthread_mutex_unlock(&sandbox->lock);
    return code;
}

pw_code sandbox_open_with(const struct sandbox_options *options, struct sandbox **ret_sandbox,
                          struct err *err) {
    struct sandbox *sandbox = calloc(1, sizeof *sandbox);
    pw_code         code;

    if (sandbox == NULL)
        return err_set(err, PW_MEMORY, "no memory for the sandbox");
    sandbox->limits = *options;
    fill_defaults(&sandbox->limits);
    sandbox->references = 1;
    sandbox->socket = -1;
    sandbox->respawn_pause = PAUSE_FIRST_NS;
    sandbox->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    init_waiting(sandbox);
    code = start(sandbox, err);
    if (code != PW_OK) {
        unref(sandbox);
        return code;
    }
    code = await_hello(sandbox, err);
    if (code != PW_OK) {
        sandbox_close(sandbox);
        return code;
    }
    *ret_sandbox = sandbox;
    return PW_OK;
}

pw_code sandbox_open(unsigned children, struct sandbox **ret_sandbox, struct err *err) {
    return sandbox_open_with(&(struct sandbox_options){.children = children}, ret_sandbox, err);
}

void sandbox_close(struct sandbox *sandbox) {
    if (sandbox == NULL)
        return;
    pthread_mutex_lock(&sandbox->lock);
    sandbox->closing = true;
    pthread_mutex_unlock(&sandbox->lock);
    monitor_wake(sandbox);
    pthread_join(sandbox->monitor, NULL);
    unref(sandbox);
}

void sandbox_status(struct sandbox *sandbox, struct sandbox_status *ret_status) {
    struct sandbox_status status = {0};

    pthread_mutex_lock(&sandbox->lock);
    status.landlock_abi = sandbox->hello.landlock_abi;
    status.namespaces = sandbox->hello.namespaces != 0;
    if (!status.namespaces)
        snprintf(status.why_no_namespaces, sizeof status.why_no_namespaces, "%.127s",
                 sandbox->hello.text);
    status.uid = sandbox->hello.uid;
    status.zygote_pid = sandbox->greeted ? sandbox->zygote : 0;
    status.restarts = sandbox->restarts;
    status.children = sandbox->active;
    pthread_mutex_unlock(&sandbox->lock);
    *ret_status = status;
}

/* --- readings --- */

void reading_unlink(struct reading *reading) {
    struct reading **at = &reading->sandbox->readings;

    while (*at != NULL && *at != reading)
        at = &(*at)->next;
    if (*at != NULL)
        *at = reading->next;
}

void reading_free(struct reading *reading) {
    fd_close(&reading->growth);
    fd_close(&reading->result);
    answer_done(&reading->answer);
    free(reading);
}

static pw_code send_start(const struct sandbox *sandbox, const struct request *request,
                          const int fds[PROTOCOL_START_FDS], struct err *err) {
    union {
        struct cmsghdr align;
        char           room[CMSG_SPACE(sizeof(int) * PROTOCOL_START_FDS)];
    } control = {0};
    struct iovec    part = {(void *)request, sizeof *request};
    struct msghdr   message = {.msg_iov = &part,
                               .msg_iovlen = 1,
                               .msg_control = control.room,
                               .msg_controllen = sizeof control.room};
    struct cmsghdr *extra = CMSG_FIRSTHDR(&message);

    extra->cmsg_level = SOL_SOCKET;
    extra->cmsg_type = SCM_RIGHTS;
    extra->cmsg_len = CMSG_LEN(sizeof(int) * PROTOCOL_START_FDS);
    memcpy(CMSG_DATA(extra), fds, sizeof(int) * PROTOCOL_START_FDS);
    if (sendmsg(sandbox->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return err_set(err, PW_BUSY, "the sandbox cannot take a layer now: %s", strerror(errno));
    return PW_OK;
}

/* With the lock held. */
static pw_code start_reading(struct sandbox *sandbox, struct reading *reading, int fd,
                             struct err *err) {
    int            pipes[2];
    pw_code        code;
    struct request request = {.kind = PROTOCOL_START,
                              .id = reading->id,
                              .length = reading->told,
                              .complete = reading->complete,
                              .cpu_seconds = sandbox->limits.cpu_seconds,
                              .memory_bytes = sandbox->limits.memory_bytes};

    reading->growth = eventfd(0, EFD_CLOEXEC);
    if (reading->growth < 0 || pipe2(pipes, O_CLOEXEC) != 0)
        return err_errno(err, "no descriptors for reading a layer");
    reading->result = pipes[0];
    (void)fcntl(pipes[0], F_SETFL, O_NONBLOCK); /* cannot fail on a fresh pipe */
    code = send_start(sandbox, &request, (int[]){fd, reading->growth, pipes[1]}, err);
    close(pipes[1]);
    return code;
}

static struct reading *new_reading(struct sandbox *sandbox, uint64_t length, bool complete) {
    struct reading *reading = calloc(1, sizeof *reading);

    if (reading == NULL)
        return NULL;
    reading->sandbox = sandbox;
    reading->growth = reading->result = -1;
    reading->told = length;
    reading->complete = complete;
    reading->answer = (struct answer)ANSWER_INIT(sandbox->limits.facts_bytes);
    reading->wall_deadline = clock_deadline(sandbox->limits.wall_seconds);
    return reading;
}

static pw_code begin_locked(struct sandbox *sandbox, struct reading *reading, int fd,
                            struct err *err) {
    if (sandbox->closing)
        return err_set(err, PW_CANCELLED, "the sandbox is closing");
    if (sandbox->socket < 0 || !sandbox->greeted)
        return err_set(err, PW_BUSY, "the sandbox is being started again");
    if (sandbox->active >= sandbox->limits.children)
        return err_set(err, PW_BUSY, "all %u readers are taken", sandbox->limits.children);
    reading->id = ++sandbox->next_id;
    PW_TRY(start_reading(sandbox, reading, fd, err));
    reading->next = sandbox->readings;
    sandbox->readings = reading;
    sandbox->active++;
    sandbox->references++;
    return PW_OK;
}

pw_code sandbox_begin(struct sandbox *sandbox, int fd, uint64_t length, bool complete,
                      struct reading **ret_reading, struct err *err) {
    struct reading *reading;
    pw_code         code;

    if (length >= PROTOCOL_COMPLETE)
        return err_set(err, PW_TOO_LARGE, "a layer of %llu bytes", (unsigned long long)length);
    reading = new_reading(sandbox, length, complete);
    if (reading == NULL)
        return err_set(err, PW_MEMORY, "no memory for a reading");
    pthread_mutex_lock(&sandbox->lock);
    code = begin_locked(sandbox, reading, fd, err);
    pthread_mutex_unlock(&sandbox->lock);
    if (code != PW_OK) {
        reading_free(reading);
        return code;
    }
    monitor_wake(sandbox);
    *ret_reading = reading;
    return PW_OK;
}

static void tell(struct reading *reading, uint64_t news) {
    /* The counter's ceiling, 2^64 - 2, is out of reach: lengths stay below 2^62. */
    if (news != 0)
        (void)!write(reading->growth, &news, sizeof news);
}

/* How much `length` is beyond what was told, which is then told. */
static uint64_t growth_to(struct reading *reading, uint64_t length) {
    uint64_t told = atomic_load(&reading->told);

    if (length >= PROTOCOL_COMPLETE)
        return 0;
    while (length > told)
        if (atomic_compare_exchange_weak(&reading->told, &told, length))
            return length - told;
    return 0;
}

void reading_grew(struct reading *reading, uint64_t length) {
    tell(reading, growth_to(reading, length));
}

void reading_complete(struct reading *reading, uint64_t length) {
    uint64_t growth = growth_to(reading, length);

    tell(reading, growth | (atomic_exchange(&reading->complete, true) ? 0 : PROTOCOL_COMPLETE));
}

static pw_code judge_death(const struct reading *reading, struct err *err) {
    int    status = reading->report.status;
    double cpu = (double)reading->report.cpu_ms / 1000;

    if (status == -1)
        return err_set(err, PW_IO, "the reader could not start: %s", reading->report.text);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        return err_set(err, PW_CORRUPT,
                       "the reader was stopped: it asked for a forbidden system call");
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
        cpu + 1 >= reading->sandbox->limits.cpu_seconds)
        return err_set(err, PW_CORRUPT,
                       "the reader was stopped: it used %.0f seconds of processor time", cpu);
    if (WIFSIGNALED(status))
        return err_set(err, PW_CORRUPT, "the reader died of signal %d", WTERMSIG(status));
    return err_set(err, PW_CORRUPT, "the reader ended with status %d and without an answer",
                   WEXITSTATUS(status));
}

static pw_code judge(const struct reading *reading, struct err *err) {
    const struct sandbox_options *limits = &reading->sandbox->limits;

    switch (reading->why) {
    case END_STARVED:
        return err_set(err, PW_TIMEOUT, "no more bytes of the layer came for %g seconds",
                       limits->idle_seconds);
    case END_TOO_SLOW:
        return err_set(err, PW_TIMEOUT, "reading the layer took longer than %g seconds",
                       limits->wall_seconds);
    case END_NONSENSE:
        return err_set(err, PW_CORRUPT, "%s", err_text(&reading->nonsense));
    case END_ZYGOTE_DIED:
        return err_set(err, PW_CANCELLED,
                       "the sandbox process died; the layer has to be read again");
    case END_CLOSED:
        return err_set(err, PW_CANCELLED, "the sandbox closed");
    case END_NONE:
        break;
    }
    if (reading->report.status != 0)
        return judge_death(reading, err);
    if (reading->answer.has_failure)
        return err_set(err, reading->answer.head.code == PW_IO ? PW_IO : PW_CORRUPT,
                       "the reader gave up: %s", reading->answer.failure);
    if (!reading->answer.has_facts)
        return err_set(err, PW_CORRUPT, "the reader ended without a whole answer");
    return PW_OK;
}

pw_code reading_finish(struct reading *reading, struct buf *facts, struct err *err) {
    struct sandbox *sandbox = reading->sandbox;
    pw_code         code;

    pthread_mutex_lock(&sandbox->lock);
    while (!reading->ended)
        pthread_cond_wait(&sandbox->changed, &sandbox->lock);
    reading_unlink(reading);
    pthread_mutex_unlock(&sandbox->lock);
    code = judge(reading, err);
    if (code == PW_OK) {
        buf_add(facts, buf_str(&reading->answer.facts));
        if (!buf_ok(facts))
            code = err_set(err, facts->failed, "no room for %zu bytes of facts",
                           reading->answer.facts.len);
    }
    reading_free(reading);
    unref(sandbox);
    return code;
}

void reading_cancel(struct reading *reading) {
    struct sandbox *sandbox;

    if (reading == NULL)
        return;
    sandbox = reading->sandbox;
    pthread_mutex_lock(&sandbox->lock);
    if (reading->ended) {
        reading_unlink(reading);
        reading_free(reading);
    } else {
        reading->abandoned = true; /* the monitor frees it when the child is gone */
        monitor_kill(sandbox, reading);
    }
    pthread_mutex_unlock(&sandbox->lock);
    unref(sandbox);
}
