/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows belong to which. A foreign key A(a) → B(b) makes of every resource S that shows A's columns a, and every resource T
 * that shows B's columns b, two relations:
 *
 *   S ── MANY_TO_ONE ──▶ T        ONE_TO_ONE both ways, where a is unique in A
 *   S ◀── ONE_TO_MANY ── T
 *
 * and two foreign keys of one table between, J(p) → A(a) and J(q) → B(b), where a key of J holds both p and q:
 *
 *   S ── MANY_TO_MANY through J ──▶ T
 *
 * A resource shows a table's column when it is of that table (exposed or not: a relation is no answer), or when it is of a view
 * one of whose columns is it (column.origin; the first, where several are). A view may have a row of its table twice, or not at
 * all: what is to one by the keys is to one here, too.
 * Keys on itself make both relations, from and to the same resource. Resources of one table each have their own. */
#include "catalog/relate.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/mem.h"

struct found {
    struct relation relation;
    struct found *next;
};

struct relating {
    struct model *model;
    struct arena *arena;
    struct found *found;
};

/* Columns of a table, by their positions. */
struct positions {
    const struct table *table;
    const unsigned *columns;
    unsigned count;
};

static struct positions from_of(const struct foreign_key *key)
{
    return (struct positions){key->table, key->columns, key->count};
}

static struct positions to_of(const struct foreign_key *key)
{
    return (struct positions){key->target, key->target_columns, key->count};
}

/* ---- who shows what ---- */

static const struct column *shown(const struct resource *resource, const struct table *table,
                                  unsigned position)
{
    if (resource->table == table)
        return &table->columns[position];
    for (unsigned i = 0; i < resource->table->column_count; i++) {
        const struct column *column = &resource->table->columns[i];
        if (column->origin == table && column->origin_column == position)
            return column;
    }
    return NULL;
}

/* The resource's columns that are those; NULL: it does not show them all. */
static const struct column **all_shown(const struct relating *r, const struct resource *resource,
                                       struct positions positions)
{
    for (unsigned i = 0; i < positions.count; i++)
        if (!shown(resource, positions.table, positions.columns[i]))
            return NULL;
    const struct column **columns = ARENA_ARRAY(r->arena, const struct column *, positions.count);
    for (unsigned i = 0; i < positions.count; i++)
        columns[i] = shown(resource, positions.table, positions.columns[i]);
    return columns;
}

/* ---- what is unique ---- */

static bool holds(struct positions positions, unsigned column)
{
    for (unsigned i = 0; i < positions.count; i++)
        if (positions.columns[i] == column)
            return true;
    return false;
}

static bool key_is_within(const unsigned *columns, unsigned count, struct positions a, struct positions b)
{
    for (unsigned i = 0; i < count; i++)
        if (!holds(a, columns[i]) && !holds(b, columns[i]))
            return false;
    return count > 0;
}

/* No two rows have the same in these columns: a key lies within them. */
static bool is_unique(struct positions positions)
{
    const struct table *table = positions.table;
    bool unique = key_is_within(table->key, table->key_count, positions, positions);
    for (unsigned i = 0; i < table->index_count && !unique; i++) {
        const struct index *index = &table->indexes[i];
        unique = index->unique && !index->partial &&
                 key_is_within(index->columns, index->count, positions, positions);
    }
    return unique;
}

static bool key_holds(const unsigned *columns, unsigned count, struct positions positions)
{
    const struct positions key = {positions.table, columns, count};
    for (unsigned i = 0; i < positions.count; i++)
        if (!holds(key, positions.columns[i]))
            return false;
    return true;
}

/* The table is between: a key of it holds the columns of both, so that it joins each two rows once for each rest of that key. */
static bool is_between(struct positions a, struct positions b)
{
    PRE(a.table == b.table);
    const struct table *table = a.table;
    bool between = key_holds(table->key, table->key_count, a) && key_holds(table->key, table->key_count, b);
    for (unsigned i = 0; i < table->index_count && !between; i++) {
        const struct index *index = &table->indexes[i];
        between = index->unique && !index->partial && key_holds(index->columns, index->count, a) &&
                  key_holds(index->columns, index->count, b);
    }
    return between;
}

/* ---- relations ---- */

static void add(struct relating *r, struct relation relation)
{
    struct found *found = ARENA_NEW(r->arena, struct found);
    *found = (struct found){.relation = relation, .next = r->found};
    r->found = found;
    r->model->resources[relation.source->index].relation_count++;
}

