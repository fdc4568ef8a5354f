/* reading.c - layers through the sandbox, several at once. */
#include "pipeline/reading.h"

#include <time.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "pipeline/live.h"
#include "store/layers.h"

enum { BUSY_WAIT_MS = 20 };

struct work {
    const struct reading_tools  *tools;
    const struct reading_source *source;
    struct arena                *arena;
    struct layer_input          *inputs;
    struct reading             **readings; /* by layer; NULL: none under way */
    bool                        *known;
    size_t                       done, read;
};

bool reading_is_final(pw_code code) {
    return code == PW_OK || code == PW_CORRUPT || code == PW_TIMEOUT || code == PW_TOO_LARGE;
}

struct layer_question {
    struct arena          *arena;
    str                    digest;
    struct layer_facts_row row;
};

static pw_code get_layer(struct txn *txn, void *arg, struct err *err) {
    struct layer_question *q = arg;

    return layers_get(txn, q->arena, q->digest, inventory_reader_version, &q->row, err);
}

static pw_code put_layer(struct txn *txn, void *arg, struct err *err) {
    const struct layer_question *q = arg;

    return layers_put(txn, q->digest, inventory_reader_version, &q->row, err);
}

/* Facts become part of the inventory; facts that do not decode leave the layer unread. */
static pw_code use_row(struct work *work, size_t layer, const struct layer_facts_row *row,
                       struct err *err) {
    struct layer_input *input = &work->inputs[layer];
    struct layer_facts *facts = NULL;
    pw_code             code = PW_CORRUPT;

    if (row->readable)
        code = facts_decode(work->arena, row->facts, &facts, err);
    if (code == PW_MEMORY || (code == PW_TOO_LARGE && row->readable))
        return code;
    input->facts = code == PW_OK ? facts : NULL;
    input->why = code == PW_OK ? STR_NONE
                 : row->reason.len > 0
                     ? row->reason
                     : STR("its reader answered something that cannot be understood");
    work->known[layer] = true;
    work->done++;
    if (work->source->progress != NULL)
        work->source->progress(work->source->ctx, work->done, work->source->count);
    return PW_OK;
}

static pw_code look_up(struct work *work, size_t layer, struct err *err) {
    struct layer_question q = {.arena = work->arena, .digest = work->inputs[layer].digest};
    struct err            none = ERR_NONE;
    pw_code               code;

    if (work->source->layers[layer].absent) {
        q.row = (struct layer_facts_row){.reason = STR("the layer is not stored here")};
        return use_row(work, layer, &q.row, err);
    }
    if (work->tools->store == NULL || q.digest.len == 0)
        return PW_OK;
    if (work->tools->live != NULL)
        live_wait(work->tools->live, q.digest, work->tools->deadline_ns);
    code = store_read(work->tools->store, get_layer, &q, &none);
    if (code == PW_NOT_FOUND)
        return PW_OK;
    if (code != PW_OK) {
        *err = none;
        return code;
    }
    return use_row(work, layer, &q.row, err);
}

pw_code reading_keep(struct store *store, str digest, str facts, pw_code failure,
                     const struct err *why, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(4 * LIMIT_FACTS_BYTES);
    struct layer_facts           *decoded;
    struct layer_question         q = {.digest = digest};

    if (failure == PW_OK)
        PW_TRY(facts_decode(&arena, facts, &decoded, err));
    q.row = (struct layer_facts_row){.readable = failure == PW_OK,
                                     .reason = failure == PW_OK ? STR_NONE : str_of(err_text(why)),
                                     .facts = facts};
    return store_write(store, STORE_BACKGROUND, put_layer, &q, err);
}

static pw_code finish(struct work *work, size_t layer, struct err *err) {
    AUTO(buf_done) struct buf facts = BUF_INIT(LIMIT_FACTS_BYTES);
    struct layer_question     q = {.digest = work->inputs[layer].digest};
    struct err                why = ERR_NONE;
    pw_code                   code = reading_finish(work->readings[layer], &facts, &why);

    work->readings[layer] = NULL;
    if (!reading_is_final(code)) {
        *err = why;
        return code;
    }
    q.row.readable = code == PW_OK;
    q.row.reason = code == PW_OK ? STR_NONE : arena_str(work->arena, str_of(err_text(&why)));
    q.row.facts = arena_str(work->arena, buf_str(&facts));
    if (q.row.facts.ptr == NULL)
        return arena_error(work->arena, err);
    if (work->tools->store != NULL && work->tools->keep && q.digest.len > 0)
        PW_TRY(store_write(work->tools->store, STORE_BACKGROUND, put_layer, &q, err));
    work->read++;
    return use_row(work, layer, &q.row, err);
}

static pw_code begin(struct work *work, size_t layer, struct err *err) {
    AUTO(fd_close) int fd = -1;
    uint64_t           size;

    PW_TRY(work->source->open(work->source->ctx, layer, &fd, &size, err));
    PW_TRY(sandbox_begin(work->tools->sandbox, fd, size, true, &work->readings[layer], err));
    return work->source->verify != NULL
               ? work->source->verify(work->source->ctx, layer, fd, size, err)
               : PW_OK; /* beside the child that reads */
}

/* Begins every unknown layer in order; when no child is free the oldest one under way is finished,
 * and when the children are all someone else's, a moment is waited. */
static pw_code read_layers(struct work *work, struct err *err) {
    size_t oldest = 0;

    for (size_t next = 0; next < work->source->count;) {
        pw_code code;

        if (work->known[next]) {
            next++;
            continue;
        }
        if (clock_mono_ns() > work->tools->deadline_ns)
            return err_set(err, PW_TIMEOUT, "the layers could not be read in time");
        code = begin(work, next, err);
        if (code == PW_OK) {
            next++;
            continue;
        }
        if (code != PW_BUSY)
            return code;
        while (oldest < next && work->readings[oldest] == NULL)
            oldest++;
        if (oldest < next)
            PW_TRY(finish(work, oldest, err));
        else
            nanosleep(&(struct timespec){.tv_nsec = BUSY_WAIT_MS * 1000000L}, NULL);
    }
    for (size_t layer = oldest; layer < work->source->count; layer++)
        if (work->readings[layer] != NULL)
            PW_TRY(finish(work, layer, err));
    return PW_OK;
}

pw_code reading_inventory(const struct reading_tools *tools, const struct reading_source *source,
                          struct arena *arena, struct inventory *ret_inventory, size_t *ret_read,
                          struct err *err) {
    size_t      n = source->count;
    struct work work = {.tools = tools, .source = source, .arena = arena};
    pw_code     code = PW_OK;

    work.inputs = arena_array(arena, n + 1, sizeof *work.inputs);
    work.readings = arena_array(arena, n + 1, sizeof(struct reading *));
    work.known = arena_array(arena, n + 1, sizeof *work.known);
    if (work.inputs == NULL || work.readings == NULL || work.known == NULL)
        return arena_error(arena, err);
    for (size_t i = 0; i < n && code == PW_OK; i++) {
        work.inputs[i].digest = source->layers[i].digest;
        code = look_up(&work, i, err);
    }
    if (code == PW_OK)
        code = read_layers(&work, err);
    for (size_t i = 0; i < n; i++)
        if (work.readings[i] != NULL)
            reading_cancel(work.readings[i]);
    PW_TRY(code);
    PW_TRY(inventory_stack(arena, work.inputs, n, ret_inventory, err));
    if (ret_read != NULL)
        *ret_read = work.read;
    return PW_OK;
}
