/*
 * layer.c - the walk over one layer: every member is counted, few are read (layer_read).
 *
 * Runs in the sandbox child. Whatever is wrong with the content becomes a fact; only a source
 * that fails is an error.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "format/json.h"
#include "format/tar.h"
#include "inventory/analyzer.h"
#include "inventory/gaps.h"
#include "inventory/inventory.h"
#include "inventory/paths.h"

enum { PROGRAM_CHUNK = 64 << 10, PROGRAM_LEAST = 4096 };

/* Keeps a source's own failure apart from what decoders make of it. */
struct watched_source {
    const struct layer_source *source;
    struct err                 failure;
};

struct walk {
    struct collect collect;
    struct buf     content; /* of one member */
    char          *chunk;
    bool           full; /* a ceiling was reached: paths are still noted, nothing is read */
};

static pw_code watched_read(void *ctx, void *out, size_t n, size_t *ret_n, struct err *err) {
    struct watched_source *watched = ctx;
    pw_code code = watched->source->read(watched->source->ctx, out, n, ret_n, &watched->failure);

    if (code != PW_OK && err != NULL)
        *err = watched->failure;
    return code;
}

/* --- one member --- */

/* A ceiling was reached, or memory is short: said once, and the walk goes on without readers. */
static void stop_reading(struct walk *walk, const struct tar_entry *member, const struct err *why) {
    collect_abandon(&walk->collect);
    if (!walk->full)
        collect_incomplete(&walk->collect, "ceiling", member->path, str_of(err_text(why)));
    walk->full = true;
}

static const struct analyzer *analyzer_for(const struct entry *entry) {
    for (size_t i = 0; analyzers[i] != NULL; i++)
        if (analyzers[i]->wants(entry))
            return analyzers[i];
    return NULL;
}

/* Errors are those of the stream; the rest is noted. */
static pw_code analyze(struct walk *walk, struct tar *tar, const struct tar_entry *member,
                       const struct analyzer *analyzer, struct err *err) {
    struct collect *collect = &walk->collect;
    struct entry    entry = {member->path, member->size, member->mode};
    struct err      problem = ERR_NONE;
    pw_code         code;

    if (member->size > analyzer->most_bytes) {
        collect_incomplete(collect, "ceiling", member->path,
                           STR("the file is too large to be read"));
        return PW_OK;
    }
    buf_clear(&walk->content);
    code = tar_read_all(tar, analyzer->most_bytes, &walk->content, &problem);
    if (code == PW_TOO_LARGE || code == PW_MEMORY) {
        collect_incomplete(collect, "ceiling", member->path, str_of(err_text(&problem)));
        return PW_OK;
    }
    if (code != PW_OK) {
        if (err != NULL)
            *err = problem;
        return code;
    }
    collect_open(collect, analyzer->role(&entry), analyzer->name, member->path);
    code = analyzer->read(collect, &entry, buf_str(&walk->content), &problem);
    if (code == PW_OK)
        code = collect_close(collect, &problem);
    if (code != PW_OK)
        stop_reading(walk, member, &problem);
    return PW_OK;
}

static pw_code look_at_program(struct walk *walk, struct tar *tar, const struct tar_entry *member,
                               struct err *err) {
    struct program         program = {0};
    const struct gap_rule *rule;
    size_t                 n = 1;

    while (n > 0 && program_goes_on(&program)) {
        PW_TRY(tar_read(tar, walk->chunk, PROGRAM_CHUNK, &n, err));
        program_feed(&program, walk->chunk, n);
        if (program.at == 0)
            break;
    }
    rule = program_gap(&program);
    if (rule != NULL)
        collect_gap(&walk->collect, rule->kind, member->path, rule->reason);
    return PW_OK;
}

static pw_code take_file(struct walk *walk, struct tar *tar, const struct tar_entry *member,
                         struct err *err) {
    struct entry           entry = {member->path, member->size, member->mode};
    const struct analyzer *analyzer = walk->full ? NULL : analyzer_for(&entry);
    const struct gap_rule *rule;

    if (analyzer != NULL)
        return analyze(walk, tar, member, analyzer, err);
    rule = gaps_of_path(member->path);
    if (rule != NULL)
        collect_gap(&walk->collect, rule->kind, member->path, rule->reason);
    else if ((member->mode & 0111) != 0 && member->size >= PROGRAM_LEAST)
        return look_at_program(walk, tar, member, err);
    return PW_OK;
}

