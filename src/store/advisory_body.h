#pragma once
/*
 * advisory_body.h - the normal form of a record as bytes of a row, and back. Private to store/.
 *
 * Layout: version byte; modified_at; everything else in the order of the structs. Numbers are LEB128
 * (signed ones zigzag), texts and lists have their length first, each affected entry its size, so that
 * entries of other packages are skipped unread. The hash leaves out modified_at: a record that was only
 * touched is unchanged.
 * Errors: PW_CORRUPT for bytes that no build of ours wrote.   Threads: pure.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "model/advisory.h"

void     advisory_body_write(struct buf *out, const struct advisory *advisory);
uint64_t advisory_body_hash(str body);

/* Text is borrowed from `body`; arrays are in the arena. Only entries of this package under this
 * ecosystem or its family ("Debian" for "Debian:12") are kept; an empty ecosystem keeps all. */
pw_code advisory_body_read(struct arena *arena, str body, str ecosystem, str package,
                           struct advisory *ret_advisory, struct err *err);

void    vulnerability_body_write(struct buf *out, const struct vulnerability *vulnerability);
pw_code vulnerability_body_read(struct arena *arena, str body,
                                struct vulnerability *ret_vulnerability, struct err *err);
