/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of limits: to a caller how it stands with its own, to an operator how it stands with a user's, to the metrics how often
 * each rule refused. To look takes nothing. */
#include "http/path.h"
#include "observe/metrics.h"
#include "request/limit_step.h"
#include "request/steps.h"
#include "request/worker.h"

/* of: the route whose count it is. */
static void write_standing(struct buf *out, const struct limit_rule *rule, struct slice of,
                           const struct limit_charge *charge)
{
    static const char *const units[] = {"s", "min", "h", "d"}, *const kinds[] = {"bucket", "fixed",
                                                                                 "sliding"};
    const struct limit_quota *quota = charge->quota;
    buf_add(out, out->data[out->len - 1] == '[' ? SLICE("{\"name\":") : SLICE(",{\"name\":"));
    buf_json(out, rule->name);
    if (of.len) {
        buf_lit(out, ",\"of\":");
        buf_json(out, of);
    }
    buf_format(out, ",\"rate\":\"%u/%s\",\"window\":\"%s\",\"limit\":%u,\"remaining\":%u,\"reset\":%u%s}",
               quota->count, units[quota->unit], kinds[quota->kind], charge->standing.limit,
               charge->standing.remaining, limit_seconds(charge->standing.reset_ns),
               charge->shadow ? ",\"shadow\":true" : "");
}

/* Rules of reads count a caller, and so do those of writes. */
static bool charge_either(const struct limiter *limiter, const struct limit_rule *rule,
                          struct limit_caller *caller, struct limit_charge *ret_charge)
{
    caller->write = false;
    if (limit_rule_charge(limiter, rule, caller, ret_charge))
        return true;
    caller->write = true;
    return limit_rule_charge(limiter, rule, caller, ret_charge);
}

struct telling {
    const struct limit_rules *rules;
    struct limit_caller caller;
    bool other; /* of whom the user alone is known */
    struct limit_time now;
    struct buf *out;
};

static bool is_told(const struct telling *telling, const struct limit_rule *rule)
{
    unsigned by = rule->config->per & ~(unsigned)PER_ROUTE;
    return !telling->other || by == PER_USER;
}

static void tell_rule(struct telling *telling, const struct limit_rule *rule, struct slice route,
                      bool if_taken)
{
    struct limit_charge charge;
    telling->caller.route = route;
    if (!charge_either(telling->rules->limiter, rule, &telling->caller, &charge))
        return;
    limiter_look(telling->rules->limiter, &charge, 1, telling->now);
    if (!if_taken || charge.standing.reset_ns > 0)
        write_standing(telling->out, rule, route, &charge);
}

/* Of what is counted by route, all that the caller has asked for: the others' names are not for everybody. */
static void tell_list(struct telling *telling, const struct limit_list *list)
{
    const struct limit_rules *rules = telling->rules;
    for (unsigned i = 0; i < list->count && !telling->out->failed; i++) {
        const struct limit_rule *rule = &list->items[i];
        if (!is_told(telling, rule))
            continue;
        if (rule->scope.len || !(rule->config->per & PER_ROUTE)) {
            tell_rule(telling, rule, rule->scope, false);
            continue;
        }
        for (unsigned j = 0; j < rules->route_count; j++)
            tell_rule(telling, rule, rules->routes[j], true);
    }
}

static void write_standings(struct telling *telling)
{
    buf_lit(telling->out, "{\"limits\":[");
    for (unsigned i = 0; i < telling->rules->list_count; i++)
        tell_list(telling, &telling->rules->lists[i]);
    buf_lit(telling->out, "]}");
}

/* Of another only what is counted by the user alone is known. */
static enum step look_at_other(struct request *request, struct telling *telling)
{
    struct slice user;
    char *room = arena_alloc(&request->arena, request->route.id.len);
    if (!request->is_operator)
        return request_fail(
            request, 403, SLICE("operators-only"),
            SLICE("The limits of another are for operators: this machine, or the last of `auth.roles`."));
    if (!http_decode_segment(request->route.id, room, &user))
        return request_fail(request, 400, SLICE("bad-path"), SLICE("The path is refused: a bad escape."));
    telling->caller = (struct limit_caller){.address = &request->principal.address, .user = user};
    telling->other = true;
    return STEP_BUILTIN;
}

static bool is_me(const struct request *request)
{
    return request->route.id.len == 0 || slice_eq(request->route.id, SLICE("me"));
}

enum step limit_page_answer(struct request *request)
{
    const struct limit_rules *rules = request->snapshot->limits;
    struct telling telling = {
        .rules = rules,
        .caller = request_limit_caller(request),
        .now = limiter_time(rules->limiter, loop_now(request->worker->loop)),
        .out = &request->body,
    };
    if (!is_me(request) && look_at_other(request, &telling) == STEP_RESPOND)
        return STEP_RESPOND;
    buf_init(&request->body, 1 << 20);
    request->answer.caching.no_store = true;
    request->answer.status = 200;
    write_standings(&telling);
    return request->body.failed ? request_fail_memory(request) : STEP_RESPOND;
}

/* --- metrics --- */

enum counter { ALLOWED, REFUSED, SHADOWED, OVERFLOWED };

static uint64_t counter_of(const struct limit_account *account, enum counter which)
{
    const atomic_ullong *const counters[] = {
        [ALLOWED] = &account->allowed,
        [REFUSED] = &account->refused,
        [SHADOWED] = &account->shadowed,
        [OVERFLOWED] = &account->overflowed,
    };
    return atomic_load_explicit(counters[which], memory_order_relaxed);
}

static void write_family(const struct limit_rules *rules, struct metrics_page *page, enum counter which,
                         const char *name, const char *help)
{
    metrics_family(page, METRICS_COUNTER, name, help);
    for (unsigned i = 0; i < rules->list_count; i++)
        for (unsigned j = 0; j < rules->lists[i].count; j++) {
            const struct limit_rule *rule = &rules->lists[i].items[j];
            metrics_uint(page, counter_of(rule->account, which), METRICS_LABEL("rule", rule->name));
        }
}

void limit_metrics(const struct limit_rules *rules, struct metrics_page *page)
{
    write_family(rules, page, ALLOWED, "leat_limit_allowed_total",
                 "Requests that a rule counted and let through.");
    write_family(rules, page, REFUSED, "leat_limit_refused_total", "Requests that a rule refused by 429.");
    write_family(rules, page, SHADOWED, "leat_limit_shadow_refused_total",
                 "Requests that a rule in shadow would have refused.");
    write_family(rules, page, OVERFLOWED, "leat_limit_overflow_total",
                 "Requests counted by the bucket that newcomers share while the table is full.");
    metrics_gauge(page, "leat_limit_keys", "Callers, addresses and so on that are counted.",
                  limiter_keys(rules->limiter));
}
