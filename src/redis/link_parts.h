/* SPDX-License-Identifier: Apache-2.0 */
/* How the files of a link share it: link.c has its life, link_io.c its bytes, link_row.c the commands on their way. */
#ifndef LEAT_REDIS_LINK_PARTS_H
#define LEAT_REDIS_LINK_PARTS_H

#include "redis/link.h"

enum { REDIS_LINK_MAGIC = 0x5244534c };

/* link.c */
void redis_link_lose(struct redis_link *link, const char *why);
void redis_link_connected(struct redis_link *link); /* TCP stands, or does not */
void redis_link_greet(struct redis_link *link);
void redis_link_greeted(struct redis_link *link, const struct redis_reply *reply);

/* link_io.c */
void redis_link_on_events(struct watch *watch, uint32_t events);
void redis_link_on_flush(struct task *task);
bool redis_link_watch(struct redis_link *link, uint32_t events);

/* link_row.c: true while something is asked. */
bool redis_row_waits(const struct redis_link *link);
void redis_row_push(struct redis_link *link, struct redis_command *command);
/* The oldest place is answered; its command, or NULL when nobody waits for it. */
struct redis_command *redis_row_shift(struct redis_link *link);
void redis_row_lose_all(struct redis_link *link);
void redis_row_wait(struct redis_link *link, struct redis_command *command, int64_t deadline_ms);

#endif
