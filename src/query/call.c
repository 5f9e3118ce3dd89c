/* SPDX-License-Identifier: Apache-2.0 */
/* A call as the source of a list: its arguments become binds, what comes out of it a resource without a key, so that it stays in the
 * function's own order. Rows of a table that is a resource are rows of that resource: its columns, rules and relations hold.
 *
 *   scalar                (SELECT public.f(…) AS "f") AS leat_call
 *   many of them, rows    public.f(…) AS leat_call("f"), public.f(…) AS leat_call
 *
 * See call.h; call_choose.c finds out which function it is. */
#include "query/call.h"

#include "query/call_choose.h"
#include "query/listing.h"
#include "query/paging.h"
#include "query/value.h"
#include "query/value_record.h"

/* --- arguments --- */

/* What only PostgreSQL can make of JSON: arrays, composites. */
static bool is_made_of_json(const struct type *type, const struct field *value)
{
    return type->kind == VALUE_OTHER && (value->token == TOKEN_OBJECT || value->token == TOKEN_ARRAY);
}

static bool make_bind(struct build *build, const struct type *type, const struct field *value,
                      struct bind *ret_bind)
{
    struct value_scope scope = {build->arena, DIALECT_PG, build->context->now};
    struct value_refusal refusal;
    if (is_made_of_json(type, value)) {
        *ret_bind = bind_text(build->arena,
                              arena_format(build->arena, "{\"v\":" SLICE_FMT "}", SLICE_ARG(value->text)));
        return true;
    }
    return value_from_field(&scope, type, value, ret_bind, &refusal) ||
           refuse_value(build, value->name, value->text, &refusal);
}

/* `$1::type`, which is the argument's own: names of types without it would choose another overload. */
static void write_value(struct listing *listing, struct text *text, const struct type *type,
                        const struct field *value)
{
    struct slice name = type->kind == VALUE_TEXT ? value_cast_name(type) : type->name;
    bool made = value && is_made_of_json(type, value);
    text_add(text, made ? SLICE("(SELECT v FROM json_to_record(") : SLICE(""));
    if (!value || value->token == TOKEN_NULL) {
        text_lit(text, "NULL");
    } else {
        text_byte(text, '$');
        text_uint(text, listing->binds.count);
    }
    text_lit(text, "::");
    text_add(text, made ? SLICE("json) AS leat_argument(v ") : name);
    text_add(text, made ? name : SLICE(""));
    text_add(text, made ? SLICE("))") : SLICE(""));
}

/* A variadic argument of a URL is there once for each of its values. */
static const struct field *gathered(const struct calling *calling, const struct field *first)
{
    struct arena *arena = calling->build->arena;
    struct bind *binds = ARENA_ARRAY(arena, struct bind, calling->value_count);
    unsigned count = 0;
    for (unsigned i = 0; i < calling->value_count; i++)
        if (slice_eq(calling->values[i].name, first->name))
            binds[count++] = bind_text(arena, calling->values[i].text);
    struct field *all = ARENA_NEW(arena, struct field);
    *all = *first;
    all->text = sql_pg.list(arena, binds, count).text;
    return all;
}

static const struct field *find_value(const struct calling *calling, const struct function_arg *arg)
{
    for (unsigned i = 0; i < calling->value_count; i++)
        if (slice_eq(calling->values[i].name, arg->name))
            return arg->variadic && calling->values[i].token == TOKEN_TEXT
                       ? gathered(calling, &calling->values[i])
                       : &calling->values[i];
    return NULL;
}

static bool check_once(struct calling *calling, const struct function_arg *arg)
{
    unsigned times = 0;
    for (unsigned i = 0; i < calling->value_count; i++)
        times += slice_eq(calling->values[i].name, arg->name);
    if (times < 2 || arg->variadic)
        return true;
    return refuse(calling->build, REFUSE_REPEATED_PARAMETER, arg->name, "`" SLICE_FMT "` is given twice",
                  SLICE_ARG(arg->name));
}

static bool write_arg(struct calling *calling, struct listing *listing, struct text *text,
                      const struct function_arg *arg, const struct field *value)
{
    struct bind bind;
    if (value && value->token != TOKEN_NULL) {
        if (!make_bind(calling->build, &arg->type, value, &bind))
            return false;
        binds_add(calling->build->arena, &listing->binds, bind);
    }
    text_add(text, arg->variadic ? SLICE("VARIADIC ") : SLICE(""));
    if (arg->name.len) {
        text_add(text, identifier_quote(text->arena, arg->name));
        text_lit(text, " => ");
    }
    write_value(listing, text, &arg->type, value);
    return true;
}

