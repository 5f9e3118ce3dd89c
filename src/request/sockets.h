/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets a process listens on: those of `listen`, and that of `admin:`. Opened once, or inherited from a predecessor or
 * from systemd (sd_listen_fds_with_names(3)): LISTEN_FDS counts them, and LISTEN_FDNAMES calls the one for operators "admin".
 *
 * Ownership: the service's until sockets_close. The main thread's, before the workers start and after they end. */
#ifndef LEAT_REQUEST_SOCKETS_H
#define LEAT_REQUEST_SOCKETS_H

#include "request/service.h"

/* The first of the sockets that LISTEN_FDS counts. */
enum { LISTEN_FDS_START = 3 };

/* Those inherited, then those of the configuration that nobody handed over. Failure: told on standard error. */
enum error sockets_open(struct service *service) must_check;
void sockets_say(const struct service *service); /* in the log */
void sockets_close(struct service *service);

#endif
