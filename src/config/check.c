/* SPDX-License-Identifier: Apache-2.0 */
/* What no single key can tell: that values fit together, that names are unique, that something is served at all. See walk.h.
 * All of it complains and goes on. */
#include "base/map.h"
#include "config/walk.h"

static void check_page(struct walk *walk, const struct page_policy *page, struct place at, const char *called)
{
    if (page->size > page->max)
        complain(walk->complaints, at, "%s: the page's size, %u, is more than its max, %u", called,
                 page->size, page->max);
    if (page->by == PAGE_BY_CURSOR && page->total_ttl_ms > 0)
        complain(walk->complaints, at, "%s: `total` needs `by: number`: pages by cursor are not counted",
                 called);
}

/* A member that the pages' manner never fills. */
static void check_envelope(struct walk *walk, const struct envelope *envelope, const struct page_policy *page,
                           struct place at, const char *called)
{
    bool numbered = envelope->page.data || envelope->pages.data || envelope->total.data;
    bool cursors = envelope->next.data || envelope->prev.data;
    if (envelope->declared && page->by == PAGE_BY_CURSOR && numbered)
        complain_softly(walk->complaints, at,
                        "%s: `page`, `pages` and `total` of the envelope need `page: {by: number}`", called);
    if (envelope->declared && page->by == PAGE_BY_NUMBER && cursors)
        complain_softly(walk->complaints, at,
                        "%s: `next` and `prev` of the envelope need `page: {by: cursor}`", called);
}

/* Names that the root itself answers. */
static bool taken_at_root(struct slice name)
{
    static const char *const names[] = {"health", "metrics", "dashboard", "docs", "openapi.json"};
    for (unsigned i = 0; i < ARRAY_LEN(names); i++)
        if (slice_eq(name, slice_str(names[i])))
            return true;
    return false;
}

static bool root_is_served(const struct config *config)
{
    for (unsigned i = 0; i < config->serve_count; i++)
        if (config->serve[i].prefix.len == 0)
            return true;
    return false;
}

/* hint: what to do about a name that is taken. */
static void check_name(struct walk *walk, struct map *paths, struct slice path, struct place *at,
                       const char *hint)
{
    struct slice rest = path, first = slice_cut(&rest, '/');
    const struct place *before = map_get(paths, path);
    if (before)
        complain(walk->complaints, *at, "`" SLICE_FMT "` is served already, by %s:%u%s", SLICE_ARG(path),
                 before->file ? before->file : "leat", before->line, hint);
    else
        map_put(paths, path, at);
    if (taken_at_root(first) && root_is_served(walk->config))
        complain(walk->complaints, *at, "`" SLICE_FMT "` is Leat's own path where `serve:` names the root",
                 SLICE_ARG(first));
}

static void check_resources(struct walk *walk, struct map *paths)
{
    for (unsigned i = 0; i < walk->config->resource_count; i++) {
        struct config_resource *resource = &walk->config->resources[i];
        const char *called =
            arena_format(walk->arena, "`" SLICE_FMT "`", SLICE_ARG(resource->name.text)).data;
        check_page(walk, &resource->page, resource->at, called);
        check_envelope(walk, &resource->envelope, &resource->page, resource->at, called);
        check_name(walk, paths, resource->name.text, &resource->name.at, ": name one of them by `as:`");
    }
}

static void check_queries(struct walk *walk, struct map *paths)
{
    for (unsigned i = 0; i < walk->config->query_count; i++) {
        struct config_query *query = &walk->config->queries[i];
        if (query->order.text.data) {
            check_page(walk, &query->page, query->at, "`page`");
            check_envelope(walk, &query->envelope, &query->page, query->at, "`envelope`");
        }
        check_name(walk, paths, query->path, &query->at, "");
    }
}

