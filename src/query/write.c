/* SPDX-License-Identifier: Apache-2.0 */
/* PLAN of writes: the query string, the records, the row of statements. See write.h. */
#include "query/write.h"

#include <limits.h>

#include "query/value.h"
#include "query/value_record.h"
#include "query/write_rows.h"

/* --- the query string --- */

/* Which parameters a write takes. */
static bool check_slots(struct build *build, const struct write_asked *asked, const struct slots *slots)
{
    for (unsigned i = 0; i < SLOT_COUNT; i++) {
        bool of_post = i == SLOT_COLUMNS || (i == SLOT_ON_CONFLICT && asked->verb == WRITE_POST);
        if (!slots->given[i].value.data || i == SLOT_SELECT || i == SLOT_ORDER ||
            (of_post && asked->verb != WRITE_DELETE))
            continue;
        return refuse(build, REFUSE_UNKNOWN_PARAMETER, slots->given[i].name,
                      "A write of this kind takes no `" SLICE_FMT "`", SLICE_ARG(slots->given[i].name));
    }
    return true;
}

/* A row's path or a POST takes no filters but those of embedded rows. */
static bool check_filters(struct build *build, const struct write_asked *asked, const struct slots *slots)
{
    bool takes = !asked->id.data && asked->verb != WRITE_POST;
    for (unsigned i = 0; i < slots->filter_count && !takes; i++)
        if (!filter_is_embedded(slots->filters[i].name)) {
            refuse(build, REFUSE_UNKNOWN_PARAMETER, slots->filters[i].name,
                   "%s takes no filter `" SLICE_FMT "`", asked->id.data ? "A row" : "What is created",
                   SLICE_ARG(shown(slots->filters[i].name)));
            return refuse_hint(build, "It takes `select`%s",
                               asked->verb == WRITE_POST ? ", `order`, `columns` and `on_conflict`" : "");
        }
    return true;
}

static void add_key_conditions(struct write *write)
{
    struct build *build = &write->listing.build;
    for (unsigned i = 0; i < build->resource->key_count; i++) {
        const struct condition is = {.kind = CONDITION_TEST,
                                     .op = FILTER_EQ,
                                     .column = build->resource->key[i],
                                     .bind = write->key[i]};
        conditions_add(build, write->listing.conditions, &is);
    }
}

/* How many conditions of the rows the request gave. That a selection wants embedded rows is none of them, but for their filters. */
static unsigned asked_count(const struct conditions *conditions)
{
    unsigned count = 0;
    for (unsigned i = 0; i < conditions->count; i++) {
        const struct condition *condition = &conditions->items[i];
        bool of_select = condition->kind == CONDITION_EXISTS && condition->child->inner;
        if (!condition->of_rules)
            count += of_select ? asked_count(&condition->child->conditions) : 1;
    }
    return count;
}

static const struct condition *asked_pin(const struct conditions *conditions, const struct column *column)
{
    for (unsigned i = 0; i < conditions->count; i++)
        if (!conditions->items[i].of_rules && condition_pins(&conditions->items[i], column))
            return &conditions->items[i];
    return NULL;
}

/* PUT on a list names its row by filters, `?id=eq.5`. */
static bool key_of_filters(struct write *write)
{
    struct build *build = &write->listing.build;
    const struct resource *resource = build->resource;
    const struct conditions *conditions = write->listing.conditions;
    struct bind *key = ARENA_ARRAY(build->arena, struct bind, resource->key_count + 1);
    unsigned found = 0;
    for (; found < resource->key_count; found++) {
        const struct condition *pin = asked_pin(conditions, resource->key[found]);
        if (!pin)
            break;
        key[found] = pin->bind;
    }
    write->key = key;
    if (found > 0 && found == resource->key_count && asked_count(conditions) == found)
        return true;
    refuse(build, REFUSE_BAD_KEY, SLICE("PUT"),
           "PUT needs a filter of equality for each column of the key, and none else");
    build->problem->pg_code = SLICE("PGRST105");
    return false;
}

