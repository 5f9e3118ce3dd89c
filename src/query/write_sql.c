/* SPDX-License-Identifier: Apache-2.0 */
/* The statements of writes. See write.h.
 *
 *   INSERT INTO t (a,b) VALUES ($1::integer,$2::text) RETURNING …
 *   INSERT INTO t (a,b) SELECT x.c1,x.c2 FROM unnest($1::integer[],$2::text[]) AS x(c1,c2) RETURNING …
 *   UPDATE t SET a=$1::integer WHERE id = $2::bigint RETURNING …
 *   WITH leat_w AS (… RETURNING *) SELECT p0.c1,(SELECT …) FROM (SELECT … FROM leat_w) AS p0
 *
 * Bundles of rows are arrays, one a column, for any number of rows is one shape then; unnest() of typed arrays is faster than
 * json_to_recordset(), and the values are checked already (decision 0021). A column of arrays or composites comes as texts. Where
 * some rows give a column and others do not, a boolean beside it says which take the default. */
#include "query/value.h"
#include "query/write_rows.h"

struct writer {
    struct write *write;
    struct text *text;
    const struct dialect_sql *sql;
    struct arena *arena;
    struct binds *binds;
};

static bool is_pg(const struct writer *writer)
{
    return writer->sql->embeds_json;
}

static void write_bind(struct writer *writer, struct bind bind, const struct type *type)
{
    binds_add(writer->arena, writer->binds, bind);
    writer->sql->bind(writer->text, writer->binds->count, type);
}

static void write_quoted(struct text *text, struct slice s)
{
    text_byte(text, '\'');
    for (size_t i = 0; i < s.len; i++) {
        text_add(text, s.data[i] == '\'' ? SLICE("'") : SLICE(""));
        text_byte(text, s.data[i]);
    }
    text_byte(text, '\'');
}

/* An identity has a default that is none of SQL's expressions. */
static void write_next_identity(struct writer *writer, const struct column *column)
{
    text_lit(writer->text, "nextval(pg_get_serial_sequence(");
    write_quoted(writer->text, writer->write->asked->resource->table->sql);
    text_byte(writer->text, ',');
    write_quoted(writer->text, column->name);
    text_lit(writer->text, "))");
}

/* What a column is when nobody says. */
static void write_default(struct writer *writer, const struct column *column)
{
    struct slice fallback = column->fallback;
    if (is_pg(writer) && column->has_default && fallback.len == 0) {
        write_next_identity(writer, column);
        return;
    }
    text_add(writer->text, fallback.len ? SLICE("(") : SLICE(""));
    text_add(writer->text, fallback.len ? fallback : SLICE("NULL"));
    text_add(writer->text, fallback.len ? SLICE(")") : SLICE(""));
}

static const struct bind *cell_of(const struct write *write, unsigned row, unsigned column)
{
    return &write->cells[(size_t)row * write->stride + column];
}

static bool is_given(const struct write_column *column, unsigned rows)
{
    return column->constant || column->missing < rows;
}

/* Whether a row without the column takes its default, or NULL. */
static bool takes_default(const struct write *write)
{
    const struct prefer *prefer = write->asked->prefer;
    if (prefer->missing != MISSING_UNSAID)
        return prefer->missing == MISSING_DEFAULT;
    return write->listing.build.context->manner == MANNER_PLAIN;
}

/* A column that only some rows give. Of those that none gives the statement says nothing: they take their defaults. */
static bool is_mixed(const struct write *write, const struct write_column *column)
{
    return !column->constant && column->missing > 0 && takes_default(write);
}

bool write_gives(const struct write *write, const struct column *column)
{
    for (unsigned i = 0; i < write->column_count; i++)
        if (write->columns[i].column == column)
            return is_given(&write->columns[i], write->rows);
    return false;
}

static void write_names(struct writer *writer)
{
    const struct write *write = writer->write;
    const char *between = " (";
    for (unsigned i = 0; i < write->column_count; i++) {
        if (!is_given(&write->columns[i], write->rows))
            continue;
        text_add(writer->text, slice_str(between));
        text_add(writer->text, write->columns[i].column->sql);
        between = ",";
    }
    text_byte(writer->text, ')');
}

/* --- VALUES --- */