/* Two schemas may have functions of one name: /rpc/NAME is one of them. */
static void check_functions(struct walk *walk)
{
    struct map names = {0};
    for (unsigned i = 0; i < walk->config->function_count; i++) {
        struct config_function *function = &walk->config->functions[i];
        const struct place *before = map_get(&names, function->name.text);
        if (before)
            complain(walk->complaints, function->at,
                     "`rpc/" SLICE_FMT
                     "` is served already, by %s:%u: name one of them otherwise, with `function:`",
                     SLICE_ARG(function->name.text), before->file ? before->file : "leat", before->line);
        else
            map_put(&names, function->name.text, &function->at);
        if (function->call == ROLES_NONE && complaints_errors(walk->complaints) == 0)
            complain_softly(walk->complaints, function->at,
                            "nobody may call `" SLICE_FMT "`: grant it by `call: anonymous`",
                            SLICE_ARG(function->name.text));
    }
    map_done(&names);
}

static bool lies_under(struct slice path, struct slice above)
{
    return slice_starts(path, above) && path.len > above.len && path.data[above.len] == '/';
}

/* What Leat answers itself under each prefix in the plain manner. */
static bool is_builtin_below(const struct config *config, struct slice name)
{
    static const struct slice cache = SLICE_INIT("v1/cache"), limits = SLICE_INIT("v1/limits");
    bool login = config->auth.login.table.text.data != NULL;
    return (config->batch_requests_max > 0 && slice_eq(name, SLICE("batch"))) ||
           (login && slice_eq(name, SLICE("auth/login"))) ||
           (config_auth_is_on(&config->auth) && slice_eq(name, SLICE("auth/logout"))) ||
           (config->cache.api != ROLES_NONE && (slice_eq(name, cache) || lies_under(name, cache))) ||
           slice_eq(name, limits) || lies_under(name, limits);
}

/* Paths that Leat answers itself. */
static bool is_builtin(const struct config *config, struct slice path)
{
    static const char *const paths[] = {"/health", "/health/live", "/health/ready", "/metrics", "/dashboard"};
    for (unsigned i = 0; i < ARRAY_LEN(paths); i++)
        if (slice_eq(path, slice_str(paths[i])))
            return true;
    for (unsigned i = 0; i < config->serve_count; i++) {
        struct slice prefix = config->serve[i].prefix;
        if (config->serve[i].manner == MANNER_PLAIN && lies_under(path, prefix) &&
            is_builtin_below(config, slice_skip(path, prefix.len + 1)))
            return true;
    }
    return config->docs && (slice_eq(path, SLICE("/docs")) || slice_eq(path, SLICE("/openapi.json")));
}

/* The function called at `rpc/NAME`; NULL: there is none. */
static const struct place *function_at(const struct config *config, struct slice path)
{
    for (unsigned i = 0; slice_starts(path, SLICE("rpc/")) && i < config->function_count; i++)
        if (slice_eq(config->functions[i].name.text, slice_skip(path, 4)))
            return &config->functions[i].at;
    return NULL;
}

/* Who else answers this very path; NULL: nobody. */
static const struct place *other_of(const struct config *config, const struct map *paths, struct slice path)
{
    for (unsigned i = 0; i < config->serve_count; i++) {
        struct slice prefix = config->serve[i].prefix;
        bool under = lies_under(path, prefix);
        struct slice name = slice_skip(path, prefix.len + 1);
        const struct place *other = under ? map_get(paths, name) : NULL;
        if (under && !other)
            other = function_at(config, name);
        if (other)
            return other;
    }
    return NULL;
}

/* A prefix takes what nothing else answers; a whole path is one's alone. */
static void check_upstreams(struct walk *walk, const struct map *paths)
{
    for (unsigned i = 0; i < walk->config->upstream_count; i++) {
        const struct config_upstream *upstream = &walk->config->upstreams[i];
        struct slice path = upstream->path.text;
        const struct place *other = other_of(walk->config, paths, path);
        if (is_builtin(walk->config, path))
            complain(walk->complaints, upstream->path.at, "`" SLICE_FMT "` is Leat's own path",
                     SLICE_ARG(path));
        else if (other)
            complain(walk->complaints, upstream->path.at,
                     "`" SLICE_FMT "` is served already, by %s:%u: take one of them out", SLICE_ARG(path),
                     other->file ? other->file : "leat", other->line);
        else if ((upstream->read | upstream->write) == ROLES_NONE && complaints_errors(walk->complaints) == 0)
            complain_softly(walk->complaints, upstream->path.at,
                            "nobody may ask for `" SLICE_FMT "`: grant it by `read:` and `write:`",
                            SLICE_ARG(path));
    }
}

