#pragma once
/*
 * finding_body.h - the parts of a finding that are shown but never searched, as JSON in one column.
 * Private to store/. Decoded text lives in the arena.
 */
#include "base/arena.h"
#include "model/finding.h"

pw_code finding_body_encode(const struct finding *finding, struct buf *out, struct err *err);
pw_code finding_body_decode(struct arena *arena, str body, struct finding *finding,
                            struct err *err);
