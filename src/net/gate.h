/* SPDX-License-Identifier: Apache-2.0 */
/* The gate as the listeners and connections use it; net.h says what it is. Any thread. */
#ifndef LEAT_NET_GATE_H
#define LEAT_NET_GATE_H

#include "net/net.h"
#include "net/seats.h"

/* Counts a connection of this address in; false: a limit is reached, nothing was counted. */
bool gate_enter(struct gate *gate, const struct sockaddr_storage *peer) must_check;

/* Counts it out again. */
void gate_leave(struct gate *gate, const struct sockaddr_storage *peer);

/* The workers' seats. */
struct seats *gate_seats(struct gate *gate);

/* A number that no other connection of this process has. */
uint64_t gate_next_id(struct gate *gate);

#endif
