#pragma once
/*
 * reaper.h - keeps the list of connections and ends those that waste our time.
 *
 * libmicrohttpd knows only a timeout for inactivity, which one byte a minute defeats. The reaper
 * looks at every connection each REAPER_TICK and applies absolute deadlines: for a header, for a
 * body that stalls or trickles, for a body that waits for a worker, and for a client that was
 * answered in mid-body. It also drops what such a client still sends, so that closing the socket
 * does not destroy the answer (TCP resets a connection that is closed with unread bytes).
 * Threads: all calls are safe; a connection is looked at only between reaper_add and reaper_remove.
 */
#include "http/request.h"

struct reaper;

pw_code reaper_open(struct http_server *server, struct reaper **ret_reaper, struct err *err);
void    reaper_close(struct reaper *reaper); /* accepts NULL */
void    reaper_add(struct reaper *reaper, struct connection *connection);
void    reaper_remove(struct reaper *reaper, struct connection *connection);
/* connection->request changes only through this: the reaper may be looking at it. */
void reaper_set_request(struct reaper *reaper, struct connection *connection,
                        struct http_request *request);
/* Owns fd: reads and drops until the client closes, or a limit. */
void reaper_linger(struct reaper *reaper, int fd);
/* Calls each with every connection that has a request, with the request's lock held. */
void reaper_each(struct reaper *reaper, void (*each)(struct http_request *request));
