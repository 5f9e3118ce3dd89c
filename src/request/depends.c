/* SPDX-License-Identifier: Apache-2.0 */
/* Plans and writes → tags. See depends.h. */
#include "request/depends.h"

#include <endian.h>

#include "base/map.h"
#include "query/value.h"
#include "query/write.h"
#include "request/worker.h"
#include "request/write_steps.h"

/* What a tag stands for: the first of what is hashed to it. */
enum tag_kind {
    TAG_WORLD = 'W',
    TAG_ROW = 'R',
    TAG_SIGNAL = 'S',
    TABLE_ANY = 'T',
    TABLE_SHARED,
    TABLE_OWN,
    ROWS_ANY = 'a',
    ROWS_SHARED,
    ROWS_OWN
};
/* The first of three: ANY, SHARED, OWN. */
enum family { OF_TABLE = TABLE_ANY, OF_ROWS = ROWS_ANY };

/* The same in every process that serves this database. which: the row's key, the tenant; else empty. WORLD has no names. */
static uint32_t tag_of_name(unsigned kind, struct slice schema, struct slice table, struct slice which)
{
    const uint64_t parts[] = {htole64(kind), htole64(hash_stable(schema)), htole64(hash_stable(table)),
                              htole64(hash_stable(which))};
    return tag_of(hash_stable(slice_of((const char *)parts, sizeof parts)));
}

static uint32_t tag_make(unsigned kind, const struct table *table, struct slice which)
{
    return tag_of_name(kind, table->schema, table->name, which);
}

static uint32_t tag_of_world(void)
{
    return tag_of_name(TAG_WORLD, SLICE(""), SLICE(""), SLICE(""));
}

/* --- rows by their key, and by whose they are --- */

/* Whether equal values have equal texts, and unequal ones unequal. */
static bool is_exact(const struct column *column)
{
    return column->type.kind == VALUE_INT || column->type.kind == VALUE_UUID ||
           (column->type.kind == VALUE_TEXT && column->deterministic);
}

static bool key_is_exact(const struct resource *resource)
{
    for (unsigned i = 0; i < resource->key_count; i++)
        if (!is_exact(resource->key[i]))
            return false;
    return resource->key_count > 0;
}

static bool same_key(const struct resource *a, const struct resource *b)
{
    bool same = a->key_count == b->key_count;
    for (unsigned i = 0; same && i < a->key_count; i++)
        same = a->key[i]->position == b->key[i]->position;
    return same;
}

/* Whether all answers that show the row by itself are found by this resource's key of it. */
static bool is_only_key(const struct model *model, const struct resource *of)
{
    for (unsigned i = 0; i < model->resource_count; i++)
        if (model->resources[i].table == of->table && !same_key(&model->resources[i], of))
            return false;
    return true;
}

static bool is_primary_key(const struct resource *resource)
{
    const struct table *table = resource->table;
    bool same = resource->key_count == table->key_count;
    for (unsigned i = 0; same && i < table->key_count; i++)
        same = resource->key[i]->position == table->key[i];
    return same;
}

static struct slice key_text(struct arena *arena, const struct bind *binds, unsigned count)
{
    struct slice text = binds[0].text;
    for (unsigned i = 1; i < count; i++)
        text = arena_format(arena, SLICE_FMT "%c" SLICE_FMT, SLICE_ARG(text), 0, SLICE_ARG(binds[i].text));
    return text;
}

/* The caller, as the table's column of tenants has it; data NULL: none, or none that a tag can be made of. */
static struct slice tenant_of(struct request *request, const struct table *table)
{
    const struct model *model = request->snapshot->model;
    const struct column *column = model->tenants[table - model->catalog->tables];
    const struct value_scope scope = {&request->arena, model->catalog->dialect, clock_wall()};
    struct slice tenant = request->principal.caller.tenant;
    struct value_refusal refusal;
    struct bind bind;
    if (!column || !is_exact(column) || tenant.len == 0 ||
        !value_parse(&scope, &column->type, tenant, &bind, &refusal))
        return (struct slice){NULL, 0};
    return bind.text;
}

/* --- reads --- */

struct noting {
    struct request *request;
    const struct plan *plan;
    struct depends *depends;
};

static void note(const struct noting *noting, uint32_t tag)
{
    struct depends *depends = noting->depends;
    ARENA_GROW(&noting->request->arena, depends->seen, depends->count, depends->room);
    depends->seen[depends->count++] = tags_now(noting->request->worker->service->tags, tag);
}

