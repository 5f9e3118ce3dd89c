/* SPDX-License-Identifier: Apache-2.0 */
/* One table of preferences, read and written back. See prefer.h. */
#include "query/prefer.h"

#include <stddef.h>

#include "base/check.h"
#include "query/text.h"

enum { CALLS = 0, READS = 1, WRITES = 2 }; /* those of calls are heeded, and not told back */

static const struct preference {
    struct slice name, value;
    size_t offset; /* of an enum in struct prefer */
    unsigned set;  /* to what */
    unsigned of;
} preferences[] = {
#define PREFERENCE(name_, value_, member, to, of_) \
    { \
        SLICE_INIT(name_), SLICE_INIT(value_), offsetof(struct prefer, member), (to), (of_) \
    }
    PREFERENCE("resolution", "merge-duplicates", resolution, RESOLUTION_MERGE, WRITES),
    PREFERENCE("resolution", "ignore-duplicates", resolution, RESOLUTION_IGNORE, WRITES),
    PREFERENCE("missing", "null", missing, MISSING_NULL, WRITES),
    PREFERENCE("missing", "default", missing, MISSING_DEFAULT, WRITES),
    PREFERENCE("return", "minimal", returns, RETURN_MINIMAL, WRITES),
    PREFERENCE("return", "headers-only", returns, RETURN_HEADERS_ONLY, WRITES),
    PREFERENCE("return", "representation", returns, RETURN_REPRESENTATION, WRITES),
    PREFERENCE("params", "single-object", params, PARAMS_SINGLE_OBJECT, CALLS),
    PREFERENCE("count", "exact", count, COUNT_EXACT, READS | WRITES),
    PREFERENCE("count", "planned", count, COUNT_PLANNED, READS | WRITES),
    PREFERENCE("count", "estimated", count, COUNT_ESTIMATED, READS | WRITES),
#undef PREFERENCE
};

static unsigned *member_of(struct prefer *prefer, const struct preference *preference)
{
    _Static_assert(sizeof(enum prefer_return) == sizeof(unsigned), "they are set by one pointer");
    return (unsigned *)(void *)((char *)prefer + preference->offset);
}

/* `name=value`, blanks and quotes aside. */
static bool take(struct prefer *prefer, struct slice name, struct slice value)
{
    for (size_t i = 0; i < ARRAY_LEN(preferences); i++) {
        const struct preference *preference = &preferences[i];
        if (!slice_eq_nocase(preference->name, name) || !slice_eq_nocase(preference->value, value))
            continue;
        if (*member_of(prefer, preference) == 0) /* the first of a kind counts */
            *member_of(prefer, preference) = preference->set;
        return true;
    }
    if (slice_eq_nocase(name, SLICE("handling"))) {
        prefer->strict = prefer->strict || slice_eq_nocase(value, SLICE("strict"));
        return slice_eq_nocase(value, SLICE("strict")) || slice_eq_nocase(value, SLICE("lenient"));
    }
    if (slice_eq_nocase(name, SLICE("max-affected")))
        return slice_to_int(value, &prefer->affected_max) && prefer->affected_max >= 0;
    return false;
}

void prefer_add(struct prefer *prefer, struct slice value, struct arena *arena, struct slice *unknown)
{
    PRE(prefer && unknown);
    struct slice rest = value;
    while (rest.data) {
        struct slice item = slice_trim(slice_cut(&rest, ',')), of = item;
        struct slice name = slice_trim(slice_cut(&of, '='));
        if (item.len == 0 || take(prefer, name, of.data ? slice_trim(of) : SLICE("")))
            continue;
        *unknown = unknown->len
                       ? arena_format(arena, SLICE_FMT ", " SLICE_FMT, SLICE_ARG(*unknown), SLICE_ARG(item))
                       : arena_copy(arena, item);
    }
}

enum error prefer_check(const struct prefer *prefer, struct slice unknown, struct arena *arena,
                        struct problem *ret_problem)
{
    if (!prefer->strict || unknown.len == 0)
        return OK;
    *ret_problem = (struct problem){
        .status = 400,
        .code = SLICE("unknown-preference"),
        .pg_code = SLICE("PGRST122"),
        .detail = SLICE("Invalid preferences given with handling=strict."),
        .details = arena_format(arena, "Invalid preferences: " SLICE_FMT, SLICE_ARG(unknown)),
        .hint = SLICE("Known are return, count, resolution, missing, max-affected, params and handling."),
        .place = SLICE("Prefer"),
        .value = slice_of(unknown.data, unknown.len < PROBLEM_VALUE_MAX ? unknown.len : PROBLEM_VALUE_MAX),
    };
    return ERR_PROBLEM;
}

struct slice prefer_applied(const struct prefer *prefer, bool reading, struct arena *arena)
{
    struct text text;
    struct prefer own = *prefer;
    text_init(&text, arena, 128);
    for (size_t i = 0; i < ARRAY_LEN(preferences); i++) {
        const struct preference *preference = &preferences[i];
        if (!(preference->of & (reading ? READS : WRITES)) || *member_of(&own, preference) != preference->set)
            continue;
        text_add(&text, text.len ? SLICE(", ") : SLICE(""));
        text_add(&text, preference->name);
        text_byte(&text, '=');
        text_add(&text, preference->value);
    }
    if (prefer->strict)
        text_add(&text, text.len ? SLICE(", handling=strict") : SLICE("handling=strict"));
    if (prefer->strict && prefer->affected_max >= 0 && !reading) {
        text_lit(&text, ", max-affected=");
        text_uint(&text, (uint64_t)prefer->affected_max);
    }
    return text_done(&text);
}
