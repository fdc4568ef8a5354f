/*
 * monitor.c - one thread that hears the zygote, drains every child's pipe and keeps deadlines.
 *
 * Because it always drains, a child never blocks on its answer while an upload still goes on, and
 * no caller has to.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "sandbox/state.h"

enum { DRAIN_BYTES = 64 << 10, DRAIN_ROUNDS = 32, POLL_FIXED = 2 };

void monitor_wake(struct sandbox *sandbox) {
    uint64_t one = 1;

    (void)!write(sandbox->wake, &one, sizeof one); /* a counter: never full in practice */
}

void monitor_kill(struct sandbox *sandbox, const struct reading *reading) {
    struct request request = {.kind = PROTOCOL_KILL, .id = reading->id};

    /* When the zygote is gone its children are too; the monitor notices either way. */
    if (sandbox->socket >= 0)
        (void)!send(sandbox->socket, &request, sizeof request, MSG_NOSIGNAL);
}

static void end_by_us(struct sandbox *sandbox, struct reading *reading, enum reading_end why) {
    if (reading->why == END_NONE)
        reading->why = why;
    reading->idle_deadline = reading->wall_deadline = INT64_MAX;
    monitor_kill(sandbox, reading);
}

static void end_reading(struct sandbox *sandbox, struct reading *reading) {
    if (reading->ended)
        return;
    reading->ended = true;
    sandbox->active--;
    fd_close(&reading->result);
    if (reading->abandoned) {
        reading_unlink(reading);
        reading_free(reading);
    }
    pthread_cond_broadcast(&sandbox->changed);
}

/* --- answers --- */

static void note_waiting(struct sandbox *sandbox, struct reading *reading) {
    if (!reading->answer.waiting || reading->why != END_NONE)
        return;
    reading->answer.waiting = false;
    reading->idle_deadline = clock_deadline(sandbox->limits.idle_seconds);
}

/* Never blocks; a child that talks without end is cut off after DRAIN_ROUNDS until the next look. */
static void drain(struct sandbox *sandbox, struct reading *reading) {
    char bytes[DRAIN_BYTES];

    for (int round = 0; reading->result >= 0 && round < DRAIN_ROUNDS; round++) {
        ssize_t n = read(reading->result, bytes, sizeof bytes);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            fd_close(&reading->result);
            return;
        }
        if (reading->why == END_NONE &&
            answer_feed(&reading->answer, bytes, (size_t)n, &reading->nonsense) != PW_OK)
            end_by_us(sandbox, reading, END_NONSENSE);
        note_waiting(sandbox, reading);
    }
}

static void check_deadlines(struct sandbox *sandbox, struct reading *reading, int64_t now) {
    if (reading->idle_deadline != 0 && reading->idle_deadline <= now) {
        if (atomic_load(&reading->complete) ||
            atomic_load(&reading->told) > reading->answer.waiting_at)
            reading->idle_deadline = 0; /* it was told more meanwhile and is at work */
        else
            end_by_us(sandbox, reading, END_STARVED);
    }
    if (reading->wall_deadline <= now)
        end_by_us(sandbox, reading, END_TOO_SLOW);
}

static void tend_readings(struct sandbox *sandbox) {
    int64_t now = clock_mono_ns();

    for (struct reading *reading = sandbox->readings; reading != NULL; reading = reading->next)
        if (!reading->ended) {
            drain(sandbox, reading);
            check_deadlines(sandbox, reading, now);
        }
}

/* --- the zygote --- */

static void note_end(struct sandbox *sandbox, const struct report *report) {
    struct reading *reading = sandbox->readings;

    while (reading != NULL && (reading->ended || reading->id != report->id))
        reading = reading->next;
    if (reading == NULL)
        return;
    reading->report = *report;
    drain(sandbox, reading); /* the child is dead: at most a pipe's worth is left */
    end_reading(sandbox, reading);
}

static void zygote_died(struct sandbox *sandbox) {
    struct reading *next;

    fd_close(&sandbox->socket);
    (void)kill(sandbox->zygote, SIGKILL); /* it may have closed its socket and live on */
    while (waitpid(sandbox->zygote, NULL, 0) < 0 && errno == EINTR)
        ;
    sandbox->zygote = 0;
    sandbox->greeted = false;
    sandbox->restarts++;
    for (struct reading *reading = sandbox->readings; reading != NULL; reading = next) {
        next = reading->next;
        if (!reading->ended && reading->why == END_NONE)
            reading->why = END_ZYGOTE_DIED;
        end_reading(sandbox, reading);
    }
    sandbox->respawn_at = clock_mono_ns() + sandbox->respawn_pause;
    sandbox->respawn_pause = MIN_OF(sandbox->respawn_pause * 2, PAUSE_LAST_NS);
    pthread_cond_broadcast(&sandbox->changed);
}

