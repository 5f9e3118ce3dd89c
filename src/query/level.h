/* SPDX-License-Identifier: Apache-2.0 */
/* A level of what is asked for: one SELECT, of the resource itself or of the rows of another that are embedded in it.
 *
 *   GET /transactions?select=id,user:users(name,org:organizations(*)),flags(severity)&flags.severity=eq.high&flags.order=id
 *
 *     root   transactions    id, user, flags
 *      ├ t1  users           name, org        to one: an object, or null
 *      │  └ t2 organizations *
 *      └ t3  flags           severity         to many: an array, with conditions, order and limit of its own
 *
 * Rules of a resource (its tenant, its soft delete, the rows a role sees) are conditions of every level that reads it.
 * Pure; all in the build's arena. */
#ifndef LEAT_QUERY_LEVEL_H
#define LEAT_QUERY_LEVEL_H

#include "query/order.h"

/* What a row of a level shows: a column, or the rows of a child. */
struct level_field {
    const struct column *column; /* NULL: a child */
    struct level *child;
};

/* An order by a column of a child: its SQL is written when the binds of the child's conditions have their numbers. */
struct child_order {
    struct column *column;
    const struct column *of; /* as the child's SELECT writes it */
    struct level *child;
    struct child_order *next;
};

struct level {
    struct level *parent; /* NULL: the root */
    unsigned number;      /* 0: the root */
    const struct resource *resource;
    const struct relation *relation; /* to the parent, seen from there */
    struct slice name;               /* as the URL calls it: its alias, or the word it was asked for by */
    bool inner;                      /* a parent without such rows is left out */
    bool spread;                     /* its members stand among the parent's */
    struct slice ref; /* what qualifies its columns: `t1`; the root's table, which has no other name */
    const struct column **columns; /* by position: written with ref; NULL where not asked for yet */
    struct level_field *fields;
    unsigned field_count, field_room;
    bool aggregates; /* one of them is an aggregate: the others are what is grouped by */
    struct conditions conditions;
    struct conditions between; /* MANY_TO_MANY: the rules of the table between */
    struct order order;
    struct child_order *child_orders;
    unsigned limit; /* of rows to a parent; 0: none */
    uint64_t offset;
    bool order_given, limit_given, offset_given;
    struct level *children, *next; /* in the order of `fields` */
};

struct level *level_root(struct build *build, const struct resource *resource);

/* A child of `level`, without fields yet. */
struct level *level_add(struct build *build, struct level *level, const struct relation *relation,
                        struct slice name);

/* The child that the URL calls so; NULL: there is none. */
struct level *level_child(const struct level *level, struct slice name);

/* A column as the level's own SELECT writes it: the root's bare, a child's behind its ref. */
const struct column *level_column(struct build *build, struct level *level, const struct column *column);

/* The resource's column of that name, as the level writes it; NULL: it exposes none such. */
const struct column *level_find(struct build *build, struct level *level, struct slice name);

/* The caller's tenant as a value of that column. NULL, which equals nothing: it has none, or what cannot be one. */
struct bind level_tenant(const struct build *build, const struct column *column);

/* Adds the rows that the resource's `rows:` leave to the caller. */
bool level_rows(struct build *build, struct level *level, struct conditions *conditions) must_check;

/* Adds what the resources' rules demand, of this level and all below. */
bool level_rules(struct build *build, struct level *level) must_check;

/* Whether its rows are columns alone. Else they are a page, to which the children are added. */
static inline bool level_is_flat(const struct level *level)
{
    for (unsigned i = 0; i < level->field_count; i++)
        if (level->fields[i].child)
            return false;
    return true;
}

/* What a child shows nothing of is only a condition. */
static inline bool level_is_shown(const struct level *level)
{
    return level->field_count > 0;
}

/* The value of the build's level, for the parts that read one of them. */
struct build build_at(const struct build *build, struct level *level);

#endif
