/* SPDX-License-Identifier: Apache-2.0 */
/* A host's addresses. Names are looked up by the system, which blocks: on the offload pool alone. Any thread. */
#ifndef LEAT_REDIS_ADDRESS_H
#define LEAT_REDIS_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

enum { REDIS_ADDRESSES_MAX = 8 };

struct redis_addresses {
    unsigned count;
    struct sockaddr_storage items[REDIS_ADDRESSES_MAX];
    socklen_t lens[REDIS_ADDRESSES_MAX];
};

/* False: it is no address but a name. */
bool redis_address_read(const char *host, unsigned port, struct redis_addresses *ret_addresses);

/* Blocks. Count 0: not found, and why. */
void redis_address_resolve(const char *host, unsigned port, struct redis_addresses *ret_addresses,
                           char ret_why[256]);

#endif
