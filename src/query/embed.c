/* SPDX-License-Identifier: Apache-2.0 */
/* Which relation is meant: by the name of the other resource, of the foreign key, or of the one column that refers. When several
 * fit, hints decide; when several still do, the request is refused with all of them. See select.h.
 *
 * A key from a table to itself gives two relations between the same resources. As in PostgREST, the resource's name means the rows
 * that refer, `employees!manager_id(name)`, and the column or key the one that is referred to, `manager_id(name)`.
 * What is named by its key leads to the table rather than to views of it.
 * What the caller may not read is not there. */
#include "base/buf.h"
#include "query/select.h"

enum { DETAILS_BYTES_MAX = 16 * 1024 };

static bool may_read(const struct build *build, const struct resource *resource)
{
    return !resource || caller_may_do(&build->context->caller, resource->config->read, SLICE("read"),
                                      resource->config->name.text);
}

static bool may_follow(const struct build *build, const struct relation *relation)
{
    return may_read(build, relation->target) && may_read(build, relation->through);
}

static struct slice target_name(const struct relation *relation)
{
    return relation->target->config->name.text;
}

static bool is_through(const struct relation *relation)
{
    return relation->kind == RELATION_MANY_TO_MANY;
}

static bool is_of_itself(const struct relation *relation)
{
    return !is_through(relation) && relation->key->table == relation->key->target;
}

/* The foreign key that a relation goes by, and its one column; NULL: it has several. Through a table between it is the key that
 * leads on. */
static const struct foreign_key *key_of(const struct relation *relation)
{
    return is_through(relation) ? relation->through_key : relation->key;
}

static const struct column *key_column(const struct relation *relation)
{
    if (key_of(relation)->count != 1)
        return NULL;
    if (is_through(relation))
        return relation->through_to[0];
    return relation->outgoing ? relation->from[0] : relation->to[0];
}

static bool is_key_column(const struct relation *relation, struct slice name)
{
    const struct column *column = key_column(relation);
    return column && slice_eq(column->name, name);
}

static bool is_named_by_target(const struct relation *relation, struct slice name)
{
    return slice_eq(target_name(relation), name) && !(is_of_itself(relation) && relation->outgoing);
}

static bool is_named_by_key(const struct relation *relation, struct slice name)
{
    if (is_through(relation) || (is_of_itself(relation) && !relation->outgoing))
        return false;
    return slice_eq(relation->key->name, name) || (relation->outgoing && is_key_column(relation, name));
}

/* PostgREST takes the column that is referred to, too. */
static bool is_referred_column(const struct relation *relation, struct slice name)
{
    if (is_through(relation) || is_of_itself(relation) || relation->count != 1)
        return false;
    return slice_eq((relation->outgoing ? relation->to[0] : relation->from[0])->name, name);
}

static bool fits_hint(const struct relation *relation, struct slice hint)
{
    bool between = is_through(relation) && slice_eq(relation->through->config->name.text, hint);
    return between || slice_eq(key_of(relation)->name, hint) || is_key_column(relation, hint) ||
           is_referred_column(relation, hint) || slice_eq(target_name(relation), hint);
}

static bool fits(const struct build *build, const struct relation *relation, struct slice name,
                 const struct slice *hints, unsigned hint_count)
{
    if (!may_follow(build, relation) ||
        !(is_named_by_target(relation, name) || is_named_by_key(relation, name)))
        return false;
    for (unsigned i = 0; i < hint_count; i++)
        if (!fits_hint(relation, hints[i]))
            return false;
    return true;
}

static bool leads_to_table(const struct relation *relation, struct slice name)
{
    const struct table *table = relation->outgoing ? relation->key->target : relation->key->table;
    return is_named_by_target(relation, name) || relation->target->table == table;
}

