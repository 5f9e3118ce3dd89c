/* SPDX-License-Identifier: Apache-2.0 */
/* See binds.h. */
#include "auth/binds.h"

void binds_text(struct binds *binds, struct arena *arena, struct slice text)
{
    PRE(binds->count < BINDS_MAX);
    struct bind bind = {.kind = BIND_NULL};
    if (text.data)
        bind = (struct bind){.kind = BIND_TEXT, .text = arena_copy(arena, text)};
    binds->items[binds->count++] = bind;
}

void binds_int(struct binds *binds, struct arena *arena, int64_t number)
{
    PRE(binds->count < BINDS_MAX);
    binds->items[binds->count++] = (struct bind){.kind = BIND_INT,
                                                 .text = arena_format(arena, "%lld", (long long)number),
                                                 .integer = number};
}

struct statement binds_statement(struct arena *arena, struct slice sql, const struct binds *binds)
{
    struct bind *items = ARENA_ARRAY(arena, struct bind, binds->count ? binds->count : 1);
    memcpy(items, binds->items, binds->count * sizeof *items);
    return (struct statement){.text = sql, .binds = items, .bind_count = binds->count};
}

struct slice sql_for(struct arena *arena, enum dialect dialect, const char *sql)
{
    static const struct slice marks[][2] = {
        [DIALECT_PG] = {SLICE_INIT("public."), SLICE_INIT("extract(epoch FROM clock_timestamp())::bigint")},
        [DIALECT_SQLITE] = {SLICE_INIT(""), SLICE_INIT("CAST(strftime('%s', 'now') AS INTEGER)")},
    };
    char *text = arena_alloc(arena, 48 * strlen(sql) + 1), *to = text;
    for (; *sql; sql++)
        if (*sql == '@' || *sql == '#')
            to = mempcpy(to, marks[dialect][*sql == '#'].data, marks[dialect][*sql == '#'].len);
        else
            *to++ = *sql == '$' && dialect == DIALECT_SQLITE ? '?' : *sql;
    *to = 0;
    return slice_of(text, (size_t)(to - text));
}
