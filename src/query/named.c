/* SPDX-License-Identifier: Apache-2.0 */
/* PLAN of named queries: parameters by their declared types, defaults, lists and ranges. A query with an `order` is paged: its
 * text becomes the source of a list, which is ordered, cut and counted outside. See plan.h. */
#include <stdlib.h>

#include "query/listing.h"
#include "query/paging.h"
#include "query/value_record.h"

/* --- parameters --- */

static bool refuse_unlisted(struct build *build, const struct config_param *param, struct slice text)
{
    struct nearest nearest = nearest_begin(text);
    struct slice list = names_join(build->arena, param->in, param->in_count);
    for (unsigned i = 0; i < param->in_count; i++)
        nearest_offer(&nearest, param->in[i]);
    refuse(build, REFUSE_BAD_VALUE, param->name.text,
           "`" SLICE_FMT "` is not among the values of `" SLICE_FMT "`: " SLICE_FMT, SLICE_ARG(shown(text)),
           SLICE_ARG(param->name.text), SLICE_ARG(list));
    build->problem->value = shown(text);
    return refuse_nearest(build, &nearest);
}

static bool check_list(struct build *build, const struct config_param *param, struct slice text,
                       const struct bind *bind)
{
    if (param->in_count == 0)
        return true;
    for (unsigned i = 0; i < param->in_count; i++)
        if (slice_eq(param->in[i], text) || slice_eq(param->in[i], bind->text))
            return true;
    return refuse_unlisted(build, param, text);
}

static bool in_range(const struct config_param *param, const struct bind *bind)
{
    if (bind->kind == BIND_INT)
        return bind->integer >= param->low && bind->integer <= param->high;
    char *end;
    double real = strtod(bind->text.data, &end);
    return end != bind->text.data && real >= (double)param->low && real <= (double)param->high;
}

static bool check_range(struct build *build, const struct config_param *param, struct slice text,
                        const struct bind *bind)
{
    if (!param->has_range || in_range(param, bind))
        return true;
    refuse(build, REFUSE_BAD_VALUE, param->name.text,
           "`" SLICE_FMT "` must be from %lld to %lld, not `" SLICE_FMT "`", SLICE_ARG(param->name.text),
           (long long)param->low, (long long)param->high, SLICE_ARG(shown(text)));
    build->problem->value = shown(text);
    return false;
}

static bool read_value(struct build *build, const struct query_param *param, const struct field *value,
                       struct bind *ret_bind)
{
    struct value_scope scope = {build->arena, build->context->model->catalog->dialect, build->context->now};
    struct value_refusal refusal;
    if (!value_from_field(&scope, &param->type, value, ret_bind, &refusal))
        return refuse_value(build, param->config->name.text, value->text, &refusal);
    return check_list(build, param->config, value->text, ret_bind) &&
           check_range(build, param->config, value->text, ret_bind);
}

/* What was given and says nothing: `?name`, or null where that cannot be. */
static bool is_nothing(const struct config_param *config, const struct field *given)
{
    return given->token == TOKEN_NULL ? !config->optional : given->token == TOKEN_TEXT && !given->text.data;
}

/* given NULL: absent. */
static bool read_param(struct build *build, const struct query_param *param, const struct field *given,
                       struct bind *ret_bind)
{
    const struct config_param *config = param->config;
    const struct field fallback = {config->name.text, TOKEN_TEXT, config->fallback};
    if (given && is_nothing(config, given))
        return refuse(build, REFUSE_MISSING_PARAMETER, config->name.text, "`" SLICE_FMT "` has no value",
                      SLICE_ARG(config->name.text));
    if (given ? given->token == TOKEN_NULL : config->optional) {
        *ret_bind = bind_null();
        return true;
    }
    if (given || config->fallback.data)
        return read_value(build, param, given ? given : &fallback, ret_bind);
    refuse(build, REFUSE_MISSING_PARAMETER, config->name.text, "The parameter `" SLICE_FMT "` is missing",
           SLICE_ARG(config->name.text));
    return refuse_hint(build, "Add `" SLICE_FMT "=…`, of type " SLICE_FMT, SLICE_ARG(config->name.text),
                       SLICE_ARG(config->type));
}

/* --- which parameter is which --- */