static void relate_pair(struct relating *r, const struct foreign_key *key, const struct resource *from,
                        const struct column **from_columns)
{
    bool one = is_unique(from_of(key));
    for (unsigned i = 0; i < r->model->resource_count; i++) {
        const struct resource *to = &r->model->resources[i];
        const struct column **to_columns = all_shown(r, to, to_of(key));
        if (!to_columns)
            continue;
        add(r, (struct relation){.kind = one ? RELATION_ONE_TO_ONE : RELATION_MANY_TO_ONE,
                                 .source = from,
                                 .target = to,
                                 .key = key,
                                 .outgoing = true,
                                 .count = key->count,
                                 .from = from_columns,
                                 .to = to_columns});
        add(r, (struct relation){.kind = one ? RELATION_ONE_TO_ONE : RELATION_ONE_TO_MANY,
                                 .source = to,
                                 .target = from,
                                 .key = key,
                                 .count = key->count,
                                 .from = to_columns,
                                 .to = from_columns});
    }
}

/* `relation`: all of it but source and target and their columns. */
static void relate_through(struct relating *r, struct relation relation)
{
    for (unsigned i = 0; i < r->model->resource_count; i++) {
        relation.source = &r->model->resources[i];
        relation.from = all_shown(r, relation.source, to_of(relation.key));
        for (unsigned j = 0; relation.from && j < r->model->resource_count; j++) {
            relation.target = &r->model->resources[j];
            relation.to = all_shown(r, relation.target, to_of(relation.through_key));
            if (relation.to)
                add(r, relation);
        }
    }
}

/* Every other key of the same table. */
static void relate_between(struct relating *r, const struct foreign_key *key, const struct resource *through,
                           const struct column **columns)
{
    for (unsigned i = 0; i < key->table->foreign_key_count; i++) {
        const struct foreign_key *other = key->table->foreign_keys[i];
        if (other == key || !is_between(from_of(key), from_of(other)))
            continue;
        const struct column **others = all_shown(r, through, from_of(other));
        if (others)
            relate_through(r, (struct relation){.kind = RELATION_MANY_TO_MANY,
                                                .key = key,
                                                .count = key->count,
                                                .through = through,
                                                .through_key = other,
                                                .through_count = other->count,
                                                .through_from = columns,
                                                .through_to = others});
    }
}

/* ---- in order ---- */

static int compare_names(const struct foreign_key *a, const struct foreign_key *b)
{
    return a == b || !a || !b ? 0 : slice_cmp(a->name, b->name);
}

/* By target, then kind; where these are the same, by what tells them apart. */
static int compare(const void *a, const void *b)
{
    const struct relation *x = a, *y = b;
    if (x->target != y->target)
        return x->target->index < y->target->index ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->through != y->through)
        return x->through->index < y->through->index ? -1 : 1;
    int names = compare_names(x->key, y->key);
    if (names == 0)
        names = compare_names(x->through_key, y->through_key);
    return names ? names : (int)y->outgoing - (int)x->outgoing;
}

static void hand_out(struct relating *r)
{
    struct model *model = r->model;
    for (unsigned i = 0; i < model->resource_count; i++) {
        struct resource *resource = &model->resources[i];
        resource->relations = ARENA_ARRAY(&model->arena, struct relation, resource->relation_count + 1);
        resource->relation_count = 0;
    }
    for (const struct found *found = r->found; found; found = found->next) {
        struct resource *resource = &model->resources[found->relation.source->index];
        resource->relations[resource->relation_count++] = found->relation;
    }
    for (unsigned i = 0; i < model->resource_count; i++)
        qsort(model->resources[i].relations, model->resources[i].relation_count, sizeof(struct relation),
              compare);
}

void relate_resources(struct model *model)
{
    struct relating r = {.model = model, .arena = &model->arena};
    for (unsigned i = 0; i < model->catalog->foreign_key_count; i++) {
        const struct foreign_key *key = &model->catalog->foreign_keys[i];
        for (unsigned j = 0; j < model->resource_count; j++) {
            const struct resource *from = &model->resources[j];
            PRE(from->table);
            const struct column **columns = all_shown(&r, from, from_of(key));
            if (!columns)
                continue;
            relate_pair(&r, key, from, columns);
            relate_between(&r, key, from, columns);
        }
    }
    hand_out(&r);
}
