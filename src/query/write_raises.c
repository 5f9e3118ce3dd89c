/* SPDX-License-Identifier: Apache-2.0 */
/* Which signals the rows of a write raise: `when:` of a signal, decided by the statement that hands the rows out, in cells behind all
 * others; so there is no further statement, and a bundle of any size is alike.
 *
 *   signals: {escalated: {on: incidents, when: level=gt.0}}
 *   UPDATE incidents SET … WHERE id = $2::bigint RETURNING (level > $3::integer)
 *
 * With embedded rows the cells are those of the statement that reads them. See write_rows.h. */
#include "query/write_rows.h"

bool write_raises_begin(struct write *write)
{
    struct build *build = &write->listing.build;
    const struct resource *resource = write->asked->resource;
    write->raised = write_always_raises(resource);
    if (resource->raises.when_count == 0)
        return true;
    struct build there = *build;
    there.trusted = true;
    write->whens = ARENA_ARRAY(build->arena, struct write_when, resource->raises.when_count);
    write->when_count = resource->raises.when_count;
    for (unsigned i = 0; i < write->when_count; i++)
        if (!filters_read(&there, resource->raises.items[i]->when.text, &write->whens[i].conditions))
            return false;
    return true;
}

/* Where rows are embedded the answer's cells are not the page's (listing_order). */
void write_raises_cells(struct write *write)
{
    struct listing *listing = &write->listing;
    struct arena *arena = listing->build.arena;
    bool apart = write->asked->shows && !level_is_flat(listing->level);
    listing->cells.told = listing->cells.count;
    listing->cells.told_count = write->when_count;
    write->when_at = apart ? listing->plan->column_count + listing->plan->order_count : listing->cells.told;
    for (unsigned i = 0; i < write->when_count; i++) {
        write->whens[i].cell = ARENA_NEW(arena, struct column);
        *write->whens[i].cell = (struct column){.computed = true, .type = {.kind = VALUE_BOOL}};
        (void)cells_add(arena, &listing->cells, write->whens[i].cell);
    }
}

void write_raises_number(struct write *write, struct arena *arena, struct binds *binds)
{
    for (unsigned i = 0; i < write->when_count; i++) {
        struct write_when *when = &write->whens[i];
        struct text text;
        write_forget_numbers(&when->conditions);
        binds_number(arena, binds, &when->conditions);
        text_init(&text, arena, 128);
        text_byte(&text, '(');
        sql_conditions(&text, write->listing.build.sql, &when->conditions, SLICE(""));
        text_byte(&text, ')');
        when->cell->sql = text_done(&text);
    }
}

/* --- what came back --- */

uint32_t write_always_raises(const struct resource *resource)
{
    uint64_t all = (UINT64_C(1) << resource->raises.count) - 1;
    uint64_t with_when = (UINT64_C(1) << resource->raises.when_count) - 1;
    PRE(resource->raises.count <= SIGNALS_ON_MAX);
    return (uint32_t)(all & ~with_when);
}

uint32_t write_row_raises(const struct resource *resource, const struct slice *cells, unsigned at)
{
    uint32_t raised = 0;
    for (unsigned i = 0; i < resource->raises.when_count; i++) {
        struct slice cell = cells[at + i];
        bool met = cell.data && (slice_eq(cell, SLICE("t")) || slice_eq(cell, SLICE("1")));
        raised |= (uint32_t)met << i;
    }
    return raised;
}

static bool take(void *context, const struct slice *cells, unsigned count)
{
    struct write *write = context;
    PRE(count >= write->when_at + write->when_count);
    write->raised |= write_row_raises(write->asked->resource, cells, write->when_at);
    return write->taker.on_row(write->taker.context, cells, count);
}

struct row_sink write_raises_sink(struct write *write, struct row_sink to)
{
    if (write->when_count == 0)
        return to;
    write->taker = to;
    return (struct row_sink){take, write};
}

uint32_t write_raised(const struct write *write)
{
    return write->raised;
}

unsigned write_raises_at(const struct write *write)
{
    return write->when_at;
}
