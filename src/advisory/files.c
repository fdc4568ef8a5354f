/*
 * files.c - the documents of a path, each through one reader.
 *
 * Files are walked one by one, so that it is known which documents belong together: the members of
 * one archive, or the loose documents of one folder.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "advisory/format.h"
#include "format/feed_file.h"

struct walking {
    const struct feed_files *files;
    struct feed_reader      *reader;
    struct families          members; /* of the archive at hand */
    struct families          loose;   /* of the folder at hand */
    bool                     folder;  /* the path is one: a damaged file in it is not the end */
    bool                     archive; /* the file at hand has members */
    size_t                   seen;    /* files */
    const char              *path;    /* the file at hand */
};

static str last_part(const char *path) {
    const char *slash = strrchr(path, '/');

    return str_of(slash != NULL ? slash + 1 : path);
}

static bool is_data(void *ctx, str name) {
    struct walking *w = ctx;

    w->archive = !str_starts(last_part(w->path), name); /* members have names of their own */
    if (!w->archive && !w->folder)
        return true; /* whoever names one file means it */
    return str_ends(name, STR(".json")) || str_ends(name, STR(".csv"));
}

static pw_code read_one(void *ctx, str name, struct pull_source bytes, struct err *err) {
    struct walking *w = ctx;
    struct err      why = ERR_NONE;
    pw_code         code;

    if (w->files->document != NULL)
        PW_TRY(w->files->document(w->files->sink->ctx, name, err));
    if (w->files->feed->format->by_ecosystem)
        w->reader->families = w->archive ? &w->members : &w->loose;
    code = feed_reader_read(w->reader, bytes, &why);
    if (code == PW_INVALID && (w->archive || w->folder))
        return reader_bad(w->reader, name, err_text(&why), err);
    return code == PW_OK ? PW_OK : err_set(err, code, "%s", err_text(&why));
}

/* The end of what belongs together. Loose documents are the whole of an ecosystem only when their
 * folder is called so; an archive also when all its records name one. */
static pw_code end_group(struct walking *w, struct families *families, const char *folder,
                         struct err *err) {
    struct feed_scope scope = {0};
    pw_code           code = PW_OK;

    if (families->any)
        scope.family = families_whole(families, last_part(folder));
    if (families == &w->loose && !str_eq(scope.family, last_part(folder)))
        scope.family = STR_NONE;
    if (!str_empty(scope.family))
        code = reader_scope(w->reader, &scope, err);
    families_reset(families);
    return code;
}

static pw_code walk_file(struct walking *w, const char *path, const char *folder, struct err *err) {
    struct feed_visitor visitor = {w, is_data, read_one};

    if (++w->seen > LIMIT_FEED_FILES)
        return err_set(err, PW_TOO_LARGE, "more than %d files", LIMIT_FEED_FILES);
    w->path = path;
    w->archive = false;
    PW_TRY(feed_file_walk(path, &visitor, err));
    return w->archive ? end_group(w, &w->members, folder, err) : PW_OK;
}

/* --- folders: their files first, then what is below --- */

static int not_hidden(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

struct listing {
    struct dirent **names;
    int             count;
};

static void listing_done(struct listing *listing) {
    for (int i = 0; i < listing->count; i++)
        free(listing->names[i]);
    free(listing->names);
}

static pw_code walk_folder(struct walking *w, const char *path, int depth, struct err *err);

static pw_code walk_entry(struct walking *w, const char *path, const char *folder, int folders_at,
                          struct err *err) {
    struct stat facts;

    if (lstat(path, &facts) != 0)
        return err_errno(err, "cannot look at %s", path);
    if (folders_at < 0)
        return S_ISREG(facts.st_mode) ? walk_file(w, path, folder, err) : PW_OK;
    return S_ISDIR(facts.st_mode) ? walk_folder(w, path, folders_at, err) : PW_OK;
}

/* folders_at: depth of the folders to walk, or -1 to read files. */
static pw_code walk_listing(struct walking *w, const struct listing *listing, const char *path,
                            int folders_at, struct err *err) {
    for (int i = 0; i < listing->count; i++) {
        char below[PATH_MAX];

        if ((size_t)snprintf(below, sizeof below, "%s/%s", path, listing->names[i]->d_name) >=
            sizeof below)
            return err_set(err, PW_INVALID, "a path in folder %s is too long", path);
        PW_TRY(walk_entry(w, below, path, folders_at, err));
    }
    return PW_OK;
}

static pw_code walk_folder(struct walking *w, const char *path, int depth, struct err *err) {
    AUTO(listing_done) struct listing listing = {0};

    if (depth > LIMIT_FEED_DEPTH)
        return err_set(err, PW_TOO_LARGE, "%s is more than %d folders deep", path,
                       LIMIT_FEED_DEPTH);
    listing.count = scandir(path, &listing.names, not_hidden, alphasort);
    if (listing.count < 0) {
        listing.count = 0;
        return err_errno(err, "cannot list folder %s", path);
    }
    PW_TRY(walk_listing(w, &listing, path, -1, err));
    PW_TRY(end_group(w, &w->loose, path, err));
    return walk_listing(w, &listing, path, depth + 1, err);
}

static pw_code walk_path(struct walking *w, const char *path, struct err *err) {
    char        folder[PATH_MAX];
    struct stat facts;
    size_t      len = strlen(path);

    if (stat(path, &facts) != 0)
        return err_errno(err, "cannot open %s", path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (!str_copy(str_make(path, len), folder, sizeof folder))
        return err_set(err, PW_INVALID, "the path of the feed is too long");
    w->folder = S_ISDIR(facts.st_mode);
    if (w->folder)
        return walk_folder(w, folder, 0, err);
    len -= last_part(path).len;
    folder[len > 0 ? len - 1 : 0] = '\0'; /* what the file lies in */
    return walk_file(w, path, folder, err);
}

pw_code feed_files_read(const struct feed_files *files, const char *path, struct err *err) {
    AUTO(feed_reader_freep) struct feed_reader *reader = NULL;
    struct walking                              walking = {.files = files,
                                                           .members = {.arena = ARENA_INIT(MIB(1))},
                                                           .loose = {.arena = ARENA_INIT(MIB(1))}};
    pw_code                                     code;

    PW_TRY(feed_reader_new(files->feed, files->sink, &reader, err));
    walking.reader = reader;
    code = walk_path(&walking, path, err);
    arena_done(&walking.members.arena);
    arena_done(&walking.loose.arena);
    return code;
}