/* tenant: whose rows alone are read; data NULL: those of all. */
static void note_family(const struct noting *noting, enum family family, const struct table *table,
                        struct slice tenant)
{
    if (tenant.data) {
        note(noting, tag_make(family + 1, table, SLICE("")));
        note(noting, tag_make(family + 2, table, tenant));
    } else {
        note(noting, tag_make(family, table, SLICE("")));
    }
}

/* Whether all that changes what is read from it is a write to it, or to a table below it. */
static bool is_told(const struct table *table)
{
    return !table->bases_unknown && !table->is_part;
}

static void note_table(const struct noting *noting, const struct table *table, struct slice tenant)
{
    if (!is_told(table))
        note(noting, tag_of_world());
    if (table->kind != TABLE_VIEW)
        note_family(noting, OF_TABLE, table, is_told(table) ? tenant : (struct slice){NULL, 0});
    for (unsigned i = 0; i < table->base_count; i++)
        note_table(noting, table->bases[i], (struct slice){NULL, 0});
}

static struct slice owner_of(const struct noting *noting, unsigned at)
{
    const struct plan *plan = noting->plan;
    bool owned = plan->owned && plan->owned[at] && plan->tables[at]->kind != TABLE_VIEW;
    return owned ? tenant_of(noting->request, plan->tables[at]) : (struct slice){NULL, 0};
}

/* Its table is the first of the plan's. */
static void note_row(const struct noting *noting, const struct bind *key)
{
    struct request *request = noting->request;
    const struct resource *resource = request->route.resource;
    note(noting, tag_make(TAG_ROW, resource->table, key_text(&request->arena, key, resource->key_count)));
    note_family(noting, OF_ROWS, resource->table, owner_of(noting, 0));
}

static bool has_row_tags(const struct resource *resource)
{
    return resource->table->kind != TABLE_VIEW && is_told(resource->table) && key_is_exact(resource);
}

static const struct config_tables *signals_of(const struct route *route)
{
    return route->kind == ROUTE_QUERY ? &route->query->config->signals : &route->resource->config->signals;
}

static uint32_t tag_of_signal(struct slice name)
{
    return tag_of_name(TAG_SIGNAL, SLICE(""), name, SLICE(""));
}

static void note_signals(const struct noting *noting, const struct config_tables *signals)
{
    for (unsigned i = 0; i < signals->count; i++)
        note(noting, tag_of_signal(signals->names[i].text));
}

void depends_note(struct request *request, struct depends *ret_depends)
{
    const struct config_tables *signals = signals_of(&request->route);
    const struct plan *plan = request->plan;
    PRE(plan && !request->fetch_out);
    *ret_depends = (struct depends){0};
    const struct noting noting = {request, plan, ret_depends};
    bool row = plan->kind == PLAN_ROW && plan->alone && has_row_tags(request->route.resource);
    if (row)
        note_row(&noting, plan->key);
    note_signals(&noting, signals);
    if (plan->tables_unknown)
        note(&noting, tag_of_world());
    for (unsigned i = row; i < plan->table_count; i++)
        note_table(&noting, plan->tables[i], owner_of(&noting, i));
    unsigned count = ret_depends->count;
    if (row)
        note_table(&noting, plan->tables[0], owner_of(&noting, 0));
    ret_depends->count_if_absent = ret_depends->count;
    ret_depends->count = count;
}

void depends_note_tables(struct request *request, const struct tables_told *tables,
                         struct depends *ret_depends)
{
    *ret_depends = (struct depends){0};
    const struct noting noting = {request, NULL, ret_depends};
    for (unsigned i = 0; i < tables->count; i++)
        note_table(&noting, tables->items[i], (struct slice){NULL, 0});
    ret_depends->count_if_absent = ret_depends->count;
}

bool depends_note_row(struct request *request, const struct plan *shown, const struct bind *key,
                      struct depends *ret_depends)
{
    const struct noting noting = {request, shown, ret_depends};
    const struct resource *resource = request->route.resource;
    if (shown->table_count == 0 || !has_row_tags(resource))
        return false;
    *ret_depends = (struct depends){0};
    if (key)
        note_row(&noting, key);
    else
        note(&noting, tag_make(TABLE_ANY, resource->table, SLICE("")));
    note_signals(&noting, signals_of(&request->route));
    return true;
}

