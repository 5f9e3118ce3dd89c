/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls of connections; sys.h says what they give. */
#include "net/sys.h"

#include <errno.h>
#include <sys/types.h>

#include "loop/fault.h"

static enum io verdict(ssize_t result, size_t *ret_bytes)
{
    if (result > 0) {
        *ret_bytes = (size_t)result;
        return IO_OK;
    }
    if (result == 0)
        return IO_CLOSED;
    return errno == EAGAIN || errno == EINTR ? IO_AGAIN : IO_ERROR;
}

enum io sys_read(int fd, void *to, size_t room, size_t *ret_bytes)
{
    PRE(room > 0);
    if (fault_hits(FAULT_READ))
        return IO_ERROR;
    ssize_t result;
    do
        result = recv(fd, to, room, 0);
    while (result < 0 && errno == EINTR);
    return verdict(result, ret_bytes);
}

static ssize_t send_pieces(int fd, const struct iovec *pieces, size_t count)
{
    if (count == 1)
        return send(fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
    struct msghdr message = {.msg_iov = (struct iovec *)pieces, .msg_iovlen = count};
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

enum io sys_send(int fd, const struct iovec *pieces, size_t count, size_t *ret_bytes)
{
    PRE(count > 0);
    if (fault_hits(FAULT_WRITE))
        return IO_ERROR;
    ssize_t result;
    do
        result = send_pieces(fd, pieces, count);
    while (result < 0 && errno == EINTR);
    return verdict(result, ret_bytes);
}

int sys_accept(int listen_fd, struct sockaddr_storage *ret_peer)
{
    if (fault_hits(FAULT_ACCEPT)) {
        errno = EMFILE;
        return -1;
    }
    socklen_t len = sizeof *ret_peer;
    return accept4(listen_fd, (struct sockaddr *)ret_peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
