/* SPDX-License-Identifier: Apache-2.0 */
/* Embedded rows in the one statement of an answer. A level's own rows are a page, which is made first; what is embedded is added to
 * the rows of the page alone, by scalar subqueries that find their rows by the page's cells:
 *
 *   SELECT p0.c1, (SELECT coalesce(array_to_json(array_agg(row_to_json(leat_t1))),'[]')
 *                    FROM (SELECT t1.severity AS "severity" FROM flags AS t1
 *                           WHERE t1.transaction_id = p0.c2 ORDER BY … LIMIT …) AS leat_t1)
 *     FROM (SELECT id AS c1, … FROM transactions WHERE … ORDER BY … LIMIT 101) AS p0 ORDER BY p0.c3
 *
 * So a page of 100 rows asks 100 times for flags, by their index, however many rows the filters leave; and paging by keys is the
 * same with and without embedding. A level with children of its own is such a page within.
 *
 * PostgreSQL makes the JSON itself (json_agg() is slower: 100 rows with few or no flags each, 466 against 754 queries/s). SQLite hands out tuples, of which encode/ makes it: its own JSON knows no types of ours.
 * A spread child is a lateral join on PostgreSQL, whose columns stand among the parent's; on SQLite a tuple marked as spread. */
#include "query/sql.h"

/* How a child's SELECT finds its parent's row: in the page around it, or in the SELECT around it. */
struct parent {
    const struct level *level;
    const struct cells *page; /* NULL: the SELECT */
};

static void write_page_name(struct text *text, const struct level *level)
{
    text_byte(text, 'p');
    text_uint(text, level->number);
}

static void write_page_cell(struct text *text, const struct level *level, unsigned cell)
{
    write_page_name(text, level);
    text_lit(text, ".c");
    text_uint(text, cell + 1);
}

/* --- how rows belong together --- */

static unsigned page_cell(const struct cells *cells, const struct column *column)
{
    for (unsigned i = 0; i < cells->count; i++) {
        bool raw = i >= cells->visible || column->type.kind != VALUE_OTHER;
        if (raw && !cells->columns[i]->computed && cells->columns[i]->position == column->position)
            return i;
    }
    UNREACHABLE("the cells that children need were added");
}

static void write_parent_column(struct text *text, const struct parent *parent, const struct column *column)
{
    if (parent->page) {
        write_page_cell(text, parent->level, page_cell(parent->page, column));
        return;
    }
    text_add(text, parent->level->ref);
    text_byte(text, '.');
    text_add(text, column->sql);
}

static void write_between_ref(struct text *text, const struct level *child)
{
    text_byte(text, 'j');
    text_uint(text, child->number);
}

static void write_pair(struct text *text, const struct dialect_sql *sql, const struct level *child,
                       const struct column *to, const struct column *from, const struct parent *parent)
{
    bool through = child->relation->kind == RELATION_MANY_TO_MANY;
    if (through)
        write_between_ref(text, child);
    else
        text_add(text, child->ref);
    text_byte(text, '.');
    text_add(text, to->sql);
    sql->sign(text, &to->type, SLICE("="));
    write_parent_column(text, parent, from);
}

static void write_through(struct text *text, const struct dialect_sql *sql, const struct level *child)
{
    const struct relation *relation = child->relation;
    for (unsigned i = 0; i < relation->through_count; i++) {
        text_lit(text, " AND ");
        text_add(text, child->ref);
        text_byte(text, '.');
        text_add(text, relation->to[i]->sql);
        sql->sign(text, &relation->to[i]->type, SLICE("="));
        write_between_ref(text, child);
        text_byte(text, '.');
        text_add(text, relation->through_to[i]->sql);
    }
}

/* ` FROM flags AS t1 WHERE t1.transaction_id = … AND …`. */
static void write_source(struct text *text, const struct dialect_sql *sql, const struct level *child,
                         const struct parent *parent)
{
    const struct relation *relation = child->relation;
    bool through = relation->kind == RELATION_MANY_TO_MANY;
    text_lit(text, " FROM ");
    text_add(text, child->resource->table->sql);
    text_lit(text, " AS ");
    text_add(text, child->ref);
    if (through) {
        text_byte(text, ',');
        text_add(text, relation->through->table->sql);
        text_lit(text, " AS ");
        write_between_ref(text, child);
    }
    for (unsigned i = 0; i < relation->count; i++) {
        text_add(text, i ? SLICE(" AND ") : SLICE(" WHERE "));
        write_pair(text, sql, child, through ? relation->through_from[i] : relation->to[i], relation->from[i],
                   parent);
    }
    if (through)
        write_through(text, sql, child);
    sql_conditions(text, sql, &child->between, SLICE(" AND "));
    sql_conditions(text, sql, &child->conditions, SLICE(" AND "));
}