/* `"org" => $2`, behind those that clients give: by name it may stand anywhere. */
static void write_tenant(struct calling *calling, struct listing *listing, struct text *text, bool first)
{
    const struct function_arg *arg = calling->function->tenant;
    const struct plan_context *context = calling->build->context;
    struct value_scope scope = {text->arena, DIALECT_PG, context->now};
    struct value_refusal refusal;
    struct bind bind;
    struct field value = {.name = arg->name, .token = TOKEN_NULL};
    if (context->caller.tenant.len > 0 &&
        value_parse(&scope, &arg->type, context->caller.tenant, &bind, &refusal)) {
        binds_add(text->arena, &listing->binds, bind);
        value.token = TOKEN_TEXT;
    }
    text_add(text, first ? SLICE("") : SLICE(","));
    text_add(text, identifier_quote(text->arena, arg->name));
    text_lit(text, " => ");
    write_value(listing, text, &arg->type, &value);
}

static bool write_args(struct calling *calling, struct listing *listing, struct text *text)
{
    const struct function *function = calling->function;
    bool first = true;
    for (unsigned i = 0; i < function->arg_count; i++) {
        const struct function_arg *arg = &function->args[i];
        const struct field *value = find_value(calling, arg);
        if (!value && !calling->whole)
            continue; /* it has a default */
        text_add(text, first ? SLICE("") : SLICE(","));
        first = false;
        if (!check_once(calling, arg) || !write_arg(calling, listing, text, arg, value))
            return false;
    }
    if (function->tenant)
        write_tenant(calling, listing, text, first);
    return true;
}

/* --- the body as the one argument --- */

static struct slice hex_of(struct arena *arena, struct slice bytes)
{
    struct text text;
    text_init(&text, arena, 2 * bytes.len + 3);
    text_lit(&text, "\\x");
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.data[i];
        text_byte(&text, "0123456789abcdef"[c >> 4]);
        text_byte(&text, "0123456789abcdef"[c & 15]);
    }
    return text_done(&text);
}

static bool take_whole(struct calling *calling)
{
    struct build *build = calling->build;
    const struct call *call = calling->call;
    struct field *value = ARENA_NEW(build->arena, struct field);
    *value = (struct field){.name = calling->function->args[0].name,
                            .token = call->body_kind == CALL_BODY_JSON ? TOKEN_OBJECT : TOKEN_TEXT,
                            .text = call->body};
    if (call->body_kind == CALL_BODY_BYTES)
        value->text = hex_of(build->arena, call->body);
    calling->values = value;
    calling->value_count = 1;
    bool text = call->body_kind != CALL_BODY_TEXT ||
                (slice_is_utf8(call->body) && slice_find(call->body, '\0') == call->body.len);
    return text || refuse(build, REFUSE_BAD_ENCODING, SLICE("body"), "The body is no text in UTF-8");
}

/* --- what comes out --- */

static const struct column *scalar_column(struct arena *arena, const struct function *function)
{
    struct column *column = ARENA_NEW(arena, struct column);
    *column = (struct column){.name = function->name, .type = function->type, .nullable = true};
    column_names_make(arena, column);
    return column;
}

static void take_columns(struct arena *arena, const struct function *function, struct resource *resource,
                         struct table *table)
{
    table->column_count = function->column_count ? function->column_count : 1;
    table->columns = function->columns;
    if (function->column_count == 0)
        table->columns = (struct column *)scalar_column(arena, function);
    resource->column_count = resource->select_count = table->column_count;
    resource->columns = ARENA_ARRAY(arena, const struct column *, table->column_count);
    for (unsigned i = 0; i < table->column_count; i++)
        resource->columns[i] = &table->columns[i];
    resource->select = resource->columns;
}

