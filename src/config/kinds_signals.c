/* SPDX-License-Identifier: Apache-2.0 */
/* `signals:`, named events. See walk.h. That those named by resources and queries are there, and `on` is a resource, is seen when all is
 * read: signals_check. */
#include "base/nearest.h"
#include "config/signal.h"
#include "config/walk.h"

#define SIGNAL(member) .offset = offsetof(struct config_signal, member)
#define PURGE(member) .offset = offsetof(struct config_purge, member)

enum { PURGE_BODY_MAX = 16 * 1024 };

/* --- purge: {url: …} --- */

static const struct slice methods[] = {SLICE_INIT("POST"), SLICE_INIT("PUT"), SLICE_INIT("DELETE"),
                                       SLICE_INIT("GET")};
static const enum http_method method_numbers[] = {HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_GET};

static void read_method(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_purge *purge = field;
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (node->kind == NODE_TEXT && slice_eq(node->text, methods[i])) {
            purge->method = method_numbers[i];
            return;
        }
    walk_expected(walk, node, key->name, key->kind->expected);
}

static void print_method(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_purge *purge = field;
    print_name(printer, key->name);
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (purge->method == method_numbers[i])
            buf_format(printer->out, " " SLICE_FMT "\n", SLICE_ARG(methods[i]));
}

static const struct kind kind_method = {.expected = "`POST`, `PUT`, `DELETE` or `GET`",
                                        .read = read_method,
                                        .print = print_method};

static void read_body(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_purge *purge = field;
    if (node->kind == NODE_TEXT && node->text.len > 0 && node->text.len <= PURGE_BODY_MAX)
        purge->body = node->text;
    else
        walk_expected(walk, node, key->name, key->kind->expected);
}

static void print_body(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_purge *purge = field;
    if (!purge->body.len)
        return;
    print_name(printer, key->name);
    buf_byte(printer->out, ' ');
    config_print_text(printer->out, purge->body);
    buf_byte(printer->out, '\n');
}

static const struct kind kind_body = {.expected = "a text of up to 16KiB",
                                      .read = read_body,
                                      .print = print_body};

static const struct key purge_keys[] = {
    {.name = "url", .kind = &kind_service_url},
    {"method", &kind_method, .offset = 0},
    {.name = "add", .kind = &kind_service_add},
    {"body", &kind_body, .offset = 0},
    {"timeout", &kind_duration, PURGE(service.timeout_ms), .low = 10, .high = 60000},
    {0},
};
const struct section section_purge = {"signals.NAME.purge", purge_keys};

static void read_purge(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_purge *purge = field;
    unsigned before = complaints_errors(walk->complaints);
    if (node->kind != NODE_MAP) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    walk_section(walk, &section_purge, node, "`purge`", purge);
    if (!purge->service.url.text.data && complaints_errors(walk->complaints) == before)
        complain(walk->complaints, node->at, "`purge` has no `url`: expected %s", kind_service_url.expected);
}

static void print_purge(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_purge *purge = field;
    if (!purge->service.url.text.data)
        return;
    print_name(printer, key->name);
    buf_byte(printer->out, '\n');
    printer->indent += 2;
    print_section(printer, &section_purge, purge);
    printer->indent -= 2;
}

static const struct kind kind_purge = {
    .expected = "a request such as `{url: 'https://cdn.example/purge', add: {Api-Key: secret}}`",
    .read = read_purge,
    .print = print_purge};

/* --- signals: {NAME: …} --- */

static const struct key signal_keys[] = {
    {"raise", &kind_roles, SIGNAL(raise)},   {"on", &kind_text, SIGNAL(on)},
    {"when", &kind_condition, SIGNAL(when)}, {"tables", &kind_tables, SIGNAL(tables)},
    {"purge", &kind_purge, SIGNAL(purge)},   {0},
};
const struct section section_signal = {"signals.NAME", signal_keys};

static void read_one(struct walk *walk, const struct node *node, struct config_signal *signal)
{
    const char *refused = name_refused(node->key);
    *signal = (struct config_signal){.name = {.text = node->key, .at = node->key_at},
                                     .raise = ROLES_NONE,
                                     .purge = {.method = HTTP_POST}};
    upstream_defaults(&signal->purge.service);
    signal->purge.service.timeout_ms = 10000;
    signal->purge.service.retries = 0;
    signal->purge.service.breaker_failures = 0;
    if (refused)
        complain(walk->complaints, node->key_at, "`signals`: `" SLICE_FMT "` %s", SLICE_ARG(node->key),
                 refused);
    if (!node_is_nothing(node))
        walk_section(walk, &section_signal, node,
                     arena_format(walk->arena, "`" SLICE_FMT "`", SLICE_ARG(node->key)).data, signal);
}

