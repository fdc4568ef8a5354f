#pragma once
/*
 * upload_commit.h - verified bytes of an upload become a blob of a repository.
 *
 * First the bytes are durable under a fresh key, then one transaction makes or updates the blob row,
 * links it with a lease and removes the session's row; at last the session's file and the copy that
 * lost (the older one, or ours) are dropped. Threads: as the session.
 */
#include "registry/upload_session.h"

pw_code upload_commit(struct upload_session *session, str repository, const struct digest *digest,
                      struct err *err);