/* A page of them is as long as one may be. */
static struct resource *make_resource(struct calling *calling)
{
    struct arena *arena = calling->build->arena;
    const struct function *function = calling->function;
    bool of_table = function->row_table && calling->rpc->resource;
    struct resource *resource = ARENA_NEW(arena, struct resource);
    struct table *table = ARENA_NEW(arena, struct table);
    struct config_resource *config = ARENA_NEW(arena, struct config_resource);
    if (of_table) {
        *resource = *resource_seen(calling->rpc->resource, calling->build->context->caller.role);
        *table = *resource->table;
        *config = *resource->config;
    } else {
        config->page = build_config(calling->build)->page;
        take_columns(arena, function, resource, table);
    }
    resource->seen = NULL; /* it is as this caller sees it */
    config->name = calling->rpc->config->name;
    config->page.size = config->page.max;
    config->page.by = PAGE_BY_CURSOR;
    table->sql = SLICE("leat_call");
    resource->table = table;
    resource->config = config;
    resource->key_count = resource->order_count = 0;
    return resource;
}

static bool make_source(struct calling *calling, struct listing *listing)
{
    const struct function *function = calling->function;
    bool one = !function->returns_set && function->column_count == 0;
    struct slice name = identifier_quote(calling->build->arena, function->name);
    struct text text;
    text_init(&text, calling->build->arena, 256);
    text_add(&text, one ? SLICE("(SELECT ") : SLICE(""));
    text_add(&text, function->sql);
    text_byte(&text, '(');
    if (!write_args(calling, listing, &text))
        return false;
    text_add(&text, one ? SLICE(") AS ") : SLICE(") AS leat_call"));
    text_add(&text, one ? name : SLICE(""));
    text_add(&text, one ? SLICE(") AS leat_call") : SLICE(""));
    if (!one && function->column_count == 0)
        text_add(&text, arena_format(text.arena, "(" SLICE_FMT ")", SLICE_ARG(name)));
    listing->from = text_done(&text);
    return true;
}

static void take_kind(const struct function *function, struct plan *plan)
{
    bool scalar = function->column_count == 0;
    plan->kind = function->returns_set ? PLAN_LIST : PLAN_QUERY;
    plan->returns = function->returns_set ? RETURNS_ROWS : scalar ? RETURNS_VALUE : RETURNS_ROW;
    plan->bare_values = function->returns_set && scalar;
    plan->writes = function->volatility == FUNCTION_VOLATILE;
    plan->tables_unknown = true;
    plan->uses |= CALLER_ROLE | (function->tenant ? CALLER_TENANT : 0);
    plan->says_nothing = function->returns_void;
    plan->want_total = plan->want_total && function->returns_set;
    if (plan->writes) { /* it is not called again to be counted: what came is what is known */
        plan->total = plan->planned = (struct statement){0};
        plan->total_is_exact = false;
    }
}

/* --- putting together --- */

static bool read_result(struct listing *listing, const struct params *params)
{
    static const struct envelope none;
    struct build *build = &listing->build;
    struct slots slots;
    if (!slots_sort(build, params, &slots) ||
        !listing_read(listing, slots.given[SLOT_SELECT].value, slots.filters, slots.filter_count) ||
        !order_parse(build, slots.given[SLOT_ORDER].value, listing->conditions, &listing->order) ||
        !paging_parse(build, &slots, &build->resource->config->page, listing->plan))
        return false;
    listing_columns(listing);
    listing_settle(listing, build->resource->config->name.text, &none, &build->resource->config->page);
    listing->plan->total_key = (struct slice){0};
    return listing_continue(listing, slots.given[SLOT_CURSOR].value);
}

static bool make_call(struct calling *calling, struct params *params, struct listing *listing)
{
    struct build *build = calling->build;
    if (!calling->call->by_post)
        call_take_params(calling, params);
    if (!call_choose(calling) || (calling->whole && !take_whole(calling)))
        return false;
    listing_begin(listing, build->context, make_resource(calling), build->problem);
    if (!make_source(calling, listing) || !read_result(listing, params))
        return false;
    listing_write(listing);
    take_kind(calling->function, listing->plan);
    return true;
}

enum error plan_call(const struct plan_context *context, const struct rpc *rpc, const struct call *call,
                     struct slice query_string, struct plan **ret_plan, struct problem *ret_problem)
{
    PRE(context && rpc && call && ret_plan && ret_problem);
    struct build build = {.context = context,
                          .arena = context->arena,
                          .sql = &sql_pg,
                          .problem = ret_problem};
    struct calling calling = {.build = &build,
                              .rpc = rpc,
                              .call = call,
                              .values = (struct field *)call->values,
                              .value_count = call->value_count};
    struct params params;
    struct listing listing;
    if (!params_parse(&build, query_string, &params) || !make_call(&calling, &params, &listing))
        return ERR_PROBLEM;
    *ret_plan = listing.plan;
    return OK;
}
