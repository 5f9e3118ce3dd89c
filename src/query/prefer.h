/* SPDX-License-Identifier: Apache-2.0 */
/* `Prefer:` (RFC 7240), as PostgREST's clients send it: what the answer of a write shows, how conflicts are resolved, what is counted.
 * Pure; slices point into the header's values. Failure: with handling=strict an unknown preference is a 400; else it is ignored. */
#ifndef LEAT_QUERY_PREFER_H
#define LEAT_QUERY_PREFER_H

#include "base/arena.h"
#include "base/error.h"
#include "base/problem.h"

enum prefer_return { RETURN_DEFAULT, RETURN_MINIMAL, RETURN_HEADERS_ONLY, RETURN_REPRESENTATION };
enum prefer_count { COUNT_NONE, COUNT_EXACT, COUNT_PLANNED, COUNT_ESTIMATED };
enum prefer_resolution { RESOLUTION_NONE, RESOLUTION_MERGE, RESOLUTION_IGNORE };
enum prefer_missing { MISSING_UNSAID, MISSING_NULL, MISSING_DEFAULT };

enum prefer_params { PARAMS_UNSAID, PARAMS_SINGLE_OBJECT }; /* of a function: the body is its one argument */

struct prefer {
    enum prefer_return returns;
    enum prefer_count count;
    enum prefer_resolution resolution;
    enum prefer_missing missing;
    enum prefer_params params;
    bool strict;          /* handling=strict */
    int64_t affected_max; /* max-affected; < 0: unsaid. Of strict handling alone, as PostgREST has it */
};

/* Takes the next value of the header (there may be several). Begin with prefer_none(). */
void prefer_add(struct prefer *prefer, struct slice value, struct arena *arena, struct slice *unknown);

static inline struct prefer prefer_none(void)
{
    return (struct prefer){.affected_max = -1};
}

/* The refusal of preferences that are unknown under strict handling. unknown: what prefer_add gathered. */
enum error prefer_check(const struct prefer *prefer, struct slice unknown, struct arena *arena,
                        struct problem *ret_problem) must_check;

/* `Preference-Applied`: what was heeded; empty: nothing. reading: of a read, else of a write. */
struct slice prefer_applied(const struct prefer *prefer, bool reading, struct arena *arena);

#endif