static void write_values(struct writer *writer)
{
    const struct write *write = writer->write;
    const char *between = " VALUES (";
    for (unsigned i = 0; i < write->column_count; i++) {
        const struct write_column *column = &write->columns[i];
        if (!is_given(column, write->rows))
            continue;
        text_add(writer->text, slice_str(between));
        between = ",";
        if (column->constant)
            write_bind(writer, column->value, &column->column->type);
        else
            write_bind(writer, *cell_of(write, 0, i), &column->column->type);
    }
    text_byte(writer->text, ')');
}

/* --- SQLite: the statement is run once a row --- */

static void add_run(struct writer *writer, struct binds *binds, unsigned row)
{
    const struct write *write = writer->write;
    for (unsigned i = 0; i < write->column_count; i++) {
        const struct write_column *column = &write->columns[i];
        if (!is_given(column, write->rows))
            continue;
        bool absent = !column->constant && write->absent[(size_t)row * write->stride + i];
        binds_add(writer->arena, binds,
                  column->constant ? column->value
                  : absent         ? bind_null()
                                   : *cell_of(write, row, i));
        if (is_mixed(write, column))
            binds_add(writer->arena, binds, bind_integer(writer->arena, absent));
    }
}

static void write_run_values(struct writer *writer)
{
    const struct write *write = writer->write;
    const char *between = " VALUES (";
    unsigned bind = 0;
    for (unsigned i = 0; i < write->column_count; i++) {
        const struct write_column *column = &write->columns[i];
        bool mixed = is_mixed(write, column);
        if (!is_given(column, write->rows))
            continue;
        text_add(writer->text, slice_str(between));
        between = ",";
        text_add(writer->text, mixed ? SLICE("CASE WHEN ") : SLICE(""));
        bind += 1 + mixed;
        if (mixed) {
            writer->sql->bind(writer->text, bind, &column->column->type);
            text_lit(writer->text, " THEN ");
            write_default(writer, column->column);
            text_lit(writer->text, " ELSE ");
        }
        writer->sql->bind(writer->text, bind - mixed, &column->column->type);
        text_add(writer->text, mixed ? SLICE(" END") : SLICE(""));
    }
    text_byte(writer->text, ')');
}

/* --- PostgreSQL: arrays --- */

/* {"a",NULL,"b"}: quoted, for a value's own braces and commas. */
static struct bind array_of(struct writer *writer, unsigned column)
{
    const struct write *write = writer->write;
    struct text text;
    text_init(&text, writer->arena, 16 + (size_t)write->rows * 12);
    for (unsigned row = 0; row < write->rows; row++) {
        const struct bind *cell = cell_of(write, row, column);
        bool absent = write->absent[(size_t)row * write->stride + column];
        text_byte(&text, row ? ',' : '{');
        if (absent || cell->kind == BIND_NULL)
            text_lit(&text, "NULL");
        else
            text_array_element(&text, cell->text);
    }
    text_byte(&text, '}');
    return (struct bind){.kind = BIND_TEXT, .text = text_done(&text)};
}

static struct bind absences_of(struct writer *writer, unsigned column)
{
    const struct write *write = writer->write;
    struct text text;
    text_init(&text, writer->arena, 16 + (size_t)write->rows * 2);
    for (unsigned row = 0; row < write->rows; row++) {
        text_byte(&text, row ? ',' : '{');
        text_byte(&text, write->absent[(size_t)row * write->stride + column] ? 't' : 'f');
    }
    text_byte(&text, '}');
    return (struct bind){.kind = BIND_TEXT, .text = text_done(&text)};
}

/* unnest() would take an array of arrays apart, and a composite into its members. */
static bool comes_as_text(const struct type *type)
{
    return type->kind == VALUE_OTHER;
}

static void write_numbered(struct text *text, const char *what, unsigned number)
{
    text_add(text, slice_str(what));
    text_uint(text, number + 1);
}

/* The column as it goes into the table: `x.c1`, `x.c2::integer[]`, `CASE WHEN x.m3 THEN … ELSE x.c3 END`. */
static void write_unnested(struct writer *writer, unsigned at)
{
    const struct write_column *column = &writer->write->columns[at];
    bool mixed = is_mixed(writer->write, column);
    if (column->constant) {
        write_bind(writer, column->value, &column->column->type);
        return;
    }
    if (mixed) {
        write_numbered(writer->text, "CASE WHEN x.m", at);
        text_lit(writer->text, " THEN ");
        write_default(writer, column->column);
        text_lit(writer->text, " ELSE ");
    }
    write_numbered(writer->text, "x.c", at);
    if (comes_as_text(&column->column->type)) {
        text_lit(writer->text, "::");
        text_add(writer->text, column->column->type.name);
    }
    text_add(writer->text, mixed ? SLICE(" END") : SLICE(""));
}