static void take_hardlink(struct walk *walk, const struct tar_entry *member) {
    struct entry entry = {member->path, 0, member->mode};

    if (walk->full || analyzer_for(&entry) == NULL ||
        collect_same(&walk->collect, member->link, member->path, NULL))
        return;
    collect_incomplete(&walk->collect, "unreadable", member->path,
                       STR("a hard link to a file whose content was not kept"));
}

/* ".wh.x" removes x of lower layers, ".wh..wh..opq" hides a folder's lower content; other names
 * with two marks are the storage driver's own. */
static bool take_whiteout(struct walk *walk, const struct tar_entry *member, pw_code *ret_code,
                          struct err *err) {
    str  base = paths_base(member->path), parent = paths_parent(member->path);
    char path[LIMIT_PATH_BYTES + 1];
    str  name = str_from(base, 4);

    if (!str_starts(base, STR(".wh.")))
        return false;
    *ret_code = PW_OK;
    if (str_eq(base, STR(".wh..wh..opq"))) {
        *ret_code = collect_hash(&walk->collect.opaques, parent, err);
    } else if (name.len > 0 && !str_starts(name, STR(".wh."))) {
        size_t at = parent.len + (parent.len > 0);

        memcpy(path, member->path.ptr, at);
        memcpy(path + at, name.ptr, name.len);
        *ret_code = collect_hash(&walk->collect.whiteouts, str_make(path, at + name.len), err);
    }
    return true;
}

static pw_code take_member(struct walk *walk, struct tar *tar, const struct tar_entry *member,
                           struct err *err) {
    struct collect *collect = &walk->collect;
    pw_code         code;

    collect->facts.entries++;
    if (member->type == TAR_BAD) {
        collect_incomplete(collect, "damaged", member->path,
                           str_of(member->why != NULL ? member->why : "a malformed member"));
        return PW_OK;
    }
    if (take_whiteout(walk, member, &code, err))
        return code;
    collect_replace(collect, member->path);
    if (member->type == TAR_DIR)
        return collect_hash(&collect->dirs, member->path, err);
    PW_TRY(collect_hash(&collect->files, member->path, err));
    if (member->type == TAR_SYMLINK && paths_link_matters(member->path) && !walk->full) {
        struct err problem = ERR_NONE;

        if (collect_link(collect, member->path, member->link, &problem) != PW_OK)
            stop_reading(walk, member, &problem);
        return PW_OK;
    }
    if (member->type == TAR_HARDLINK && member->size == 0) {
        take_hardlink(walk, member);
        return PW_OK;
    }
    if (member->type == TAR_FILE || member->type == TAR_HARDLINK)
        return take_file(walk, tar, member, err);
    return PW_OK;
}

/* Bytes that decoding would have to replace, because they may not be shown, are spelled "\\xNN"
 * first: a name is hashed and stored in one form, and two files do not get one name. False: the
 * name grew too long. */
static bool spell(str name, char out[LIMIT_PATH_BYTES + 1], str *ret_name) {
    bool   utf8 = str_is_utf8(name);
    size_t len = 0;

    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        unsigned char next = i + 1 < name.len ? (unsigned char)name.ptr[i + 1] : 0;
        unsigned char before = i > 0 ? (unsigned char)name.ptr[i - 1] : 0;
        bool bad = c < 0x20 || c == 0x7f || (!utf8 && c >= 0x80) || (c == 0xc2 && next < 0xa0) ||
                   (before == 0xc2 && c < 0xa0); /* C1 controls */

        if (len + 4 > LIMIT_PATH_BYTES)
            return false;
        if (bad)
            len += (size_t)snprintf(out + len, 5, "\\x%02x", c);
        else
            out[len++] = (char)c;
    }
    *ret_name = str_make(out, len);
    return true;
}

