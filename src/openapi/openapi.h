/* SPDX-License-Identifier: Apache-2.0 */
/* OPENAPI: what is served, as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0), made from the model: the catalogue
 * resolved by the configuration. What no role of the caller's may read is not in it.
 *
 * Made once for each snapshot. Pure: model in, bytes out; it fails only as its buf does. */
#ifndef LEAT_OPENAPI_OPENAPI_H
#define LEAT_OPENAPI_OPENAPI_H

#include "base/buf.h"
#include "catalog/model.h"

/* roles: the caller's. */
void openapi_write(const struct model *model, unsigned roles, struct buf *out);

#endif
