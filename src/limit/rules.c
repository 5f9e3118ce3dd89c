/* SPDX-License-Identifier: Apache-2.0 */
/* Rules made of the configuration, and the match of a caller. See rules.h. */
#include "limit/rules.h"

#include "base/digest.h"
#include "base/mem.h"

static const char *const per_words[] = {"address", "user", "key", "tenant", "role", "route", "account"};

/* --- making --- */

/* "address-account"; of a resource's rules "incidents.user". */
static struct slice name_of(struct arena *arena, const struct config_limit *config, struct slice scope)
{
    struct slice name = config->name;
    for (unsigned i = 0; i < ARRAY_LEN(per_words) && !config->name.data; i++)
        if (config->per & 1u << i)
            name = arena_format(arena, SLICE_FMT "%s%s", SLICE_ARG(name), name.len ? "-" : "", per_words[i]);
    if (!scope.len || config->name.data)
        return name;
    return arena_format(arena, SLICE_FMT "." SLICE_FMT, SLICE_ARG(scope), SLICE_ARG(name));
}

static bool name_is_taken(const struct limit_rules *rules, struct slice name)
{
    for (unsigned i = 0; i < rules->list_count; i++)
        for (unsigned j = 0; j < rules->lists[i].count; j++)
            if (slice_eq(rules->lists[i].items[j].name, name))
                return true;
    return false;
}

/* Two rules of one name could not be told apart in headers and metrics. */
static struct slice name_alone(struct limit_rules *rules, struct slice name)
{
    struct slice alone = name;
    for (unsigned i = 2; name_is_taken(rules, alone); i++)
        alone = arena_format(&rules->arena, SLICE_FMT "-%u", SLICE_ARG(name), i);
    return alone;
}

/* All that makes a rule what it is: one that is changed begins anew. */
static uint64_t identity_of(const struct config_limit *config, struct slice scope)
{
    struct digest digest;
    uint64_t numbers[] = {config->per,    config->rate.count, config->rate.unit, config->burst,
                          config->window, config->roles,      config->ways,      config->on};
    digest_begin(&digest);
    digest_add_field(&digest, scope);
    digest_add_field(&digest, config->name);
    digest_add(&digest, slice_of((const char *)numbers, sizeof numbers));
    for (unsigned i = 0; i < config->tier_count; i++) {
        uint64_t tier[] = {config->tiers[i].role, config->tiers[i].rate.count, config->tiers[i].rate.unit};
        digest_add(&digest, slice_of((const char *)tier, sizeof tier));
    }
    uint64_t identity = digest_end(&digest);
    return identity ? identity : 1;
}

/* A tier's burst is to the rule's as their rates are. */
static unsigned burst_of(const struct config_limit *config, const struct config_rate *rate)
{
    if (!config->burst || rate == &config->rate)
        return config->burst ? config->burst : rate->count;
    __int128 much = (__int128)rate->count * limit_unit_ns((enum limit_unit)config->rate.unit);
    __int128 usual = (__int128)config->rate.count * limit_unit_ns((enum limit_unit)rate->unit);
    __int128 burst = much * config->burst / usual;
    return burst < 1 ? 1 : burst > LIMIT_COUNT_MAX ? LIMIT_COUNT_MAX : (unsigned)burst;
}

/* The window in which so much is granted: a bucket's is as long as its burst takes to come again. */
static long long window_s(const struct limit_quota *quota)
{
    int64_t unit_s = limit_unit_ns(quota->unit) / 1000000000;
    if (quota->kind != LIMIT_BUCKET)
        return unit_s;
    return ((int64_t)quota->burst * unit_s + quota->count - 1) / quota->count;
}

static void make_grant(struct limit_rules *rules, const struct limit_rule *rule, unsigned role,
                       const struct config_rate *rate, struct limit_grant *ret_grant)
{
    const struct config_limit *config = rule->config;
    enum limit_kind kind = (enum limit_kind)config->window;
    unsigned burst = kind == LIMIT_BUCKET ? burst_of(config, rate) : rate->count;
    *ret_grant = (struct limit_grant){
        .quota = {.kind = kind, .unit = (enum limit_unit)rate->unit, .count = rate->count, .burst = burst},
        .role = role,
        .name = rule->name,
    };
    limit_quota_settle(&ret_grant->quota);
    ret_grant->fields =
        arena_format(&rules->arena,
                     "X-RateLimit-Limit: %u\r\nRateLimit-Policy: \"" SLICE_FMT "\";q=%u;w=%lld\r\n", burst,
                     SLICE_ARG(rule->name), burst, window_s(&ret_grant->quota));
}

/* False: there is no account for it. */
static bool make_rule(struct limit_rules *rules, const struct config_limit *config, struct slice scope,
                      struct limit_rule *rule)
{
    rule->config = config;
    rule->scope = scope;
    rule->grant_count = config->tier_count + 1;
    rule->grants = ARENA_ARRAY(&rules->arena, struct limit_grant, rule->grant_count);
    rule->name = name_alone(rules, name_of(&rules->arena, config, scope));
    for (unsigned i = 0; i < config->tier_count; i++)
        make_grant(rules, rule, config->tiers[i].role, &config->tiers[i].rate, &rule->grants[i]);
    make_grant(rules, rule, 0, &config->rate, &rule->grants[config->tier_count]);
    rule->account =
        limiter_account(rules->limiter, identity_of(config, scope), &rule->grants[config->tier_count].quota);
    return rule->account != NULL;
}

static bool make_list(struct limit_rules *rules, const struct config_limits *limits, struct slice scope)
{
    PRE(limits->number < rules->list_count);
    struct limit_list *list = &rules->lists[limits->number];
    if (limits->number == 0)
        return true;
    list->items = ARENA_ARRAY(&rules->arena, struct limit_rule, limits->count);
    for (unsigned i = 0; i < limits->count; i++, list->count++)
        if (!make_rule(rules, &limits->items[i], scope, &list->items[i]))
            return false;
    return true;
}

