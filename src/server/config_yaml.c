/* config_yaml.c - libyaml's events into config_set. */
#include "server/config_yaml.h"

#include <stdio.h>
#include <yaml.h>
#include "base/buf.h"
#include "base/map.h"
#include "base/arena.h"
#include "base/limits.h"

enum { DEPTH_MAX = 4, KEY_ROOM = 256 };

struct reader {
    struct config *config;
    const char    *file;
    struct arena   arena;
    struct map     seen;
    char           key[KEY_ROOM];      /* "feeds.osv.url" so far */
    size_t         lengths[DEPTH_MAX]; /* of key, by depth */
    unsigned       depth;
    bool           have_key;
    unsigned       documents;
};

static pw_code complain(struct reader *r, const yaml_event_t *event, const char *what,
                        struct err *err) {
    return err_set(err, PW_INVALID, "%s, line %zu: %s", r->file, event->start_mark.line + 1, what);
}

static pw_code take_key(struct reader *r, const yaml_event_t *event, str name, struct err *err) {
    size_t at = r->depth > 1 ? r->lengths[r->depth - 2] : 0;
    int    n =
        snprintf(r->key + at, sizeof r->key - at, "%s" STR_FMT, at > 0 ? "." : "", STR_ARG(name));

    if (n < 0 || (size_t)n >= sizeof r->key - at || name.len == 0)
        return complain(r, event, "a key is empty or too long", err);
    r->lengths[r->depth - 1] = at + (size_t)n;
    r->have_key = true;
    return PW_OK;
}

static pw_code take_value(struct reader *r, const yaml_event_t *event, str value, struct err *err) {
    char   where[512];
    str    key = arena_str(&r->arena, str_make(r->key, r->lengths[r->depth - 1]));
    void **place;

    snprintf(where, sizeof where, "%s, line %zu", r->file, event->start_mark.line + 1);
    if (key.ptr == NULL || (place = map_at(&r->seen, key)) == NULL)
        return err_set(err, PW_MEMORY, "no memory for the configuration");
    if (*place != NULL)
        return err_set(err, PW_INVALID, "%s: key \"" STR_FMT "\" is set twice", where,
                       STR_ARG(key));
    *place = r;
    r->have_key = false;
    return config_set(r->config, key, value, where, err);
}

static pw_code take_scalar(struct reader *r, const yaml_event_t *event, struct err *err) {
    str text = str_make(event->data.scalar.value, event->data.scalar.length);

    if (r->depth == 0) {
        if (text.len == 0)
            return PW_OK; /* a file of comments only */
        return complain(r, event, "expected \"key: value\"", err);
    }
    return r->have_key ? take_value(r, event, text, err) : take_key(r, event, text, err);
}

static pw_code take_event(struct reader *r, const yaml_event_t *event, struct err *err) {
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(r, event, err);
    case YAML_MAPPING_START_EVENT:
        if (r->depth > 0 && !r->have_key)
            return complain(r, event, "a key cannot be a mapping", err);
        if (r->depth == DEPTH_MAX)
            return complain(r, event, "nested too deeply", err);
        r->depth++;
        r->have_key = false;
        return PW_OK;
    case YAML_MAPPING_END_EVENT:
        r->depth--;
        r->have_key = false;
        return PW_OK;
    case YAML_SEQUENCE_START_EVENT:
        return complain(r, event, "no key takes a list", err);
    case YAML_ALIAS_EVENT:
        return complain(r, event, "aliases are not supported", err);
    case YAML_DOCUMENT_START_EVENT:
        if (r->documents++ > 0)
            return complain(r, event, "a second document", err);
        return PW_OK;
    default:
        return PW_OK;
    }
}

static pw_code read_events(struct reader *r, yaml_parser_t *parser, struct err *err) {
    for (;;) {
        yaml_event_t event;
        pw_code      code;
        bool         end;

        if (!yaml_parser_parse(parser, &event))
            return err_set(err, PW_INVALID, "%s, line %zu: %s", r->file,
                           parser->problem_mark.line + 1,
                           parser->problem != NULL ? parser->problem : "not YAML");
        code = take_event(r, &event, err);
        end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (code != PW_OK || end)
            return code;
    }
}

pw_code config_yaml_read(struct config *config, const char *file, str text, struct err *err) {
    struct reader reader = {.config = config, .file = file, .arena = ARENA_INIT(MIB(1))};
    yaml_parser_t parser;
    pw_code       code;

    if (!yaml_parser_initialize(&parser))
        return err_set(err, PW_MEMORY, "no memory for the configuration");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.ptr, text.len);
    code = read_events(&reader, &parser, err);
    yaml_parser_delete(&parser);
    map_done(&reader.seen);
    arena_done(&reader.arena);
    return code;
}
