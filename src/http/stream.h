#pragma once
/*
 * stream.h - a body that is made while it is sent.
 *
 * The source's next() may block, so it runs on a worker: the event thread sends what is there,
 * asks a worker for more and suspends the connection meanwhile. A client that does not read holds
 * no worker. end() runs on a worker, once, after the last next().
 * Threads: made on the event thread; holds a reference to the request until end() was called.
 */
#include "http/request.h"

/* Takes the stream out of request->reply. size: MHD_SIZE_UNKNOWN or the length. */
struct MHD_Response *stream_response(void *request, uint64_t size);
