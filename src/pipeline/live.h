#pragma once
/*
 * live.h - layers are read while they are uploaded.
 *
 * Uploads never wait for it: a reading that finds no free child, starves or fails is dropped, and the
 * scan job reads the layer from storage. Facts are kept only under a digest that was verified.
 * Blobs that are not archives (configurations, signatures) are not looked at.
 *
 * Threads: the watch's calls come from the worker that writes the upload; each finished upload is
 * ended on a thread of its own, at most as many as the sandbox has children.
 */
#include "registry/upload.h"
#include "sandbox/sandbox.h"
#include "store/store.h"

struct live;

pw_code             live_open(struct store *store, struct sandbox *sandbox, struct live **ret_live,
                              struct err *err);
void                live_close(struct live *live); /* waits for readings under way; accepts NULL */
struct upload_watch live_watch(struct live *live);
/* Waits while a finished upload of this digest is still being read; at most until the deadline. */
void live_wait(struct live *live, str digest, int64_t deadline_ns);
/* True when the first bytes are those of a tar or of something compressed. */
bool live_is_archive(const unsigned char *head, size_t n);
