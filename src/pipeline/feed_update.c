/* feed_update.c - documents fetched one after the other, then imported together. */
#include "pipeline/feed_update.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>
#include "base/file.h"

enum { PATH_ROOM = 1024, HTTP_OK = 200, HTTP_NOT_FOUND = 404 };

struct fetching {
    const struct feed_update_options *options;
    const char                       *base; /* NULL: the official address */
    char                              folder[PATH_ROOM];
    size_t                            fetched;
    const char                       *url;
};

static bool pass_progress(void *ctx, uint64_t received, uint64_t total) {
    const struct fetching *f = ctx;
    const atomic_bool     *cancel = f->options->import.cancel;

    if (cancel != NULL && atomic_load(cancel))
        return false;
    return f->options->progress == NULL ||
           f->options->progress(f->options->ctx, f->url, received, total);
}

static pw_code file_for(const struct fetching *f, const struct feed_address *address,
                        char out[PATH_ROOM], struct err *err) {
    char   folder[PATH_ROOM];
    size_t slash;

    if (snprintf(out, PATH_ROOM, "%s/%s", f->folder, address->file) >= PATH_ROOM)
        return err_set(err, PW_TOO_LARGE, "the path of the data folder is too long");
    slash = str_rfind_char(str_of(out), '/');
    snprintf(folder, sizeof folder, "%.*s", (int)slash, out);
    return dir_make(folder, 0700, err);
}

static pw_code fetch_one(struct fetching *f, const struct feed_address *address, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(1));
    AUTO(fd_close) int            fd = -1;
    struct client_request         request = CLIENT_REQUEST_INIT;
    struct client_answer          answer;
    char                          path[PATH_ROOM];

    f->url = address->url;
    PW_TRY(file_for(f, address, path, err));
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, "cannot write %s", path);
    request.url = address->url;
    request.fd = fd;
    request.progress = pass_progress;
    request.ctx = f;
    PW_TRY(client_do(&request, &arena, &answer, err));
    if (answer.status == HTTP_OK) {
        f->fetched++;
        return PW_OK;
    }
    (void)unlink(path); /* an empty document would be imported as one */
    if (answer.status == HTTP_NOT_FOUND)
        return PW_OK;
    return err_set(err, PW_IO, "%s answered %d", address->url, answer.status);
}

static pw_code fetch_all(struct fetching *f, struct err *err) {
    const struct feed  *feed = f->options->import.feed;
    struct feed_address address, last = {0};
    bool                newest = f->options->quick && feed->first_year != 0;
    size_t              i;

    for (i = 0; feed_address(feed, f->base, i, f->options->this_year, &address); i++) {
        last = address;
        if (!newest)
            PW_TRY(fetch_one(f, &address, err));
    }
    if (i == 0)
        return err_set(err, PW_UNSUPPORTED, "feed %s has no address; import it from a path",
                       feed->name);
    if (newest)
        PW_TRY(fetch_one(f, &last, err)); /* the newest year is the last address */
    if (f->fetched == 0)
        return err_set(err, PW_NOT_FOUND,
                       "feed %s: none of its documents exist, the last one asked for was %s",
                       feed->name, last.url);
    return PW_OK;
}

static int remove_one(const char *path, const struct stat *facts, int type, struct FTW *at) {
    (void)facts, (void)type, (void)at;
    return remove(path);
}

pw_code feed_update(const struct feed_update_options *options,
                    struct feed_import_report *ret_report, struct err *err) {
    struct fetching f = {.options = options};
    char            base[FEED_URL_SIZE], random[17];
    pw_code         code;

    if (options->base.len > 0) {
        if (!str_copy(options->base, base, sizeof base))
            return err_set(err, PW_TOO_LARGE, "the address of feed %s is too long",
                           options->import.feed->name);
        f.base = base;
    }
    PW_TRY(random_hex(8, random, err));
    if (snprintf(f.folder, sizeof f.folder, "%s/fetch-%s", options->folder, random) >=
        (int)sizeof f.folder)
        return err_set(err, PW_TOO_LARGE, "the path of the data folder is too long");
    PW_TRY(dir_make(f.folder, 0700, err));
    code = fetch_all(&f, err);
    if (code == PW_OK)
        code = feed_import_path(&options->import, f.folder, ret_report, err);
    nftw(f.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return code;
}
