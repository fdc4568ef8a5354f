/* config.c - values of the keys, checked when they are set. */
#include "server/config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/suggest.h"
#include "server/config_yaml.h"

#define PREFIX "PORTWARDEN_"

enum { KEYS_MAX = 64, KEY_SIZE = 128, LIMIT_VALUE = 4096 };

struct config {
    char *values[KEYS_MAX]; /* NULL: the default */
};

static int key_index(str name) {
    for (int i = 0; config_keys[i].name != NULL; i++)
        if (str_eq(str_of(config_keys[i].name), name))
            return i;
    return -1;
}

static bool interval_parse(str text, uint64_t *ret_seconds) {
    static const struct {
        char     unit;
        uint64_t seconds;
    } units[] = {{'m', 60}, {'h', 3600}, {'d', 86400}};

    *ret_seconds = 0;
    if (text.len == 0 || str_eq(text, STR("off")))
        return true;
    EACH (u, units)
        if (text.ptr[text.len - 1] == u->unit &&
            str_to_u64(str_sub(text, 0, text.len - 1), 1000000, ret_seconds) && *ret_seconds > 0) {
            *ret_seconds *= u->seconds;
            return true;
        }
    return false;
}

static bool is_loopback(const char *address) {
    struct in_addr  four;
    struct in6_addr six;

    if (inet_pton(AF_INET, address, &four) == 1)
        return (ntohl(four.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, address, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

pw_code config_listen(str text, char ret_address[LISTEN_ADDRESS_SIZE], unsigned *ret_port,
                      struct err *err) {
    size_t   colon = str_rfind_char(text, ':');
    str      host = colon != STR_NPOS ? str_sub(text, 0, colon) : STR_NONE;
    char     address[LISTEN_ADDRESS_SIZE];
    uint64_t port;

    if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        host = str_sub(host, 1, host.len - 2);
    if (str_eq(host, STR("localhost")))
        host = STR("127.0.0.1");
    if (host.len == 0 || !str_to_u64(str_from(text, colon + 1), 65535, &port) ||
        !str_copy(host, address, sizeof address))
        return err_set(err, PW_INVALID, "\"" STR_FMT "\" is not ADDRESS:PORT, e.g. 127.0.0.1:5080",
                       STR_ARG(text));
    if (!is_loopback(address))
        return err_set(
            err, PW_DENIED,
            "will not listen on %s: there are no accounts yet, so only this machine may ask; "
            "use 127.0.0.1 or ::1",
            address);
    memcpy(ret_address, address, sizeof address);
    *ret_port = (unsigned)port;
    return PW_OK;
}

static pw_code check_value(const struct config_key *key, str value, struct err *err) {
    char           address[LISTEN_ADDRESS_SIZE];
    unsigned       port;
    uint64_t       number;
    enum log_level level;

    switch (key->kind) {
    case CONFIG_LISTEN:
        return config_listen(value, address, &port, err);
    case CONFIG_NUMBER:
        if (!str_to_u64(value, key->most, &number) || number < key->least)
            return err_set(err, PW_INVALID, "\"" STR_FMT "\" is not a number from %llu to %llu",
                           STR_ARG(value), (unsigned long long)key->least,
                           (unsigned long long)key->most);
        return PW_OK;
    case CONFIG_LEVEL:
        if (!log_level_parse(value, &level))
            return err_set(err, PW_INVALID,
                           "\"" STR_FMT "\" is not debug, info, warn, error or off",
                           STR_ARG(value));
        return PW_OK;
    case CONFIG_INTERVAL:
        if (!interval_parse(value, &number))
            return err_set(err, PW_INVALID,
                           "\"" STR_FMT "\" is not \"off\" or a number with m, h or d",
                           STR_ARG(value));
        return PW_OK;
    case CONFIG_URL:
        if (value.len > 0 && !str_starts(value, STR("http://")) &&
            !str_starts(value, STR("https://")))
            return err_set(err, PW_INVALID, "\"" STR_FMT "\" is not an http:// or https:// address",
                           STR_ARG(value));
        return PW_OK;
    case CONFIG_TEXT:
        break;
    }
    return PW_OK;
}

pw_code config_set(struct config *config, str key, str value, const char *where, struct err *err) {
    int   index = key_index(key);
    char *copy;

    if (index < 0) {
        struct suggestion near = SUGGESTION(key);

        for (const struct config_key *k = config_keys; k->name != NULL; k++)
            suggest_offer(&near, str_of(k->name));
        if (near.best.len > 0)
            return err_set(err, PW_INVALID,
                           "%s: unknown key \"" STR_FMT "\"; did you mean \"" STR_FMT "\"?", where,
                           STR_ARG(key), STR_ARG(near.best));
        return err_set(err, PW_INVALID,
                       "%s: unknown key \"" STR_FMT
                       "\"; `portwarden serve --print-config` lists all keys",
                       where, STR_ARG(key));
    }
    if (value.len > LIMIT_VALUE ||
        memchr(value.ptr != NULL ? value.ptr : "", '\0', value.len) != NULL)
        return err_set(err, PW_INVALID, "%s: %s is too long or holds a NUL", where,
                       config_keys[index].name);
    if (check_value(&config_keys[index], value, err) != PW_OK)
        return err_wrap(err, "%s: %s", where, config_keys[index].name);
    copy = strndup(value.ptr != NULL ? value.ptr : "", value.len);
    if (copy == NULL)
        return err_set(err, PW_MEMORY, "no memory for the configuration");
    free(config->values[index]);
    config->values[index] = copy;
    return PW_OK;
}

/* PORTWARDEN_FEEDS_OSV_URL: letters in capitals, everything else an underscore. */
static void variable_name(const char *key, char out[KEY_SIZE]) {
    size_t n = (size_t)snprintf(out, KEY_SIZE, PREFIX);

    for (; *key != '\0' && n + 1 < KEY_SIZE; key++)
        out[n++] = isalnum((unsigned char)*key) ? (char)toupper((unsigned char)*key) : '_';
    out[n] = '\0';
}

static pw_code set_from_variable(struct config *config, str name, str value, struct err *err) {
    char known[KEY_SIZE], where[KEY_SIZE + 32];
    str  word = str_from(name, strlen(PREFIX));

    for (const struct config_key *key = config_keys; key->name != NULL; key++) {
        variable_name(key->name, known);
        if (str_eq(str_of(known), name)) {
            snprintf(where, sizeof where, "environment variable %s", known);
            return config_set(config, str_of(key->name), value, where, err);
        }
    }
    for (const struct config_key *key = config_keys; key->name != NULL; key++) {
        variable_name(key->name, known);
        if (suggest_distance(word, str_of(known + strlen(PREFIX))) <= word.len / 5)
            return err_set(err, PW_INVALID,
                           "unknown environment variable " STR_FMT "; did you mean %s?",
                           STR_ARG(name), known);
    }
    return PW_OK; /* e.g. variables that an orchestrator adds for a service of this name */
}

static pw_code read_environment(struct config *config, char **environment, struct err *err) {
    for (char **e = environment; e != NULL && *e != NULL; e++) {
        str value = str_of(*e), name;

        (void)str_cut(&value, '=', &name);
        if (str_starts(name, STR(PREFIX)))
            PW_TRY(set_from_variable(config, name, value, err));
    }
    return PW_OK;
}

static pw_code read_file(struct config *config, const char *path, struct err *err) {
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1));

    PW_TRY(file_read(path, MIB(1), &text, err));
    return config_yaml_read(config, path, buf_str(&text), err);
}

pw_code config_load(const char *path, char **environment, struct config **ret_config,
                    struct err *err) {
    struct config *config = calloc(1, sizeof *config);
    pw_code        code;

    if (config == NULL)
        return err_set(err, PW_MEMORY, "no memory for the configuration");
    code = path != NULL ? read_file(config, path, err) : PW_OK;
    if (code == PW_OK)
        code = read_environment(config, environment, err);
    if (code != PW_OK) {
        config_free(config);
        return code;
    }
    *ret_config = config;
    return PW_OK;
}

void config_free(struct config *config) {
    if (config == NULL)
        return;
    for (int i = 0; i < KEYS_MAX; i++)
        free(config->values[i]);
    free(config);
}

void config_freep(struct config **config) {
    config_free(*config);
}

str config_text(const struct config *config, const char *key) {
    int index = key_index(str_of(key));

    if (index < 0)
        return STR_NONE;
    return str_of(config->values[index] != NULL ? config->values[index] : config_keys[index].value);
}

uint64_t config_number(const struct config *config, const char *key) {
    uint64_t value = 0;
    str      text = config_text(config, key);

    if (!str_to_u64(text, UINT64_MAX, &value))
        (void)interval_parse(text, &value); /* checked when it was set */
    return value;
}

/* How many leading parts ("feeds", "osv") two keys share. */
static size_t shared_parts(str a, str b) {
    size_t shared = 0;
    str    x, y;

    while (str_cut(&a, '.', &x) && str_cut(&b, '.', &y) && str_eq(x, y) && a.len > 0 && b.len > 0)
        shared++;
    return shared;
}

void config_print(struct buf *out) {
    str last = STR_NONE;

    buf_adds(out, "# Portwarden's configuration: every key with its default.\n"
                  "# Each key can be set by the environment: PORTWARDEN_ and the key in capitals,\n"
                  "# dots and dashes as underscores (PORTWARDEN_FEEDS_OSV_URL).\n");
    for (const struct config_key *key = config_keys; key->name != NULL; key++) {
        size_t depth = 0, shared = shared_parts(last, str_of(key->name));
        str    rest = str_of(key->name), part, help = str_of(key->help), line;

        while (str_cut(&rest, '.', &part)) {
            if (rest.len == 0)
                while (str_line(&help, &line))
                    buf_addf(out, "%s%*s# " STR_FMT "\n",
                             depth == 0 && line.ptr == key->help ? "\n" : "", (int)(2 * depth), "",
                             STR_ARG(line));
            if (rest.len == 0)
                buf_addf(out, "%*s" STR_FMT ": %s%s%s\n", (int)(2 * depth), "", STR_ARG(part),
                         key->kind == CONFIG_NUMBER ? "" : "\"", key->value,
                         key->kind == CONFIG_NUMBER ? "" : "\"");
            else if (depth >= shared)
                buf_addf(out, "%s%*s" STR_FMT ":\n", depth == 0 ? "\n" : "", (int)(2 * depth), "",
                         STR_ARG(part));
            depth++;
        }
        last = str_of(key->name);
    }
}
