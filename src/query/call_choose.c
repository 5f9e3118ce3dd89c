/* SPDX-License-Identifier: Apache-2.0 */
/* Overloads: the one whose arguments are those given, but for what has a default; or else the one that takes the whole body.
 * None, or several: PostgREST's PGRST202 and PGRST203. See call_choose.h. */
#include "query/call_choose.h"

#include "query/operator.h"

/* --- arguments of a URL --- */

static const struct function_arg *find_arg(const struct function *function, struct slice name)
{
    for (unsigned i = 0; i < function->arg_count; i++)
        if (name.len && slice_eq(function->args[i].name, name))
            return &function->args[i];
    return NULL;
}

static bool gives(const struct function *function, struct slice name)
{
    for (unsigned i = 0; i < function->column_count; i++)
        if (slice_eq(function->columns[i].name, name))
            return true;
    return false;
}

/* `id=gt.5` is a filter even where an argument is called so, too, if the result has such a column. What is nobody's and has no
 * operator was meant for an argument in PostgREST's manner, for there filters have one. */
static bool is_argument(const struct calling *calling, const struct param *param)
{
    bool named = false, given_out = false, filters = operator_begins(param->value);
    enum slot slot;
    for (unsigned i = 0; i < calling->rpc->overload_count; i++) {
        named = named || find_arg(calling->rpc->overloads[i], param->name);
        given_out = given_out || gives(calling->rpc->overloads[i], param->name);
    }
    if (slot_known(param->name, &slot))
        return named && slot > SLOT_OFFSET;
    if (named)
        return !(filters && given_out);
    bool plain_name = slice_find(param->name, '.') == param->name.len;
    return calling->build->context->manner == MANNER_POSTGREST && plain_name && !filters &&
           !slice_eq(param->name, SLICE("and")) && !slice_eq(param->name, SLICE("or"));
}

void call_take_params(struct calling *calling, struct params *params)
{
    PRE(!calling->call->by_post);
    unsigned kept = 0;
    calling->values = ARENA_ARRAY(calling->build->arena, struct field, params->count + 1);
    for (unsigned i = 0; i < params->count; i++) {
        struct param param = params->items[i];
        if (param.value.data && is_argument(calling, &param))
            calling->values[calling->value_count++] =
                (struct field){.name = param.name, .token = TOKEN_TEXT, .text = param.value};
        else
            params->items[kept++] = param;
    }
    params->count = kept;
}

/* --- what fits --- */

static bool is_given(const struct calling *calling, struct slice name)
{
    for (unsigned i = 0; i < calling->value_count; i++)
        if (slice_eq(calling->values[i].name, name))
            return true;
    return false;
}

static bool fits(const struct calling *calling, const struct function *function)
{
    if (calling->call->body_is_list || calling->call->body_kind > CALL_BODY_JSON)
        return false;
    for (unsigned i = 0; i < calling->value_count; i++)
        if (!find_arg(function, calling->values[i].name))
            return false;
    for (unsigned i = 0; i < function->arg_count; i++)
        if (!function->args[i].optional && !function->args[i].variadic &&
            !(function->args[i].name.len && is_given(calling, function->args[i].name)))
            return false;
    return true;
}

static bool takes(const struct type *type, enum call_body body)
{
    switch (body) {
    case CALL_BODY_JSON:
        return type->kind == VALUE_JSON;
    case CALL_BODY_TEXT:
        return type->kind == VALUE_TEXT;
    case CALL_BODY_BYTES:
        return type->kind == VALUE_BYTEA;
    case CALL_BODY_NONE:
        return false;
    }
    UNREACHABLE("four kinds of bodies");
}

static bool fits_whole(const struct calling *calling, const struct function *function)
{
    const struct call *call = calling->call;
    return function->arg_count == 1 && (function->args[0].name.len == 0 || call->body_is_one) &&
           takes(&function->args[0].type, call->body_kind);
}

bool rpc_takes_members(const struct rpc *rpc)
{
    for (unsigned i = 0; i < rpc->overload_count; i++)
        if (rpc->overloads[i]->arg_count == 0 || rpc->overloads[i]->args[0].name.len > 0)
            return true;
    return false;
}

