/* SPDX-License-Identifier: Apache-2.0 */
/* Faults on purpose: the n-th read, write, accept or connect fails, so that tests can see what is done about it. What
 * makes such a call asks fault_hits first. Armed from the environment as base/mem.h arms allocations:
 *
 *   LEAT_FAULT_READ=3      the third read fails          LEAT_FAULT_WRITE, _ACCEPT, _CONNECT: likewise
 *   LEAT_FAULT_READ=3+     the third and all later ones
 *
 * Any thread, but for arming: before any thread starts. A point that is not armed costs one load and a branch. */
#ifndef LEAT_LOOP_FAULT_H
#define LEAT_LOOP_FAULT_H

#include <stdbool.h>

enum fault_point { FAULT_READ, FAULT_WRITE, FAULT_ACCEPT, FAULT_CONNECT, FAULT_POINTS };

/* Arms from the environment; called once by main. */
void fault_arm(void);

/* Arms one point by hand: nth 0 disarms it. */
void fault_set(enum fault_point point, unsigned nth, bool and_later);

/* Whether this call is to fail; the caller sets the errno it chooses. */
bool fault_hits(enum fault_point point);

#endif
