/* SPDX-License-Identifier: Apache-2.0 */
/* What is written later: values of columns that `behind:` names, and what a login leaves: when a user was last seen, a password's new hash, a
 * session's new end. A worker gathers it, the last of equal ones, and writes what is due each second in one transaction, and all of it when
 * it drains. What the database refuses of it is written again, each alone, so that one value takes no other with it.
 *
 * Loss: what was gathered and is not due yet, when the process dies; and, said in the log, what the database refuses, what was for
 * another database than that of a reload, what the end leaves no time for, and of a login what is beyond BEHIND_MAX while the database
 * is away. Ownership: the worker's; texts are copied. Threads: the worker's. */
#ifndef LEAT_REQUEST_BEHIND_H
#define LEAT_REQUEST_BEHIND_H

#include "base/clock.h"
#include "base/error.h"
#include "base/slice.h"

enum { BEHIND_MAX = 10000, BEHIND_MS = 1000 };

struct behind;
struct resource;
struct snapshot;
struct statement;
struct worker;

struct behind *behind_new(struct worker *worker);
/* The worker's end: writes what is left now, until nothing is out any more. */
void behind_stop(struct behind *behind);
bool behind_is_out(const struct behind *behind);
/* There is no time for more than what is out; the log says how much is lost. */
void behind_give_up(struct behind *behind);
void behind_free(struct behind *behind); /* takes NULL; nothing may be out */

void behind_see(struct behind *behind, struct slice user, struct wall when);
void behind_rehash(struct behind *behind, struct slice user, struct slice old_hash, struct slice new_hash);
/* A statement that writes to the resource. */
struct behind_asked {
    struct slice key; /* what it is about: it takes the place of one of the same key */
    const struct statement *statement;
    struct snapshot *snapshot;       /* of who asks, be it an older one than the worker's */
    const struct resource *resource; /* the snapshot's */
    unsigned raises_at;              /* as of write_raises_at */
    int64_t within_ms;
};
/* False: too much waits, and nothing was taken. */
bool behind_write(struct behind *behind, const struct behind_asked *asked) must_check;
void behind_slide(struct behind *behind, struct slice session, int64_t expires_s);

#endif
