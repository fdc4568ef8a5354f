#pragma once
/*
 * guard.h - refuses requests whose framing could be read in two ways, before any handler.
 *
 * Spec:    RFC 9112 sections 2.2, 3.2, 5 and 6; docs/adr/0002-http-framing.md says what
 *          libmicrohttpd lets through and what it hides.
 * Takes:   the connection in the first call of the access handler. Fills the request's headers
 *          (pointing into the library's memory), body_length, has_body, expects, http_1_0.
 * Gives:   PW_OK, or the code with request->forced_status set to the status to answer with. The
 *          connection must be closed after a refusal.
 * Note:    libmicrohttpd 0.9.75 parses a header in place: "Name: value\r\n" becomes two C strings
 *          whose distance is known. With sees_layout the guard walks these distances, and whatever
 *          the library skipped, joined or cut (obs-fold, NUL, bare LF) shows up as a gap. Later
 *          versions refuse these themselves.
 */
#include "http/request.h"

bool    guard_sees_layout(void); /* of the library that is loaded */
pw_code guard_check(struct http_request *request, const char *url, const char *method,
                    const char *version, struct err *err);
