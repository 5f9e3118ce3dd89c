/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper of identities: worker 0's. Every half a second it asks the database what was revoked, so that a logout on one instance is
 * known to all within a second; at first it sees to the secret and, where they are missed, to the tables (auth/ledger.h); once a minute
 * it clears away what has ended.
 *
 *   SECRET ─ none ─→ KEEP ─→ SECRET        REVOKED ─→ [SWEEP] ─→ half a second ─→ …
 *      │ or: REVOKED  └ there is no table ─→ MAKE ─→ once more
 *
 * Failure: told in the log once, and tried again. A database where the tables can neither be read nor made has no revocations and no keys:
 * foreign tokens hold there all the same, a login does not. */
#ifndef LEAT_REQUEST_KEEPER_H
#define LEAT_REQUEST_KEEPER_H

struct keeper;
struct worker;

struct keeper *keeper_start(struct worker *worker);
/* No more questions; one that is out comes back. */
void keeper_stop(struct keeper *keeper);
void keeper_free(struct keeper *keeper); /* takes NULL */

#endif
