/*
 * feed_fetch.c - a feed from its addresses: only what changed is fetched, then imported from a scratch
 * folder like any other.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "base/file.h"
#include "http/client.h"
#include "pipeline/feed_folder.h"
#include "store/feeds.h"

/* What the publisher said of one document, a line of the stored text: url, ETag, Last-Modified. */
struct validator {
    str url, etag, last_modified;
};

struct fetching {
    const struct feed_import_options *options;
    const struct feed_fetch          *how;
    struct feed_fetch_report         *report;
    struct arena                      arena;
    str                               known; /* validators of the last time */
    struct buf                        kept;  /* those of this time */
    const char                       *url;   /* at hand */
};

/* --- the scratch folder --- */

static int remove_one(const char *path, const struct stat *facts, int type, struct FTW *at) {
    (void)facts, (void)type;
    return at->level > 0 ? remove(path) : 0;
}

static pw_code empty_folder(const char *folder, struct err *err) {
    PW_TRY(dir_make(folder, 0700, err));
    if (nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        return err_errno(err, "cannot empty %s", folder);
    return PW_OK;
}

static pw_code open_document(const struct fetching *f, const char *file, char path[PATH_MAX],
                             int *ret_fd, struct err *err) {
    char  folder[PATH_MAX];
    char *slash;

    if (snprintf(path, PATH_MAX, "%s/%s", f->how->folder, file) >= PATH_MAX)
        return err_set(err, PW_INVALID, "the path of folder %s is too long", f->how->folder);
    (void)str_copy(str_of(path), folder, sizeof folder);
    slash = strrchr(folder, '/');
    *slash = '\0';
    PW_TRY(dir_make(folder, 0700, err));
    *ret_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return *ret_fd < 0 ? err_errno(err, "cannot write %s", path) : PW_OK;
}

/* --- validators --- */

static struct validator validator_of(str known, const char *url) {
    struct validator v;
    str              line;

    while (str_line(&known, &line))
        if (str_cut(&line, '\t', &v.url) && str_cut(&line, '\t', &v.etag) &&
            str_eq(v.url, str_of(url))) {
            v.last_modified = line;
            return v;
        }
    return (struct validator){0};
}

static bool fits_a_line(str text) {
    return text.len < LIMIT_TARGET_BYTES && str_find_char(text, '\t') == STR_NPOS &&
           str_find_char(text, '\n') == STR_NPOS;
}

static void keep_validator(struct fetching *f, struct validator v) {
    if (!fits_a_line(v.etag))
        v.etag = STR_NONE;
    if (!fits_a_line(v.last_modified))
        v.last_modified = STR_NONE;
    if (v.etag.len + v.last_modified.len > 0)
        buf_addf(&f->kept, STR_FMT "\t" STR_FMT "\t" STR_FMT "\n", STR_ARG(v.url), STR_ARG(v.etag),
                 STR_ARG(v.last_modified));
}

/* --- one document --- */

static bool on_progress(void *ctx, uint64_t received, uint64_t total) {
    const struct fetching *f = ctx;

    if (f->options->cancel != NULL && atomic_load(f->options->cancel))
        return false;
    return f->how->progress == NULL || f->how->progress(f->how->ctx, f->url, received, total);
}

static void note_failure(struct fetching *f, const char *text) {
    size_t size = sizeof f->report->failure;

    if (f->report->failed++ == 0)
        (void)str_copy(str_sub(str_of(text), 0, size - 1), f->report->failure, size);
}

/* Nothing new for this part: what is stored is as fresh as can be. */
static pw_code keep_part(struct fetching *f, str part, struct err *err) {
    size_t slash = str_find_char(part, '/');
    str    ecosystem = part, repository = STR_NONE;

    f->report->unchanged++;
    if (slash != STR_NPOS) { /* "v3.18/main" */
        ecosystem = arena_strf(&f->arena, "Alpine:" STR_FMT, STR_ARG(str_sub(part, 0, slash)));
        repository = str_from(part, slash + 1);
        if (ecosystem.ptr == NULL)
            return arena_error(&f->arena, err);
    }
    return feeds_touch(f->options->store, str_of(f->options->feed->name), ecosystem, repository,
                       err);
}

static pw_code take_answer(struct fetching *f, const struct feed_address *address,
                           const struct validator *known, const struct client_answer *answer,
                           struct err *err) {
    char text[ERR_TEXT_SIZE];

    if (answer->status >= 200 && answer->status < 300) {
        f->report->fetched++;
        f->report->bytes += answer->bytes;
        keep_validator(
            f, (struct validator){str_of(address->url), answer->etag, answer->last_modified});
        return PW_OK;
    }
    if (answer->status == 304) {
        keep_validator(f, *known);
        return keep_part(f, address->part, err);
    }
    if (answer->status == 404 || answer->status == 410) {
        f->report->absent++;
        return PW_OK;
    }
    snprintf(text, sizeof text, "%s answered %d", address->url, answer->status);
    note_failure(f, text);
    keep_validator(f, *known); /* what is stored is still what it speaks of */
    return PW_OK;
}

static pw_code ask(struct fetching *f, const struct feed_address *address, int fd,
                   struct err *err) {
    struct validator      known = validator_of(f->known, address->url);
    struct client_request request = CLIENT_REQUEST_INIT;
    struct client_answer  answer;
    struct err            why = ERR_NONE;
    pw_code               code;

    f->url = address->url;
    request.url = address->url;
    request.fd = fd;
    request.ca_file = f->how->ca_file;
    request.progress = on_progress;
    request.ctx = f;
    /* copies: the request wants C strings */
    request.etag = str_empty(known.etag) ? NULL : arena_str(&f->arena, known.etag).ptr;
    request.last_modified =
        str_empty(known.last_modified) ? NULL : arena_str(&f->arena, known.last_modified).ptr;
    code = client_do(&request, &f->arena, &answer, &why);
    if (code == PW_OK)
        return take_answer(f, address, &known, &answer, err);
    if (code == PW_CANCELLED || code == PW_NO_SPACE || code == PW_MEMORY)
        return err_set(err, code, "%s", err_text(&why));
    note_failure(f, err_text(&why));
    keep_validator(f, known);
    return PW_OK;
}

static pw_code fetch_one(struct fetching *f, const struct feed_address *address, struct err *err) {
    AUTO(fd_close) int fd = -1;
    char               path[PATH_MAX];
    size_t             before = f->report->fetched;

    PW_TRY(open_document(f, address->file, path, &fd, err));
    PW_TRY(ask(f, address, fd, err));
    if (f->report->fetched == before)
        (void)unlink(path); /* nothing came: the folder is emptied at the end anyway */
    return PW_OK;
}

/* --- all of them --- */

static int year_of(int64_t at) {
    time_t    seconds = at;
    struct tm parts;

    return gmtime_r(&seconds, &parts) != NULL ? parts.tm_year + 1900 : 2026;
}

static pw_code fetch_all(struct fetching *f, struct err *err) {
    const struct feed  *feed = f->options->feed;
    int                 year = year_of(clock_now(store_clock(f->options->store)));
    struct feed_address address;

    PW_TRY(feeds_validators_get(f->options->store, str_of(feed->name), &f->arena, &f->known, err));
    for (size_t i = 0; feed_address(feed, f->how->address, i, year, &address); i++) {
        if (f->how->wants == NULL || str_empty(address.part) ||
            f->how->wants(f->how->ctx, address.part))
            PW_TRY(fetch_one(f, &address, err));
        else
            keep_validator(f, validator_of(f->known, address.url));
    }
    if (f->report->fetched + f->report->unchanged > 0)
        return PW_OK;
    if (f->report->failed > 0)
        return err_set(err, PW_IO, "%s", f->report->failure);
    if (f->report->absent > 0)
        return err_set(err, PW_NOT_FOUND, "nothing is published at %s",
                       f->how->address != NULL ? f->how->address : feed->url);
    return err_set(err, PW_UNSUPPORTED, "feed %s has no address", feed->name);
}

static pw_code fetch_and_import(struct fetching *f, struct feed_import_report *report,
                                bool *ret_kept, struct err *err) {
    const struct feed *feed = f->options->feed;
    str                validators;

    PW_TRY(empty_folder(f->how->folder, err));
    PW_TRY(fetch_all(f, err));
    if (f->report->fetched > 0) {
        *ret_kept = true; /* a failure from here on is kept with the feed by the import */
        PW_TRY(feed_import_folder(f->options, f->how->folder,
                                  f->how->address != NULL ? f->how->address : feed->url, report,
                                  err));
        *ret_kept = false;
    }
    PW_TRY(buf_finish(&f->kept, &validators, err));
    PW_TRY(feeds_validators_put(f->options->store, str_of(feed->name), validators, err));
    if (f->report->failed > 0)
        return feeds_failed(f->options->store, str_of(feed->name), f->report->failure, err);
    return PW_OK;
}

pw_code feed_import_url(const struct feed_import_options *options, const struct feed_fetch *fetch,
                        struct feed_import_report *ret_report,
                        struct feed_fetch_report *ret_fetched, struct err *err) {
    struct fetching f = {.options = options,
                         .how = fetch,
                         .report = ret_fetched,
                         .arena = ARENA_INIT(MIB(4)),
                         .kept = BUF_INIT(MIB(1))};
    struct err      own = ERR_NONE;
    bool            kept = false;
    pw_code         code;

    err = err != NULL ? err : &own;
    *ret_report = (struct feed_import_report){0};
    *ret_fetched = (struct feed_fetch_report){0};
    code = fetch_and_import(&f, ret_report, &kept, err);
    if (code != PW_OK && !kept && code != PW_CANCELLED) {
        (void)err_wrap(err, "feed %s was not fetched", options->feed->name);
        (void)feeds_failed(options->store, str_of(options->feed->name), err_text(err), NULL);
    }
    (void)empty_folder(fetch->folder, NULL); /* what is left is emptied by the next fetch */
    arena_done(&f.arena);
    buf_done(&f.kept);
    return code;
}