/* What was read of the new row's key, as a GET of it would have it; NULL: there is no row. */
static const struct bind *key_made(struct request *request)
{
    const struct resource *resource = request->route.resource;
    const struct value_scope scope = {&request->arena, request->snapshot->model->catalog->dialect,
                                      clock_wall()};
    const struct slice *cells = request->page.first;
    struct bind *key = ARENA_ARRAY(&request->arena, struct bind, resource->key_count);
    struct value_refusal refusal;
    for (unsigned i = 0; i < resource->key_count; i++)
        if (!cells || !cells[i].data ||
            !value_parse(&scope, &resource->key[i]->type, cells[i], &key[i], &refusal))
            return NULL;
    return key;
}

/* The write bumps the first that was noted once, and none of the others. */
static bool is_own_wake(const struct tags *tags, const struct depends *depends)
{
    for (unsigned i = 0; i < depends->count; i++) {
        const struct tag_seen *seen = &depends->seen[i];
        if (tags_now(tags, seen->tag).generation != seen->generation + (i == 0))
            return false;
    }
    return true;
}

/* First what the row depends on from here on, then the look back: whoever writes between is seen by one or the other. */
bool depends_settle(struct request *request, struct depends *depends)
{
    const struct write *write = request->writing->write;
    const struct depends before = *depends;
    const struct bind *key = request->route.kind == ROUTE_ROW ? write_key(write) : key_made(request);
    return key && depends_note_row(request, write_shown(write), key, depends) &&
           is_own_wake(request->worker->service->tags, &before);
}

/* --- writes --- */

struct wave {
    struct service *service;
    const struct model *model;
    struct map reached; /* tables, by their quoted name */
    bool everything;
};

static void bump(struct service *service, uint32_t tag)
{
    tags_bump(service->tags, tag);
    remote_tell(service->remote, tag);
}

/* tenant: whose rows alone were written; data NULL: anybody's. */
static void bump_family(struct service *service, enum family family, const struct table *table,
                        struct slice tenant)
{
    bump(service, tag_make(family, table, SLICE("")));
    bump(service, tag_make(family + (tenant.data ? 2 : 1), table, tenant));
}

static void bump_all(struct service *service)
{
    tags_bump_all(service->tags);
    remote_tell_all(service->remote);
}

/* What refers to a row that is deleted or changed, and follows it. */
static void reach_references(struct wave *wave, const struct table *table, bool deletes);
/* What the table's triggers and rules change, as `changes:` tells; what a view is made of. */
static void reach_followed(struct wave *wave, const struct table *table);

static void reach(struct wave *wave, const struct table *table)
{
    if (map_get(&wave->reached, table->sql))
        return;
    map_put(&wave->reached, table->sql, wave);
    bump_family(wave->service, OF_TABLE, table, (struct slice){NULL, 0});
    bump_family(wave->service, OF_ROWS, table, (struct slice){NULL, 0});
    reach_references(wave, table, true);
    reach_followed(wave, table);
}

static void reach_followed(struct wave *wave, const struct table *table)
{
    const struct tables_told *tables = &wave->model->followed[table - wave->model->catalog->tables];
    wave->everything |= !tables->told && (table->triggered || !is_told(table));
    for (unsigned i = 0; i < tables->count; i++)
        reach(wave, tables->items[i]);
    for (unsigned i = 0; i < table->base_count; i++)
        reach(wave, table->bases[i]);
}

static void reach_references(struct wave *wave, const struct table *table, bool deletes)
{
    for (unsigned i = 0; i < table->reference_count; i++) {
        const struct foreign_key *key = table->references[i];
        if ((deletes && key->on_delete_acts) || key->on_update_acts)
            reach(wave, key->table);
    }
}

static void end_wave(struct wave *wave)
{
    map_done(&wave->reached);
    if (wave->everything)
        bump_all(wave->service);
}

/* The one row that a write is about; empty: it may be others. */
static struct slice row_written(struct request *request)
{
    const struct resource *resource = request->route.resource;
    const struct bind *key = request->route.kind == ROUTE_ROW && request->writing && request->writing->write
                                 ? write_key(request->writing->write)
                                 : NULL;
    bool tells = key && key_is_exact(resource) && is_only_key(request->snapshot->model, resource);
    return tells ? key_text(&request->arena, key, resource->key_count) : SLICE("");
}