static void hear_zygote(struct sandbox *sandbox) {
    while (sandbox->socket >= 0) {
        struct report report;
        ssize_t       n = recv(sandbox->socket, &report, sizeof report, MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n != sizeof report) {
            zygote_died(sandbox);
            return;
        }
        report.text[sizeof report.text - 1] = '\0';
        if (report.kind == PROTOCOL_ENDED)
            note_end(sandbox, &report);
        if (report.kind == PROTOCOL_HELLO) {
            sandbox->hello = report;
            sandbox->greeted = report.failed == 0;
            sandbox->respawn_pause = report.failed ? sandbox->respawn_pause : PAUSE_FIRST_NS;
            pthread_cond_broadcast(&sandbox->changed);
        }
    }
}

static void restart_zygote(struct sandbox *sandbox) {
    struct err err = ERR_NONE;

    if (sandbox->socket >= 0 || clock_mono_ns() < sandbox->respawn_at)
        return;
    if (spawn_zygote(&sandbox->socket, &sandbox->zygote, &err) != PW_OK) {
        sandbox->respawn_at = clock_mono_ns() + sandbox->respawn_pause;
        sandbox->respawn_pause = MIN_OF(sandbox->respawn_pause * 2, PAUSE_LAST_NS);
    }
}

/* A zygote whose socket closed ends its children, then itself. */
static void end_zygote(struct sandbox *sandbox) {
    int64_t deadline = clock_deadline(2);

    if (sandbox->socket < 0)
        return;
    fd_close(&sandbox->socket);
    while (waitpid(sandbox->zygote, NULL, WNOHANG) == 0) {
        if (clock_mono_ns() > deadline)
            (void)kill(sandbox->zygote, SIGKILL);
        (void)poll(NULL, 0, 2);
    }
    sandbox->zygote = 0;
}

static void close_readings(struct sandbox *sandbox) {
    struct reading *next;

    for (struct reading *reading = sandbox->readings; reading != NULL; reading = next) {
        next = reading->next;
        if (!reading->ended && reading->why == END_NONE)
            reading->why = END_CLOSED;
        end_reading(sandbox, reading);
    }
}

/* --- the loop --- */

static int next_timeout(const struct sandbox *sandbox) {
    int64_t now = clock_mono_ns(), next = INT64_MAX;

    if (sandbox->socket < 0)
        next = sandbox->respawn_at;
    for (const struct reading *reading = sandbox->readings; reading; reading = reading->next) {
        if (reading->ended)
            continue;
        next = MIN_OF(next, reading->wall_deadline);
        if (reading->idle_deadline != 0)
            next = MIN_OF(next, reading->idle_deadline);
    }
    if (next == INT64_MAX)
        return -1;
    return next <= now ? 0 : (int)MIN_OF((next - now) / 1000000 + 1, 60000);
}

static nfds_t gather(const struct sandbox *sandbox, struct pollfd *out) {
    nfds_t count = POLL_FIXED;

    out[0] = (struct pollfd){sandbox->socket, POLLIN, 0};
    out[1] = (struct pollfd){sandbox->wake, POLLIN, 0};
    for (const struct reading *reading = sandbox->readings; reading; reading = reading->next)
        if (!reading->ended && reading->result >= 0 &&
            count < sandbox->limits.children + POLL_FIXED)
            out[count++] = (struct pollfd){reading->result, POLLIN, 0};
    return count;
}

void *monitor_run(void *arg) {
    struct sandbox *sandbox = arg;
    struct pollfd  *wait = calloc(sandbox->limits.children + POLL_FIXED, sizeof *wait);

    pthread_mutex_lock(&sandbox->lock);
    while (wait != NULL && !sandbox->closing) {
        nfds_t   count = gather(sandbox, wait);
        int      timeout = next_timeout(sandbox);
        uint64_t drained;

        pthread_mutex_unlock(&sandbox->lock);
        (void)poll(wait, count, timeout); /* a failure is a look too early */
        pthread_mutex_lock(&sandbox->lock);
        if (wait[1].revents != 0)
            (void)!read(sandbox->wake, &drained, sizeof drained);
        tend_readings(sandbox);
        hear_zygote(sandbox);
        restart_zygote(sandbox);
    }
    end_zygote(sandbox);
    close_readings(sandbox);
    pthread_cond_broadcast(&sandbox->changed);
    pthread_mutex_unlock(&sandbox->lock);
    free(wait);
    return NULL;
}