static bool find_declared(const struct named_query *query, struct slice name, unsigned *ret_at)
{
    for (unsigned i = 0; i < query->param_count; i++) {
        if (!slice_eq(query->params[i].config->name.text, name) || query->params[i].config->from)
            continue;
        *ret_at = i;
        return true;
    }
    return false;
}

static bool pages_by(enum slot slot)
{
    return slot != SLOT_SELECT && slot != SLOT_ORDER;
}

static bool refuse_unknown(struct build *build, const struct named_query *query, struct slice name)
{
    struct slice *names = ARENA_ARRAY(build->arena, struct slice, query->param_count + 1);
    unsigned count = 0;
    for (unsigned i = 0; i < query->param_count; i++)
        if (query->params[i].config->from == PARAM_CLIENT)
            names[count++] = query->params[i].config->name.text;
    refuse(build, REFUSE_UNKNOWN_PARAMETER, name, "`" SLICE_FMT "` has no parameter `" SLICE_FMT "`",
           SLICE_ARG(query->config->path), SLICE_ARG(shown(name)));
    return refuse_not_among(build, name, "parameters", names, count);
}

/* All that were given, on their way to their places. */
struct sorting {
    struct build *build;
    const struct named_query *query;
    const struct field **given; /* of each declared one; NULL: absent */
    struct slots *slots;        /* those of paging, where the query is paged */
};

/* A declared one wins. */
static bool sort_one(struct sorting *sorting, const struct field *field)
{
    const struct named_query *query = sorting->query;
    enum slot slot;
    unsigned at;
    bool again;
    if (find_declared(query, field->name, &at)) {
        again = sorting->given[at] != NULL;
        sorting->given[at] = field;
    } else if (query->order_count && slot_known(field->name, &slot) && pages_by(slot) && field->text.data) {
        again = sorting->slots->given[slot].value.data != NULL;
        sorting->slots->given[slot] = (struct param){field->name, field->text};
    } else {
        return refuse_unknown(sorting->build, query, field->name);
    }
    return !again || refuse(sorting->build, REFUSE_REPEATED_PARAMETER, field->name,
                            "`" SLICE_FMT "` is given twice", SLICE_ARG(field->name));
}

static bool sort_all(struct sorting *sorting, struct slice query_string, const struct record *body)
{
    struct build *build = sorting->build;
    struct params params;
    if (!params_parse(build, query_string, &params))
        return false;
    struct field *fields = ARENA_ARRAY(build->arena, struct field, params.count + 1);
    for (unsigned i = 0; i < params.count; i++) {
        fields[i] = (struct field){params.items[i].name, TOKEN_TEXT, params.items[i].value};
        if (!sort_one(sorting, &fields[i]))
            return false;
    }
    for (unsigned i = 0; body && i < body->count; i++)
        if (!sort_one(sorting, &body->fields[i]))
            return false;
    return true;
}

/* What the caller is, and no request says. NULL: it has no such part, or one that is no value of the type. */
static struct bind bind_of_caller(struct build *build, const struct query_param *param)
{
    const struct caller *caller = &build->context->caller;
    const struct slice parts[] = {[PARAM_CLIENT] = {NULL, 0},
                                  [PARAM_USER] = caller->user,
                                  [PARAM_TENANT] = caller->tenant,
                                  [PARAM_ROLE] = caller->role_name};
    struct value_scope scope = {build->arena, build->context->model->catalog->dialect, build->context->now};
    struct value_refusal refusal;
    struct bind bind;
    PRE(param->config->from != PARAM_CLIENT && param->config->from < ARRAY_LEN(parts));
    struct slice part = parts[param->config->from];
    return part.len && value_parse(&scope, &param->type, part, &bind, &refusal) ? bind : bind_null();
}

static bool read_params(struct build *build, const struct named_query *query, struct slice query_string,
                        const struct record *body, struct slots *slots, struct bind **ret_binds)
{
    struct sorting sorting = {.build = build, .query = query, .slots = slots};
    sorting.given = ARENA_ARRAY(build->arena, const struct field *, query->param_count + 1);
    if (!sort_all(&sorting, query_string, body))
        return false;
    struct bind *binds = ARENA_ARRAY(build->arena, struct bind, query->param_count + 1);
    for (unsigned i = 0; i < query->param_count; i++)
        if (query->params[i].config->from)
            binds[i] = bind_of_caller(build, &query->params[i]);
        else if (!read_param(build, &query->params[i], sorting.given[i], &binds[i]))
            return false;
    *ret_binds = binds;
    return true;
}

