/* SPDX-License-Identifier: Apache-2.0 */
/* Plans and writes → tags. See depends.h. */
#include "request/depends.h"

#include "base/map.h"
#include "query/write.h"
#include "request/worker.h"
#include "request/write_steps.h"

/* The first byte of what is hashed to a tag. */
enum tag_kind { TAG_TABLE = 'T', TAG_ROW = 'R', TAG_ROWS = 'M', TAG_WORLD = 'W', TAG_SIGNAL = 'S' };

static struct tags *tags_of(const struct request *request)
{
    return request->worker->service->tags;
}

static uint32_t tag_of_name(struct arena *arena, enum tag_kind kind, struct slice schema, struct slice name,
                            struct slice key)
{
    struct slice text = arena_format(arena, "%c" SLICE_FMT "%c" SLICE_FMT "%c" SLICE_FMT, kind,
                                     SLICE_ARG(schema), 0, SLICE_ARG(name), 0, SLICE_ARG(key));
    return tag_of(hash_stable(text));
}

/* The same in every process that serves this database. key: of ROW; else none. */
static uint32_t tag_make(struct arena *arena, enum tag_kind kind, const struct table *table, struct slice key)
{
    if (kind == TAG_WORLD)
        return tag_of(hash_stable(SLICE("W")));
    return tag_of_name(arena, kind, table->schema, table->name, key);
}

/* --- rows by their key --- */

