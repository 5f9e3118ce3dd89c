/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of the problems that PLAN finds, and the functions that fill them in. A problem names the parameter, what was
 * given and what to do; it never holds SQL. Pure. */
#include <stdarg.h>
#include <stdio.h>

#include "query/build.h"

/* The third column is what PostgREST's clients look at: its own code, or the SQLSTATE that PostgreSQL would have given. */
#define KIND(status, code, pg_code) \
    { \
        status, SLICE_INIT(code), SLICE_INIT(pg_code) \
    }
const struct refusal_kind refusal_kinds[REFUSE_COUNT] = {
    [REFUSE_UNKNOWN_COLUMN] = KIND(400, "unknown-column", "42703"),
    [REFUSE_UNKNOWN_PARAMETER] = KIND(400, "unknown-parameter", "PGRST100"),
    [REFUSE_UNKNOWN_OPERATOR] = KIND(400, "unknown-operator", "PGRST100"),
    [REFUSE_OPERATOR_REQUIRED] = KIND(400, "operator-required", "PGRST100"),
    [REFUSE_WRONG_TYPE] = KIND(400, "wrong-type", "22P02"),
    [REFUSE_WRONG_OPERATOR] = KIND(400, "wrong-operator", "42883"),
    [REFUSE_BAD_LIST] = KIND(400, "bad-list", "PGRST100"),
    [REFUSE_BAD_SELECT] = KIND(400, "bad-select", "PGRST100"),
    [REFUSE_BAD_GROUP] = KIND(400, "bad-group", "PGRST100"),
    [REFUSE_UNKNOWN_RELATION] = KIND(400, "unknown-relation", "PGRST200"),
    [REFUSE_AMBIGUOUS_RELATION] = KIND(400, "ambiguous-relation", "PGRST201"),
    [REFUSE_NOT_EMBEDDED] = KIND(400, "not-embedded", "PGRST108"),
    [REFUSE_NOT_TO_ONE] = KIND(400, "not-to-one", "PGRST119"),
    [REFUSE_BAD_ORDER] = KIND(400, "bad-order", "PGRST100"),
    [REFUSE_BAD_PAGE] = KIND(400, "bad-page", "PGRST103"),
    [REFUSE_BAD_CURSOR] = KIND(400, "bad-cursor", "PGRST100"),
    [REFUSE_NO_CURSOR] = KIND(400, "no-cursor", "PGRST100"),
    [REFUSE_BAD_KEY] = KIND(400, "bad-key", "PGRST100"),
    [REFUSE_NO_KEY] = KIND(404, "no-key", "PGRST125"),
    [REFUSE_BAD_ENCODING] = KIND(400, "bad-encoding", "PGRST100"),
    [REFUSE_REPEATED_PARAMETER] = KIND(400, "repeated-parameter", "PGRST100"),
    [REFUSE_CONFLICTING_PARAMETERS] = KIND(400, "conflicting-parameters", "PGRST100"),
    [REFUSE_MISSING_PARAMETER] = KIND(400, "missing-parameter", "PGRST202"),
    [REFUSE_BAD_VALUE] = KIND(400, "bad-value", "22023"),
    [REFUSE_NOT_WRITABLE] = KIND(400, "not-writable", "428C9"),
    [REFUSE_UNFILTERED] = KIND(400, "unfiltered", "21000"),
    [REFUSE_OTHER_TENANT] = KIND(403, "other-tenant", "42501"),
    [REFUSE_NO_TENANT] = KIND(403, "no-tenant", "42501"),
    [REFUSE_HIDDEN_ROW] = KIND(403, "hidden-row", "42501"),
    [REFUSE_BAD_BODY] = KIND(400, "bad-body", "PGRST102"),
    [REFUSE_TOO_MUCH] = KIND(400, "too-much-asked", "PGRST100"),
    [REFUSE_UNKNOWN_CALL] = KIND(404, "unknown-call", "PGRST202"),
    [REFUSE_AMBIGUOUS_CALL] = KIND(400, "ambiguous-call", "PGRST203"),
    [REFUSE_CALL_BY_GET] = KIND(405, "method-not-allowed", "PGRST101"),
};