static void write_array(struct writer *writer, struct bind array, struct slice type)
{
    binds_add(writer->arena, writer->binds, array);
    text_byte(writer->text, '$');
    text_uint(writer->text, writer->binds->count);
    text_lit(writer->text, "::");
    text_add(writer->text, type);
    text_lit(writer->text, "[]");
}

static void write_arrays(struct writer *writer)
{
    const struct write *write = writer->write;
    const char *between = "";
    for (unsigned i = 0; i < write->column_count; i++) {
        const struct write_column *column = &write->columns[i];
        const struct type *type = &column->column->type;
        if (column->constant || !is_given(column, write->rows))
            continue;
        text_add(writer->text, slice_str(between));
        between = ",";
        write_array(writer, array_of(writer, i), comes_as_text(type) ? SLICE("text") : value_cast_name(type));
        if (!is_mixed(write, column))
            continue;
        text_byte(writer->text, ',');
        write_array(writer, absences_of(writer, i), SLICE("boolean"));
    }
}

static void write_array_names(struct writer *writer)
{
    const struct write *write = writer->write;
    const char *between = "";
    for (unsigned i = 0; i < write->column_count; i++) {
        if (write->columns[i].constant || !is_given(&write->columns[i], write->rows))
            continue;
        text_add(writer->text, slice_str(between));
        between = ",";
        write_numbered(writer->text, "c", i);
        if (is_mixed(write, &write->columns[i]))
            write_numbered(writer->text, ",m", i);
    }
}

static void write_unnest(struct writer *writer)
{
    const struct write *write = writer->write;
    const char *between = " SELECT ";
    for (unsigned i = 0; i < write->column_count; i++) {
        if (!is_given(&write->columns[i], write->rows))
            continue;
        text_add(writer->text, slice_str(between));
        between = ",";
        write_unnested(writer, i);
    }
    text_lit(writer->text, " FROM unnest(");
    write_arrays(writer);
    text_lit(writer->text, ") AS x(");
    write_array_names(writer);
    text_byte(writer->text, ')');
}

/* --- INSERT --- */

static bool is_conflict_column(const struct write *write, const struct column *column)
{
    for (unsigned i = 0; i < write->conflict_count; i++)
        if (write->conflict[i] == column)
            return true;
    return false;
}

static void write_excluded(struct writer *writer)
{
    const struct write *write = writer->write;
    const char *between = ") DO UPDATE SET ";
    bool some = false;
    for (unsigned i = 0; i < write->column_count; i++) {
        const struct write_column *column = &write->columns[i];
        if (column->create_only || !is_given(column, write->rows) ||
            is_conflict_column(write, column->column))
            continue;
        some = true;
        text_add(writer->text, slice_str(between));
        between = ",";
        text_add(writer->text, column->column->sql);
        text_lit(writer->text, " = excluded.");
        text_add(writer->text, column->column->sql);
    }
    if (some)
        return;
    text_add(writer->text, slice_str(between));
    text_add(writer->text, write->conflict[0]->sql);
    text_lit(writer->text, " = excluded.");
    text_add(writer->text, write->conflict[0]->sql);
}

/* A row that the rules hide is not changed. PostgreSQL's columns are those of the row that is there and those of `excluded`
 * alike: a SELECT of the one tells them apart. */
static void write_unhidden(struct writer *writer)
{
    const struct write *write = writer->write;
    const struct conditions *rules = write->listing.conditions;
    bool selects = is_pg(writer) && rules->count > 0;
    if (selects) {
        text_lit(writer->text, " WHERE EXISTS (SELECT 1 FROM (SELECT ");
        text_add(writer->text, write->asked->resource->table->sql);
        text_lit(writer->text, ".*) AS leat_there");
    }
    binds_number(writer->arena, writer->binds, rules);
    sql_conditions(writer->text, writer->sql, rules, SLICE(" WHERE "));
    text_add(writer->text, selects ? SLICE(")") : SLICE(""));
}

static void write_conflict(struct writer *writer)
{
    const struct write *write = writer->write;
    enum prefer_resolution resolution = write->asked->prefer->resolution;
    if (write->asked->verb != WRITE_POST || resolution == RESOLUTION_NONE)
        return;
    for (unsigned i = 0; i < write->conflict_count; i++) {
        text_add(writer->text, i ? SLICE(",") : SLICE(" ON CONFLICT ("));
        text_add(writer->text, write->conflict[i]->sql);
    }
    if (resolution == RESOLUTION_IGNORE) {
        text_lit(writer->text, ") DO NOTHING");
        return;
    }
    write_excluded(writer);
    write_unhidden(writer);
}

