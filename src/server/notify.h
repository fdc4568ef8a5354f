#pragma once
/*
 * notify.h - sd_notify without its library: one datagram to $NOTIFY_SOCKET.
 *
 * Without NOTIFY_SOCKET nothing happens. Errors are not the server's business: systemd notices.
 */
void notify_send(const char *state); /* "READY=1", "STOPPING=1" */