/* --- a paged query --- */

/* The parenthesis stands on a line of its own, behind whatever comment the text may end in. */
static struct slice as_source(struct arena *arena, struct slice text)
{
    return arena_format(arena, "(" SLICE_FMT "\n) AS leat_query", SLICE_ARG(text));
}

/* What makes two answers of the query different, but for the page. */
static struct slice key_of(struct build *build, const struct named_query *query, const struct bind *binds)
{
    struct text key;
    text_init(&key, build->arena, 256);
    text_add(&key, query->config->path);
    for (unsigned i = 0; i < query->param_count; i++) {
        text_byte(&key, binds[i].text.data ? '=' : '-');
        text_uint(&key, binds[i].text.len);
        text_byte(&key, ':');
        text_add(&key, binds[i].text);
    }
    return text_done(&key);
}

static bool make_pages(struct listing *listing, const struct named_query *query, const struct slots *slots)
{
    PRE(query->order_count > 0);
    struct build *build = &listing->build;
    struct plan *plan = listing->plan;
    listing->from = as_source(build->arena, query->text);
    listing->one_pass = true;
    listing->order = (struct order){
        .terms = ARENA_ARRAY(build->arena, struct order_term, query->order_count),
        .count = query->order_count,
        .declared = query->order_count,
    };
    memcpy(listing->order.terms, query->order, query->order_count * sizeof(struct order_term));
    listing->cells = (struct cells){.columns = plan->columns,
                                    .visible = 0,
                                    .count = plan->column_count,
                                    .room = plan->column_count};
    plan->keyset = true;
    if (!paging_parse(build, slots, &query->config->page, plan))
        return false;
    listing_settle(listing, key_of(build, query, listing->binds.items), &query->config->envelope,
                   &query->config->page);
    if (!listing_continue(listing, slots->given[SLOT_CURSOR].value))
        return false;
    listing_write(listing);
    return true;
}

static bool make_query(struct listing *listing, const struct named_query *query, struct slice query_string,
                       const struct record *body)
{
    struct plan *plan = listing->plan;
    struct slots slots = {.filter_count = 0};
    struct bind *binds;
    if (!read_params(&listing->build, query, query_string, body, &slots, &binds))
        return false;
    listing->binds = (struct binds){binds, query->param_count, query->param_count};
    plan->columns = ARENA_ARRAY(listing->build.arena, const struct column *, query->column_count + 1);
    plan->column_count = plan->cell_count = query->column_count;
    for (unsigned i = 0; i < query->column_count; i++)
        plan->columns[i] = &query->columns[i];
    if (query->order_count && query->config->returns == RETURNS_ROWS)
        return make_pages(listing, query, &slots);
    plan->statement =
        (struct statement){.text = query->text, .binds = binds, .bind_count = query->param_count};
    return true;
}

enum error plan_query(const struct plan_context *context, const struct named_query *query,
                      struct slice query_string, const struct record *body, struct plan **ret_plan,
                      struct problem *ret_problem)
{
    PRE(context && query && ret_plan && ret_problem);
    struct conditions none = {0};
    struct listing listing = {
        .build = {.context = context,
                  .arena = context->arena,
                  .sql = dialect_sql_of(context->model),
                  .problem = ret_problem},
        .plan = ARENA_NEW(context->arena, struct plan),
        .conditions = &none,
    };
    listing.plan->kind = PLAN_QUERY;
    listing.plan->dialect = context->model->catalog->dialect;
    listing.plan->returns = query->config->returns;
    listing.plan->writes = query->changes;
    listing.plan->uses = query->uses | (query->config->read & ROLE_ANONYMOUS ? 0 : CALLER_ROLE);
    listing.plan->tables = query->tables;
    listing.plan->table_count = query->table_count;
    listing.plan->tables_unknown = !query->tables_known || query->tables_untold;
    if (!make_query(&listing, query, query_string, body))
        return ERR_PROBLEM;
    *ret_plan = listing.plan;
    return OK;
}
