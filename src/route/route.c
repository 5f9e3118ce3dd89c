/* SPDX-License-Identifier: Apache-2.0 */
/* The route table: a map from whole fixed paths ("/api/transactions", "/api/dashboard/stats", "/health/live") to their entries.
 * A path that is not in it may be a row's: its part before the last slash is looked up, and the rest is the id.
 *
 * A path is looked up as it was sent. Only one that is not found so, or whose id has an escape or a dot, is cut and decoded:
 * "/api/%75sers" is "/api/users", and dot segments are refused. It fails by a problem that tells the client. */
#include "route/route.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "http/path.h"
#include "route/schemas.h"
#include "route/services.h"

struct entry {
    struct slice path;
    struct entry *next; /* in the order of adding */
    struct route route;
    bool has_rows;       /* `/{id}` lies below it; PLAN refuses it where there is no key */
    size_t prefix_bytes; /* of two that claim one path the longer prefix has it; SIZE_MAX: built in */
};

struct route_table {
    struct arena arena;
    struct map entries;
    struct entry *first, **last; /* the same in order, so that every process suggests the same */
    struct slice *templates;     /* by number; that of a path's rows follows the path's own */
    unsigned template_count;
    unsigned *service_numbers; /* of the templates of config->upstreams */
    const struct model *model;
    struct schemas schemas;
};

/* Of equals the first stays. */
static void add(struct route_table *table, struct slice path, struct entry entry)
{
    const struct entry *other = map_get(&table->entries, path);
    if (other && other->prefix_bytes >= entry.prefix_bytes)
        return;
    struct entry *kept = ARENA_NEW(&table->arena, struct entry);
    *kept = entry;
    kept->path = path;
    *table->last = kept;
    table->last = &kept->next;
    map_put(&table->entries, path, kept);
}

static void add_builtin(struct route_table *table, struct slice path, enum route_kind kind)
{
    add(table, path, (struct entry){.route = {.kind = kind}, .prefix_bytes = SIZE_MAX});
}

/* The document, the page that shows it, and below that what the page loads. */
static void add_docs(struct route_table *table)
{
    struct entry page = {.route = {.kind = ROUTE_DOCS}, .has_rows = true, .prefix_bytes = SIZE_MAX};
    add_builtin(table, SLICE("/openapi.json"), ROUTE_OPENAPI);
    add(table, SLICE("/docs"), page);
}

static struct slice join(struct route_table *table, struct slice prefix, struct slice path)
{
    return arena_format(&table->arena, SLICE_FMT "/" SLICE_FMT, SLICE_ARG(prefix), SLICE_ARG(path));
}

/* How it stands with a caller's limits: "me", or a user. */
static void add_limits(struct route_table *table, const struct serve_prefix *serve)
{
    struct route route = {.kind = ROUTE_LIMITS, .manner = serve->manner};
    struct entry entry = {.route = route, .has_rows = true, .prefix_bytes = SIZE_MAX};
    if (serve->manner == MANNER_PLAIN)
        add(table, join(table, serve->prefix, SLICE("v1/limits")), entry);
}

/* Values of other programs: all of them, or one by its name. */
static void add_cache(struct route_table *table, const struct serve_prefix *serve)
{
    struct route route = {.kind = ROUTE_CACHE, .manner = serve->manner};
    struct entry entry = {.route = route, .has_rows = true, .prefix_bytes = SIZE_MAX};
    if (serve->manner == MANNER_PLAIN && table->model->config->cache.api != ROLES_NONE)
        add(table, join(table, serve->prefix, SLICE("v1/cache")), entry);
}

/* Signals that somebody may raise. */
static void add_signals(struct route_table *table, const struct serve_prefix *serve)
{
    const struct config_cache *cache = &table->model->config->cache;
    for (unsigned i = 0; serve->manner == MANNER_PLAIN && i < cache->signal_count; i++) {
        const struct config_signal *signal = &cache->signals[i];
        struct route route = {.kind = ROUTE_SIGNAL, .signal = signal, .manner = serve->manner};
        struct entry entry = {.route = route, .prefix_bytes = SIZE_MAX};
        struct slice path =
            arena_format(&table->arena, "v1/signals/" SLICE_FMT, SLICE_ARG(signal->name.text));
        if (signal->raise != ROLES_NONE)
            add(table, join(table, serve->prefix, path), entry);
    }
}