static bool check_filtered(struct write *write)
{
    struct build *build = &write->listing.build;
    const struct write_asked *asked = write->asked;
    bool of_many = asked->verb == WRITE_PATCH || asked->verb == WRITE_DELETE;
    if (!of_many || asked->id.data || asked_count(write->listing.conditions) > 0 ||
        asked->resource->config->unfiltered)
        return true;
    refuse(build, REFUSE_UNFILTERED, SLICE(""), "This would %s every row of `" SLICE_FMT "`",
           asked->verb == WRITE_DELETE ? "delete" : "change", SLICE_ARG(asked->resource->config->name.text));
    return refuse_hint(
        build, "Add a filter, such as `id=gt.0`; `unfiltered: allowed` in the configuration lets it pass");
}

static bool read_query(struct write *write, struct slots *slots)
{
    struct build *build = &write->listing.build;
    const struct write_asked *asked = write->asked;
    struct params params;
    build->writes = true;
    if (!params_parse(build, asked->query_string, &params) || !slots_sort(build, &params, slots) ||
        !check_slots(build, asked, slots) || !check_filters(build, asked, slots))
        return false;
    if (asked->id.data) {
        if (!plan_read_key(build, asked->id, &write->key))
            return false;
        add_key_conditions(write);
    }
    if (!listing_read(&write->listing, slots->given[SLOT_SELECT].value, slots->filters, slots->filter_count))
        return false;
    write->ordered = slots->given[SLOT_ORDER].value.data != NULL;
    if (write->ordered &&
        !order_parse(build, slots->given[SLOT_ORDER].value, write->listing.conditions, &write->listing.order))
        return false;
    if (asked->verb == WRITE_PUT && !asked->id.data && !key_of_filters(write))
        return false;
    return check_filtered(write);
}

/* --- what comes back --- */

bool write_keeps(const struct write *write)
{
    return write->asked->keeps && level_is_flat(write->listing.level);
}

/* Behind what is shown stand the key's cells, for Location, and then the version's, for the tag of a row that is kept. */
static void order_cells(struct write *write)
{
    struct order *order = &write->listing.order;
    const struct resource *resource = write->asked->resource;
    if (!write->asked->names && !write_keeps(write))
        return;
    order->terms = ARENA_ARRAY(write->listing.build.arena, struct order_term, resource->key_count + 1);
    for (unsigned i = 0; write->asked->names && i < resource->key_count; i++)
        order->terms[order->count++].column = resource->key[i];
    if (write_keeps(write) && resource->version)
        order->terms[order->count++].column = resource->version;
}

unsigned write_version_at(const struct write *write)
{
    PRE(write_keeps(write));
    return write->asked->names ? write->asked->resource->key_count : 0;
}

static void settle_cells(struct write *write)
{
    struct listing *listing = &write->listing;
    const struct write_asked *asked = write->asked;
    listing_columns(listing);
    if (!asked->shows) {
        listing->plan->column_count = 0;
        listing->cells = (struct cells){0};
    }
    write->ordered = write->ordered && asked->shows && !asked->names; /* what is named is one row */
    if (!write->ordered) {
        listing->order = (struct order){0};
        listing->level->child_orders = NULL;
    }
    if (!write->ordered)
        order_cells(write);
    listing_order(listing);
    write_raises_cells(write);
}

/* What the answer shows are rows, each by itself; where they are read apart, they are found by their key. */
static bool check_shown(struct write *write)
{
    struct build *build = &write->listing.build;
    const struct resource *resource = write->asked->resource;
    unsigned keys_max = write->ordered ? 1 : KEY_COLUMNS_MAX;
    if (write->asked->shows && write->listing.level->aggregates)
        return refuse(build, REFUSE_BAD_SELECT, SLICE("select"),
                      "What is written is shown row by row: there are no aggregates of it");
    if (!write_reads_apart(write) || write_removes(write) ||
        (resource->key_count > 0 && resource->key_count <= keys_max))
        return true;
    return refuse(build, REFUSE_NO_KEY, SLICE(""),
                  "SQLite shows what was written %s only of a resource whose key is %s",
                  write->ordered ? "in an order" : "with embedded rows",
                  write->ordered ? "one column" : "known");
}

