/* config_keys.c - the list of keys; the file, the environment and --print-config follow from it. */
#include <stddef.h>
#include "server/config.h"

#define FEED(name, help)                                                                           \
    {"feeds." name ".url",                                                                         \
     "",                                                                                           \
     CONFIG_URL,                                                                                   \
     0,                                                                                            \
     0,                                                                                            \
     help "\nEmpty: the official address, as `portwarden feeds list` prints it."},                 \
    {                                                                                              \
        "feeds." name ".every", "", CONFIG_INTERVAL, 0, 0,                                         \
            "How often the server fetches it: \"off\", or a number with m, h or d. Empty: as "     \
            "often as it is\n"                                                                     \
            "published, once `portwarden feeds update` has worked on this data folder."            \
    }

const struct config_key config_keys[] = {
    {"listen", "127.0.0.1:5080", CONFIG_LISTEN, 0, 0,
     "Address and port. Only loopback is accepted: there are no accounts yet, so nobody else may "
     "ask.\n"
     "Port 0 takes a free one and prints it."},
    {"data", "", CONFIG_TEXT, 0, 0,
     "Data folder; empty: what --data or $PORTWARDEN_DATA say, else ./data."},
    {"log_level", "info", CONFIG_LEVEL, 0, 0,
     "debug, info, warn, error or off; JSON lines on standard error."},
    {"workers", "2", CONFIG_NUMBER, 1, 64, "Threads that scan and match."},
    {"http_workers", "16", CONFIG_NUMBER, 2, 256, "Threads that answer requests which may block."},
    {"sandbox_children", "2", CONFIG_NUMBER, 1, 64,
     "Layers read at the same time, each in a locked-down child."},
    {"stop_seconds", "30", CONFIG_NUMBER, 1, 600, "How long a stop waits for requests under way."},
    {"limits.scan_seconds", "900", CONFIG_NUMBER, 10, 86400,
     "A scan that lasts longer is ended and tried again later; after three times it is shown as "
     "failed."},
    {"limits.advisories_fresh_days", "7", CONFIG_NUMBER, 1, 3650,
     "An image is only called healthy by advisories at most so old."},
    FEED("debian-tracker", "Where `feeds update` takes the Debian security tracker from."),
    FEED("alpine-secdb", "Where it takes Alpine's security database from."),
    FEED("osv", "Where it takes OSV records from."),
    FEED("nvd", "Where it takes NVD's ratings from."),
    FEED("kev", "Where it takes the catalogue of known exploited vulnerabilities from."),
    FEED("epss", "Where it takes exploit prediction scores from."),
    {NULL, NULL, CONFIG_TEXT, 0, 0, NULL},
};