static bool anybody_may_read(const struct config *config)
{
    unsigned roles = ROLES_NONE;
    for (unsigned i = 0; i < config->resource_count; i++)
        roles |= config->resources[i].read;
    for (unsigned i = 0; i < config->query_count; i++)
        roles |= config->queries[i].read;
    for (unsigned i = 0; i < config->function_count; i++)
        roles |= config->functions[i].call;
    for (unsigned i = 0; i < config->upstream_count; i++)
        roles |= config->upstreams[i].read | config->upstreams[i].write;
    return roles != ROLES_NONE;
}

static void check_something_is_served(struct walk *walk, struct place at)
{
    const struct config *config = walk->config;
    if (config->open || complaints_errors(walk->complaints))
        return;
    if (config->resource_count + config->query_count + config->function_count + config->upstream_count == 0)
        complain_softly(walk->complaints, at,
                        "nothing is served: name tables under `resources:`, or a folder by `queries:`");
    else if (!anybody_may_read(config))
        complain_softly(walk->complaints, at,
                        "nobody may read anything: grant it by `read: anonymous`, for all under `defaults:`");
}

/* Without a file everything is readable, so only this machine may ask. */
static void check_loopback(struct walk *walk)
{
    for (unsigned i = 0; walk->config->open && i < walk->config->listen_count; i++) {
        const struct word *listen = &walk->config->listen[i];
        if (!slice_starts(listen->text, SLICE("127.")) && !slice_starts(listen->text, SLICE("[::1]:")))
            complain(
                walk->complaints, listen->at,
                "found `" SLICE_FMT
                "`: without a file Leat listens on loopback alone; `leat init` writes a file to start from",
                SLICE_ARG(listen->text));
    }
}

/* Who may reach it may see what is for operators: it is an address of its own. */
static void check_admin(struct walk *walk)
{
    const struct config *config = walk->config;
    for (unsigned i = 0; i < config->listen_count; i++)
        if (slice_eq(config->admin.text, config->listen[i].text) &&
            !slice_ends(config->admin.text, SLICE(":0")))
            complain(walk->complaints, config->admin.at,
                     "`admin`: `" SLICE_FMT "` is among the addresses of `listen`, expected another",
                     SLICE_ARG(config->admin.text));
}

/* Where a key of the root stands, or the root. */
static struct place place_of(const struct node *root, const char *key)
{
    const struct node *child = root->kind == NODE_MAP ? node_child(root, slice_str(key)) : NULL;
    return child ? child->key_at : root->at;
}

static void check_answers(struct walk *walk, const struct node *root)
{
    if (walk->config->answers.bytes_total < walk->config->answers.bytes_max)
        complain(walk->complaints, place_of(root, "answers"),
                 "`answers`: `bytes_total` is less than `bytes_max`");
    if (walk->config->answers.spool_bytes < walk->config->answers.bytes_max)
        complain(walk->complaints, place_of(root, "answers"),
                 "`answers`: `spool_bytes` is less than `bytes_max`");
}

/* LISTEN belongs to a session, which a transaction pooler gives to others. */
static void check_changes(struct walk *walk)
{
    const struct config *config = walk->config;
    if (config->cache.changes != CHANGES_OFF && !config->database.prepared &&
        !slice_starts(config->database.url.text, SLICE("sqlite:")))
        complain(
            walk->complaints, config->database.url.at,
            "`changes` needs a connection of its own to PostgreSQL: with `prepared: off` there is a pooler between");
}

void config_check(struct walk *walk, const struct node *root)
{
    struct map paths = {0};
    check_answers(walk, root);
    check_page(walk, &walk->config->page, place_of(root, "defaults"), "`defaults`");
    check_resources(walk, &paths);
    check_queries(walk, &paths);
    check_functions(walk);
    check_upstreams(walk, &paths);
    credentials_check(walk);
    check_loopback(walk);
    check_admin(walk);
    check_changes(walk);
    check_limits(walk);
    signals_check(walk);
    map_done(&paths);
    if (!walk->config->database.url.text.data && complaints_errors(walk->complaints) == 0)
        complain(walk->complaints, root->at,
                 "no database is named: say `database: sqlite:PATH` or `database: postgresql://…`");
    check_something_is_served(walk, root->at);
}
