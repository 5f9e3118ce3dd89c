/* SPDX-License-Identifier: Apache-2.0 */
/* Which relation is meant: by the name of the other resource, of the foreign key, or of the one column that refers. When several
 * fit, hints decide; when several still do, the request is refused with all of them. See select.h.
 * What the caller may not read is not there. */
#include "query/select.h"

static bool may_read(const struct build *build, const struct resource *resource)
{
    return !resource || (resource->config->read & build->context->roles) != 0;
}

static bool may_follow(const struct build *build, const struct relation *relation)
{
    return may_read(build, relation->target) && may_read(build, relation->through);
}

static struct slice target_name(const struct relation *relation)
{
    return relation->target->config->name.text;
}

/* The one column that refers, on whichever side the key is. */
static bool is_key_column(const struct relation *relation, struct slice name)
{
    if (relation->kind == RELATION_MANY_TO_MANY || relation->count != 1)
        return false;
    return slice_eq(relation->from[0]->name, name);
}

static bool is_named(const struct relation *relation, struct slice name)
{
    bool refers = relation->kind == RELATION_MANY_TO_ONE && is_key_column(relation, name);
    return slice_eq(target_name(relation), name) || slice_eq(relation->key->name, name) || refers;
}

static bool fits_hint(const struct relation *relation, struct slice hint)
{
    if (slice_eq(relation->key->name, hint) || is_key_column(relation, hint))
        return true;
    if (relation->kind != RELATION_MANY_TO_MANY)
        return relation->count == 1 && relation->kind == RELATION_ONE_TO_MANY &&
               relation->target != relation->source && slice_eq(relation->to[0]->name, hint);
    return slice_eq(relation->through->config->name.text, hint) ||
           slice_eq(relation->through_key->name, hint);
}

static bool fits(const struct build *build, const struct relation *relation, struct slice name,
                 const struct slice *hints, unsigned hint_count)
{
    if (!may_follow(build, relation) || !is_named(relation, name))
        return false;
    for (unsigned i = 0; i < hint_count; i++)
        if (!fits_hint(relation, hints[i]))
            return false;
    return true;
}

bool embed_knows(const struct build *build, struct slice name)
{
    for (unsigned i = 0; i < build->resource->relation_count; i++)
        if (fits(build, &build->resource->relations[i], name, NULL, 0))
            return true;
    return false;
}

static bool refuse_unknown(struct build *build, struct slice name)
{
    const struct resource *resource = build->resource;
    struct slice *names = ARENA_ARRAY(build->arena, struct slice, resource->relation_count + 1);
    unsigned count = 0;
    for (unsigned i = 0; i < resource->relation_count; i++)
        if (may_follow(build, &resource->relations[i]))
            names[count++] = target_name(&resource->relations[i]);
    refuse(build, REFUSE_UNKNOWN_RELATION, SLICE("select"),
           "`" SLICE_FMT "` has no relation `" SLICE_FMT "` that could be embedded",
           SLICE_ARG(resource->config->name.text), SLICE_ARG(shown(name)));
    build->problem->value = shown(name);
    return refuse_not_among(build, name, "relations", names, count);
}

static struct slice described(struct build *build, const struct relation *relation)
{
    if (relation->kind == RELATION_MANY_TO_MANY)
        return arena_format(build->arena, "`" SLICE_FMT "!" SLICE_FMT "`", SLICE_ARG(target_name(relation)),
                            SLICE_ARG(relation->through->config->name.text));
    if (relation->kind == RELATION_MANY_TO_ONE && relation->count == 1)
        return arena_format(build->arena, "`" SLICE_FMT "!" SLICE_FMT "`", SLICE_ARG(target_name(relation)),
                            SLICE_ARG(relation->from[0]->name));
    return arena_format(build->arena, "`" SLICE_FMT "!" SLICE_FMT "`", SLICE_ARG(target_name(relation)),
                        SLICE_ARG(relation->key->name));
}

static bool refuse_ambiguous(struct build *build, struct slice name, const struct relation **found,
                             unsigned count)
{
    struct slice *names = ARENA_ARRAY(build->arena, struct slice, count);
    for (unsigned i = 0; i < count; i++)
        names[i] = described(build, found[i]);
    refuse(build, REFUSE_AMBIGUOUS_RELATION, SLICE("select"),
           "More than one relation leads from `" SLICE_FMT "` to `" SLICE_FMT "`",
           SLICE_ARG(build->resource->config->name.text), SLICE_ARG(shown(name)));
    build->problem->value = shown(name);
    return refuse_hint(build, "Say which: " SLICE_FMT, SLICE_ARG(names_join(build->arena, names, count)));
}

bool embed_find(struct build *build, struct slice name, const struct slice *hints, unsigned hint_count,
                const struct relation **ret_relation)
{
    const struct resource *resource = build->resource;
    const struct relation **found =
        ARENA_ARRAY(build->arena, const struct relation *, resource->relation_count + 1);
    unsigned count = 0;
    for (unsigned i = 0; i < resource->relation_count; i++)
        if (fits(build, &resource->relations[i], name, hints, hint_count))
            found[count++] = &resource->relations[i];
    if (count == 0)
        return refuse_unknown(build, name);
    if (count > 1)
        return refuse_ambiguous(build, name, found, count);
    *ret_relation = found[0];
    return true;
}
