/* SPDX-License-Identifier: Apache-2.0 */
/* Which form an answer has: what the Accept header asks for (RFC 9110 section 12.5.1) against what can be given.
 * Pure. Failure: a 406 that names what can be given. */
#ifndef LEAT_RESPOND_ACCEPT_H
#define LEAT_RESPOND_ACCEPT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/problem.h"
#include "http/head.h"

/* In the order in which the server prefers them. */
enum format {
    FORMAT_JSON,     /* application/json */
    FORMAT_OBJECT,   /* application/vnd.pgrst.object+json: the one row of a list */
    FORMAT_STRIPPED, /* application/vnd.pgrst.array+json;nulls=stripped: members that are null are left out */
    FORMAT_OBJECT_STRIPPED, /* application/vnd.pgrst.object+json;nulls=stripped */
    FORMAT_CSV,             /* text/csv */
    FORMAT_NDJSON,          /* application/x-ndjson */
    FORMAT_COUNT
};

#define FORMAT_BIT(format) (1u << (format))
#define FORMATS_ALL (FORMAT_BIT(FORMAT_COUNT) - 1)

static inline bool format_is_object(enum format format)
{
    return format == FORMAT_OBJECT || format == FORMAT_OBJECT_STRIPPED;
}

static inline bool format_is_stripped(enum format format)
{
    return format == FORMAT_STRIPPED || format == FORMAT_OBJECT_STRIPPED;
}

/* Whether lists in it are exports: not paged, streamed. */
static inline bool format_is_export(enum format format)
{
    return format == FORMAT_CSV || format == FORMAT_NDJSON;
}

/* The Content-Type that says it. */
struct slice format_type(enum format format);

/* The best of what is offered (bits of FORMAT_BIT): the highest quality, then what the client names first, then what the server
 * prefers. A range that is malformed is as if it were not there; no Accept at all takes anything. */
enum error accept_choose(const struct http_head *head, unsigned offered, struct arena *arena,
                         enum format *ret_format, struct problem *ret_problem) must_check;

#endif