static void add_queries(struct route_table *table, const struct serve_prefix *serve)
{
    const struct model *model = table->model;
    for (unsigned i = 0; i < model->query_count; i++) {
        const struct named_query *query = &model->queries[i];
        struct route route = {.kind = ROUTE_QUERY, .query = query, .manner = serve->manner};
        struct entry entry = {.route = route, .prefix_bytes = serve->prefix.len};
        if ((query->changes ? query->config->write : query->config->read) != ROLES_NONE)
            add(table, join(table, serve->prefix, query->config->path), entry);
    }
}

static void add_rpcs(struct route_table *table, const struct serve_prefix *serve)
{
    const struct model *model = table->model;
    for (unsigned i = 0; i < model->rpc_count; i++) {
        const struct rpc *rpc = &model->rpcs[i];
        struct route route = {.kind = ROUTE_RPC, .rpc = rpc, .manner = serve->manner};
        struct entry entry = {.route = route, .prefix_bytes = serve->prefix.len};
        struct slice path = arena_format(&table->arena, "rpc/" SLICE_FMT, SLICE_ARG(rpc->config->name.text));
        if (rpc->config->call != ROLES_NONE)
            add(table, join(table, serve->prefix, path), entry);
    }
}

static void add_resources(struct route_table *table, const struct serve_prefix *serve)
{
    const struct model *model = table->model;
    bool tells_schema = serve->manner == MANNER_POSTGREST && table->schemas.count > 1;
    for (unsigned i = 0; i < model->resource_count; i++) {
        const struct resource *resource = &model->resources[i];
        struct route route = {.kind = ROUTE_LIST, .resource = resource, .manner = serve->manner};
        struct entry entry = {.route = route, .has_rows = true, .prefix_bytes = serve->prefix.len};
        if (tells_schema)
            entry.route.schema = resource->table->schema;
        if (resource_is_served(resource))
            add(table, join(table, serve->prefix, resource->config->name.text), entry);
    }
}

/* Problems of a batch are told in the plain manner alone: so it is served there. */
static void add_batch(struct route_table *table, const struct serve_prefix *serve)
{
    struct route route = {.kind = ROUTE_BATCH, .manner = serve->manner};
    struct entry entry = {.route = route, .prefix_bytes = serve->prefix.len};
    if (serve->manner == MANNER_PLAIN && table->model->config->batch_requests_max > 0)
        add(table, join(table, serve->prefix, SLICE("batch")), entry);
}

/* What stands for the last segment of a path below. */
static const char *templates_end(enum route_kind kind)
{
    if (kind == ROUTE_LIMITS)
        return "{user}";
    return kind == ROUTE_DOCS ? "{file}" : "{id}";
}

/* A prefix has a template of its own, a whole path that of its entry; 0: another has the path. */
static unsigned number_service(struct route_table *table, const struct config_upstream *upstream)
{
    struct slice path = upstream->path.text;
    const struct entry *entry = map_get(&table->entries, path);
    if (!upstream->is_prefix)
        return entry && entry->route.upstream == upstream ? entry->route.number : 0;
    table->templates[++table->template_count] =
        arena_format(&table->arena, SLICE_FMT "{path}", SLICE_ARG(path));
    return table->template_count;
}

/* Numbers what is there, now that it is known which of two that claim one path has it. */
static void number_templates(struct route_table *table)
{
    struct arena *arena = &table->arena;
    const struct config *config = table->model->config;
    size_t most = 2 * table->entries.count + config->upstream_count;
    table->templates = ARENA_ARRAY(arena, struct slice, 1 + most);
    table->service_numbers = ARENA_ARRAY(arena, unsigned, config->upstream_count + 1);
    for (struct entry *entry = table->first; entry; entry = entry->next) {
        if (map_get(&table->entries, entry->path) != entry)
            continue;
        entry->route.number = ++table->template_count;
        table->templates[table->template_count] = entry->path;
        if (entry->has_rows)
            table->templates[++table->template_count] =
                arena_format(arena, SLICE_FMT "/%s", SLICE_ARG(entry->path),
                             templates_end(entry->route.kind));
    }
    for (unsigned i = 0; i < config->upstream_count; i++)
        table->service_numbers[i] = number_service(table, &config->upstreams[i]);
    POST(table->template_count <= most);
}