void sql_exists(struct text *text, const struct dialect_sql *sql, const struct level *child)
{
    const struct parent parent = {.level = child->parent};
    text_lit(text, "EXISTS (SELECT 1");
    write_source(text, sql, child, &parent);
    text_byte(text, ')');
}

void sql_child_orders(struct arena *arena, const struct dialect_sql *sql, struct level *level)
{
    for (struct child_order *order = level->child_orders; order; order = order->next) {
        const struct parent parent = {.level = level};
        struct text text;
        text_init(&text, arena, 256);
        text_lit(&text, "(SELECT ");
        text_add(&text, order->of->sql);
        write_source(&text, sql, order->child, &parent);
        text_lit(&text, " LIMIT 1)");
        order->column->sql = text_done(&text);
    }
    for (unsigned i = 0; i < level->field_count; i++)
        if (level->fields[i].child)
            sql_child_orders(arena, sql, level->fields[i].child);
}

/* --- the rows of a child --- */

static void write_order(struct text *text, const struct dialect_sql *sql, const struct level *level)
{
    for (unsigned i = 0; i < level->order.count; i++) {
        text_add(text, i ? SLICE(",") : SLICE(" ORDER BY "));
        sql_order_term(text, sql, &level->order.terms[i], level->order.terms[i].column->sql);
    }
    if (level->limit || level->limit_given || relation_is_to_one(level->relation)) {
        text_lit(text, " LIMIT ");
        text_uint(text, relation_is_to_one(level->relation) && !level->limit_given ? 1 : level->limit);
    }
    if (level->offset) {
        text_lit(text, " OFFSET ");
        text_uint(text, level->offset);
    }
}

/* Those of the order stand behind all others. */
static unsigned order_cell(const struct cells *cells, const struct column *column)
{
    for (unsigned cell = cells->count; cell-- > cells->visible;)
        if (cells->columns[cell] == column)
            return cell;
    UNREACHABLE("the cells that the order needs were added");
}

static void write_page_order(struct text *text, const struct dialect_sql *sql, const struct level *level,
                             const struct cells *cells)
{
    for (unsigned i = 0; i < level->order.count; i++) {
        struct text what;
        text_init(&what, text->arena, 16);
        write_page_cell(&what, level, order_cell(cells, level->order.terms[i].column));
        text_add(text, i ? SLICE(",") : SLICE(" ORDER BY "));
        sql_order_term(text, sql, &level->order.terms[i], text_done(&what));
    }
}

void sql_embed_cells(struct arena *arena, const struct level *level, struct cells *cells)
{
    for (unsigned i = 0; i < level->field_count; i++) {
        const struct level *child = level->fields[i].child;
        for (unsigned k = 0; child && k < child->relation->count; k++) {
            const struct column *column = child->relation->from[k];
            struct column *own = ARENA_NEW(arena, struct column);
            *own = *column;
            if (level->parent)
                own->sql = arena_format(arena, SLICE_FMT "." SLICE_FMT, SLICE_ARG(level->ref),
                                        SLICE_ARG(column->sql));
            (void)cells_raw(arena, cells, own);
        }
    }
}

/* What the fields are written for. */
enum target {
    FOR_CELLS,   /* the answer's own cells: what the encoder takes */
    FOR_JSON,    /* a row that PostgreSQL makes an object of: named as in the answer */
    FOR_COLUMNS, /* a lateral join: c1, c2 … */
    FOR_TUPLE,   /* arguments of leat_tuple() */
};

struct writing {
    struct text *text;
    const struct dialect_sql *sql;
    enum target target;
    bool raw;       /* of FOR_COLUMNS: for JSON, not for cells */
    unsigned count; /* fields written */
};

static void write_child(struct text *text, const struct dialect_sql *sql, const struct level *child,
                        const struct parent *parent);
static void write_rows(struct writing *writing, const struct level *level, const struct parent *parent);

static void begin_field(struct writing *writing)
{
    if (writing->count++ || writing->target == FOR_TUPLE)
        text_byte(writing->text, ',');
}

