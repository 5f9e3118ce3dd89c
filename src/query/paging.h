/* SPDX-License-Identifier: Apache-2.0 */
/* Which page of a list: limit and offset, page and page_size, a cursor, or a range of the head.
 * Failure: a problem. Pure. */
#ifndef LEAT_QUERY_PAGING_H
#define LEAT_QUERY_PAGING_H

#include "query/params.h"

/* Fills the plan's limit, capped, by_number, by_offset, page and offset. */
bool paging_parse(struct build *build, const struct slots *slots, const struct page_policy *policy,
                  struct plan *plan) must_check;

/* `flags.limit=5`, `flags.offset=10`: of the build's level, a child. */
bool paging_parse_child(struct build *build, const struct param *param, bool is_offset) must_check;

#endif