enum error write_begin(const struct plan_context *context, const struct write_asked *asked,
                       struct write **ret_write, struct problem *ret_problem)
{
    PRE(context && asked && asked->prefer);
    struct write *write = ARENA_NEW(context->arena, struct write);
    struct slots slots;
    write->own = *asked;
    write->own.resource = resource_seen(asked->resource, context->caller.role);
    write->asked = asked = &write->own;
    listing_begin(&write->listing, context, asked->resource, ret_problem);
    write->listing.plan->kind = PLAN_WRITE;
    if (asked->id.data && asked->resource->key_count == 0) {
        refuse(&write->listing.build, REFUSE_NO_KEY, SLICE(""),
               "`" SLICE_FMT "` has no key: its rows have no addresses of their own",
               SLICE_ARG(asked->resource->config->name.text));
        return ERR_PROBLEM;
    }
    if (!read_query(write, &slots) ||
        !write_columns_begin(write, slots.given[SLOT_COLUMNS].value, slots.given[SLOT_ON_CONFLICT].value) ||
        !write_checks_begin(write) || !write_raises_begin(write))
        return ERR_PROBLEM;
    settle_cells(write);
    if (!check_shown(write))
        return ERR_PROBLEM;
    arena_init(&write->arena, 16 * 1024);
    *ret_write = write;
    return OK;
}

void write_end(struct write *write)
{
    if (write)
        arena_done(&write->arena);
}

/* --- records --- */

static void forget_rows(struct write *write)
{
    arena_reset(&write->arena);
    write->cells = NULL;
    write->absent = NULL;
    write->rows = write->rows_room = 0;
    write->spent = false;
    for (unsigned i = 0; i < write->column_count; i++)
        write->columns[i].missing = 0;
}

static void make_room(struct write *write)
{
    if (write->rows < write->rows_room)
        return;
    unsigned room = write->rows_room ? write->rows_room * 4 : 1;
    struct bind *cells = ARENA_ARRAY(&write->arena, struct bind, (size_t)room * write->stride);
    bool *absent = ARENA_ARRAY(&write->arena, bool, (size_t)room * write->stride);
    if (write->rows) {
        memcpy(cells, write->cells, (size_t)write->rows * write->stride * sizeof *cells);
        memcpy(absent, write->absent, (size_t)write->rows * write->stride * sizeof *absent);
    }
    write->cells = cells;
    write->absent = absent;
    write->rows_room = room;
}

/* "in record 7" where there may be several. */
static void say_record(struct build *build, const struct record *record)
{
    if (record->alone)
        return;
    struct problem *problem = build->problem;
    struct slice detail = problem->detail;
    detail.len -= slice_ends(detail, SLICE("."));
    problem->detail = arena_format(build->arena, SLICE_FMT ", in record %llu.", SLICE_ARG(detail),
                                   (unsigned long long)record->number);
}

static bool read_cell(struct write *write, const struct field *field, unsigned at)
{
    struct build *build = &write->listing.build;
    const struct column *column = write->columns[at].column;
    struct value_scope scope = {&write->arena, write->listing.plan->dialect, build->context->now};
    struct value_refusal refusal;
    struct bind *cell = &write->cells[(size_t)write->rows * write->stride + at];
    if (value_from_field(&scope, &column->type, field, cell, &refusal))
        return true;
    (void)refuse_value(build, column->name, field->text, &refusal);
    build->problem->column = column->name;
    build->problem->place = SLICE("body");
    return false;
}

/* The key in the path and in the body must be one, and the tenant the caller's. */
static bool check_constant(struct write *write, unsigned at)
{
    struct build *build = &write->listing.build;
    const struct write_column *column = &write->columns[at];
    const struct bind *cell = &write->cells[(size_t)write->rows * write->stride + at];
    if (!column->constant || (cell->text.data && slice_eq(cell->text, column->value.text)))
        return true;
    if (column->column == write->asked->resource->tenant)
        return write_refuse_tenant(write, cell->text);
    refuse(build, REFUSE_BAD_KEY, column->column->name,
           "`" SLICE_FMT "` is `" SLICE_FMT "` in the body and `" SLICE_FMT "` in the path",
           SLICE_ARG(column->column->name), SLICE_ARG(shown(cell->text)),
           SLICE_ARG(shown(column->value.text)));
    build->problem->column = column->column->name;
    return false;
}

static bool read_record(struct write *write, const struct record *record)
{
    bool *absent = &write->absent[(size_t)write->rows * write->stride];
    unsigned first = 0, at;
    while (first < write->column_count && write->columns[first].constant)
        first++;
    for (unsigned i = 0; i < write->stride; i++)
        absent[i] = true;
    for (unsigned i = 0; i < record->count; i++) {
        if (!write_column_find(write, record->fields[i].name, first + i, &at))
            return false;
        if (at == UINT_MAX)
            continue;
        if (!read_cell(write, &record->fields[i], at) || !check_constant(write, at))
            return false;
        absent[at] = false;
    }
    for (unsigned i = 0; i < write->column_count; i++)
        write->columns[i].missing += absent[i];
    return true;
}

