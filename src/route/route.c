/* SPDX-License-Identifier: Apache-2.0 */
/* The route table: a map from whole fixed paths ("/api/transactions", "/api/dashboard/stats", "/health/live") to their entries.
 * A path that is not in it may be a row's: its part before the last slash is looked up, and the rest is the id.
 *
 * Paths are compared as sent; one with escapes is first decoded segment by segment, since "/api/%75sers" is "/api/users". */
#include "route/route.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "http/path.h"

#define PATH_BYTES_MAX 1024 /* a longer path is nobody's */

struct entry {
    struct route route;
    bool has_rows; /* `/{id}` exists below it */
};

struct route_table {
    struct arena arena;
    struct map entries;
    const struct model *model;
};

static void add(struct route_table *table, struct slice path, struct route route, bool has_rows)
{
    if (map_get(&table->entries, path))
        return; /* what was added first wins */
    struct entry *entry = ARENA_NEW(&table->arena, struct entry);
    entry->route = route;
    entry->has_rows = has_rows;
    map_put(&table->entries, path, entry);
}

static struct slice join(struct route_table *table, struct slice prefix, struct slice path)
{
    return arena_format(&table->arena, SLICE_FMT "/" SLICE_FMT, SLICE_ARG(prefix), SLICE_ARG(path));
}

static void add_prefix(struct route_table *table, const struct serve_prefix *serve)
{
    const struct model *model = table->model;
    for (unsigned i = 0; i < model->query_count; i++) {
        const struct named_query *query = &model->queries[i];
        struct route route = {.kind = ROUTE_QUERY, .query = query, .manner = serve->manner};
        if (query->config->read != ROLES_NONE)
            add(table, join(table, serve->prefix, query->config->path), route, false);
    }
    for (unsigned i = 0; i < model->resource_count; i++) {
        const struct resource *resource = &model->resources[i];
        struct route route = {.kind = ROUTE_LIST, .resource = resource, .manner = serve->manner};
        if (resource->config->read != ROLES_NONE)
            add(table, join(table, serve->prefix, resource->config->name.text), route, resource->key_count > 0);
    }
}

struct route_table *route_table_new(const struct model *model)
{
    struct route_table *table = mem_must(sizeof *table);
    arena_init(&table->arena, 8 * 1024);
    table->model = model;
    add(table, SLICE("/health/live"), (struct route){.kind = ROUTE_LIVE}, false);
    add(table, SLICE("/health/ready"), (struct route){.kind = ROUTE_READY}, false);
    add(table, SLICE("/health"), (struct route){.kind = ROUTE_HEALTH}, false);
    for (unsigned i = 0; i < model->config->serve_count; i++)
        add_prefix(table, &model->config->serve[i]);
    return table;
}

void route_table_free(struct route_table *table)
{
    if (!table)
        return;
    map_done(&table->entries);
    arena_done(&table->arena);
    mem_free(table);
}

static size_t last_slash(struct slice path)
{
    size_t at = path.len;
    while (at > 0 && path.data[at - 1] != '/')
        at--;
    return at; /* one behind the slash; 0: none */
}

/* A fixed path, or a row below one. */
static bool lookup(const struct route_table *table, struct slice path, struct route *ret_route)
{
    const struct entry *entry = map_get(&table->entries, path);
    if (entry) {
        *ret_route = entry->route;
        return true;
    }
    size_t at = last_slash(path);
    if (at < 2 || at == path.len)
        return false;
    entry = map_get(&table->entries, slice_of(path.data, at - 1));
    if (!entry || !entry->has_rows)
        return false;
    *ret_route = entry->route;
    ret_route->kind = ROUTE_ROW;
    ret_route->id = slice_skip(path, at);
    return true;
}

/* The prefix a path lies under, for the manner in which its problem is told. */
static const struct serve_prefix *prefix_of(const struct route_table *table, struct slice path)
{
    const struct config *config = table->model->config;
    const struct serve_prefix *best = NULL;
    for (unsigned i = 0; i < config->serve_count; i++) {
        const struct serve_prefix *serve = &config->serve[i];
        size_t len = serve->prefix.len;
        bool under = slice_starts(path, serve->prefix) && (path.len == len || path.data[len] == '/');
        if (under && (!best || best->prefix.len < len))
            best = serve;
    }
    return best;
}

static enum error bad_path(const char *why, struct problem *ret_problem)
{
    *ret_problem = (struct problem){
        .status = 400, .code = SLICE("bad-path"), .detail = slice_str(why), .place = SLICE("path")};
    return ERR_PROBLEM;
}

