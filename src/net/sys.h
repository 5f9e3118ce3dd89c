/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls of connections, as OK, AGAIN, CLOSED or ERROR, with faults on purpose (loop/fault.h).
 * SIGPIPE never comes: MSG_NOSIGNAL. Pure but for the descriptor; any thread. */
#ifndef LEAT_NET_SYS_H
#define LEAT_NET_SYS_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/error.h"

/* IO_OK: *ret_bytes > 0 were read. IO_CLOSED: the peer will send no more. */
enum io sys_read(int fd, void *to, size_t room, size_t *ret_bytes) must_check;

/* IO_OK: *ret_bytes > 0 were taken, maybe not all. */
enum io sys_send(int fd, const struct iovec *pieces, size_t count, size_t *ret_bytes) must_check;

/* A descriptor, non-blocking and close-on-exec, or -1 and errno. */
int sys_accept(int listen_fd, struct sockaddr_storage *ret_peer);

#endif