/* Whole paths; prefixes are looked at when nothing else is found. */
static void add_services(struct route_table *table)
{
    const struct config *config = table->model->config;
    for (unsigned i = 0; i < config->upstream_count; i++) {
        const struct config_upstream *upstream = &config->upstreams[i];
        struct route route = {.kind = ROUTE_UPSTREAM, .upstream = upstream};
        if (!upstream->is_prefix && services_methods(config, upstream))
            add(table, upstream->path.text, (struct entry){.route = route, .prefix_bytes = SIZE_MAX});
    }
}

/* Where callers can be known: in the plain manner, which is Leat's own. */
static void add_auth(struct route_table *table, const struct serve_prefix *serve)
{
    const struct config_auth *auth = &table->model->config->auth;
    if (serve->manner != MANNER_PLAIN || !config_auth_is_on(auth))
        return;
    if (auth->login.table.text.data)
        add_builtin(table, join(table, serve->prefix, SLICE("auth/login")), ROUTE_LOGIN);
    add_builtin(table, join(table, serve->prefix, SLICE("auth/logout")), ROUTE_LOGOUT);
}

struct route_table *route_table_new(const struct model *model)
{
    PRE(model && model->config);
    struct route_table *table = mem_must(sizeof *table);
    arena_init(&table->arena, 8 * 1024);
    table->model = model;
    table->last = &table->first;
    schemas_gather(&table->schemas, model, &table->arena);
    add_builtin(table, SLICE("/health/live"), ROUTE_LIVE);
    add_builtin(table, SLICE("/health/ready"), ROUTE_READY);
    add_builtin(table, SLICE("/health"), ROUTE_HEALTH);
    add_builtin(table, SLICE("/metrics"), ROUTE_METRICS);
    if (model->config->docs)
        add_docs(table);
    add_services(table);
    for (unsigned i = 0; i < model->config->serve_count; i++) {
        add_limits(table, &model->config->serve[i]);
        add_cache(table, &model->config->serve[i]);
        add_signals(table, &model->config->serve[i]);
        add_auth(table, &model->config->serve[i]);
        add_queries(table, &model->config->serve[i]);
        add_rpcs(table, &model->config->serve[i]);
        add_resources(table, &model->config->serve[i]);
        add_batch(table, &model->config->serve[i]);
    }
    number_templates(table);
    return table;
}

unsigned route_template_count(const struct route_table *table)
{
    return table->template_count;
}

struct slice route_template(const struct route_table *table, unsigned number)
{
    PRE(number > 0 && number <= table->template_count);
    return table->templates[number];
}

void route_table_free(struct route_table *table)
{
    if (!table)
        return;
    map_done(&table->entries);
    arena_done(&table->arena);
    mem_free(table);
}

static bool lookup_fixed(const struct route_table *table, struct slice path, struct route *ret_route)
{
    const struct entry *entry = map_get(&table->entries, path);
    if (entry)
        *ret_route = entry->route;
    return entry != NULL;
}

static bool lookup_row(const struct route_table *table, struct slice parent, struct slice id,
                       struct route *ret_route)
{
    const struct entry *entry = parent.len && id.len ? map_get(&table->entries, parent) : NULL;
    if (!entry || !entry->has_rows)
        return false;
    *ret_route = entry->route;
    if (entry->route.kind == ROUTE_LIST)
        ret_route->kind = ROUTE_ROW;
    ret_route->number++;
    ret_route->id = id;
    return true;
}

/* The path before its last segment, without the slash between; the last segment. */
static struct slice parent_of(struct slice path, struct slice *ret_last)
{
    const char *slash = memrchr(path.data, '/', path.len);
    struct slice parent = slice_of(path.data, slash ? (size_t)(slash - path.data) : 0);
    *ret_last = slice_skip(path, slash ? parent.len + 1 : 0);
    return parent;
}

/* Such an id can be no dot segment, nor hide one behind escapes. */
static bool is_plain(struct slice id)
{
    return slice_find(id, '.') == id.len && slice_find(id, '%') == id.len;
}

