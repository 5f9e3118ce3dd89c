/* SPDX-License-Identifier: Apache-2.0 */
/* Names in paths and in answers: what a resource may be called, and what its envelope is called when nothing is declared.
 * Pure; any thread. */
#ifndef LEAT_CONFIG_NAMES_H
#define LEAT_CONFIG_NAMES_H

#include "config/config.h"

/* A resource's name, or a segment of a query's path: NULL, or why it cannot be one ("cannot stand in a path: …"). */
const char *name_refused(struct slice name);
/* A name kept for Leat itself: v1, auth, batch, rpc. */
bool name_is_reserved(struct slice name);
/* Fills in the default envelope; `name` is copied. The envelope must be empty. */
void envelope_default(struct arena *arena, struct envelope *envelope, struct slice name,
                      const struct page_policy *page);

/* A total's age that was inherited means nothing where pages are by cursor. */
void page_inherit(struct page_policy *page, const struct page_policy *defaults);

#endif
