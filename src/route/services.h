/* SPDX-License-Identifier: Apache-2.0 */
/* Paths that other services answer, by prefix: the longest that a path begins with has it. It is compared segment by segment with its
 * escapes undone, as the service will do: else "/%61dmin/" would pass by what is said of "/admin/". For the same reason a path is
 * refused that hides a slash or a backslash in a segment. Pure; the configuration must outlive the route. */
#ifndef LEAT_ROUTE_SERVICES_H
#define LEAT_ROUTE_SERVICES_H

#include "base/arena.h"
#include "http/head.h"
#include "route/route.h"

/* ABSENT: nobody's. INVALID: a service's, but the path is refused: *ret_why is a sentence. */
enum error services_match(const struct config *config, const struct http_head *head, struct arena *arena,
                          struct route *ret_route, const char **ret_why) must_check;

/* The methods it takes, as bits 1 << enum http_method: those declared that somebody may use. OPTIONS goes to the service where Leat
 * itself says nothing of CORS. */
unsigned services_methods(const struct config *config, const struct config_upstream *upstream);

#endif