/* The path with its escapes undone but for the last segment, which may be an id and stays as sent. */
static enum error undo_escapes(struct slice path, struct arena *arena, struct slice *ret_path,
                               struct problem *ret_problem)
{
    struct http_path parts;
    char *room = arena_alloc(arena, path.len + 1);
    const char *why = http_path_split(path, room, &parts);
    if (why)
        return bad_path(why, ret_problem);
    size_t at = last_slash(path), used = 0;
    char *plain = arena_alloc(arena, path.len + 1);
    for (unsigned i = 0; i + 1 < parts.count; i++) {
        if (slice_find(parts.segments[i], '/') < parts.segments[i].len)
            return bad_path("An encoded slash stands in a path.", ret_problem);
        plain[used++] = '/';
        memcpy(plain + used, parts.segments[i].data, parts.segments[i].len);
        used += parts.segments[i].len;
    }
    plain[used++] = '/';
    memcpy(plain + used, path.data + at, path.len - at);
    *ret_path = slice_of(plain, used + path.len - at);
    return OK;
}

static void offer_paths(const struct route_table *table, struct nearest *nearest)
{
    size_t position = 0;
    struct map_entry *entry;
    while ((entry = map_next(&table->entries, &position)) != NULL)
        nearest_offer(nearest, entry->key);
}

static enum error unknown_path(const struct route_table *table, struct slice path, struct arena *arena,
                               struct problem *ret_problem)
{
    *ret_problem = (struct problem){.status = 404,
                                    .code = SLICE("unknown-path"),
                                    .pg_code = SLICE("PGRST205"),
                                    .place = SLICE("path"),
                                    .value = arena_copy(arena, path)};
    size_t shown = path.len < PROBLEM_VALUE_MAX ? path.len : PROBLEM_VALUE_MAX;
    ret_problem->detail = arena_format(arena, "Nothing is served at `%.*s`.", (int)shown, path.data);
    struct nearest nearest = nearest_begin(path);
    offer_paths(table, &nearest);
    size_t at = last_slash(path);
    if (!nearest.best.data && at > 1) { /* perhaps the id of a mistyped resource */
        nearest = nearest_begin(slice_of(path.data, at - 1));
        offer_paths(table, &nearest);
    }
    if (nearest.best.data) {
        ret_problem->nearest = nearest.best;
        ret_problem->hint = arena_format(arena, "Did you mean `" SLICE_FMT "`?", SLICE_ARG(nearest.best));
    }
    return ERR_PROBLEM;
}

static enum error check_method(const struct http_head *head, struct arena *arena, struct route *route,
                               struct problem *ret_problem)
{
    if (head->method == HTTP_GET || head->method == HTTP_HEAD)
        return OK;
    if (head->method == HTTP_OPTIONS) {
        route->preflight = true;
        return OK;
    }
    *ret_problem = (struct problem){
        .status = 405,
        .code = SLICE("method-not-allowed"),
        .detail = arena_format(arena, "`" SLICE_FMT "` is not possible here.", SLICE_ARG(head->method_text)),
        .hint = SLICE("This path can be read: GET, HEAD, OPTIONS."),
        .allow = SLICE("GET, HEAD, OPTIONS")};
    return ERR_PROBLEM;
}

enum error route_match(const struct route_table *table, const struct http_head *head, struct arena *arena,
                       struct route *ret_route, struct problem *ret_problem)
{
    struct slice path = head->path;
    const struct serve_prefix *serve;
    if (lookup(table, path, ret_route) && slice_find(ret_route->id, '.') == ret_route->id.len)
        return check_method(head, arena, ret_route, ret_problem);
    serve = prefix_of(table, path);
    *ret_route = (struct route){.manner = serve ? serve->manner : MANNER_PLAIN};
    if (path.len > PATH_BYTES_MAX)
        return unknown_path(table, slice_of(path.data, PATH_BYTES_MAX), arena, ret_problem);
    if (slice_eq(path, SLICE("*"))) {
        ret_route->preflight = true; /* OPTIONS *: what the server can at all */
        return OK;
    }
    struct slice plain;
    enum error error = undo_escapes(path, arena, &plain, ret_problem);
    if (error)
        return error;
    enum manner manner = ret_route->manner;
    if (lookup(table, plain, ret_route))
        return check_method(head, arena, ret_route, ret_problem);
    *ret_route = (struct route){.manner = manner};
    return unknown_path(table, path, arena, ret_problem);
}
