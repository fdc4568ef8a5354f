#pragma once
/*
 * handler.h - runs handlers, on either side, and hands a worker's answer back to its connection.
 *
 * Threads: handler_answer and handler_refuse on the thread that has the request; handler_offer on
 * the event thread with the lock held and the connection suspended.
 */
#include "http/request.h"

/* Runs the route's handler, or writes the refusal; the reply is then ready. */
void handler_answer(struct http_request *request);
void handler_refuse(struct http_request *request, pw_code code, const struct err *err, int status);
/* A worker shall run the handler; `uploads` when it reads the body through the ring. */
void handler_offer(struct http_request *request, bool uploads);
/* The grace is over: whoever waits is answered. With the lock held. */
void handler_abandon(struct http_request *request);