/* As sent, which nearly every path is. */
static bool match_plain(const struct route_table *table, struct slice path, struct route *ret_route)
{
    struct slice id, parent;
    if (lookup_fixed(table, path, ret_route))
        return true;
    parent = parent_of(path, &id);
    return is_plain(id) && lookup_row(table, parent, id, ret_route);
}

/* "/a/b" of the first `count` segments; empty where one has a slash of its own: no path of ours has. */
static struct slice join_segments(struct arena *arena, const struct http_path *parts, unsigned count)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < count; i++)
        bytes += 1 + parts->segments[i].len;
    char *room = arena_alloc(arena, bytes), *to = room;
    for (unsigned i = 0; i < count; i++) {
        struct slice segment = parts->segments[i];
        if (slice_find(segment, '/') < segment.len)
            return (struct slice){"", 0};
        *to++ = '/';
        to = mempcpy(to, segment.data, segment.len);
    }
    POST((size_t)(to - room) == bytes);
    return slice_of(room, bytes);
}

/* With its escapes undone: "/api/%75sers/a%2Cb" is row "a%2Cb" of "/api/users". The id stays as sent: its commas are cut first. */
static bool match_decoded(const struct route_table *table, struct slice path, const struct http_path *parts,
                          struct arena *arena, struct route *ret_route)
{
    struct slice id;
    if (parts->trailing_slash || parts->count == 0)
        return false;
    if (lookup_fixed(table, join_segments(arena, parts, parts->count), ret_route))
        return true;
    (void)parent_of(path, &id);
    return lookup_row(table, join_segments(arena, parts, parts->count - 1), id, ret_route);
}

static bool lies_under(struct slice path, struct slice prefix)
{
    return slice_starts(path, prefix) && (path.len == prefix.len || path.data[prefix.len] == '/');
}

/* The longest prefix that a path lies under. NULL: none. */
static const struct serve_prefix *serve_of(const struct route_table *table, struct slice path)
{
    const struct config *config = table->model->config;
    const struct serve_prefix *best = NULL;
    for (unsigned i = 0; i < config->serve_count; i++) {
        const struct serve_prefix *serve = &config->serve[i];
        if (lies_under(path, serve->prefix) && (!best || best->prefix.len < serve->prefix.len))
            best = serve;
    }
    return best;
}

/* In the manner of its prefix a path's problem is told. */
static enum manner manner_of(const struct route_table *table, struct slice path)
{
    const struct serve_prefix *serve = serve_of(table, path);
    return serve ? serve->manner : MANNER_PLAIN;
}

static enum error bad_path(const char *why, struct arena *arena, struct problem *ret_problem)
{
    *ret_problem = (struct problem){.status = 400,
                                    .code = SLICE("bad-path"),
                                    .pg_code = SLICE("PGRST125"),
                                    .detail = arena_format(arena, "The path is refused: %s.", why),
                                    .place = SLICE("path")};
    return ERR_PROBLEM;
}

/* The bytes of a path that its prefix takes; 0: it lies under none. */
static size_t prefix_of(const struct route_table *table, struct slice path)
{
    const struct serve_prefix *serve = serve_of(table, path);
    return serve ? serve->prefix.len : 0;
}

/* Under a prefix what stands behind it is compared, so that a short name is not near for the prefix's sake. */
static struct slice nearest_of_all(const struct route_table *table, struct slice path)
{
    size_t prefix = prefix_of(table, path);
    struct nearest nearest = nearest_begin(slice_skip(path, prefix));
    for (const struct entry *entry = table->first; entry; entry = entry->next)
        if (slice_starts(entry->path, slice_of(path.data, prefix)))
            nearest_offer(&nearest, slice_skip(entry->path, prefix));
    if (!nearest.best.data)
        return nearest.best;
    return slice_of(nearest.best.data - prefix, nearest.best.len + prefix);
}

/* "/users" of "/api/users": the prefix was forgotten. */
static struct slice with_prefix(const struct route_table *table, struct slice path)
{
    for (const struct entry *entry = table->first; entry && path.len > 1; entry = entry->next)
        if (slice_ends(entry->path, path))
            return entry->path;
    return (struct slice){NULL, 0};
}

