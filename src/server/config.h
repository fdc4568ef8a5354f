#pragma once
/*
 * config.h - one YAML file, every key documented, every key also an environment variable.
 *
 * Order, weakest first: built-in default, file, environment (PORTWARDEN_ and the key in capitals,
 * dots as underscores), what the command line sets. Keys nest by mappings: "feeds.osv.url" is
 * feeds: / osv: / url:. Unknown or repeated keys and values out of range are PW_INVALID with file,
 * line and the nearest known key.
 *
 * Memory: the config owns its text. Threads: read-only once loaded.
 */
#include "base/err.h"
#include "base/str.h"

struct config;

enum config_kind {
    CONFIG_TEXT,
    CONFIG_NUMBER,
    CONFIG_LISTEN, /* ADDRESS:PORT, loopback only */
    CONFIG_LEVEL,  /* a log level */
    CONFIG_INTERVAL, /* empty, "off", or a number with m, h or d: config_number gives seconds, 0: off */
    CONFIG_URL,      /* empty, http:// or https:// */
};
struct config_key {
    const char      *name, *value; /* default */
    enum config_kind kind;
    uint64_t         least, most; /* CONFIG_NUMBER */
    const char      *help;        /* lines for people */
};
extern const struct config_key config_keys[]; /* NULL name at the end */

/* `path` NULL: no file. `environment` is environ, or NULL to look at none. */
pw_code config_load(const char *path, char **environment, struct config **ret_config,
                    struct err *err);
void    config_free(struct config *config);
void    config_freep(struct config **config); /* for AUTO */
pw_code config_set(struct config *config, str key, str value, const char *where, struct err *err);

str      config_text(const struct config *config, const char *key);
uint64_t config_number(const struct config *config, const char *key);

/* "127.0.0.1:5080", "[::1]:5080", "localhost:5080". PW_DENIED: not a loopback address. */
enum { LISTEN_ADDRESS_SIZE = 64 };
pw_code config_listen(str text, char ret_address[LISTEN_ADDRESS_SIZE], unsigned *ret_port,
                      struct err *err);

struct buf;
/* The whole file with defaults and comments, as `serve --print-config` prints it. */
void config_print(struct buf *out);
