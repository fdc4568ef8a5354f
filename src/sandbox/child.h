#pragma once
/*
 * child.h - the life of one child: lock itself down, read one layer, answer, exit.
 */
#include "base/err.h"
#include "sandbox/protocol.h"

/* fds: layer, growth counter, result pipe, in any place. Never returns. */
_Noreturn void child_run(const struct request *request, const int fds[PROTOCOL_START_FDS]);

/* Puts the three descriptors where lockdown.h wants them and closes all others above. */
pw_code child_place_fds(const int fds[PROTOCOL_START_FDS], struct err *err);
