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
    struct feed                       feed; /* with the configured address */
    char                              folder[PATH_ROOM];
    size_t                            fetched;
    const char                       *url;
};

static bool pass_progress(void *ctx, uint64_t received, uint64_t total) {
    const struct fetching *f = ctx;
    const atomic_bool     *cancel = f->options->import.cancel;

    if (cancel != NULL && atomic_load(cancel))
        return false;
    return f->options->progress == NULL || f->options->progress(f->options->ctx, f->url, received, total);
}

/* The part of the address that tells one document from another: what follows the host. */
static pw_code file_for(const struct fetching *f, const char *url, char out[PATH_ROOM], struct err *err) {
    const char *path = strstr(url, "://");
    const char *query;
    char        folder[PATH_ROOM];
    size_t      slash;

    path = path != NULL ? strchr(path + 3, '/') : NULL;
    if (path == NULL || path[1] == '\0' || strstr(path, "/..") != NULL)
        return err_set(err, PW_INVALID, "\"%s\" names no document", url);
    query = strchr(path, '?');
    if (snprintf(out, PATH_ROOM, "%s%.*s", f->folder, query != NULL ? (int)(query - path) : (int)strlen(path),
                 path) >= PATH_ROOM)
        return err_set(err, PW_TOO_LARGE, "the address %s is too long", url);
    slash = str_rfind_char(str_of(out), '/');
    snprintf(folder, sizeof folder, "%.*s", (int)slash, out);
    return dir_make(folder, 0700, err);
}

static pw_code fetch_one(struct fetching *f, const char *url, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(1));
    AUTO(fd_close) int            fd = -1;
    struct client_request         request = CLIENT_REQUEST_INIT;
    struct client_answer          answer;
    char                          path[PATH_ROOM];

    f->url = url;
    PW_TRY(file_for(f, url, path, err));
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, "cannot write %s", path);
    request.url = url;
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
    return err_set(err, PW_IO, "%s answered %d", url, answer.status);
}

static pw_code fetch_all(struct fetching *f, struct err *err) {
    char   url[FEED_URL_SIZE], last[FEED_URL_SIZE] = "";
    size_t i;

    for (i = 0; feed_url(&f->feed, i, f->options->this_year, url); i++) {
        snprintf(last, sizeof last, "%s", url);
        if (!f->options->quick || f->feed.first_year == 0)
            PW_TRY(fetch_one(f, url, err));
    }
    if (i == 0)
        return err_set(err, PW_UNSUPPORTED, "feed %s has no address; import it from a path", f->feed.name);
    if (f->options->quick && f->feed.first_year != 0)
        PW_TRY(fetch_one(f, last, err)); /* the newest year is the last address */
    if (f->fetched == 0)
        return err_set(err, PW_NOT_FOUND, "feed %s: none of its documents exist, the last one asked for was %s",
                       f->feed.name, last);
    return PW_OK;
}

static int remove_one(const char *path, const struct stat *facts, int type, struct FTW *at) {
    (void)facts, (void)type, (void)at;
    return remove(path);
}

pw_code feed_update(const struct feed_update_options *options, struct feed_import_report *ret_report,
                    struct err *err) {
    struct fetching f = {.options = options, .feed = *options->import.feed};
    char            base[FEED_URL_SIZE], random[17];
    pw_code         code;

    if (options->base.len > 0) {
        if (!str_copy(options->base, base, sizeof base))
            return err_set(err, PW_TOO_LARGE, "the address of feed %s is too long", f.feed.name);
        f.feed.url = base;
    }
    PW_TRY(random_hex(8, random, err));
    if (snprintf(f.folder, sizeof f.folder, "%s/fetch-%s", options->folder, random) >= (int)sizeof f.folder)
        return err_set(err, PW_TOO_LARGE, "the path of the data folder is too long");
    PW_TRY(dir_make(f.folder, 0700, err));
    code = fetch_all(&f, err);
    if (code == PW_OK)
        code = feed_import_path(&options->import, f.folder, ret_report, err);
    nftw(f.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return code;
}
