/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration says in the URL's grammar, tried before anything is served: default selections and orders, rows of roles, what
 * raises signals. A mistake is a complaint at its place, not a 400 for every request. See plan.h. */
#include "config/complaints.h"
#include "query/listing.h"

static void complain_of(const struct word *word, const char *key, const struct problem *problem,
                        struct complaints *complaints)
{
    complain(complaints, word->at, "`%s`: " SLICE_FMT "%s" SLICE_FMT, key, SLICE_ARG(problem->detail),
             problem->hint.len ? " " : "", SLICE_ARG(problem->hint));
}

struct trial {
    struct listing listing;
    struct problem problem;
};

static void begin(struct trial *trial, const struct plan_context *context, const struct resource *resource)
{
    trial->problem = (struct problem){0};
    listing_begin(&trial->listing, context, resource, &trial->problem);
}

static void try_rows(const struct plan_context *context, const struct resource *resource,
                     struct complaints *complaints)
{
    for (unsigned i = 0; i < resource->config->rows_count; i++) {
        struct trial trial;
        const struct word *when = &resource->config->rows[i].when;
        begin(&trial, context, resource);
        trial.listing.build.trusted = true;
        if (!filters_read(&trial.listing.build, when->text, trial.listing.conditions))
            complain_of(when, "rows", &trial.problem, complaints);
    }
}

static void try_raises(const struct plan_context *context, const struct resource *resource,
                       struct complaints *complaints)
{
    for (unsigned i = 0; i < resource->raises.when_count; i++) {
        struct trial trial;
        const struct word *when = &resource->raises.items[i]->when;
        begin(&trial, context, resource);
        trial.listing.build.trusted = true;
        if (!filters_read(&trial.listing.build, when->text, trial.listing.conditions))
            complain_of(when, "when", &trial.problem, complaints);
        else if (trial.listing.conditions->count == 0)
            complain(complaints, when->at, "`when`: `" SLICE_FMT "` is met by every row: take it out",
                     SLICE_ARG(when->text));
    }
}

/* The order may speak of what the selection embeds. */
static void try_selection(const struct plan_context *context, const struct resource *resource,
                          struct complaints *complaints)
{
    struct trial trial;
    struct build *build = &trial.listing.build;
    begin(&trial, context, resource);
    if (!listing_read(&trial.listing, (struct slice){NULL, 0}, NULL, 0))
        complain_of(&resource->config->select, "select", &trial.problem, complaints);
    else if (!order_parse(build, (struct slice){NULL, 0}, trial.listing.conditions, &trial.listing.order))
        complain_of(&resource->config->order, "order", &trial.problem, complaints);
}

enum error plan_check(const struct model *model, struct complaints *complaints)
{
    PRE(model && complaints);
    struct arena arena;
    arena_init(&arena, 16 * 1024);
    const struct plan_context context = {.model = model,
                                         .arena = &arena,
                                         .manner = MANNER_PLAIN,
                                         .caller = {.role = ROLES_ALL, .roles = ROLES_ALL},
                                         .now = {0}};
    unsigned before = complaints_errors(complaints);
    for (unsigned i = 0; i < model->resource_count; i++) {
        unsigned errors = complaints_errors(complaints);
        try_rows(&context, &model->resources[i], complaints);
        try_raises(&context, &model->resources[i], complaints);
        if (complaints_errors(complaints) == errors)
            try_selection(&context, &model->resources[i], complaints);
    }
    arena_done(&arena);
    return complaints_errors(complaints) == before ? OK : ERR_INVALID;
}
