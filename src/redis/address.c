/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts by getaddrinfo. See address.h. */
#include "redis/address.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

/* What getaddrinfo returned. */
static int look_up(const char *host, unsigned port, int flags, struct redis_addresses *ret_addresses)
{
    char service[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV}, *found = NULL;
    PRE(port > 0 && port <= 65535);
    snprintf(service, sizeof service, "%u", port);
    ret_addresses->count = 0;
    int failed = getaddrinfo(host, service, &hints, &found);
    if (failed)
        return failed;
    for (struct addrinfo *at = found; at && ret_addresses->count < REDIS_ADDRESSES_MAX; at = at->ai_next) {
        memcpy(&ret_addresses->items[ret_addresses->count], at->ai_addr, at->ai_addrlen);
        ret_addresses->lens[ret_addresses->count++] = at->ai_addrlen;
    }
    freeaddrinfo(found);
    return 0;
}

bool redis_address_read(const char *host, unsigned port, struct redis_addresses *ret_addresses)
{
    return look_up(host, port, AI_NUMERICHOST, ret_addresses) == 0;
}

void redis_address_resolve(const char *host, unsigned port, struct redis_addresses *ret_addresses,
                           char ret_why[256])
{
    int failed = look_up(host, port, 0, ret_addresses);
    if (failed)
        snprintf(ret_why, 256, "the host name \"%.100s\" cannot be resolved: %s", host, gai_strerror(failed));
}