static bool gives_nothing(const struct write *write)
{
    for (unsigned i = 0; i < write->column_count; i++)
        if (is_given(&write->columns[i], write->rows))
            return false;
    return true;
}

/* Rows of defaults alone. */
static void write_nothing_given(struct writer *writer, unsigned *ret_runs)
{
    const struct write *write = writer->write;
    if (!is_pg(writer) || write->rows == 1) {
        text_lit(writer->text, " DEFAULT VALUES");
        *ret_runs = is_pg(writer) ? 0 : write->rows;
        return;
    }
    text_lit(writer->text, " SELECT FROM generate_series(1,");
    binds_add(writer->arena, writer->binds, bind_integer(writer->arena, write->rows));
    text_lit(writer->text, "$1::integer)");
}

/* *ret_runs: how often it is run. */
static void write_insert(struct writer *writer, unsigned *ret_runs)
{
    const struct write *write = writer->write;
    text_lit(writer->text, "INSERT INTO ");
    text_add(writer->text, write->asked->resource->table->sql);
    if (gives_nothing(write)) {
        write_nothing_given(writer, ret_runs);
        return;
    }
    write_names(writer);
    if (write->rows == 1) {
        write_values(writer);
    } else if (is_pg(writer)) {
        write_unnest(writer);
    } else {
        write_run_values(writer);
        add_run(writer, writer->binds, 0); /* what follows is numbered behind */
        *ret_runs = write->rows;
    }
    write_conflict(writer);
}

/* --- UPDATE, DELETE --- */

static void write_assignments(struct writer *writer)
{
    const struct write *write = writer->write;
    const char *between = " SET ";
    for (unsigned i = 0; i < write->column_count; i++) {
        const struct write_column *column = &write->columns[i];
        bool is_key = write->key && column->constant && i < write->asked->resource->key_count;
        if (column->create_only || !is_given(column, write->rows) || is_key)
            continue;
        text_add(writer->text, slice_str(between));
        between = ",";
        text_add(writer->text, column->column->sql);
        text_lit(writer->text, " = ");
        write_bind(writer, column->constant ? column->value : *cell_of(write, 0, i), &column->column->type);
    }
}

/* PUT: what is exposed and not given is as if the row had been made anew. */
static bool is_reset(const struct write *write, const struct column *column)
{
    const struct resource *resource = write->asked->resource;
    for (unsigned i = 0; i < resource->key_count; i++)
        if (resource->key[i] == column)
            return false;
    for (unsigned i = 0; i < write->column_count; i++)
        if (write->columns[i].column == column && is_given(&write->columns[i], write->rows))
            return false;
    for (unsigned i = 0; i < resource->set_count; i++)
        if (resource->set[i].column == column)
            return false;
    return !column->generated && column != resource->deleted;
}

static void write_resets(struct writer *writer, bool first)
{
    const struct write *write = writer->write;
    const struct resource *resource = write->asked->resource;
    for (unsigned i = 0; i < resource->column_count; i++) {
        if (!is_reset(write, resource->columns[i]))
            continue;
        text_add(writer->text, first ? SLICE(" SET ") : SLICE(","));
        first = false;
        text_add(writer->text, resource->columns[i]->sql);
        text_lit(writer->text, " = ");
        write_default(writer, resource->columns[i]);
    }
}

/* Nothing but the key is given: the row stays as it is, and is found or not. */
static void write_itself(struct writer *writer)
{
    const struct column *key = writer->write->asked->resource->key[0];
    text_lit(writer->text, " SET ");
    text_add(writer->text, key->sql);
    text_lit(writer->text, " = ");
    text_add(writer->text, key->sql);
}

static void write_where(struct writer *writer)
{
    binds_number(writer->arena, writer->binds, writer->write->listing.conditions);
    sql_conditions(writer->text, writer->sql, writer->write->listing.conditions, SLICE(" WHERE "));
}

static void write_update(struct writer *writer)
{
    const struct write *write = writer->write;
    size_t before;
    text_lit(writer->text, "UPDATE ");
    text_add(writer->text, write->asked->resource->table->sql);
    before = writer->text->len;
    write_assignments(writer);
    if (write->asked->verb == WRITE_PUT && !write->asked->resource->config->put_merges)
        write_resets(writer, writer->text->len == before);
    if (writer->text->len == before)
        write_itself(writer);
    write_where(writer);
}

