/* child.c - see child.h. Everything after lockdown_apply runs on hostile bytes. */
#include "sandbox/child.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "inventory/inventory.h"
#include "sandbox/answer.h"
#include "sandbox/lockdown.h"

enum { ABOVE_ALL = 16 }; /* first number for copies that must not collide with 3, 4, 5 */

/* A layer file that may still grow. */
struct growing {
    uint64_t at, length;
    bool     complete;
};

pw_code child_place_fds(const int fds[PROTOCOL_START_FDS], struct err *err) {
    int high[PROTOCOL_START_FDS];

    for (int i = 0; i < PROTOCOL_START_FDS; i++)
        if ((high[i] = fcntl(fds[i], F_DUPFD, ABOVE_ALL)) < 0)
            return err_errno(err, "cannot copy a descriptor");
    for (int i = 0; i < PROTOCOL_START_FDS; i++)
        if (dup2(high[i], LOCKDOWN_LAYER_FD + i) < 0)
            return err_errno(err, "cannot place a descriptor");
    if (close_range(LOCKDOWN_RESULT_FD + 1, ~0u, 0) != 0)
        return err_errno(err, "cannot close the other descriptors");
    return PW_OK;
}

/* Straight to the pipe: nothing here may need a system call beyond write. */
static void send_frame(uint32_t kind, uint32_t code, uint64_t length, const char *payload) {
    struct frame head = {.kind = kind, .code = code, .length = length};

    /* A failing pipe means that the parent no longer listens. */
    if (fd_write_all(LOCKDOWN_RESULT_FD, &head, sizeof head, NULL) != PW_OK)
        _exit(1);
    if (payload != NULL && fd_write_all(LOCKDOWN_RESULT_FD, payload, length, NULL) != PW_OK)
        _exit(1);
}

static pw_code wait_for_growth(struct growing *file, struct err *err) {
    uint64_t news = 0;
    ssize_t  n;

    send_frame(FRAME_WAITING, 0, file->at, NULL);
    do {
        n = read(LOCKDOWN_CONTROL_FD, &news, sizeof news);
    } while (n < 0 && errno == EINTR);
    if (n != sizeof news)
        return err_errno(err, "cannot hear how far the layer has grown");
    file->length += news & (PROTOCOL_COMPLETE - 1);
    file->complete = file->complete || (news & PROTOCOL_COMPLETE) != 0;
    return PW_OK;
}

static pw_code read_growing(void *ctx, void *out, size_t n, size_t *ret_n, struct err *err) {
    struct growing *file = ctx;
    ssize_t         got;

    while (file->at >= file->length) {
        if (file->complete) {
            *ret_n = 0;
            return PW_OK;
        }
        PW_TRY(wait_for_growth(file, err));
    }
    n = MIN_OF(n, file->length - file->at);
    do {
        got = pread(LOCKDOWN_LAYER_FD, out, n, (off_t)file->at);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_errno(err, "cannot read the layer at byte %llu", (unsigned long long)file->at);
    if (got == 0)
        return err_set(err, PW_IO, "the layer's file ends at byte %llu of %llu",
                       (unsigned long long)file->at, (unsigned long long)file->length);
    file->at += (uint64_t)got;
    *ret_n = (size_t)got;
    return PW_OK;
}

_Noreturn void child_run(const struct request *request, const int fds[PROTOCOL_START_FDS]) {
    struct lockdown_limits limits = {request->memory_bytes, request->cpu_seconds};
    struct growing         file = {.length = request->length, .complete = request->complete != 0};
    struct layer_source    source = {&file, read_growing};
    struct buf             facts = BUF_INIT(LIMIT_FACTS_BYTES);
    struct err             err = ERR_NONE;
    pw_code                code = child_place_fds(fds, &err);

    if (code != PW_OK)
        _exit(2); /* nowhere to tell it: the parent sees the exit status */
    code = lockdown_apply(&limits, &err);
    if (code == PW_OK)
        code = layer_read(&source, &facts, &err);
    if (code == PW_OK)
        send_frame(FRAME_FACTS, 0, facts.len, buf_str(&facts).ptr);
    else
        send_frame(FRAME_FAILED, (uint32_t)code,
                   MIN_OF(strlen(err_text(&err)), (size_t)ANSWER_FAILURE_BYTES), err_text(&err));
    /* Memory is not freed and no exit handler runs: the process is gone in a moment. */
    _exit(0);
}
