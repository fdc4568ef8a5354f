#pragma once
/*
 * config_yaml.h - mappings of a YAML document as dotted keys.
 *
 * Spec:    YAML 1.1 by libyaml; mappings and scalars only: lists, aliases, tags and a second
 *          document are refused. A key that occurs twice is refused.
 * Errors:  PW_INVALID with "FILE, line N".
 */
#include "server/config.h"

pw_code config_yaml_read(struct config *config, const char *file, str text, struct err *err);
