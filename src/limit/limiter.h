/* SPDX-License-Identifier: Apache-2.0 */
/* The limiter: may this request pass all the limits that count it? One for the process; a decision takes no lock but for the first
 * of a key.
 *
 *   charges, in order ─► taken ─► taken ─► refused: those before it are given back, those behind are not asked
 *                                └► all taken: it passes
 *
 * A charge of a rule in shadow is taken where it can be, counted where it would refuse, and never refuses. Where the table has no
 * slot for a newcomer the rule's overflow bucket is charged: all such newcomers share it.
 *
 * Time: limiter_time makes limit time of a monotonic one: the wall's at the limiter's start, and from there as the monotonic clock goes.
 * A wall clock that steps changes nothing.
 * Threads: any. Failure: limiter_new and limiter_account alone, for memory or too many rules. */
#ifndef LEAT_LIMIT_LIMITER_H
#define LEAT_LIMIT_LIMITER_H

#include "base/clock.h"
#include "base/slice.h"
#include "limit/claims.h"
#include "limit/table.h"

enum { LIMIT_RULES_MAX = 1024, LIMIT_CHARGES_MAX = 16 };

struct limiter;

struct limiter_options {
    unsigned keys_max;
    uint64_t seed; /* of keys: a secret, and the same on all instances that exchange; 0: one of its own */
    struct mono now;
    struct wall wall;
};

struct limiter *limiter_new(const struct limiter_options *options) must_check;
void limiter_free(struct limiter *limiter); /* takes NULL */

struct limit_time limiter_time(const struct limiter *limiter, struct mono now);

/* What is kept of a rule beside its keys: counters, and the overflow bucket. It outlives reloads that leave the rule as it is. */
struct limit_account {
    uint64_t identity; /* of the rule, as written; 0: free */
    unsigned refs;
    _Atomic uint64_t overflow;      /* the state of the bucket that newcomers share */
    atomic_ullong allowed, refused; /* requests */
    atomic_ullong shadowed;         /* refused, had it not been in shadow */
    atomic_ullong overflowed;       /* counted by the overflow bucket */
};

/* The account of a rule; NULL: LIMIT_RULES_MAX others are in use. */
struct limit_account *limiter_account(struct limiter *limiter, uint64_t identity,
                                      const struct limit_quota *quota) must_check;
void limiter_account_unref(struct limiter *limiter, struct limit_account *account);
/* Whether there is any rule. */
bool limiter_is_used(const struct limiter *limiter);

/* The key of what a rule counts by: those parts, in their order, under the rule's identity. */
uint64_t limiter_key(const struct limiter *limiter, uint64_t identity, const struct slice *parts,
                     unsigned count, const struct limit_quota *quota);

struct limit_charge {
    const struct limit_quota *quota;
    struct limit_account *account;
    uint64_t key;
    unsigned weight;
    bool shadow;

    enum limit_outcome { LIMIT_NOT_ASKED, LIMIT_PASSED, LIMIT_STOPPED } outcome;
    struct limit_standing standing; /* unless NOT_ASKED */
    bool overflow;                  /* the overflow bucket was charged */
};

/* All or none. False: the one with STOPPED that is not in shadow refused. */
bool limiter_take(struct limiter *limiter, struct limit_charge *charges, unsigned count,
                  struct limit_time now) must_check;
/* Takes them all back: those that passed. */
void limiter_give(struct limiter *limiter, struct limit_charge *charges, unsigned count,
                  struct limit_time now);
/* Fills in the standings alone. */
void limiter_look(struct limiter *limiter, struct limit_charge *charges, unsigned count,
                  struct limit_time now);

/* Of those that were asked and are not in shadow: the one with the least remaining, which after a refusal is the one that refused. NULL:
 * none. */
const struct limit_charge *limit_tightest(const struct limit_charge *charges, unsigned count);

/* Slots in use, and how many there are rounded up from keys_max. */
unsigned limiter_keys(const struct limiter *limiter);

/* --- Several instances; see limit/share.h. The messages are somebody else's. --- */

/* How many instances there are, and which of them, from 0, this one is. One: nothing is shared. One thread at a time, as for the two below. */
void limiter_instances(struct limiter *limiter, unsigned count, unsigned self);
/* The claims of the keys that were asked for since the last call, in the order of keys; the interval they are counted in starts anew. */
unsigned limiter_export(struct limiter *limiter, struct limit_time now,
                        struct limit_claim ret_claims[LIMIT_CLAIMS_MAX]);
/* The claims of all instances in one round, in the order of their numbers, its own as the last limiter_export gave them: deals the
 * shares. Every instance must be given the very same of a round. A round that came to nothing may be left out: shares stay as they
 * are, and so do they when no round comes any more. interval_ms: between rounds. */
void limiter_import(struct limiter *limiter, struct limit_time now, const struct limit_claims *instances,
                    unsigned count, unsigned interval_ms);

#endif
