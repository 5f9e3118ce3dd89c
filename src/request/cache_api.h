/* SPDX-License-Identifier: Apache-2.0 */
/* BUILTIN of /api/v1/cache: values that other programs keep here (cache/space.h), for callers whose role `cache.api` names.
 *
 *   PUT    /v1/cache/NAME?ttl=5m&tags=a,b&user=7   the body, of whatever type, is the value
 *   GET    /v1/cache/NAME                          the value as it was put, or 404
 *   DELETE /v1/cache/NAME                          204, whether it was there or not
 *   DELETE /v1/cache?tag=a | user=7 | pattern=a*   all that have it
 *   GET    /v1/cache                               figures
 *
 * Failure: a problem. Threads: the request's worker. */
#ifndef LEAT_REQUEST_CACHE_API_H
#define LEAT_REQUEST_CACHE_API_H

#include "request/request.h"

/* A value is not larger. */
#define CACHE_VALUE_BYTES_MAX (1 << 20)

enum step cache_api_answer(struct request *request);

/* How much memory a configuration gives to values. */
uint64_t cache_api_memory(const struct config *config);

#endif
