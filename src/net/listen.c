/* SPDX-License-Identifier: Apache-2.0 */
/* Opening listening sockets, and saying where they listen. Addresses are numbers ("127.0.0.1:8080", "[::1]:8080"): names are
 * not resolved, so that nothing blocks and nothing listens where it was not meant to.
 * Failure: in words, for the person who wrote the address. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "net/net.h"

enum { BACKLOG = 4096, WHY_BYTES = 256, ADDRESS_TEXT_BYTES = 64 };

/* Copies what precedes the port, NUL-terminated; false when it is too long to be an address. */
static bool copy_host(struct slice host, char *ret_text)
{
    if (host.len >= ADDRESS_TEXT_BYTES)
        return false;
    memcpy(ret_text, host.data, host.len);
    ret_text[host.len] = '\0';
    return true;
}

static bool parse_port(struct slice text, in_port_t *ret_port)
{
    int64_t port;
    if (!slice_to_int(text, &port) || port < 0 || port > 65535)
        return false;
    *ret_port = htons((uint16_t)port);
    return true;
}

static bool parse_v6(const char *host, in_port_t port, struct sockaddr_storage *ret, socklen_t *ret_len)
{
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
    *six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
    *ret_len = sizeof *six;
    return inet_pton(AF_INET6, host, &six->sin6_addr) == 1;
}

static bool parse_v4(const char *host, in_port_t port, struct sockaddr_storage *ret, socklen_t *ret_len)
{
    struct sockaddr_in *four = (struct sockaddr_in *)ret;
    *four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
    *ret_len = sizeof *four;
    return inet_pton(AF_INET, host, &four->sin_addr) == 1;
}

static bool parse_address(struct slice address, struct sockaddr_storage *ret, socklen_t *ret_len)
{
    size_t colon = address.len;
    while (colon > 0 && address.data[colon - 1] != ':')
        colon--;
    in_port_t port;
    char host[ADDRESS_TEXT_BYTES];
    if (colon < 2 || !parse_port(slice_skip(address, colon), &port))
        return false;
    struct slice name = slice_of(address.data, colon - 1);
    if (name.data[0] != '[')
        return copy_host(name, host) && parse_v4(host, port, ret, ret_len);
    if (!slice_ends(name, SLICE("]")))
        return false;
    return copy_host(slice_of(name.data + 1, name.len - 2), host) && parse_v6(host, port, ret, ret_len);
}

/* What to do about it, where that can be said. */
static const char *advice(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "; another program listens there: stop it or choose another port";
    case EADDRNOTAVAIL:
        return "; this machine has no such address";
    case EACCES:
        return "; ports below 1024 need root or CAP_NET_BIND_SERVICE";
    default:
        return "";
    }
}

static bool bind_and_listen(int fd, const struct sockaddr_storage *address, socklen_t len)
{
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    return bind(fd, (const struct sockaddr *)address, len) == 0 && listen(fd, BACKLOG) == 0;
}

enum error net_listen(struct slice address, int *ret_fd, char ret_why[256])
{
    struct sockaddr_storage parsed = {0};
    socklen_t len;
    if (!parse_address(address, &parsed, &len)) {
        snprintf(ret_why, WHY_BYTES,
                 "\"%.*s\" is not an address to listen on: write 127.0.0.1:8080 or [::1]:8080",
                 (int)(address.len < 100 ? address.len : 100), address.len ? address.data : "");
        return ERR_INVALID;
    }
    int fd = socket(parsed.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind_and_listen(fd, &parsed, len)) {
        *ret_fd = fd;
        return OK;
    }
    int error = errno;
    char text[64];
    snprintf(ret_why, WHY_BYTES, "cannot listen on %.*s: %s%s", (int)(address.len < 80 ? address.len : 80),
             address.data, strerror_r(error, text, sizeof text), advice(error));
    if (fd >= 0)
        close(fd);
    errno = error;
    return ERR_SYSTEM;
}

void net_address(int fd, char ret_text[64])
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    char host[INET6_ADDRSTRLEN] = "?";
    ret_text[0] = '\0';
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return;
    if (address.ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address;
        inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof host);
        snprintf(ret_text, ADDRESS_TEXT_BYTES, "[%s]:%u", host, ntohs(six->sin6_port));
    } else {
        const struct sockaddr_in *four = (const struct sockaddr_in *)&address;
        inet_ntop(AF_INET, &four->sin_addr, host, sizeof host);
        snprintf(ret_text, ADDRESS_TEXT_BYTES, "%s:%u", host, ntohs(four->sin_port));
    }
}
