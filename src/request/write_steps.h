/* SPDX-License-Identifier: Apache-2.0 */
/* PLAN of a write, whose body came by way of BODY. */
#ifndef LEAT_REQUEST_WRITE_STEPS_H
#define LEAT_REQUEST_WRITE_STEPS_H

#include "request/request.h"

enum step write_plan(struct request *request);

#endif