static pw_code take_spelled(struct walk *walk, struct tar *tar, struct tar_entry member,
                            struct err *err) {
    char path[LIMIT_PATH_BYTES + 1], link[LIMIT_PATH_BYTES + 1];

    if (member.type != TAR_BAD && !spell(member.path, path, &member.path))
        member = (struct tar_entry){.type = TAR_BAD, .path = str_sub(member.path, 0, 200)};
    if (member.link.len > 0 && !spell(member.link, link, &member.link))
        member.link = STR_NONE;
    return take_member(walk, tar, &member, err);
}

/* --- the layer --- */

static pw_code walk_members(struct walk *walk, struct inflate *bytes, struct err *err) {
    AUTO(tar_closep) struct tar *tar = NULL;
    const struct tar_entry      *member = NULL;

    PW_TRY(tar_open(bytes, &tar, err));
    for (;;) {
        PW_TRY(tar_next(tar, &member, err));
        if (member == NULL)
            return PW_OK;
        PW_TRY(take_spelled(walk, tar, *member, err));
    }
}

static pw_code walk_layer(struct walk *walk, struct watched_source *source, struct err *err) {
    AUTO(inflate_closep) struct inflate *bytes = NULL;
    struct inflate_limits                limits = {LIMIT_LAYER_INFLATED, LIMIT_LAYER_RATIO};
    pw_code                              code;

    PW_TRY(inflate_open((struct pull_source){source, watched_read}, limits, &bytes, err));
    walk->collect.facts.format =
        str_of(inflate_format(bytes) == INFLATE_PLAIN ? "tar"
                                                      : inflate_format_name(inflate_format(bytes)));
    code = walk_members(walk, bytes, err);
    walk->collect.facts.inflated_bytes = inflate_bytes_out(bytes);
    if (code == PW_OK && inflate_note(bytes)[0] != '\0')
        collect_incomplete(&walk->collect, "damaged", STR_NONE, str_of(inflate_note(bytes)));
    return code;
}

static void note_problem(struct collect *collect, const struct err *problem) {
    const char *kind = "damaged";

    if (problem->code == PW_TOO_LARGE || problem->code == PW_MEMORY)
        kind = "ceiling";
    else if (problem->code == PW_UNSUPPORTED)
        kind = "unreadable";
    collect_incomplete(collect, kind, STR_NONE, str_of(err_text(problem)));
}

/* Facts that outgrow the answer's ceiling are replaced by saying so. */
static pw_code encode(struct walk *walk, struct buf *out, struct err *err) {
    const struct layer_facts *facts = collect_finish(&walk->collect);
    struct incomplete         too_many = {.kind = STR("ceiling"),
                                          .reason =
                                              STR("the layer says more about packages than can be kept")};
    struct layer_facts        less = {.format = facts->format,
                                      .inflated_bytes = facts->inflated_bytes,
                                      .entries = facts->entries,
                                      .incomplete = &too_many,
                                      .incomplete_count = 1,
                                      .files = facts->files,
                                      .dirs = facts->dirs,
                                      .whiteouts = facts->whiteouts,
                                      .opaques = facts->opaques};

    if (facts_encode(facts, out, err) == PW_OK)
        return PW_OK;
    buf_clear(out);
    return facts_encode(&less, out, err);
}

pw_code layer_read(const struct layer_source *source, struct buf *ret_facts, struct err *err) {
    struct watched_source watched = {.source = source, .failure = ERR_NONE};
    struct walk           walk = {.content = BUF_INIT(LIMIT_MEMBER_BYTES)};
    struct err            problem = ERR_NONE;
    pw_code               code;

    collect_init(&walk.collect);
    walk.chunk = malloc(PROGRAM_CHUNK);
    code = walk.chunk == NULL ? err_set(&problem, PW_MEMORY, "out of memory")
                              : walk_layer(&walk, &watched, &problem);
    if (watched.failure.code != PW_OK) {
        if (err != NULL)
            *err = watched.failure;
        code = watched.failure.code;
    } else {
        if (code != PW_OK)
            note_problem(&walk.collect, &problem);
        buf_done(&walk.content); /* the encoded answer needs the room */
        code = encode(&walk, ret_facts, err);
    }
    free(walk.chunk);
    buf_done(&walk.content);
    collect_done(&walk.collect);
    return code;
}
