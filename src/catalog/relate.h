/* SPDX-License-Identifier: Apache-2.0 */
/* The relations between resources, from the foreign keys between their tables: see struct relation in model.h. Internal to
 * catalog/. Cannot fail. Pure. */
#ifndef LEAT_CATALOG_RELATE_H
#define LEAT_CATALOG_RELATE_H

#include "catalog/model.h"

/* Fills in the relations of all resources; each has its table. */
void relate_resources(struct model *model);

#endif