static void end_field(struct writing *writing, struct slice name, bool handed_out_raw)
{
    struct text *text = writing->text;
    if (writing->target == FOR_JSON) {
        text_lit(text, " AS ");
        text_add(text, identifier_quote(text->arena, name));
    } else if (writing->target == FOR_COLUMNS) {
        text_lit(text, " AS c");
        text_uint(text, writing->count);
    } else if (writing->target == FOR_CELLS && handed_out_raw) {
        text_lit(text, " AS leat_tuple_");
        text_uint(text, writing->count);
    }
}

static void write_column_field(struct writing *writing, const struct column *column,
                               const struct level *level, const struct cells *page, unsigned cell)
{
    bool for_cells = writing->target == FOR_CELLS || (writing->target == FOR_COLUMNS && !writing->raw);
    begin_field(writing);
    if (page)
        write_page_cell(writing->text, level, cell);
    else if (for_cells)
        writing->sql->column(writing->text, column);
    else
        text_add(writing->text, column->sql);
    end_field(writing, column->name, column->computed && !writing->sql->embeds_json);
}

static unsigned flat_count(const struct level *level)
{
    unsigned count = 0;
    for (unsigned i = 0; i < level->field_count; i++) {
        const struct level *child = level->fields[i].child;
        count += child && child->spread ? flat_count(child) : 1;
    }
    return count;
}

static struct slice flat_name(const struct level *level, unsigned *at)
{
    for (unsigned i = 0; i < level->field_count; i++) {
        const struct level_field *field = &level->fields[i];
        unsigned width = field->child && field->child->spread ? flat_count(field->child) : 1;
        if (*at < width)
            return width > 1 || (field->child && field->child->spread) ? flat_name(field->child, at)
                   : field->child                                      ? field->child->name
                                                                       : field->column->name;
        *at -= width;
    }
    UNREACHABLE("no field of that number");
}

/* The columns of its lateral join. */
static void write_spread(struct writing *writing, const struct level *child)
{
    for (unsigned i = 0; i < flat_count(child); i++) {
        unsigned at = i;
        begin_field(writing);
        text_byte(writing->text, 's');
        text_uint(writing->text, child->number);
        text_lit(writing->text, ".c");
        text_uint(writing->text, i + 1);
        end_field(writing, flat_name(child, &at), false);
    }
}

/* The fields of a level; page NULL: it is flat. */
static void write_fields(struct writing *writing, const struct level *level, const struct cells *page)
{
    const struct parent here = {.level = level, .page = page};
    unsigned cell = 0;
    for (unsigned i = 0; i < level->field_count; i++) {
        const struct level_field *field = &level->fields[i];
        if (field->column) {
            write_column_field(writing, field->column, level, page, cell++);
        } else if (field->child->spread && writing->sql->embeds_json) {
            write_spread(writing, field->child);
        } else {
            begin_field(writing);
            write_child(writing->text, writing->sql, field->child, &here);
            end_field(writing, field->child->name, !writing->sql->embeds_json);
        }
    }
}

static void write_laterals(struct text *text, const struct dialect_sql *sql, const struct level *level,
                           const struct cells *page, bool raw)
{
    const struct parent here = {.level = level, .page = page};
    for (unsigned i = 0; i < level->field_count; i++) {
        const struct level *child = level->fields[i].child;
        if (!child || !child->spread || !sql->embeds_json)
            continue;
        struct writing writing = {.text = text, .sql = sql, .target = FOR_COLUMNS, .raw = raw};
        text_lit(text, " LEFT JOIN LATERAL (");
        write_rows(&writing, child, &here);
        text_lit(text, ") AS s");
        text_uint(text, child->number);
        text_lit(text, " ON true");
    }
}

/* The spec of leat_tuple(): how each value is handed out. */
static void write_spec(struct text *text, const struct level *level)
{
    text_lit(text, "leat_tuple('");
    for (unsigned i = 0; i < level->field_count; i++) {
        const struct column *column = level->fields[i].column;
        text_byte(text, !column ? 't' : column->type.kind == VALUE_DYNAMIC ? 'd' : '.');
    }
    text_byte(text, '\'');
}

static void write_select(struct writing *writing, const struct level *level, const struct cells *page)
{
    bool tuple = writing->target == FOR_TUPLE;
    text_lit(writing->text, "SELECT ");
    if (tuple)
        write_spec(writing->text, level);
    write_fields(writing, level, page);
    text_add(writing->text, tuple ? SLICE(") AS j") : SLICE(""));
}

