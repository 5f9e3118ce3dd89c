/* SPDX-License-Identifier: Apache-2.0 */
/* Signals, resolved: which of them the writes of each resource raise, which a login, and the tables that hang on them. So a write that
 * raises none looks at one number. See resolve.h. Failure: complaints, of tables that there are not. */
#include "base/check.h"
#include "catalog/resolve.h"

/* Those of that name, with a condition or without. Returns how many. */
static unsigned add_raises(const struct config_cache *cache, struct slice on, bool when,
                           const struct config_signal **raises)
{
    unsigned count = 0;
    for (unsigned i = 0; i < cache->signal_count; i++)
        if (slice_eq(cache->signals[i].on.text, on) && (cache->signals[i].when.text.data != NULL) == when)
            raises[count++] = &cache->signals[i];
    return count;
}

static struct raises resolve_raises(const struct resolver *r, const struct config_cache *cache,
                                    struct slice on)
{
    struct raises raises = {.items =
                                ARENA_ARRAY(r->arena, const struct config_signal *, cache->signal_count + 1)};
    raises.when_count = add_raises(cache, on, true, raises.items);
    raises.count = raises.when_count + add_raises(cache, on, false, raises.items + raises.when_count);
    POST(raises.count <= SIGNALS_ON_MAX);
    return raises;
}

void resolve_signals(const struct resolver *r, struct model *model)
{
    const struct config_cache *cache = &model->config->cache;
    model->signal_tables = ARENA_ARRAY(r->arena, struct tables_told, cache->signal_count + 1);
    for (unsigned i = 0; i < cache->signal_count; i++)
        model->signal_tables[i] = resolve_tables(r, &cache->signals[i].tables);
    for (unsigned i = 0; i < model->resource_count && cache->signal_count > 0; i++)
        model->resources[i].raises = resolve_raises(r, cache, model->resources[i].config->name.text);
    model->login_raises = resolve_raises(r, cache, SIGNAL_ON_LOGIN);
    POST(model->login_raises.when_count == 0);
}