/* All that could be meant; returns how many. */
static unsigned find_all(const struct build *build, struct slice name, const struct slice *hints,
                         unsigned hint_count, const struct relation **found)
{
    const struct resource *resource = build->resource;
    unsigned count = 0, tables = 0;
    for (unsigned i = 0; i < resource->relation_count; i++)
        if (fits(build, &resource->relations[i], name, hints, hint_count))
            found[count++] = &resource->relations[i];
    for (unsigned i = 0; i < count; i++)
        if (leads_to_table(found[i], name))
            found[tables++] = found[i];
    return tables ? tables : count;
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

/* How to say which: the first of these that means this relation alone. */
static struct slice described(struct build *build, const struct relation *relation)
{
    const struct relation **found =
        ARENA_ARRAY(build->arena, const struct relation *, build->resource->relation_count + 1);
    struct slice by_key = key_column(relation) ? key_column(relation)->name : key_of(relation)->name;
    struct slice between = is_through(relation) ? relation->through->config->name.text : by_key;
    bool referred = is_of_itself(relation) && relation->outgoing;
    struct slice name = referred ? by_key : target_name(relation);
    const struct slice second = referred ? target_name(relation) : by_key;
    const struct slice ways[][2] = {{between, between},
                                    {second, second},
                                    {key_of(relation)->name, key_of(relation)->name},
                                    {between, by_key},
                                    {by_key, target_name(relation)}};
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        unsigned hints = slice_eq(ways[i][0], ways[i][1]) ? 1 : 2;
        if (find_all(build, name, ways[i], hints, found) == 1 || i + 1 == ARRAY_LEN(ways))
            return arena_format(build->arena, "`" SLICE_FMT "!" SLICE_FMT "%s" SLICE_FMT "`", SLICE_ARG(name),
                                SLICE_ARG(ways[i][0]), hints == 2 ? "!" : "",
                                SLICE_ARG(hints == 2 ? ways[i][1] : SLICE("")));
    }
    UNREACHABLE("the last way is taken anyhow");
}

/* --- what PostgREST's clients are told of several that fit --- */

static void add_columns(struct buf *out, const struct column *const *columns, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        buf_byte(out, i ? ',' : '(');
        buf_add(out, columns[i]->name);
    }
    buf_byte(out, ')');
}

/* `mills_owner_id_fkey using mills(owner_id) and millers(id)` */
static struct slice path_of(struct arena *arena, const struct relation *relation)
{
    struct buf text;
    bool between = relation->kind == RELATION_MANY_TO_MANY;
    buf_init(&text, DETAILS_BYTES_MAX);
    buf_add(&text, between ? relation->through->config->name.text : relation->key->name);
    buf_lit(&text, " using ");
    buf_add(&text, between ? relation->key->name : relation->source->config->name.text);
    add_columns(&text, between ? relation->through_from : relation->from, relation->count);
    buf_lit(&text, " and ");
    buf_add(&text, between ? relation->through_key->name : target_name(relation));
    add_columns(&text, between ? relation->through_to : relation->to,
                between ? relation->through_count : relation->count);
    struct slice path = arena_copy(arena, buf_slice(&text));
    buf_done(&text);
    return path;
}

static void write_detail(struct build *build, const struct relation *relation, struct buf *out)
{
    static const char *const kinds[] = {[RELATION_MANY_TO_ONE] = "many-to-one",
                                        [RELATION_ONE_TO_ONE] = "one-to-one",
                                        [RELATION_ONE_TO_MANY] = "one-to-many",
                                        [RELATION_MANY_TO_MANY] = "many-to-many"};
    PRE((unsigned)relation->kind < ARRAY_LEN(kinds));
    buf_format(out, "{\"cardinality\":\"%s\",\"embedding\":", kinds[relation->kind]);
    buf_json(out,
             arena_format(build->arena, SLICE_FMT " with " SLICE_FMT,
                          SLICE_ARG(relation->source->config->name.text), SLICE_ARG(target_name(relation))));
    buf_lit(out, ",\"relationship\":");
    buf_json(out, path_of(build->arena, relation));
    buf_byte(out, '}');
}

/* Its status is 300 there. */
static void tell_postgrest(struct build *build, const struct relation **found, unsigned count)
{
    struct buf out;
    buf_init(&out, DETAILS_BYTES_MAX);
    for (unsigned i = 0; i < count; i++) {
        buf_byte(&out, i ? ',' : '[');
        write_detail(build, found[i], &out);
    }
    buf_byte(&out, ']');
    build->problem->status = 300;
    build->problem->details_are_json = !out.failed;
    build->problem->details = out.failed ? SLICE("") : arena_copy(build->arena, buf_slice(&out));
    buf_done(&out);
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
    if (build->context->manner == MANNER_POSTGREST)
        tell_postgrest(build, found, count);
    return refuse_hint(build, "Say which: " SLICE_FMT, SLICE_ARG(names_join(build->arena, names, count)));
}

bool embed_find(struct build *build, struct slice name, const struct slice *hints, unsigned hint_count,
                const struct relation **ret_relation)
{
    const struct relation **found =
        ARENA_ARRAY(build->arena, const struct relation *, build->resource->relation_count + 1);
    unsigned count = find_all(build, name, hints, hint_count, found);
    if (count == 0)
        return refuse_unknown(build, name);
    if (count > 1)
        return refuse_ambiguous(build, name, found, count);
    *ret_relation = found[0];
    return true;
}