/* --- refusals --- */

/* `public.add_up(a, b)`, or with types: `public.add_up(a => integer)`. */
static struct slice signature(struct build *build, const struct function *function, bool typed)
{
    struct text text;
    text_init(&text, build->arena, 128);
    text_add(&text, arena_format(build->arena, SLICE_FMT "." SLICE_FMT "(", SLICE_ARG(function->schema),
                                 SLICE_ARG(function->name)));
    for (unsigned i = 0; i < function->arg_count; i++) {
        text_add(&text, i ? SLICE(", ") : SLICE(""));
        text_add(&text, function->args[i].name);
        text_add(&text, typed ? SLICE(" => ") : SLICE(""));
        text_add(&text, typed ? function->args[i].type.name : SLICE(""));
    }
    text_byte(&text, ')');
    return text_done(&text);
}

static struct slice names_given(const struct calling *calling)
{
    struct slice *names = ARENA_ARRAY(calling->build->arena, struct slice, calling->value_count + 1);
    for (unsigned i = 0; i < calling->value_count; i++)
        names[i] = calling->values[i].name;
    return names_join(calling->build->arena, names, calling->value_count);
}

static bool refuse_none(struct calling *calling)
{
    struct build *build = calling->build;
    const struct function *first = calling->rpc->overloads[0];
    struct slice given = names_given(calling);
    refuse(build, REFUSE_UNKNOWN_CALL, SLICE(""),
           "Could not find the function " SLICE_FMT "." SLICE_FMT "(" SLICE_FMT ")", SLICE_ARG(first->schema),
           SLICE_ARG(first->name), SLICE_ARG(given));
    if (given.len)
        build->problem->value = shown(given);
    build->problem->details = arena_format(build->arena,
                                           "Searched for the function " SLICE_FMT "." SLICE_FMT
                                           " %s" SLICE_FMT ", but no matches were found.",
                                           SLICE_ARG(first->schema), SLICE_ARG(first->name),
                                           given.len ? "with " : "without parameters", SLICE_ARG(given));
    return refuse_hint(build, "Perhaps you meant to call the function " SLICE_FMT,
                       SLICE_ARG(signature(build, first, false)));
}

static bool refuse_several(struct calling *calling, const struct function *one, const struct function *other)
{
    struct build *build = calling->build;
    refuse(build, REFUSE_AMBIGUOUS_CALL, SLICE(""),
           "Could not choose the best candidate function between: " SLICE_FMT ", " SLICE_FMT,
           SLICE_ARG(signature(build, one, true)), SLICE_ARG(signature(build, other, true)));
    if (build->context->manner == MANNER_POSTGREST)
        build->problem->status = 300;
    return refuse_hint(build,
                       "Give their arguments other names in the database, so that names tell which is meant");
}

static bool refuse_get(struct calling *calling)
{
    refuse(calling->build, REFUSE_CALL_BY_GET, SLICE(""),
           "`" SLICE_FMT "` may change something: it is called by POST alone",
           SLICE_ARG(calling->rpc->config->name.text));
    calling->build->problem->allow = SLICE("POST, OPTIONS");
    return false;
}

/* --- choosing --- */

static bool choose(struct calling *calling, bool (*fit)(const struct calling *, const struct function *))
{
    for (unsigned i = 0; i < calling->rpc->overload_count; i++) {
        const struct function *function = calling->rpc->overloads[i];
        if (!fit(calling, function))
            continue;
        if (calling->function)
            return refuse_several(calling, calling->function, function);
        calling->function = function;
    }
    return true;
}

bool call_choose(struct calling *calling)
{
    PRE(!calling->function && calling->rpc->overload_count > 0);
    if (!calling->call->body_is_one && !choose(calling, fits))
        return false;
    if (!calling->function) {
        calling->whole = true;
        if (!choose(calling, fits_whole))
            return false;
    }
    if (!calling->function)
        return refuse_none(calling);
    if (!calling->call->by_post && calling->function->volatility == FUNCTION_VOLATILE)
        return refuse_get(calling);
    return true;
}