/* What may have been meant: a path, or the resource of a row. data NULL: nothing is near. */
static struct slice nearest_path(const struct route_table *table, struct slice path)
{
    struct slice id, parent = parent_of(path, &id);
    struct slice nearest = with_prefix(table, path);
    if (!nearest.data)
        nearest = nearest_of_all(table, path);
    if (!nearest.data)
        nearest = with_prefix(table, parent);
    return nearest.data ? nearest : nearest_of_all(table, parent);
}

/* Where nothing is near, the first list there is shows what paths look like. */
static struct slice hint_of(const struct route_table *table, struct arena *arena, struct slice nearest)
{
    if (nearest.data)
        return arena_format(arena, "Did you mean `" SLICE_FMT "`?", SLICE_ARG(nearest));
    for (const struct entry *entry = table->first; entry; entry = entry->next)
        if (entry->route.kind == ROUTE_LIST)
            return arena_format(arena, "A path that is served: `" SLICE_FMT "`.", SLICE_ARG(entry->path));
    return (struct slice){NULL, 0};
}

/* The path without the slash behind it, where that is served. data NULL: it is not. */
static struct slice without_slash(const struct route_table *table, struct slice path, struct arena *arena)
{
    struct route route;
    struct slice bare = slice_of(path.data, path.len - 1);
    bool served = slice_ends(path, SLICE("/")) && match_plain(table, bare, &route);
    return served ? arena_copy(arena, bare) : (struct slice){NULL, 0};
}

static bool is_call(const struct route_table *table, struct slice path)
{
    return slice_starts(slice_skip(path, prefix_of(table, path)), SLICE("/rpc/"));
}

static enum error unknown_path(const struct route_table *table, struct slice path, struct arena *arena,
                               struct problem *ret_problem)
{
    struct slice shown = slice_of(path.data, path.len < PROBLEM_VALUE_MAX ? path.len : PROBLEM_VALUE_MAX);
    struct slice nearest = without_slash(table, path, arena);
    if (!nearest.data)
        nearest = nearest_path(table, path);
    *ret_problem = (struct problem){.status = 404,
                                    .code = SLICE("unknown-path"),
                                    .pg_code = is_call(table, path) ? SLICE("PGRST202") : SLICE("PGRST205"),
                                    .detail = arena_format(arena, "Nothing is served at `" SLICE_FMT "`.",
                                                           SLICE_ARG(shown)),
                                    .hint = hint_of(table, arena, nearest),
                                    .place = SLICE("path"),
                                    .value = arena_copy(arena, shown),
                                    .nearest = nearest};
    return ERR_PROBLEM;
}

/* ---- methods ---- */

#define BIT(method) (1u << HTTP_##method)
#define READING (BIT(GET) | BIT(HEAD))
#define WRITING (BIT(POST) | BIT(PUT) | BIT(PATCH) | BIT(DELETE))

/* What can be done to the rows: of a view the store says so, a table takes it all. A list is added to; rows are changed and
 * removed by filters there, or one by its path. PUT needs a row, or filters that name one, as PostgREST has it. */
static unsigned writing_methods(const struct route *route)
{
    const struct table *table = route->resource->table;
    bool view = table->kind == TABLE_VIEW || table->kind == TABLE_MATVIEW;
    bool insert = !view || table->insertable, update = !view || table->updatable;
    unsigned methods = update ? BIT(PATCH) : 0;
    if (!view || table->deletable)
        methods |= BIT(DELETE);
    if (insert && route->kind == ROUTE_LIST)
        methods |= BIT(POST);
    if (insert && update && (route->kind == ROUTE_ROW || route->manner == MANNER_POSTGREST))
        methods |= BIT(PUT);
    return methods;
}

/* What only reads is called by GET, too. */
static unsigned calling_methods(const struct rpc *rpc)
{
    for (unsigned i = 0; i < rpc->overload_count; i++)
        if (rpc->overloads[i]->volatility != FUNCTION_VOLATILE)
            return READING | BIT(POST);
    return BIT(POST);
}