/* Whether equal keys have equal texts, and unequal ones unequal. */
static bool key_is_exact(const struct resource *resource)
{
    for (unsigned i = 0; i < resource->key_count; i++) {
        const struct column *column = resource->key[i];
        bool exact = column->type.kind == VALUE_INT || column->type.kind == VALUE_UUID ||
                     (column->type.kind == VALUE_TEXT && column->deterministic);
        if (!exact)
            return false;
    }
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

/* --- reads --- */

static void note(struct request *request, struct depends *depends, enum tag_kind kind,
                 const struct table *table, struct slice key)
{
    depends->seen[depends->count++] = tags_now(tags_of(request), tag_make(&request->arena, kind, table, key));
}

/* Whether all that changes what is read from it is a write to it. */
static bool is_plain_table(const struct table *table)
{
    return (table->kind == TABLE_TABLE || table->kind == TABLE_PARTITIONED) && !table->is_part;
}

static void note_table(struct request *request, struct depends *depends, const struct table *table)
{
    note(request, depends, is_plain_table(table) ? TAG_TABLE : TAG_WORLD, table, SLICE(""));
}

static void note_row(struct request *request, struct depends *depends)
{
    const struct resource *resource = request->route.resource;
    const struct plan *plan = request->plan;
    note(request, depends, TAG_ROWS, resource->table, SLICE(""));
    if (key_is_exact(resource))
        note(request, depends, TAG_ROW, resource->table,
             key_text(&request->arena, plan->key, resource->key_count));
    else
        note_table(request, depends, resource->table);
}

static const struct config_tables *signals_of(const struct route *route)
{
    return route->kind == ROUTE_QUERY ? &route->query->config->signals : &route->resource->config->signals;
}

static uint32_t tag_of_signal(struct arena *arena, struct slice name)
{
    return tag_of_name(arena, TAG_SIGNAL, SLICE(""), name, SLICE(""));
}

static void note_signals(struct request *request, const struct config_tables *signals,
                         struct depends *depends)
{
    for (unsigned i = 0; i < signals->count; i++)
        depends->seen[depends->count++] =
            tags_now(tags_of(request), tag_of_signal(&request->arena, signals->names[i].text));
}

void depends_note(struct request *request, struct depends *ret_depends)
{
    const struct config_tables *signals = signals_of(&request->route);
    const struct plan *plan = request->plan;
    PRE(plan && !request->fetch_out);
    bool row = plan->kind == PLAN_ROW && plan->alone && is_plain_table(request->route.resource->table);
    *ret_depends = (struct depends){
        .seen = ARENA_ARRAY(&request->arena, struct tag_seen, plan->table_count + signals->count + 4)};
    note_signals(request, signals, ret_depends);
    if (row)
        note_row(request, ret_depends);
    if (plan->tables_unknown)
        note(request, ret_depends, TAG_WORLD, NULL, SLICE(""));
    for (unsigned i = row; i < plan->table_count; i++)
        note_table(request, ret_depends, plan->tables[i]);
    size_t count = ret_depends->count;
    if (row)
        note_table(request, ret_depends, request->route.resource->table);
    ret_depends->count_if_absent = ret_depends->count;
    ret_depends->count = count;
}

void depends_note_tables(struct request *request, const struct tables_told *tables,
                         struct depends *ret_depends)
{
    *ret_depends = (struct depends){.seen = ARENA_ARRAY(&request->arena, struct tag_seen, tables->count + 1)};
    for (unsigned i = 0; i < tables->count; i++)
        note_table(request, ret_depends, tables->items[i]);
    ret_depends->count_if_absent = ret_depends->count;
}

/* --- writes --- */

struct wave {
    struct request *request;
    struct map reached; /* tables, by their quoted name */
    bool everything;
};

static void bump_tag(struct service *service, uint32_t tag)
{
    tags_bump(service->tags, tag);
    remote_tell(service->remote, tag);
}

static void bump(struct request *request, enum tag_kind kind, const struct table *table, struct slice key)
{
    bump_tag(request->worker->service, tag_make(&request->arena, kind, table, key));
}

static void bump_everything(struct service *service)
{
    tags_bump_all(service->tags);
    remote_tell_all(service->remote);
}

static void bump_all(struct request *request)
{
    bump_everything(request->worker->service);
}

/* What refers to a row that is deleted or changed, and follows it. */
static void reach_references(struct wave *wave, const struct table *table, bool deletes);
/* What the table's triggers and rules change, and what a view is made of: as `changes:` tells. */
static void reach_followed(struct wave *wave, const struct table *table);

static void reach(struct wave *wave, const struct table *table)
{
    if (map_get(&wave->reached, table->sql))
        return;
    map_put(&wave->reached, table->sql, wave);
    bump(wave->request, TAG_TABLE, table, SLICE(""));
    bump(wave->request, TAG_ROWS, table, SLICE(""));
    reach_references(wave, table, true);
    reach_followed(wave, table);
}

static void reach_followed(struct wave *wave, const struct table *table)
{
    const struct model *model = wave->request->snapshot->model;
    const struct tables_told *tables = &model->followed[table - model->catalog->tables];
    wave->everything |= !tables->told && (table->triggered || !is_plain_table(table));
    for (unsigned i = 0; i < tables->count; i++)
        reach(wave, tables->items[i]);
}

static void reach_references(struct wave *wave, const struct table *table, bool deletes)
{
    for (unsigned i = 0; i < table->reference_count; i++) {
        const struct foreign_key *key = table->references[i];
        if ((deletes && key->on_delete_acts) || key->on_update_acts)
            reach(wave, key->table);
    }
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

static void bump_resource(struct request *request)
{
    const struct table *table = request->route.resource->table;
    struct slice key = row_written(request);
    struct wave wave = {.request = request};
    bump(request, TAG_TABLE, table, SLICE(""));
    if (key.len)
        bump(request, TAG_ROW, table, key);
    else if (!only_adds(request))
        bump(request, TAG_ROWS, table, SLICE(""));
    if (!only_adds(request)) {
        map_put(&wave.reached, table->sql, &wave);
        reach_references(&wave, table, request->method == HTTP_DELETE);
    }
    reach_followed(&wave, table);
    map_done(&wave.reached);
    if (wave.everything)
        bump_all(request);
}

/* What a query or function changes: only its author knows. */
static const struct tables_told *changed_by(const struct route *route)
{
    static const struct tables_told nobody = {.told = false};
    if (route->kind == ROUTE_QUERY)
        return &route->query->changed;
    return route->kind == ROUTE_RPC ? &route->rpc->changed : &nobody;
}

void depends_bump(struct request *request)
{
    if (!request->route.write) {
        depends_bump_tables(request, changed_by(&request->route));
        return;
    }
    bump(request, TAG_WORLD, NULL, SLICE(""));
    bump_resource(request);
}

void depends_bump_tables(struct request *request, const struct tables_told *tables)
{
    struct wave wave = {.request = request, .everything = !tables->told};
    if (tables->told && tables->count == 0)
        return;
    bump(request, TAG_WORLD, NULL, SLICE(""));
    for (unsigned i = 0; i < tables->count; i++)
        reach(&wave, tables->items[i]);
    map_done(&wave.reached);
    if (wave.everything)
        bump_all(request);
}

void depends_bump_signal(struct request *request, const struct config_signal *signal)
{
    const struct model *model = request->snapshot->model;
    const struct tables_told *tables = &model->signal_tables[signal - model->config->cache.signals];
    bump_tag(request->worker->service, tag_of_signal(&request->arena, signal->name.text));
    if (tables->told)
        depends_bump_tables(request, tables);
}

/* --- writes of others --- */

static void bump_name(struct worker *worker, struct arena *arena, enum tag_kind kind,
                      const struct change *change)
{
    struct slice key = kind == TAG_ROW ? change->key : SLICE("");
    bump_tag(worker->service, tag_of_name(arena, kind, change->schema, change->table, key));
}

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

void depends_bump_outside(struct worker *worker, struct arena *arena, const struct change *change)
{
    if (change->kind == CHANGE_ALL) {
        bump_everything(worker->service);
        return;
    }
    bump_tag(worker->service, tag_make(arena, TAG_WORLD, NULL, SLICE("")));
    bump_name(worker, arena, TAG_TABLE, change);
    if (tells_row(worker, change))
        bump_name(worker, arena, TAG_ROW, change);
    else if (change->kind != CHANGE_ADDED)
        bump_name(worker, arena, TAG_ROWS, change);
}