static void write_delete(struct writer *writer)
{
    const struct write *write = writer->write;
    const struct column *deleted = write->asked->resource->deleted;
    text_add(writer->text, deleted ? SLICE("UPDATE ") : SLICE("DELETE FROM "));
    text_add(writer->text, write->asked->resource->table->sql);
    if (deleted) {
        struct build *build = &writer->write->listing.build;
        struct value_scope scope = {writer->arena, write->listing.plan->dialect, build->context->now};
        struct value_refusal refusal;
        struct bind now = bind_null();
        if (!value_parse(&scope, &deleted->type,
                         deleted->type.kind == VALUE_BOOL ? SLICE("true") : SLICE("now"), &now, &refusal))
            UNREACHABLE("the model took it for a column of time");
        text_lit(writer->text, " SET ");
        text_add(writer->text, deleted->sql);
        text_lit(writer->text, " = ");
        write_bind(writer, now, &deleted->type);
    }
    write_where(writer);
}

/* --- what comes back --- */

static void write_key_cells(struct writer *writer)
{
    const struct resource *resource = writer->write->asked->resource;
    for (unsigned i = 0; i < resource->key_count; i++) {
        text_add(writer->text, i ? SLICE(",") : SLICE(" RETURNING "));
        text_add(writer->text, resource->key[i]->sql);
    }
}

static void write_returned(struct writer *writer)
{
    struct write *write = writer->write;
    if (write_rereads(write)) {
        if (is_pg(writer))
            text_lit(writer->text, " RETURNING *");
        else if (!write_removes(write))
            write_key_cells(writer);
        return;
    }
    if (write->listing.cells.count == 0)
        return;
    write_raises_number(write, writer->arena, writer->binds);
    text_lit(writer->text, " RETURNING ");
    sql_cells(writer->text, writer->sql, &write->listing.cells, false);
}

/* The checks stand behind all else. */
static void write_returning(struct writer *writer)
{
    size_t before = writer->text->len;
    write_returned(writer);
    if (!write_checks(writer->write))
        return;
    text_add(writer->text, writer->text->len == before ? SLICE(" RETURNING ") : SLICE(","));
    write_check(writer->write, writer->text, writer->arena, writer->binds);
}

/* The SELECT around the write: its rows are the page, and the table has no name there. */
static void wrap(struct writer *writer, struct text *whole)
{
    struct listing *listing = &writer->write->listing;
    struct conditions none = {0};
    struct slice from = SLICE("leat_w"), table = listing->level->ref;
    listing->level->ref = from;
    write_raises_number(writer->write, writer->arena, writer->binds);
    listing_children(listing, writer->arena, writer->binds);
    listing->level->ref = table;
    const struct list_sql list = {.from = from,
                                  .level = listing->level,
                                  .cells = &listing->cells,
                                  .conditions = &none,
                                  .order = listing_page_order(listing),
                                  .order_count = listing->order.count,
                                  .unlimited = true};
    text_lit(whole, "WITH leat_w AS (");
    text_add(whole, text_done(writer->text));
    text_lit(whole, ") ");
    text_add(whole, sql_list(writer->arena, writer->sql, &list));
}

void write_forget_numbers(struct conditions *conditions)
{
    for (unsigned i = 0; i < conditions->count; i++) {
        struct condition *condition = &conditions->items[i];
        struct conditions parts = {condition->parts, condition->part_count, 0};
        condition->bind_at = 0;
        write_forget_numbers(&parts);
        if (condition->kind == CONDITION_EXISTS) {
            write_forget_numbers(&condition->child->conditions);
            write_forget_numbers(&condition->child->between);
        }
    }
}

static void forget_levels(struct level *level)
{
    write_forget_numbers(&level->conditions);
    write_forget_numbers(&level->between);
    for (struct level *child = level->children; child; child = child->next)
        forget_levels(child);
}

/* SQLite's bundles: the binds of every run, one after the other. */
static void fill_runs(struct writer *writer, unsigned runs, struct statement *statement)
{
    struct binds all = {0};
    for (unsigned row = 0; row < runs; row++) {
        unsigned before = all.count;
        add_run(writer, &all, row);
        for (unsigned i = all.count - before; i < writer->binds->count; i++)
            binds_add(writer->arena, &all, writer->binds->items[i]);
    }
    statement->runs = runs;
    statement->binds = all.items;
    statement->bind_count = runs ? all.count / runs : 0;
}

