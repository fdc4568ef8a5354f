#pragma once
/*
 * exchange.h - the callbacks of libmicrohttpd: what the event thread does for a request.
 *
 * The phases and who moves between them are in request.h.
 * Threads: called by the library on the event thread of the connection.
 */
#include "http/request.h"

void            exchange_connection(void *server, struct MHD_Connection *mhd, void **connection,
                                    enum MHD_ConnectionNotificationCode code);
void           *exchange_target(void *server, const char *target, struct MHD_Connection *mhd);
enum MHD_Result exchange_call(void *server, struct MHD_Connection *mhd, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **request);
void            exchange_completed(void *server, struct MHD_Connection *mhd, void **request,
                                   enum MHD_RequestTerminationCode code);
