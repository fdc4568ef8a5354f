/* remedy.c - words and commands by ecosystem. */
#include "api/remedy.h"

#include "base/macros.h"

static const struct {
    const char *ecosystem, *before,
        *between; /* command NAME between VERSION; between NULL: no version */
} commands[] = {
    {"Debian", "apt-get update && apt-get install --only-upgrade ", NULL},
    {"Ubuntu", "apt-get update && apt-get install --only-upgrade ", NULL},
    {"Alpine", "apk upgrade --no-cache ", NULL},
    {"npm", "npm install ", "@"},
    {"PyPI", "pip install ", "=="},
    {"Go", "go get ", "@v"},
};

/* Letters that mean nothing to a shell: a command is only offered for such names. */
static bool is_plain(str text) {
    for (size_t i = 0; i < text.len; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_/:~@",
                   text.ptr[i]) == NULL)
            return false;
    return text.len > 0 && text.ptr[0] != '-';
}

void remedy_command(struct buf *out, const struct package *package, str fixed_version) {
    if (!is_plain(package->name) || (fixed_version.len > 0 && !is_plain(fixed_version)))
        return;
    EACH (c, commands) {
        if (!str_eq(package->ecosystem, str_of(c->ecosystem)))
            continue;
        buf_addf(out, "%s" STR_FMT, c->before, STR_ARG(package->name));
        if (c->between != NULL && fixed_version.len > 0)
            buf_addf(out, "%s" STR_FMT, c->between, STR_ARG(fixed_version));
        return;
    }
}

void remedy_command_more(struct buf *out, const struct package *package) {
    if (out->len == 0 || !is_plain(package->name))
        return;
    EACH (c, commands)
        if (str_eq(package->ecosystem, str_of(c->ecosystem)) && c->between == NULL)
            buf_addf(out, " " STR_FMT, STR_ARG(package->name));
}

void remedy_write(struct buf *out, const struct finding *f) {
    AUTO(buf_done) struct buf command = BUF_INIT(4096);
    str                       name = f->package != NULL ? f->package->name : STR("the package");

    if (f->state == FINDING_FIXED && f->fixed_version.len > 0) {
        buf_addf(out, "Upgrade " STR_FMT " to " STR_FMT " or later", STR_ARG(name),
                 STR_ARG(f->fixed_version));
        if (f->package != NULL)
            remedy_command(&command, f->package, f->fixed_version);
        if (command.len > 0)
            buf_addf(out, " (" STR_FMT ")", STR_ARG(buf_str(&command)));
        buf_adds(out, ", rebuild the image and push it.");
    } else if (f->state == FINDING_END_OF_LIFE) {
        buf_adds(out, "This release gets no fixes any more: move to a supported one.");
    } else if (f->state == FINDING_UNDETERMINED) {
        buf_addf(out, "Not known whether " STR_FMT " is affected%s" STR_FMT ".", STR_ARG(name),
                 f->why.len > 0 ? ": " : "", STR_ARG(f->why));
    } else {
        buf_addf(out,
                 "There is no fixed version of " STR_FMT " yet; remove it when it is not needed.",
                 STR_ARG(name));
    }
}
