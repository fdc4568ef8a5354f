#pragma once
/*
 * remedy.h - how to fix a finding, in one sentence for people.
 *
 * Threads: pure; writes into the caller's buf.
 */
#include "base/buf.h"
#include "model/finding.h"

/* "Upgrade openssl to 3.0.11-1~deb12u2 or later (apt-get install --only-upgrade libssl3), rebuild the image and push it." */
void remedy_write(struct buf *out, const struct finding *finding);
/* The command that upgrades one package, "" where none is known. */
void remedy_command(struct buf *out, const struct package *package, str fixed_version);
/* One more package of the same release behind such a command; nothing where commands take one. */
void remedy_command_more(struct buf *out, const struct package *package);
