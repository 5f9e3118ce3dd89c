/* SPDX-License-Identifier: Apache-2.0 */
/* A client of Redis 6 or newer on a loop: one server, or a Cluster. Commands go out in one write a turn (a node), and each ends
 * exactly once, by its on_end: with Redis' reply, or without one, its `failure` saying why. Nothing ever blocks, nothing is sent
 * twice but what a Cluster's node did not take (MOVED, ASK).
 *
 *   one server      redis_send ──▶ the link
 *   Cluster         redis_send ──▶ the key's slot ──▶ the link of the node that holds it ──▶ MOVED, ASK: the other one
 *                   CLUSTER SLOTS: at first, after MOVED, and twice a second while a node of the map is away
 *
 * Whether it is a Cluster is what HELLO says. Several hosts in the URL must be nodes of one.
 *
 * What Redis may cost: a command has a deadline of its own; while Redis is away redis_send refuses at once; and while it is slow
 * redis_lag_us tells, so that who has little time need not ask at all.
 *
 * Ownership: a command lies in its owner, who must keep it until on_end or take it back by redis_forget. Words are copied.
 * Threads: its loop's alone; the plan is shared. Failure: as said. */
#ifndef LEAT_REDIS_REDIS_H
#define LEAT_REDIS_REDIS_H

#include "redis/link.h"

struct redis;

/* Begins to connect. */
struct redis *redis_open(struct redis_plan *plan, struct loop *loop);
/* Ends what is on its way as lost; refuses what comes after. */
void redis_close(struct redis *redis);
/* Closed, and no look-up of a name is on the offload pool: only then may it be freed. */
bool redis_is_quiet(const struct redis *redis);
void redis_free(struct redis *redis); /* takes NULL */

/* Whether commands are taken: the server is ready, or some node of the Cluster, whose map is known. */
bool redis_is_up(const struct redis *redis);
/* Why it is not. */
const char *redis_why(const struct redis *redis);
/* How long the server of this key takes to answer at the moment; INT64_MAX: it is not ready. */
int64_t redis_lag_us(const struct redis *redis, struct slice key);

struct redis_plan *redis_plan_of(const struct redis *redis);
struct loop *redis_loop_of(const struct redis *redis);

/* key: decides the node of a Cluster; data NULL: any. Zero the command and set on_end before. ERR_ABSENT: not ready; ERR_LIMIT,
 * ERR_MEMORY: too much is on its way. On failure nothing was taken and on_end is not called. */
enum error redis_send(struct redis *redis, struct redis_command *command, struct slice key,
                      const struct slice *words, unsigned count, int64_t deadline_ms) must_check;

/* on_end will not be called; the command may still be carried out. Takes one that is not on its way. */
void redis_forget(struct redis_command *command);

#endif
