/* SPDX-License-Identifier: Apache-2.0 */
/* What every document has, from the .json files of this folder: tools/embed puts them into the program. Each is a JSON object without
 * white space. Constant: any thread. */
#ifndef LEAT_OPENAPI_FIXED_H
#define LEAT_OPENAPI_FIXED_H

#include "base/slice.h"

extern const struct slice openapi_batch, openapi_info, openapi_headers, openapi_login, openapi_logout,
    openapi_parameters, openapi_responses, openapi_schemas, openapi_signal;

#endif
