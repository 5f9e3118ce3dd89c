/* SPDX-License-Identifier: Apache-2.0 */
/* An adapter between the heads and query/prefer.h, query/range.h. See asked.h. */
#include "request/asked.h"

#include <stdio.h>

#include "request/steps.h"

enum error asked_preferences(struct request *request)
{
    PRE(request->head != NULL);
    unsigned position = 0;
    struct slice value, unknown = SLICE("");
    request->prefer = prefer_none();
    while (http_head_next(request->head, HTTP_PREFER, &position, &value))
        prefer_add(&request->prefer, value, &request->arena, &unknown);
    return prefer_check(&request->prefer, unknown, &request->arena, &request->problem);
}

enum error asked_range(struct request *request)
{
    const struct http_head *head = request->head;
    PRE(head != NULL);
    if (head->method != HTTP_GET && head->method != HTTP_HEAD) /* RFC 9110 section 14.2 */
        return OK;
    return range_parse(http_head_get(head, HTTP_RANGE), http_head_get(head, HTTP_RANGE_UNIT), &request->arena,
                       &request->range, &request->problem);
}

/* A bare array says by headers where it stands; so does an envelope without a total, when one was asked for. */
static bool says_range(const struct request *request)
{
    const struct envelope *envelope = request_envelope(request);
    if (request->prefer.count == COUNT_NONE)
        return request->plan->kind == PLAN_LIST && !envelope;
    return !envelope || (envelope->total.len == 0 && envelope->pages.len == 0);
}

/* As PostgREST writes it: "0-24/100"; an asterisk for a total that is not known, and for no rows. */
struct slice asked_content_range(struct request *request)
{
    unsigned long long from = request->plan->offset, rows = request->page.rows;
    char total[24] = "*";
    if (request->has_total)
        (void)snprintf(total, sizeof total, "%llu", (unsigned long long)request->total);
    if (rows == 0)
        return arena_format(&request->arena, "*/%s", total);
    return arena_format(&request->arena, "%llu-%llu/%s", from, from + rows - 1, total);
}

bool asked_part_say(struct request *request)
{
    const struct plan *plan = request->plan;
    uint64_t rows = request->page.rows;
    PRE(plan && !request->total_out);
    if (request->has_total && !plan->total_is_exact && rows > 0 && request->total < plan->offset + rows)
        request->total = plan->offset + rows; /* what came is there, whatever was planned */
    if (!says_range(request))
        return true;
    request->answer.content_range = asked_content_range(request);
    if (request->route.manner != MANNER_POSTGREST || !request->has_total)
        return true;
    if (plan->offset > request->total) {
        range_refuse_beyond(plan->offset, request->total, &request->arena, &request->problem);
        return false;
    }
    if (rows < request->total)
        request->answer.status = 206;
    return true;
}
