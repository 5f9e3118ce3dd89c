/* SPDX-License-Identifier: Apache-2.0 */
/* `auth: {audit: [writes]}`: the last statement of a write's transaction says in leat_audit who did what, so that it is told of exactly
 * what was done. Called on the store's thread, while the request waits. */
#ifndef LEAT_REQUEST_AUDIT_H
#define LEAT_REQUEST_AUDIT_H

#include "request/request.h"

bool audit_is_due(const struct request *request);

/* The answer stands: fetch->statement and its sink become the audit's. */
void audit_say(struct request *request);

#endif