struct slice limit_route_of_function(struct arena *arena, struct slice name)
{
    return arena_format(arena, "rpc/" SLICE_FMT, SLICE_ARG(name));
}

/* What may be counted by its name, and its own rules. */
static bool make_route(struct limit_rules *rules, const struct config_limits *limits, struct slice route)
{
    rules->routes[rules->route_count++] = route;
    return make_list(rules, limits, route);
}

enum { BUILTIN_ROUTES = 4 };

static void add_builtin_routes(struct limit_rules *rules)
{
    const struct slice builtin[BUILTIN_ROUTES] = {LIMIT_ROUTE_AUTH, LIMIT_ROUTE_CACHE, LIMIT_ROUTE_DOCS,
                                                  LIMIT_ROUTE_SIGNALS};
    for (unsigned i = 0; i < BUILTIN_ROUTES; i++)
        rules->routes[rules->route_count++] = builtin[i];
}

struct limit_rules *limit_rules_new(struct limiter *limiter, const struct config *config)
{
    struct limit_rules *rules = mem_must(sizeof *rules);
    arena_init(&rules->arena, 4096);
    rules->limiter = limiter;
    rules->list_count = config->limit_lists + 1;
    rules->lists = ARENA_ARRAY(&rules->arena, struct limit_list, rules->list_count);
    unsigned routes_max = config->resource_count + config->query_count + config->function_count +
                          config->upstream_count + BUILTIN_ROUTES;
    rules->routes = ARENA_ARRAY(&rules->arena, struct slice, routes_max);
    bool made = make_list(rules, &config->limits, (struct slice){0});
    for (unsigned i = 0; i < config->resource_count && made; i++)
        made = make_route(rules, &config->resources[i].limits, config->resources[i].name.text);
    for (unsigned i = 0; i < config->query_count && made; i++)
        made = make_route(rules, &config->queries[i].limits, config->queries[i].path);
    for (unsigned i = 0; i < config->function_count && made; i++)
        made = make_route(rules, &config->functions[i].limits,
                          limit_route_of_function(&rules->arena, config->functions[i].name.text));
    for (unsigned i = 0; i < config->upstream_count && made; i++)
        made = make_route(rules, &config->upstreams[i].limits, config->upstreams[i].path.text);
    add_builtin_routes(rules);
    if (made)
        return rules;
    limit_rules_free(rules);
    return NULL;
}

void limit_rules_free(struct limit_rules *rules)
{
    if (!rules)
        return;
    for (unsigned i = 0; i < rules->list_count; i++)
        for (unsigned j = 0; j < rules->lists[i].count; j++)
            limiter_account_unref(rules->limiter, rules->lists[i].items[j].account);
    arena_done(&rules->arena);
    mem_free(rules);
}

/* --- matching --- */

/* An IPv6 network of 64 bits is one subscriber; IPv4 is counted whole. */
static struct slice address_part(const struct in6_addr *address)
{
    size_t bytes = IN6_IS_ADDR_V4MAPPED(address) ? sizeof *address : 8;
    return slice_of((const char *)address, bytes);
}

/* What a rule counts by, in the order of `enum limit_per`. False: the caller lacks one of the parts. */
static bool parts_of(unsigned per, const struct limit_caller *caller, struct slice *ret_parts,
                     unsigned *ret_count)
{
    const struct slice all[] = {address_part(caller->address),
                                caller->user,
                                caller->key,
                                caller->tenant,
                                caller->role_name,
                                caller->route,
                                caller->account};
    *ret_count = 0;
    for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
        if (!(per & 1u << i))
            continue;
        if (!all[i].data)
            return false;
        ret_parts[(*ret_count)++] = all[i];
    }
    return true;
}

/* Which of the grants: its index makes the tiers' keys differ. */
static unsigned grant_index(const struct limit_rule *rule, unsigned role)
{
    unsigned i = 0;
    while (i + 1 < rule->grant_count && rule->grants[i].role != role)
        i++;
    return i;
}

bool limit_rule_charge(const struct limiter *limiter, const struct limit_rule *rule,
                       const struct limit_caller *caller, struct limit_charge *ret_charge)
{
    const struct config_limit *config = rule->config;
    struct slice parts[ARRAY_LEN(per_words)];
    unsigned count, way = caller->write ? WHEN_WRITE : WHEN_READ;
    if ((config->ways && !(config->ways & way)) || (config->roles && !(config->roles & caller->role)) ||
        !parts_of(config->per, caller, parts, &count))
        return false;
    unsigned index = grant_index(rule, caller->role);
    const struct limit_quota *quota = &rule->grants[index].quota;
    *ret_charge = (struct limit_charge){
        .quota = quota,
        .account = rule->account,
        .key = limiter_key(limiter, rule->account->identity + index, parts, count, quota),
        .weight = config->weight,
        .shadow = config->shadow,
    };
    return true;
}

unsigned limit_rules_match(const struct limit_rules *rules, unsigned list, enum limit_on on,
                           const struct limit_caller *caller, struct limit_charge charges[LIMIT_CHARGES_MAX],
                           unsigned count)
{
    PRE(list < rules->list_count);
    const struct limit_list *rule_list = &rules->lists[list];
    for (unsigned i = 0; i < rule_list->count && count < LIMIT_CHARGES_MAX; i++) {
        const struct limit_rule *rule = &rule_list->items[i];
        if (rule->config->on == (unsigned)on)
            count += limit_rule_charge(rules->limiter, rule, caller, &charges[count]);
    }
    return count;
}
