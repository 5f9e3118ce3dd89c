/* SPDX-License-Identifier: Apache-2.0 */
/* What a login leaves to be written later: when a user was last seen, a password's new hash, a session's new end. A worker gathers it,
 * the last of equal ones, and writes it each second in one transaction, and once more when it drains.
 *
 * Loss: what was gathered in the last second, when the process dies; what the database refuses (said in the log); and beyond BEHIND_MAX
 * while the database is away. Ownership: the worker's; texts are copied. Threads: the worker's. */
#ifndef LEAT_REQUEST_BEHIND_H
#define LEAT_REQUEST_BEHIND_H

#include "base/clock.h"
#include "base/slice.h"

enum { BEHIND_MAX = 10000, BEHIND_MS = 1000 };

struct behind;
struct worker;

struct behind *behind_new(struct worker *worker);
/* The worker's end: writes what is left now. */
void behind_stop(struct behind *behind);
bool behind_is_out(const struct behind *behind);
void behind_free(struct behind *behind); /* takes NULL; nothing may be out */

void behind_see(struct behind *behind, struct slice user, struct wall when);
void behind_rehash(struct behind *behind, struct slice user, struct slice old_hash, struct slice new_hash);
void behind_slide(struct behind *behind, struct slice session, int64_t expires_s);

#endif