/* A POST makes rows; unless it may merge them with those that are there, it leaves these as they are. */
static bool only_adds(const struct request *request)
{
    return request->method == HTTP_POST && request->prefer.resolution == RESOLUTION_NONE;
}

/* A caller whose rows alone the resource lets it write. */
static struct slice writer_of(struct request *request)
{
    const struct model *model = request->snapshot->model;
    const struct resource *resource = request->route.resource;
    bool owned =
        resource->tenant && resource->tenant == model->tenants[resource->table - model->catalog->tables];
    return owned ? tenant_of(request, resource->table) : (struct slice){NULL, 0};
}

static void bump_rows(struct request *request, struct wave *wave)
{
    const struct table *table = request->route.resource->table;
    struct slice key = row_written(request), tenant = writer_of(request);
    bump_family(wave->service, OF_TABLE, table, tenant);
    if (key.len)
        bump(wave->service, tag_make(TAG_ROW, table, key));
    else if (!only_adds(request))
        bump_family(wave->service, OF_ROWS, table, tenant);
    if (!only_adds(request))
        reach_references(wave, table, request->method == HTTP_DELETE);
    reach_followed(wave, table);
}

/* What a query or function changes: only its author knows. */
static const struct tables_told *changed_by(const struct route *route)
{
    static const struct tables_told nobody = {.told = false};
    if (route->kind == ROUTE_QUERY)
        return &route->query->changed;
    return route->kind == ROUTE_RPC ? &route->rpc->changed : &nobody;
}

struct tables_told depends_written(struct request *request)
{
    struct route *route = &request->route;
    if (!route->write)
        return *changed_by(route);
    const struct table **table = ARENA_NEW(&request->arena, const struct table *);
    *table = route->resource->table;
    return (struct tables_told){.items = table, .count = 1, .told = true};
}

void depends_bump(struct request *request)
{
    const struct route *route = &request->route;
    struct wave wave = {.service = request->worker->service, .model = request->snapshot->model};
    if (!route->write) {
        depends_bump_tables(wave.service, wave.model, changed_by(route));
        return;
    }
    bump(wave.service, tag_of_world());
    if (route->resource->table->kind == TABLE_VIEW)
        reach(&wave, route->resource->table);
    else
        bump_rows(request, &wave);
    end_wave(&wave);
}

void depends_bump_tables(struct service *service, const struct model *model, const struct tables_told *tables)
{
    struct wave wave = {.service = service, .model = model, .everything = !tables->told};
    if (tables->told && tables->count == 0)
        return;
    bump(service, tag_of_world());
    for (unsigned i = 0; i < tables->count; i++)
        reach(&wave, tables->items[i]);
    end_wave(&wave);
}

void depends_bump_signal(struct service *service, const struct model *model,
                         const struct config_signal *signal)
{
    const struct tables_told *tables = &model->signal_tables[signal - model->config->cache.signals];
    bump(service, tag_of_signal(signal->name.text));
    if (tables->told)
        depends_bump_tables(service, model, tables);
}

/* --- writes of others --- */

/* The key that is told is the primary one: rows that are kept by another are not known. */
static bool tells_row(const struct worker *worker, const struct change *change)
{
    const struct model *model = worker->snapshot->model;
    for (unsigned i = 0; i < model->resource_count; i++) {
        const struct resource *resource = &model->resources[i];
        bool same = slice_eq(resource->table->name, change->table) &&
                    slice_eq(resource->table->schema, change->schema);
        if (same && !is_primary_key(resource))
            return false;
    }
    return change->kind == CHANGE_ROW;
}

static void bump_name(struct service *service, const struct change *change, unsigned kind, struct slice key)
{
    bump(service, tag_of_name(kind, change->schema, change->table, key));
}

/* Whose rows they are is not told. */
void depends_bump_outside(struct worker *worker, const struct change *change)
{
    struct service *service = worker->service;
    if (change->kind == CHANGE_ALL) {
        bump_all(service);
        return;
    }
    bump(service, tag_of_world());
    bump_name(service, change, TABLE_ANY, SLICE(""));
    bump_name(service, change, TABLE_SHARED, SLICE(""));
    if (tells_row(worker, change)) {
        bump_name(service, change, TAG_ROW, change->key);
    } else if (change->kind != CHANGE_ADDED) {
        bump_name(service, change, ROWS_ANY, SLICE(""));
        bump_name(service, change, ROWS_SHARED, SLICE(""));
    }
}