static void read_signals(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_cache *cache = field;
    if (node->kind != NODE_MAP) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    cache->signals = ARENA_ARRAY(walk->arena, struct config_signal, node->count + 1);
    cache->signal_count = 0;
    for (const struct node *child = node->first; child; child = child->next)
        read_one(walk, child, &cache->signals[cache->signal_count++]);
}

static void print_signals(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_cache *cache = field;
    if (cache->signal_count == 0)
        return;
    print_name(printer, key->name);
    buf_byte(printer->out, '\n');
    printer->indent += 2;
    for (unsigned i = 0; i < cache->signal_count; i++) {
        buf_format(printer->out, "%*s", (int)printer->indent, "");
        print_key(printer->out, cache->signals[i].name.text);
        buf_lit(printer->out, ":\n");
        printer->indent += 2;
        print_section(printer, &section_signal, &cache->signals[i]);
        printer->indent -= 2;
    }
    printer->indent -= 2;
}

const struct kind kind_signals = {
    .expected = "a mapping from names to what is said of them, such as `{imported: {raise: editor}}`",
    .read = read_signals,
    .print = print_signals};

/* --- when all is read --- */

static const struct config_signal *find_signal(const struct config *config, struct slice name)
{
    for (unsigned i = 0; i < config->cache.signal_count; i++)
        if (slice_eq(config->cache.signals[i].name.text, name))
            return &config->cache.signals[i];
    return NULL;
}

static void check_names(struct walk *walk, const struct config_tables *named)
{
    for (unsigned i = 0; i < named->count; i++) {
        struct slice name = named->names[i].text;
        if (find_signal(walk->config, name))
            continue;
        struct nearest nearest = nearest_begin(name);
        for (unsigned j = 0; j < walk->config->cache.signal_count; j++)
            nearest_offer(&nearest, walk->config->cache.signals[j].name.text);
        complain(walk->complaints, named->names[i].at,
                 "`signals`: there is no signal `" SLICE_FMT "`%s" SLICE_FMT "%s", SLICE_ARG(name),
                 nearest.best.data ? ": did you mean `" : ": declare it by `signals:` of the first level",
                 SLICE_ARG(nearest.best), nearest.best.data ? "`?" : "");
    }
}

static bool is_resource(const struct config *config, struct slice name)
{
    for (unsigned i = 0; i < config->resource_count; i++)
        if (slice_eq(config->resources[i].name.text, name))
            return true;
    return false;
}

static void check_on(struct walk *walk, const struct config_signal *signal)
{
    const struct config *config = walk->config;
    bool of_login = config_signal_of_login(signal);
    if (of_login && !config->auth.login.table.text.data)
        complain(walk->complaints, signal->on.at,
                 "`on`: nobody can log in here: say `auth: {login: …}`, or take it out");
    if (signal->on.text.data && !of_login && !is_resource(config, signal->on.text))
        complain(walk->complaints, signal->on.at,
                 "`on`: there is no resource `" SLICE_FMT
                 "`: expected the one whose writes raise the signal, or `auth/login`",
                 SLICE_ARG(signal->on.text));
    if (signal->when.text.data && (of_login || !signal->on.text.data))
        complain(walk->complaints, signal->when.at, "`when` is a condition of written rows: %s",
                 of_login ? "of a login there are none: take it out"
                          : "say by `on` the resource whose writes raise the signal");
}

/* How many signals before it are on the same resource. */
static unsigned count_before(const struct config_cache *cache, unsigned at)
{
    unsigned count = 0;
    for (unsigned i = 0; i < at; i++)
        count += slice_eq(cache->signals[i].on.text, cache->signals[at].on.text);
    return count;
}

void signals_check(struct walk *walk)
{
    const struct config *config = walk->config;
    for (unsigned i = 0; i < config->cache.signal_count; i++) {
        const struct config_signal *signal = &config->cache.signals[i];
        check_on(walk, signal);
        if (signal->on.text.data && count_before(&config->cache, i) == SIGNALS_ON_MAX)
            complain(walk->complaints, signal->on.at, "`on`: `" SLICE_FMT "` has more than %d signals",
                     SLICE_ARG(signal->on.text), SIGNALS_ON_MAX);
    }
    for (unsigned i = 0; i < config->resource_count; i++)
        check_names(walk, &config->resources[i].signals);
    for (unsigned i = 0; i < config->query_count; i++)
        check_names(walk, &config->queries[i].signals);
}