/* PostgREST's clients give every record the same names, or say `columns`. */
static bool check_same_names(struct write *write)
{
    const struct build *build = &write->listing.build;
    if (build->context->manner != MANNER_POSTGREST || write->columns_fixed ||
        write->asked->prefer->missing != MISSING_UNSAID)
        return true;
    for (unsigned i = 0; i < write->column_count; i++)
        if (!write->columns[i].constant && write->columns[i].missing > 0) {
            refuse(&write->listing.build, REFUSE_BAD_BODY, SLICE("body"), "All object keys must match");
            return refuse_hint(
                &write->listing.build,
                "Give every record the same names, or say `columns=` and `Prefer: missing=default`");
        }
    return true;
}

enum error write_add(struct write *write, const struct record *record, struct problem *ret_problem)
{
    PRE(write->asked->verb != WRITE_DELETE);
    struct build *build = &write->listing.build;
    build->problem = ret_problem;
    bool one = write->asked->verb != WRITE_POST;
    if (one && write->records > 0) {
        refuse(build, REFUSE_BAD_BODY, SLICE("body"), "This takes one object, and there are several");
        return ERR_PROBLEM;
    }
    if (write->spent)
        forget_rows(write);
    make_room(write);
    if (!read_record(write, record)) {
        say_record(build, record);
        return ERR_PROBLEM;
    }
    write->rows++;
    write->records++;
    return check_same_names(write) ? OK : ERR_PROBLEM;
}

bool write_is_full(const struct write *write)
{
    return !write->spent &&
           (write->rows >= WRITE_ROWS_MAX || (size_t)(write->rows + 1) * write->stride > WRITE_CELLS_MAX ||
            write->arena.used_bytes > 4 * WRITE_BYTES_MAX);
}

size_t write_piece_bytes(const struct write *write, size_t bytes_max)
{
    enum { RECORD_BYTES_MIN = 3, PIECE_BYTES_MIN = 1024 };
    size_t bytes = (size_t)WRITE_CELLS_MAX * RECORD_BYTES_MIN / write->stride;
    bytes = bytes < PIECE_BYTES_MIN ? PIECE_BYTES_MIN : bytes;
    return bytes < bytes_max ? bytes : bytes_max;
}

unsigned write_pending(const struct write *write)
{
    return write->spent ? 0 : write->rows;
}

/* --- statements --- */

static bool changes_nothing(const struct write *write)
{
    for (unsigned i = 0; i < write->column_count; i++)
        if (!write->columns[i].constant && write->columns[i].missing == 0)
            return false;
    return true;
}

enum error write_statement(struct write *write, struct statement *ret_statement, struct problem *ret_problem)
{
    struct build *build = &write->listing.build;
    bool changes = write->asked->verb == WRITE_PATCH || write->asked->verb == WRITE_PUT;
    build->problem = ret_problem;
    if (write->stage == STAGE_DONE)
        write->stage = STAGE_WRITE;
    if (changes && (write->rows != 1 || (write->asked->verb == WRITE_PATCH && changes_nothing(write)))) {
        refuse(build, REFUSE_BAD_BODY, SLICE("body"),
               "There is nothing to change: an object with a column at least is expected");
        return ERR_PROBLEM;
    }
    if (write->ordered && write->records > write->rows) {
        refuse(build, REFUSE_BAD_ORDER, SLICE("order"), "So many rows are not shown in an order");
        return ERR_PROBLEM;
    }
    if (write_reads_apart(write) && write_removes(write)) {
        write->stage = STAGE_LOOK;
        write_sql_look(write, ret_statement);
    } else {
        write_sql(write, ret_statement);
    }
    return OK;
}

static bool reads_after(const struct write *write)
{
    return write_reads_apart(write) && write->key_count > 0;
}

static bool replaces(const struct write *write)
{
    return write->asked->verb == WRITE_PUT && !write->asked->resource->config->put_merges;
}

bool write_goes_on(const struct write *write)
{
    return replaces(write) || write_reads_apart(write);
}

bool write_may_be_hindered(const struct write *write)
{
    return write->asked->verb == WRITE_POST && write->asked->prefer->resolution == RESOLUTION_MERGE &&
           write->listing.conditions->count > 0;
}

