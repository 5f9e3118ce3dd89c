/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of PLAN share while one plan is made: the context, the resource, the dialect, and the problem that ends it.
 * Functions that can refuse return bool: true went well; false, and build->problem says why.
 * Pure; everything lives in the context's arena. One thread at a time. */
#ifndef LEAT_QUERY_BUILD_H
#define LEAT_QUERY_BUILD_H

#include "base/nearest.h"
#include "query/plan.h"
#include "query/text.h"

struct dialect_sql;
struct level;

struct build_counts {
    unsigned levels, conditions, items;
};

struct build {
    const struct plan_context *context;
    struct arena *arena;
    const struct resource *resource; /* NULL: a named query */
    const struct dialect_sql *sql;
    struct plan *plan; /* what is being made; it is told what it hangs on */
    struct problem *problem;
    struct level *level;         /* what is being read is of this level of the selection */
    struct build_counts *counts; /* of the whole request, whatever the level: for its limits */
    bool writes;                 /* the parameters of writes are understood */
    bool trusted;      /* the text is the configuration's: columns that are not exposed may be named */
    bool with_deleted; /* rows that are marked as deleted count, too */
};

/* Every reason for which PLAN refuses a request; doc/problems.md explains each to users. */
enum refusal {
    REFUSE_UNKNOWN_COLUMN,
    REFUSE_UNKNOWN_PARAMETER,
    REFUSE_UNKNOWN_OPERATOR,
    REFUSE_OPERATOR_REQUIRED,
    REFUSE_WRONG_TYPE,
    REFUSE_WRONG_OPERATOR,
    REFUSE_BAD_LIST,
    REFUSE_BAD_SELECT,
    REFUSE_BAD_GROUP,
    REFUSE_UNKNOWN_RELATION,
    REFUSE_AMBIGUOUS_RELATION,
    REFUSE_NOT_EMBEDDED,
    REFUSE_NOT_TO_ONE,
    REFUSE_BAD_ORDER,
    REFUSE_BAD_PAGE,
    REFUSE_BAD_CURSOR,
    REFUSE_NO_CURSOR,
    REFUSE_BAD_KEY,
    REFUSE_NO_KEY,
    REFUSE_BAD_ENCODING,
    REFUSE_REPEATED_PARAMETER,
    REFUSE_CONFLICTING_PARAMETERS,
    REFUSE_MISSING_PARAMETER,
    REFUSE_BAD_VALUE,
    REFUSE_NOT_WRITABLE,
    REFUSE_UNFILTERED,
    REFUSE_OTHER_TENANT,
    REFUSE_NO_TENANT,
    REFUSE_HIDDEN_ROW,
    REFUSE_BAD_BODY,
    REFUSE_TOO_MUCH,
    REFUSE_UNKNOWN_CALL,
    REFUSE_AMBIGUOUS_CALL,
    REFUSE_CALL_BY_GET,
    REFUSE_COUNT
};

struct refusal_kind {
    unsigned status;
    struct slice code;
    struct slice pg_code;
};

extern const struct refusal_kind refusal_kinds[REFUSE_COUNT];

/* Fills build->problem; the format is its one sentence, without the full stop. place: the parameter at fault, may be empty. Always
 * false. */
bool refuse(struct build *build, enum refusal refusal, struct slice place, const char *format, ...)
    printf_like(4, 5);

/* Adds to the problem that was just filled; each returns false, so that a refusal can end in it. */
bool refuse_hint(struct build *build, const char *format, ...) printf_like(2, 3);
bool refuse_nearest(struct build *build, const struct nearest *nearest);

/* The same for what was typed and is none of its names (what: "columns"): the nearest, or else all of them. */
bool refuse_not_among(struct build *build, struct slice typed, const char *what, const struct slice *names,
                      unsigned count);

enum { NAMES_BYTES_MAX = 400 };

/* Names for a sentence, `a, b, …`: no more than about so many bytes. */
struct slice names_join(struct arena *arena, const struct slice *names, unsigned count);

/* A slice cut to what a problem shows of it, on a UTF-8 boundary, for formats. */
struct slice shown(struct slice text);

static inline const struct config *build_config(const struct build *build)
{
    return build->context->model->config;
}

/* The refusal of a name that is no column of the build's resource, with the nearest name. Always false. */
bool refuse_column(struct build *build, struct slice name, struct slice place);

/* The plan reads this resource: its table, and the parts of the caller that its rights hang on. */
void build_reads(struct build *build, const struct resource *resource);

/* The refusal of a filter on, or an order by, what is not embedded. Always false. */
bool refuse_not_embedded(struct build *build, struct slice name, struct slice place);

/* What is of the request and yet stands in a statement, an alias or a key in JSON: letters, digits and signs that mean nothing to
 * SQL. Not empty, at most NAME_BYTES_MAX, no quotes, backslashes or control characters. */
enum { NAME_BYTES_MAX = 63 };
bool name_is_tame(struct slice name);

#endif