static unsigned methods_of(const struct route_table *table, const struct route *route)
{
    if (route->kind == ROUTE_UPSTREAM)
        return services_methods(table->model->config, route->upstream);
    if (route->kind == ROUTE_RPC)
        return calling_methods(route->rpc);
    if (route->kind == ROUTE_LOGIN || route->kind == ROUTE_LOGOUT)
        return BIT(POST);
    if (route->kind == ROUTE_BATCH || route->kind == ROUTE_SIGNAL ||
        (route->kind == ROUTE_QUERY && route->query->changes))
        return BIT(POST);
    if (route->kind == ROUTE_CACHE)
        return READING | BIT(DELETE) | (route->id.data ? BIT(PUT) : 0);
    if (route->kind != ROUTE_LIST && route->kind != ROUTE_ROW)
        return READING;
    const struct config_resource *config = route->resource->config;
    unsigned methods = config->read != ROLES_NONE ? READING : 0;
    return config->write != ROLES_NONE ? methods | writing_methods(route) : methods;
}

/* "GET, HEAD, OPTIONS" */
static struct slice allow_of(unsigned methods, struct arena *arena)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {{BIT(GET), "GET, "}, {BIT(HEAD), "HEAD, "},   {BIT(POST), "POST, "},
                 {BIT(PUT), "PUT, "}, {BIT(PATCH), "PATCH, "}, {BIT(DELETE), "DELETE, "}};
    struct slice allow = SLICE("");
    for (unsigned i = 0; i < ARRAY_LEN(names); i++)
        if (methods & names[i].bit)
            allow = arena_format(arena, SLICE_FMT "%s", SLICE_ARG(allow), names[i].name);
    return arena_format(arena, SLICE_FMT "OPTIONS", SLICE_ARG(allow));
}

static enum error refuse_method(const struct http_head *head, bool is_call, struct slice allow,
                                struct arena *arena, struct problem *ret_problem)
{
    struct slice method = head->method_text;
    method.len = method.len < PROBLEM_VALUE_MAX ? method.len : PROBLEM_VALUE_MAX;
    *ret_problem =
        (struct problem){.status = 405,
                         .code = SLICE("method-not-allowed"),
                         .pg_code = is_call ? SLICE("PGRST101") : SLICE("PGRST117"),
                         .detail =
                             arena_format(arena, "`" SLICE_FMT "` is not possible here.", SLICE_ARG(method)),
                         .hint =
                             arena_format(arena, "What is possible here: " SLICE_FMT ".", SLICE_ARG(allow)),
                         .allow = allow};
    return ERR_PROBLEM;
}

static bool is_writing(const struct http_head *head)
{
    return (1u << head->method & WRITING) != 0;
}

static enum error check_method(const struct route_table *table, const struct http_head *head,
                               struct arena *arena, struct route *route, struct problem *ret_problem)
{
    unsigned methods = methods_of(table, route), method = 1u << head->method;
    route->body = is_writing(head);
    route->write = route->body && (route->kind == ROUTE_LIST || route->kind == ROUTE_ROW);
    if (methods & method)
        return OK;
    struct slice allow = allow_of(methods, arena);
    if (head->method != HTTP_OPTIONS)
        return refuse_method(head, route->kind == ROUTE_RPC, allow, arena, ret_problem);
    route->preflight = true;
    route->allow = allow;
    return OK;
}

/* ---- schemas ---- */

static unsigned segments_of(struct slice prefix)
{
    unsigned count = 0;
    for (size_t i = 0; i < prefix.len; i++)
        count += prefix.data[i] == '/';
    return count;
}

/* Of the path that leads to the resource without a schema; 0: another stands there. */
static unsigned number_of(const struct route_table *table, struct slice prefix,
                          const struct resource *resource, struct arena *arena)
{
    struct slice name = resource->config->name.text;
    struct slice path = arena_format(arena, SLICE_FMT "/" SLICE_FMT, SLICE_ARG(prefix), SLICE_ARG(name));
    const struct entry *entry = map_get(&table->entries, path);
    return entry && entry->route.resource == resource ? entry->route.number : 0;
}

/* Behind the prefix stand a name, and perhaps an id. */
static enum error find_in_schema(const struct route_table *table, struct slice path, struct slice prefix,
                                 struct arena *arena, struct route *route, struct problem *ret_problem)
{
    struct http_path parts;
    const char *why = http_path_split(path, arena_alloc(arena, path.len), &parts);
    if (why)
        return bad_path(why, arena, ret_problem);
    unsigned at = segments_of(prefix);
    if (at < parts.count && parts.count <= at + 2 && !parts.trailing_slash)
        route->resource = schemas_find(&table->schemas, route->schema, parts.segments[at]);
    if (!route->resource)
        return schemas_refuse_path(route->schema, path, arena, ret_problem);
    route->number = number_of(table, prefix, route->resource, arena);
    if (parts.count == at + 2) {
        route->kind = ROUTE_ROW;
        route->number += route->number > 0;
        (void)parent_of(path, &route->id);
    }
    return OK;
}

