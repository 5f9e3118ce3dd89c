/* SPDX-License-Identifier: Apache-2.0 */
/* The hand-over: another process of the same program on our listening sockets. Main thread alone. */
#ifndef LEAT_REQUEST_SUCCESSOR_H
#define LEAT_REQUEST_SUCCESSOR_H

#include "request/service.h"

/* On SIGUSR2. argv: as this process was started. Says in the log what became of it. */
void successor_start(struct service *service, char **argv);

/* On SIGCHLD: a successor that ended before it took over. */
void successor_ended(void);

#endif
