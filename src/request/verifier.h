/* SPDX-License-Identifier: Apache-2.0 */
/* Verification of passwords: on threads of its own, one for each core, for each takes tens of milliseconds and 19 MiB.
 *
 *   ask ─┬─ remembered ────────────────────────────────→ right, now
 *        ├─ the same is being verified ─→ waits for that ─┐
 *        ├─ room in the queue ──────────→ a thread ───────┴→ on_result, by letter, on the asker's loop
 *        └─ none ─→ refused
 *
 * Equal means: the same account, password and stored hash. A right one is remembered for a minute, as a hash salted by this process;
 * since the stored hash is part of it, another password ends it at once.
 * Ownership: the asker lies inside its owner, who leaves it alone until on_result. Threads: any. */
#ifndef LEAT_REQUEST_VERIFIER_H
#define LEAT_REQUEST_VERIFIER_H

#include <stdatomic.h>

#include "auth/password.h"
#include "loop/loop.h"

struct verifier;

struct asker {
    void (*on_result)(struct asker *asker);
    struct loop *loop;
    enum password_result result;
    bool abandoned; /* the process ends: there is no result */
    char new_hash
        [PASSWORD_HASH_BYTES_MAX]; /* of a right password with an old hash, for one of its askers; else "" */
    struct letter letter;          /* the verifier's */
    struct list link;              /* the verifier's */
};

/* SHARED: pending, and no other guess than one that is under way. */
enum asked { ASKED_PENDING, ASKED_SHARED, ASKED_RIGHT, ASKED_FULL };

/* queue_max: so many wait for a thread. */
struct verifier *verifier_new(unsigned threads, unsigned queue_max);
/* What still waits is abandoned. */
void verifier_stop(struct verifier *verifier);
/* Ends the threads; the loops of all askers must still exist. Takes NULL. */
void verifier_free(struct verifier *verifier);

/* The texts are copied. */
enum asked verifier_ask(struct verifier *verifier, struct asker *asker, struct slice account,
                        struct slice password, struct slice hash);

/* A hash to verify the password of an unknown account against, so that it takes as long: of the kind last seen. */
void verifier_decoy(struct verifier *verifier, char ret_hash[PASSWORD_HASH_BYTES_MAX]);

/* For metrics. */
struct verifier_counts {
    uint64_t verified, remembered, shared, refused;
};
void verifier_count(struct verifier *verifier, struct verifier_counts *ret_counts);

#endif