/* What is of no schema, a query, is found as without one. */
static enum error match_in_schema(const struct route_table *table, const struct http_head *head,
                                  struct slice prefix, struct slice schema, struct arena *arena,
                                  struct route *ret_route, struct problem *ret_problem)
{
    struct route route;
    bool found = match_plain(table, head->path, &route);
    *ret_route = (struct route){.manner = MANNER_POSTGREST, .schema = arena_copy(arena, schema)};
    if (!schemas_have(&table->schemas, schema))
        return schemas_refuse(&table->schemas, schema, is_writing(head), arena, ret_problem);
    if (found && !route.resource)
        *ret_route = route;
    else if (find_in_schema(table, head->path, prefix, arena, ret_route, ret_problem) != OK)
        return ERR_PROBLEM;
    return check_method(table, head, arena, ret_route, ret_problem);
}

static enum error match_service(const struct route_table *table, const struct http_head *head,
                                struct arena *arena, struct route *ret_route, const char **ret_why)
{
    const struct config *config = table->model->config;
    enum error error = services_match(config, head, arena, ret_route, ret_why);
    if (!error)
        ret_route->number = table->service_numbers[ret_route->upstream - config->upstreams];
    return error;
}

/* Whether what was found here can be asked for by this method, or a service is asked instead. */
static enum error answer_or_pass(const struct route_table *table, const struct http_head *head,
                                 struct arena *arena, struct route *route, struct problem *ret_problem)
{
    struct route passed = {.manner = route->manner};
    const struct config *config = table->model->config;
    bool possible = (methods_of(table, route) & 1u << head->method) != 0;
    const char *why;
    if (!possible && head->method != HTTP_OPTIONS && route->kind != ROUTE_UPSTREAM &&
        match_service(table, head, arena, &passed, &why) == OK &&
        (services_methods(config, passed.upstream) & 1u << head->method))
        *route = passed;
    return check_method(table, head, arena, route, ret_problem);
}

/* A path that nothing here answers. */
static enum error pass_or_refuse(const struct route_table *table, const struct http_head *head,
                                 struct arena *arena, struct route *ret_route, struct problem *ret_problem)
{
    const char *why;
    enum error error = match_service(table, head, arena, ret_route, &why);
    if (error == OK)
        return check_method(table, head, arena, ret_route, ret_problem);
    return error == ERR_INVALID ? bad_path(why, arena, ret_problem)
                                : unknown_path(table, head->path, arena, ret_problem);
}

enum error route_match(const struct route_table *table, const struct http_head *head, struct arena *arena,
                       struct route *ret_route, struct problem *ret_problem)
{
    PRE(head->path.len > 0);
    struct slice path = head->path, schema = schemas_asked(&table->schemas, head, is_writing(head));
    const struct serve_prefix *serve = schema.data ? serve_of(table, path) : NULL;
    if (serve && serve->manner == MANNER_POSTGREST)
        return match_in_schema(table, head, serve->prefix, schema, arena, ret_route, ret_problem);
    if (match_plain(table, path, ret_route))
        return answer_or_pass(table, head, arena, ret_route, ret_problem);
    *ret_route = (struct route){.manner = manner_of(table, path)};
    if (slice_eq(path, SLICE("*"))) {
        ret_route->preflight = true; /* OPTIONS *: what the server can at all */
        ret_route->allow = allow_of(READING | WRITING, arena);
        return OK;
    }
    struct http_path parts;
    const char *why = http_path_split(path, arena_alloc(arena, path.len), &parts);
    if (why)
        return bad_path(why, arena, ret_problem);
    if (match_decoded(table, path, &parts, arena, ret_route))
        return answer_or_pass(table, head, arena, ret_route, ret_problem);
    return pass_or_refuse(table, head, arena, ret_route, ret_problem);
}
