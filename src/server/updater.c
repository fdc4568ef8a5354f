/* updater.c - a thread that looks once a minute. */
#include "server/updater.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "base/limits.h"
#include "base/log.h"
#include "pipeline/feed_update.h"
#include "store/feeds.h"
#include "store/settings.h"

enum { LOOK_SECONDS = 60, KEY_ROOM = 128 };

struct updater {
    struct store        *store;
    const struct config *config;
    const char          *data;
    pthread_t            thread;
    pthread_mutex_t      lock;
    pthread_cond_t       wake;
    atomic_bool          stopping;
};

bool updater_is_due(const struct updater_feed *feed, int64_t now) {
    if (feed->interval == 0 || feed->updated_at + feed->interval > now)
        return false;
    return feed->failed_at == 0 || feed->failed_at + UPDATER_PAUSE_SECONDS <= now;
}

struct look {
    struct arena    *arena;
    struct feed_rows rows;
    bool             automatic;
};

static pw_code load(struct txn *txn, void *arg, struct err *err) {
    struct look *look = arg;
    str          value;
    pw_code      code = settings_get(txn, UPDATER_SETTING, look->arena, &value, err);

    if (code != PW_OK && code != PW_NOT_FOUND)
        return code;
    look->automatic = code == PW_OK;
    return feeds_list(txn, look->arena, &look->rows, err);
}

static int64_t interval_of(const struct updater *u, const struct feed *feed, bool automatic) {
    char key[KEY_ROOM];
    str  text;

    snprintf(key, sizeof key, "feeds.%s.every", feed->name);
    text = config_text(u->config, key);
    if (text.len == 0)
        return automatic ? feed->interval_seconds : 0;
    return (int64_t)config_number(u->config, key);
}

static bool is_due(const struct updater *u, const struct feed *feed, const struct look *look) {
    struct updater_feed due = {.interval = interval_of(u, feed, look->automatic)};

    for (size_t i = 0; i < look->rows.count; i++)
        if (str_eq(look->rows.rows[i].name, str_of(feed->name))) {
            due.updated_at = look->rows.rows[i].updated_at;
            due.failed_at = look->rows.rows[i].failed_at;
        }
    return feed->url != NULL && updater_is_due(&due, clock_now(store_clock(u->store)));
}

static void fetch(struct updater *u, const struct feed *feed) {
    struct feed_import_report  report = {0};
    struct err                 err = ERR_NONE, ignored = ERR_NONE;
    char                       key[KEY_ROOM];
    time_t                     now = (time_t)clock_now(store_clock(u->store));
    struct tm                  parts = {.tm_year = 70};
    struct feed_update_options options = {
        .import = {.store = u->store, .feed = feed, .cancel = &u->stopping}, .folder = u->data};

    (void)gmtime_r(&now, &parts);
    options.this_year = parts.tm_year + 1900;
    snprintf(key, sizeof key, "feeds.%s.url", feed->name);
    options.base = config_text(u->config, key);
    if (feed_update(&options, &report, &err) == PW_OK) {
        log_event(LOG_INFO, "feed updated", {"feed", str_of(feed->name)});
        return;
    }
    if (atomic_load(&u->stopping))
        return;
    log_event(LOG_WARN, "feed not updated", {"feed", str_of(feed->name)},
              {"error", str_of(err_text(&err))});
    (void)feeds_failed(u->store, str_of(feed->name), err_text(&err),
                       &ignored); /* it is in the log */
}

static void look_once(struct updater *u) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(4));
    struct look                   look = {.arena = &arena};
    struct err                    err = ERR_NONE;

    if (store_read(u->store, load, &look, &err) != PW_OK) {
        log_err(LOG_WARN, "feeds could not be looked at", &err);
        return;
    }
    for (const struct feed *feed = feeds; feed->name != NULL && !atomic_load(&u->stopping); feed++)
        if (is_due(u, feed, &look))
            fetch(u, feed);
}

static void *run(void *arg) {
    struct updater *u = arg;

    pthread_mutex_lock(&u->lock);
    while (!atomic_load(&u->stopping)) {
        struct timespec until;

        pthread_mutex_unlock(&u->lock);
        look_once(u);
        pthread_mutex_lock(&u->lock);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += LOOK_SECONDS;
        if (!atomic_load(&u->stopping))
            (void)pthread_cond_timedwait(&u->wake, &u->lock, &until);
    }
    pthread_mutex_unlock(&u->lock);
    return NULL;
}

pw_code updater_open(struct store *store, const struct config *config, const char *data,
                     struct updater **ret_updater, struct err *err) {
    struct updater *u = calloc(1, sizeof *u);

    if (u == NULL)
        return err_set(err, PW_MEMORY, "no memory for the updater");
    u->store = store;
    u->config = config;
    u->data = data;
    pthread_mutex_init(&u->lock, NULL);
    pthread_cond_init(&u->wake, NULL);
    if (pthread_create(&u->thread, NULL, run, u) != 0) {
        free(u);
        return err_set(err, PW_IO, "the updater could not be started");
    }
    *ret_updater = u;
    return PW_OK;
}

void updater_close(struct updater *u) {
    if (u == NULL)
        return;
    pthread_mutex_lock(&u->lock);
    atomic_store(&u->stopping, true);
    pthread_cond_signal(&u->wake);
    pthread_mutex_unlock(&u->lock);
    pthread_join(u->thread, NULL);
    pthread_cond_destroy(&u->wake);
    pthread_mutex_destroy(&u->lock);
    free(u);
}
