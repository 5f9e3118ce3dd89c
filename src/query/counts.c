/* SPDX-License-Identifier: Apache-2.0 */
/* Counting, planning and guessing. See counts.h. */
#include "query/counts.h"

enum prefer_count counts_wanted(const struct plan_context *context, const struct envelope *envelope)
{
    if (context->exports)
        return COUNT_NONE;
    if (context->count != COUNT_NONE)
        return context->count;
    bool shown = context->manner == MANNER_PLAIN && (envelope->total.len || envelope->pages.len);
    return shown ? COUNT_EXACT : COUNT_NONE;
}

static bool is_grouped(const struct listing *listing)
{
    return listing->level && listing->level->aggregates;
}

/* The rows themselves, however few of their columns. Groups are told by all that the list shows: it is taken as it is. */
static struct slice all_rows(struct arena *arena, const struct listing *listing, const struct list_sql *list)
{
    struct list_sql all = *list;
    if (!is_grouped(listing))
        return sql_rows(arena, listing->build.sql, list->from, list->conditions);
    all.unlimited = true;
    all.offset = 0;
    return sql_list(arena, listing->build.sql, &all);
}

/* So much as the catalogue knows, it knows of whole tables. */
static bool guess(const struct listing *listing, uint64_t *ret_rows)
{
    const struct table *table = listing->level ? listing->level->resource->table : NULL;
    if (!table || table->rows_estimate < 0 || listing->conditions->count || is_grouped(listing))
        return false;
    *ret_rows = (uint64_t)table->rows_estimate;
    return true;
}

static void count_all(struct listing *listing, const struct list_sql *list)
{
    struct plan *plan = listing->plan;
    struct arena *arena = listing->build.arena;
    plan->total_is_exact = true;
    plan->total.text = is_grouped(listing)
                           ? arena_format(arena, "SELECT count(*) FROM (" SLICE_FMT ") AS leat_rows",
                                          SLICE_ARG(all_rows(arena, listing, list)))
                           : sql_count(arena, listing->build.sql, listing->from, listing->conditions);
}

/* Counts to one more than a page may have. */
static void count_some(struct listing *listing, struct slice rows)
{
    struct plan *plan = listing->plan;
    plan->total_max = listing->page_max;
    plan->total.text =
        arena_format(listing->build.arena, "SELECT count(*) FROM (" SLICE_FMT " LIMIT %llu) AS leat_rows",
                     SLICE_ARG(rows), (unsigned long long)plan->total_max + 1);
}

void counts_write(struct listing *listing, const struct list_sql *list)
{
    struct plan *plan = listing->plan;
    struct arena *arena = listing->build.arena;
    PRE(plan->statement.text.len > 0 && listing->page_max > 0);
    plan->total_max = UINT64_MAX;
    if (is_grouped(listing))
        plan->total.bind_count = plan->statement.bind_count;
    if (listing->count == COUNT_NONE)
        return;
    bool some = listing->count == COUNT_ESTIMATED;
    if (listing->count != COUNT_EXACT && listing->build.sql->explains) {
        struct slice rows = all_rows(arena, listing, list);
        plan->planned = plan->total;
        plan->planned.text = arena_format(arena, "EXPLAIN (FORMAT JSON) " SLICE_FMT, SLICE_ARG(rows));
        if (some)
            count_some(listing, rows);
    } else if (listing->count == COUNT_EXACT || !guess(listing, &plan->total_guess) ||
               (some && plan->total_guess <= listing->page_max)) {
        count_all(listing, list);
    }
}

bool plan_read_count(struct slice cell, uint64_t *ret_count)
{
    static const char member[] = "\"Plan Rows\": "; /* within a JSON text its quotes would have backslashes */
    int64_t count;
    PRE(ret_count != NULL);
    const char *at = cell.len ? memmem(cell.data, cell.len, member, sizeof member - 1) : NULL;
    if (at) { /* the first is of the whole plan */
        cell = slice_skip(cell, (size_t)(at - cell.data) + sizeof member - 1);
        cell = slice_cut(&cell, ',');
    }
    if (!slice_to_int(cell, &count) || count < 0)
        return false;
    *ret_count = (uint64_t)count;
    return true;
}
