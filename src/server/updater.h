#pragma once
/*
 * updater.h - keeps feeds fresh while the server runs.
 *
 * A feed is fetched when its last import is older than its interval: the configured one, or, once
 * `portwarden feeds update` has worked on this data folder, the feed's own. A machine that never asked
 * for the internet is not taken there. After a failure it waits UPDATER_PAUSE_SECONDS.
 * Threads: one of its own; updater_close ends a fetch under way.
 */
#include "server/config.h"
#include "store/store.h"

enum { UPDATER_PAUSE_SECONDS = 900 };

/* The setting that `feeds update` leaves behind. */
#define UPDATER_SETTING STR("feeds-automatic")

struct updater;
pw_code updater_open(struct store *store, const struct config *config, const char *data,
                     struct updater **ret_updater, struct err *err);
void    updater_close(struct updater *updater); /* accepts NULL */

struct updater_feed {
    int64_t interval;              /* 0: never */
    int64_t updated_at, failed_at; /* 0: never */
};
bool updater_is_due(const struct updater_feed *feed, int64_t now);