/* At most so many bytes, and no half of a character. */
static struct slice cut(struct slice text, size_t max)
{
    if (text.len <= max)
        return text;
    while (max > 0 && ((unsigned char)text.data[max] & 0xc0) == 0x80)
        max--;
    return slice_of(text.data, max);
}

/* A whole sentence: it ends in a full stop, unless it asks. */
static struct slice sentence_in(struct arena *arena, const char *format, va_list args)
{
    char room[1024];
    int len = vsnprintf(room, sizeof(room), format, args);
    PRE(len > 0);
    struct slice said = cut(slice_str(room), sizeof(room) - 2);
    if (!slice_ends(said, SLICE("?")))
        room[said.len++] = '.';
    return arena_copy(arena, said);
}

bool refuse(struct build *build, enum refusal refusal, struct slice place, const char *format, ...)
{
    PRE((unsigned)refusal < REFUSE_COUNT);
    va_list args;
    va_start(args, format);
    *build->problem = (struct problem){
        .status = refusal_kinds[refusal].status,
        .code = refusal_kinds[refusal].code,
        .pg_code = refusal_kinds[refusal].pg_code,
        .detail = sentence_in(build->arena, format, args),
        .place = shown(place),
    };
    va_end(args);
    return false;
}

bool refuse_hint(struct build *build, const char *format, ...)
{
    PRE(problem_is(build->problem));
    va_list args;
    va_start(args, format);
    build->problem->hint = sentence_in(build->arena, format, args);
    va_end(args);
    return false;
}

bool refuse_nearest(struct build *build, const struct nearest *nearest)
{
    PRE(problem_is(build->problem));
    if (!nearest->best.data)
        return false;
    build->problem->nearest = nearest->best;
    return refuse_hint(build, "Did you mean `" SLICE_FMT "`?", SLICE_ARG(shown(nearest->best)));
}

struct slice names_join(struct arena *arena, const struct slice *names, unsigned count)
{
    PRE(names || count == 0);
    struct text text;
    text_init(&text, arena, NAMES_BYTES_MAX);
    for (unsigned i = 0; i < count; i++) {
        text_add(&text, i ? SLICE(", ") : SLICE(""));
        bool full = text.len > NAMES_BYTES_MAX;
        text_add(&text, full ? SLICE("…") : shown(names[i]));
        if (full)
            break;
    }
    return text_done(&text);
}

bool refuse_not_among(struct build *build, struct slice typed, const char *what, const struct slice *names,
                      unsigned count)
{
    struct nearest nearest = nearest_begin(typed);
    for (unsigned i = 0; i < count; i++)
        nearest_offer(&nearest, names[i]);
    if (nearest.best.data)
        return refuse_nearest(build, &nearest);
    if (count == 0)
        return refuse_hint(build, "It has no %s", what);
    return refuse_hint(build, "Its %s: " SLICE_FMT, what, SLICE_ARG(names_join(build->arena, names, count)));
}

struct slice shown(struct slice text)
{
    return cut(text, PROBLEM_VALUE_MAX);
}

bool name_is_tame(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (c < 0x20 || c == 0x7f || c == '"' || c == '\'' || c == '\\' || c == '`')
            return false;
    }
    return name.len > 0 && name.len <= NAME_BYTES_MAX;
}

bool refuse_not_embedded(struct build *build, struct slice name, struct slice place)
{
    refuse(build, REFUSE_NOT_EMBEDDED, place, "`" SLICE_FMT "` is not an embedded resource in this request",
           SLICE_ARG(shown(name)));
    build->problem->value = shown(name);
    return refuse_hint(build, "Embed it by `select=*," SLICE_FMT "(…)`", SLICE_ARG(shown(name)));
}

bool refuse_column(struct build *build, struct slice name, struct slice place)
{
    const struct resource *resource = build->resource;
    PRE(resource);
    refuse(build, REFUSE_UNKNOWN_COLUMN, place, "`" SLICE_FMT "` has no column `" SLICE_FMT "`",
           SLICE_ARG(resource->config->name.text), SLICE_ARG(shown(name)));
    build->problem->column = shown(name);
    struct slice *names = ARENA_ARRAY(build->arena, struct slice, resource->column_count);
    for (unsigned i = 0; i < resource->column_count; i++)
        names[i] = resource->columns[i]->name;
    return refuse_not_among(build, name, "columns", names, resource->column_count);
}