/* The child's SELECT, whole. */
static void write_rows(struct writing *writing, const struct level *level, const struct parent *parent)
{
    struct text *text = writing->text;
    const struct dialect_sql *sql = writing->sql;
    struct cells cells;
    cells_of_level(text->arena, level, &cells);
    if (level_is_flat(level)) {
        write_select(writing, level, NULL);
        write_source(text, sql, level, parent);
        sql_group(text, level, &cells);
        write_order(text, sql, level);
        return;
    }
    struct cells visible_raw = cells;
    visible_raw.visible = writing->target == FOR_COLUMNS && !writing->raw ? cells.visible : 0;
    sql_embed_cells(text->arena, level, &visible_raw);
    for (unsigned i = 0; i < level->order.count; i++)
        (void)cells_add(text->arena, &visible_raw, level->order.terms[i].column);
    write_select(writing, level, &visible_raw);
    text_lit(text, " FROM (SELECT ");
    sql_cells(text, sql, &visible_raw, true);
    write_source(text, sql, level, parent);
    sql_group(text, level, &visible_raw);
    write_order(text, sql, level);
    text_lit(text, ") AS ");
    write_page_name(text, level);
    write_laterals(text, sql, level, &visible_raw, writing->raw || writing->target == FOR_JSON);
    if (sql->embeds_json)
        write_page_order(text, sql, level, &visible_raw);
}

static void write_json_child(struct text *text, const struct dialect_sql *sql, const struct level *child,
                             const struct parent *parent)
{
    bool one = relation_is_to_one(child->relation);
    struct writing writing = {.text = text, .sql = sql, .target = FOR_JSON, .raw = true};
    text_add(text, one ? SLICE("(SELECT row_to_json(leat_")
                       : SLICE("(SELECT coalesce(array_to_json(array_agg(row_to_json(leat_"));
    text_add(text, child->ref);
    text_add(text, one ? SLICE(") FROM (") : SLICE("))),'[]'::json) FROM ("));
    write_rows(&writing, child, parent);
    text_lit(text, ") AS leat_");
    text_add(text, child->ref);
    text_byte(text, ')');
}

static void write_tuple_child(struct text *text, const struct dialect_sql *sql, const struct level *child,
                              const struct parent *parent)
{
    bool one = relation_is_to_one(child->relation);
    struct writing writing = {.text = text, .sql = sql, .target = FOR_TUPLE, .raw = true};
    text_add(text, one ? SLICE("(") : SLICE("(SELECT leat_tuples(j) FROM ("));
    write_rows(&writing, child, parent);
    text_add(text, one ? SLICE(")") : SLICE("))"));
}

static void write_child(struct text *text, const struct dialect_sql *sql, const struct level *child,
                        const struct parent *parent)
{
    if (sql->embeds_json)
        write_json_child(text, sql, child, parent);
    else
        write_tuple_child(text, sql, child, parent);
}

/* --- the root --- */

void sql_embed_begin(struct text *text, const struct dialect_sql *sql, const struct level *level,
                     const struct cells *cells, const struct plan_order *order, unsigned order_count)
{
    struct writing writing = {.text = text, .sql = sql, .target = FOR_CELLS};
    text_lit(text, "SELECT ");
    write_fields(&writing, level, cells);
    for (unsigned i = 0; i < order_count; i++) {
        text_byte(text, ',');
        writing.count++;
        write_page_cell(text, level, order[i].cell);
        end_field(&writing, SLICE(""), order[i].term.column->computed && !sql->embeds_json);
    }
    for (unsigned i = 0; i < cells->told_count; i++) {
        text_byte(text, ',');
        write_page_cell(text, level, cells->told + i);
    }
    text_lit(text, " FROM (");
}

void sql_embed_end(struct text *text, const struct dialect_sql *sql, const struct level *level,
                   const struct cells *cells, const struct plan_order *order, unsigned order_count)
{
    text_lit(text, ") AS ");
    write_page_name(text, level);
    write_laterals(text, sql, level, cells, false);
    for (unsigned i = 0; i < order_count && sql->embeds_json; i++) {
        struct text what;
        text_init(&what, text->arena, 16);
        write_page_cell(&what, level, order[i].cell);
        text_add(text, i ? SLICE(",") : SLICE(" ORDER BY "));
        sql_order_term(text, sql, &order[i].term, text_done(&what));
    }
}