bool write_is_hindered(const struct write *write)
{
    return write_may_be_hindered(write) && write->changed < write->records;
}

uint64_t write_changed(const struct write *write)
{
    return write->changed;
}

bool write_next(struct write *write, uint64_t changed, struct statement *ret_statement)
{
    if (write->stage < STAGE_LOOK)
        write->changed += changed;
    if (write->stage == STAGE_LOOK) {
        write->stage = STAGE_WRITE;
        write_sql(write, ret_statement);
        return true;
    }
    if (write->stage == STAGE_WRITE && replaces(write) && changed == 0) {
        write->stage = STAGE_CREATE;
        write->created = true;
        write_sql(write, ret_statement);
        return true;
    }
    if (write->stage < STAGE_LOOK && reads_after(write)) {
        write->stage = STAGE_READ;
        write_sql_read(write, ret_statement);
        write->key_count = 0;
        return true;
    }
    write->stage = STAGE_DONE;
    write->spent = write->asked->verb == WRITE_POST;
    return false;
}

/* columns: as the database lists them, "a, b"; of what is no plain name nobody knows what it shows. */
static bool all_shown(const struct resource *resource, struct slice columns)
{
    bool shown = true;
    while (columns.len > 0 && shown)
        shown = resource_column(resource, slice_trim(slice_cut(&columns, ','))) != NULL;
    return shown;
}

static void hide_value(struct arena *arena, struct problem *problem)
{
    if (!problem->value.data)
        return;
    problem->value = (struct slice){0};
    problem->detail = arena_format(arena, "The rule `" SLICE_FMT "` of the database would be broken.",
                                   SLICE_ARG(problem->constraint));
}

void write_blame(const struct write *write, struct problem *problem)
{
    struct arena *arena = write->listing.build.arena;
    write_checks_blame(write, problem);
    if (!all_shown(write->asked->resource, problem->column)) {
        hide_value(arena, problem);
        return;
    }
    for (unsigned i = 0; i < write->column_count && write->rows == 1 && !problem->value.data; i++) {
        const struct write_column *column = &write->columns[i];
        const struct bind *value = column->constant ? &column->value : &write->cells[i];
        if (!slice_eq(column->column->name, problem->column) || value->kind == BIND_NULL ||
            (!column->constant && write->absent[i]))
            continue;
        problem->value = value->text;
        problem->details = arena_format(arena, "`" SLICE_FMT "` is `" SLICE_FMT "`.",
                                        SLICE_ARG(problem->column), SLICE_ARG(shown(value->text)));
    }
}

bool write_created(const struct write *write)
{
    return write->created;
}

const struct plan *write_shown(const struct write *write)
{
    return write->listing.plan;
}

/* --- SQLite: the keys of what was written --- */

static bool take_key(void *context, const struct slice *cells, unsigned count)
{
    struct write *write = context;
    const struct resource *resource = write->asked->resource;
    struct build *build = &write->listing.build;
    struct value_scope scope = {build->arena, DIALECT_SQLITE, build->context->now};
    PRE(count >= resource->key_count);
    if (write->key_count + resource->key_count > write->keys_room) {
        unsigned room = write->keys_room * 2 + 16 * resource->key_count;
        struct bind *keys = ARENA_ARRAY(build->arena, struct bind, room);
        if (write->key_count)
            memcpy(keys, write->keys, write->key_count * sizeof *keys);
        write->keys = keys;
        write->keys_room = room;
    }
    for (unsigned i = 0; i < resource->key_count; i++) {
        struct bind *key = &write->keys[write->key_count++];
        if (!cells[i].data || !value_from_cell(&scope, &resource->key[i]->type, cells[i], key))
            *key = bind_null();
    }
    return true;
}

/* Cells of checks and signals alone. */
static bool take_nothing(void *context, const struct slice *cells, unsigned count)
{
    (void)context;
    (void)cells;
    return count > 0;
}

struct row_sink write_sink(struct write *write, struct row_sink shown)
{
    PRE(shown.on_row);
    const struct row_sink keys = {take_key, write}, nothing = {take_nothing, write};
    if (write_reads_apart(write) && write->stage < STAGE_LOOK)
        return keys;
    return write_raises_sink(write, write->asked->shows || write->asked->names ? shown : nothing);
}

const struct bind *write_key(const struct write *write)
{
    PRE(write);
    return write->key;
}
