/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots: one moment's configuration, catalogue, routes and database, pinned by whoever uses them. */
#include "request/service.h"

#include "auth/trust.h"
#include "base/mem.h"
#include "limit/rules.h"
#include "request/documents.h"
#include "request/purge.h"
#include "request/upstream_step.h"

static unsigned *number_templates(const struct route_table *routes, struct meter_names *names)
{
    unsigned count = route_template_count(routes);
    unsigned *numbers = mem_must((count + 1) * sizeof *numbers);
    numbers[0] = METER_UNMATCHED;
    for (unsigned i = 1; i <= count; i++)
        numbers[i] = meter_names_number(names, route_template(routes, i));
    return numbers;
}

struct snapshot *snapshot_new(const struct model *model, struct trust *trust, struct supply *supply,
                              struct limit_rules *limits, struct meter_names *names,
                              const struct snapshot *before)
{
    PRE(model != NULL && trust != NULL && supply != NULL && limits != NULL);
    struct snapshot *snapshot = mem_must(sizeof *snapshot);
    atomic_init(&snapshot->refs, 1);
    snapshot->model = model;
    fingerprint_of(model, &snapshot->fingerprint);
    snapshot->trust = trust;
    snapshot->supply = supply;
    snapshot->limits = limits;
    snapshot->routes = route_table_new(model);
    snapshot->meter_numbers = number_templates(snapshot->routes, names);
    snapshot->plans = plan_cache_new(model);
    snapshot->upstreams = upstreams_new(model->config, before);
    snapshot->purges = purges_new(model->config);
    snapshot->documents = model->config->docs ? documents_new(model) : NULL;
    return snapshot;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->refs, 1, memory_order_relaxed);
    return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
    if (!snapshot || atomic_fetch_sub_explicit(&snapshot->refs, 1, memory_order_acq_rel) > 1)
        return;
    documents_free(snapshot->documents);
    limit_rules_free(snapshot->limits);
    upstreams_free(snapshot->upstreams, snapshot->model->config);
    purges_free(snapshot->purges, snapshot->model->config);
    plan_cache_free(snapshot->plans);
    mem_free(snapshot->meter_numbers);
    route_table_free(snapshot->routes);
    trust_free(snapshot->trust);
    model_unref(snapshot->model);
    supply_unref(snapshot->supply);
    mem_free(snapshot);
}
