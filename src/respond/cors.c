/* SPDX-License-Identifier: Apache-2.0 */
/* CORS: a decision from the head, and the fields that say it. It fails only as its buf and its arena do. */
#include "respond/cors.h"

#include "http/writer.h"

/* How long a browser may remember a preflight. Short, for rights may change by a reload. */
#define PREFLIGHT_AGE_S 600

/* What a page may send, beside what the Fetch standard lets it send unasked. */
static const struct slice safe_headers[] = {
    SLICE_INIT("accept"),        SLICE_INIT("accept-profile"),  SLICE_INIT("apikey"),
    SLICE_INIT("authorization"), SLICE_INIT("cache-control"),   SLICE_INIT("content-profile"),
    SLICE_INIT("content-type"),  SLICE_INIT("idempotency-key"), SLICE_INIT("if-match"),
    SLICE_INIT("if-none-match"), SLICE_INIT("prefer"),          SLICE_INIT("range"),
    SLICE_INIT("range-unit"),    SLICE_INIT("traceparent"),     SLICE_INIT("tracestate"),
    SLICE_INIT("x-api-key"),     SLICE_INIT("x-client-info"),   SLICE_INIT("x-request-id"),
};

/* What a page may read of an answer's head. */
#define EXPOSED \
    "Allow, Content-Location, Content-Range, ETag, Idempotency-Body, Idempotency-Replayed, Link, Location, " \
    "Preference-Applied, Range-Unit, RateLimit, RateLimit-Policy, " \
    "Retry-After, X-Page-Size, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id"

/* Where the configuration says `*`, any origin is answered by `*`; `null` is none. */
static struct slice allowed_origin(const struct config *config, struct slice origin)
{
    static const struct slice any = SLICE_INIT("*"), null = SLICE_INIT("null");
    if (!origin.len || slice_eq(origin, null))
        return (struct slice){0};
    for (unsigned i = 0; i < config->cors_count; i++)
        if (slice_eq(config->cors[i], any) || slice_eq(config->cors[i], origin))
            return config->cors[i];
    return (struct slice){0};
}

static bool asks_for(const struct http_head *head, struct slice header)
{
    unsigned position = 0;
    struct slice value, item;
    while (http_head_next(head, HTTP_CORS_HEADERS, &position, &value))
        while (http_list_next(&value, &item))
            if (slice_eq_nocase(item, header))
                return true;
    return false;
}

/* Those asked for that are safe, in the order of our list: a client cannot make it long. */
static struct slice allowed_headers(const struct http_head *head, struct arena *arena)
{
    struct slice all = {0};
    for (size_t i = 0; i < ARRAY_LEN(safe_headers); i++)
        if (asks_for(head, safe_headers[i]))
            all = arena_format(arena, SLICE_FMT "%s" SLICE_FMT, SLICE_ARG(all), all.len ? ", " : "",
                               SLICE_ARG(safe_headers[i]));
    return all;
}

void cors_decide(const struct config *config, const struct http_head *head, struct arena *arena,
                 struct cors *ret_cors)
{
    PRE(config && head);
    *ret_cors = (struct cors){.configured = config->cors_count > 0};
    if (!ret_cors->configured)
        return;
    ret_cors->origin = allowed_origin(config, http_head_get(head, HTTP_ORIGIN));
    ret_cors->preflight = head->method == HTTP_OPTIONS && http_head_get(head, HTTP_CORS_METHOD).len;
    if (http_head_find(head, SLICE("Access-Control-Request-Private-Network")).data)
        ret_cors->origin = (struct slice){0};
    if (ret_cors->preflight && ret_cors->origin.len)
        ret_cors->headers = allowed_headers(head, arena);
}

static void write_preflight(struct buf *out, const struct cors *cors, struct slice methods)
{
    if (methods.len)
        http_write_field(out, SLICE("Access-Control-Allow-Methods"), methods);
    if (cors->headers.len)
        http_write_field(out, SLICE("Access-Control-Allow-Headers"), cors->headers);
    http_write_field_uint(out, SLICE("Access-Control-Max-Age"), PREFLIGHT_AGE_S);
}

void cors_write(struct buf *out, const struct cors *cors, struct slice methods)
{
    IMPLIES(cors->origin.len > 0, cors->configured);
    if (!cors->configured)
        return;
    buf_lit(out, "Vary: Origin\r\n");
    if (!cors->origin.len)
        return;
    http_write_field(out, SLICE("Access-Control-Allow-Origin"), cors->origin);
    if (cors->preflight)
        write_preflight(out, cors, methods);
    else
        buf_lit(out, "Access-Control-Expose-Headers: " EXPOSED "\r\n");
}