void write_sql(struct write *write, struct statement *ret_statement)
{
    struct text text, whole;
    struct binds binds = {0};
    struct arena *arena = &write->arena;
    unsigned runs = 0;
    text_init(&text, arena, 1024);
    struct writer writer = {write, &text, write->listing.build.sql, arena, &binds};
    enum write_verb verb = write->asked->verb;
    forget_levels(write->listing.level);
    write_forget_numbers(&write->must);
    if (verb == WRITE_POST || write->stage == STAGE_CREATE)
        write_insert(&writer, &runs);
    else if (verb == WRITE_DELETE)
        write_delete(&writer);
    else
        write_update(&writer);
    write_returning(&writer);
    bool wraps = write_rereads(write) && is_pg(&writer);
    if (wraps) {
        text_init(&whole, arena, 2048);
        wrap(&writer, &whole);
    }
    *ret_statement = (struct statement){.text = text_done(wraps ? &whole : &text),
                                        .binds = binds.items,
                                        .bind_count = binds.count};
    if (runs)
        fill_runs(&writer, runs, ret_statement);
}

/* Conditions stand in the order of the columns, keys in that of the key. */
static unsigned key_place(const struct resource *resource, const struct conditions *conditions, unsigned at)
{
    for (unsigned i = 0; i < resource->key_count; i++)
        if (resource->key[i] == conditions->items[at].column)
            return i;
    UNREACHABLE("the conditions are of the key");
}

/* A SELECT of the rows that these conditions say. */
static struct slice select_rows(struct write *write, struct binds *binds, const struct conditions *conditions)
{
    struct listing *listing = &write->listing;
    struct arena *arena = &write->arena;
    forget_levels(listing->level);
    binds_number(arena, binds, conditions);
    write_raises_number(write, arena, binds);
    listing_children(listing, arena, binds);
    const struct list_sql list = {.from = listing->from,
                                  .level = listing->level,
                                  .cells = &listing->cells,
                                  .conditions = conditions,
                                  .order = listing_page_order(listing),
                                  .order_count = listing->order.count,
                                  .unlimited = true};
    return sql_list(arena, listing->build.sql, &list);
}

void write_sql_look(struct write *write, struct statement *ret_statement)
{
    struct binds binds = {0};
    struct slice text = select_rows(write, &binds, write->listing.conditions);
    *ret_statement = (struct statement){.text = text, .binds = binds.items, .bind_count = binds.count};
}

/* All of them at once, for the order is theirs together. */
static void read_ordered(struct write *write, struct statement *ret_statement)
{
    struct listing *listing = &write->listing;
    const struct condition among = {.kind = CONDITION_TEST,
                                    .op = FILTER_IN,
                                    .column = write->asked->resource->key[0],
                                    .bind = listing->build.sql->list(&write->arena, write->keys,
                                                                     write->key_count)};
    struct conditions keys = {0};
    struct binds binds = {0};
    conditions_add(&listing->build, &keys, &among);
    struct slice text = select_rows(write, &binds, &keys);
    *ret_statement = (struct statement){.text = text, .binds = binds.items, .bind_count = binds.count};
}

/* One that is run for each, so that they come in the order of their records. */
static void read_each(struct write *write, struct statement *ret_statement)
{
    const struct resource *resource = write->asked->resource;
    struct arena *arena = &write->arena;
    struct conditions key = {0};
    struct binds binds = {0}, all = {0};
    for (unsigned i = 0; i < resource->key_count; i++) {
        const struct condition is = {.kind = CONDITION_TEST,
                                     .op = FILTER_EQ,
                                     .column = resource->key[i],
                                     .bind = write->keys[i]};
        conditions_add(&write->listing.build, &key, &is);
    }
    struct slice text = select_rows(write, &binds, &key);
    unsigned runs = write->key_count / resource->key_count;
    for (unsigned row = 0; row < runs; row++)
        for (unsigned i = 0; i < binds.count; i++)
            binds_add(arena, &all,
                      i < resource->key_count
                          ? write->keys[row * resource->key_count + key_place(resource, &key, i)]
                          : binds.items[i]);
    *ret_statement =
        (struct statement){.text = text, .binds = all.items, .bind_count = binds.count, .runs = runs};
}

void write_sql_read(struct write *write, struct statement *ret_statement)
{
    PRE(write->key_count > 0 && write->key_count % write->asked->resource->key_count == 0);
    if (write->ordered)
        read_ordered(write, ret_statement);
    else
        read_each(write, ret_statement);
}
