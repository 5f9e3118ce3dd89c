/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that are computed: paths into JSON, casts, aggregates. See operand.h. */
#include "query/operand.h"

#include "query/list.h"
#include "query/sql.h"

static struct column *computed_column(struct build *build, const struct column *of, struct slice name,
                                      struct slice sql)
{
    struct column *column = ARENA_NEW(build->arena, struct column);
    *column = (struct column){.name = name, .deterministic = true, .computed = true, .nullable = true};
    column_names_make(build->arena, column);
    column->sql = sql;
    column->position = of ? UINT16_MAX + of->position : UINT16_MAX;
    return column;
}

/* --- paths into JSON --- */

/* The first `->` outside of quotes; text.len: none. */
static size_t find_arrow(struct slice text)
{
    bool quoted = false;
    for (size_t i = 0; i + 1 < text.len; i++) {
        quoted ^= text.data[i] == '"';
        if (!quoted && text.data[i] == '-' && text.data[i + 1] == '>')
            return i;
    }
    return text.len;
}

static bool refuse_path(struct build *build, struct slice text, const char *why)
{
    refuse(build, REFUSE_BAD_VALUE, text, "`" SLICE_FMT "`: %s", SLICE_ARG(shown(text)), why);
    return refuse_hint(build, "A path into JSON is written `column->key->0->>key`");
}

/* `->key`, `->>key`, `->0`: what stands behind the arrow, and which arrow it was. */
static bool take_step(struct build *build, struct slice text, struct slice *rest, struct json_step *ret_step)
{
    bool as_text = slice_starts(*rest, SLICE("->>"));
    *rest = slice_skip(*rest, as_text ? 3 : 2);
    struct slice raw = slice_of(rest->data, find_arrow(*rest));
    *rest = slice_skip(*rest, raw.len);
    int64_t index;
    *ret_step = (struct json_step){.key = name_unquoted(build->arena, raw), .as_text = as_text};
    bool quoted = slice_starts(slice_trim(raw), SLICE("\""));
    ret_step->is_index = !quoted && slice_to_int(ret_step->key, &index);
    if (!name_is_tame(ret_step->key))
        return refuse_path(
            build, text,
            "a key must be 1 to 63 bytes of letters, digits, blanks and signs other than quotes and "
            "backslashes");
    if (as_text && rest->len)
        return refuse_path(build, text, "`->>` gives text: no arrow can follow it");
    return true;
}

static bool has_paths(const struct build *build, const struct type *type)
{
    return type->kind == VALUE_JSON || (type->kind == VALUE_OTHER && build->sql == &sql_pg);
}

static bool read_path(struct build *build, const struct column *base, struct slice text, struct slice rest,
                      const struct column **ret_column)
{
    static const struct type as_text = {.kind = VALUE_TEXT, .name = SLICE_INIT("text"), .orderable = true};
    unsigned max = build_config(build)->query.depth, count = 0;
    struct json_step *steps = ARENA_ARRAY(build->arena, struct json_step, max);
    if (!has_paths(build, &base->type)) {
        refuse(build, REFUSE_WRONG_OPERATOR, text,
               "`" SLICE_FMT "` is of type " SLICE_FMT ": there are no paths into it", SLICE_ARG(base->name),
               SLICE_ARG(base->type.name));
        build->problem->column = base->name;
        return false;
    }
    for (; rest.len; count++) {
        if (count == max)
            return refuse(build, REFUSE_TOO_MUCH, text,
                          "A path into JSON is deeper than the limit `query.depth` of %u", max);
        if (!take_step(build, text, &rest, &steps[count]))
            return false;
    }
    struct text sql;
    text_init(&sql, build->arena, 128);
    build->sql->path(&sql, base, steps, count);
    struct column *column = computed_column(build, base, arena_copy(build->arena, text), text_done(&sql));
    column->type = steps[count - 1].as_text ? as_text : build->sql->path_type;
    if (!steps[count - 1].as_text && slice_eq(base->type.name, SLICE("json")))
        column->type = (struct type){.kind = VALUE_JSON, .name = base->type.name};
    *ret_column = column;
    return true;
}

bool operand_find(struct build *build, struct slice text, const struct column **ret_column)
{
    PRE(build->level);
    size_t arrow = find_arrow(text);
    *ret_column = level_find(build, build->level, text);
    if (*ret_column)
        return true;
    *ret_column = level_find(build, build->level, name_unquoted(build->arena, slice_of(text.data, arrow)));
    if (!*ret_column || arrow == text.len)
        return true;
    return read_path(build, *ret_column, text, slice_skip(text, arrow), ret_column);
}

bool operand_read(struct build *build, struct slice text, struct slice place,
                  const struct column **ret_column)
{
    if (!operand_find(build, text, ret_column))
        return false;
    return *ret_column || refuse_column(build, slice_of(text.data, find_arrow(text)), place);
}

bool operand_is_path(struct slice text)
{
    return find_arrow(text) < text.len;
}

struct slice operand_label(struct arena *arena, struct slice text)
{
    struct slice label = text, rest = text;
    int64_t index;
    for (size_t arrow; (arrow = find_arrow(rest)) < rest.len;) {
        rest = slice_skip(rest, arrow + (slice_starts(slice_skip(rest, arrow), SLICE("->>")) ? 3 : 2));
        struct slice key = slice_of(rest.data, find_arrow(rest));
        if (!slice_to_int(key, &index) || label.len == text.len)
            label = key;
    }
    return name_unquoted(arena, label);
}

/* --- casts --- */

static const struct cast_type {
    struct slice name;
    struct type type;
} cast_types[] = {
#define CAST(word, kind_, sql_, bits_, orderable_) \
    { \
        SLICE_INIT(word), \
        { \
            .kind = (kind_), .name = SLICE_INIT(sql_), .bits = (bits_), .orderable = (orderable_) \
        } \
    }
    CAST("text", VALUE_TEXT, "text", 0, true),
    CAST("varchar", VALUE_TEXT, "text", 0, true),
    CAST("smallint", VALUE_INT, "smallint", 16, true),
    CAST("int2", VALUE_INT, "smallint", 16, true),
    CAST("int", VALUE_INT, "integer", 32, true),
    CAST("int4", VALUE_INT, "integer", 32, true),
    CAST("integer", VALUE_INT, "integer", 32, true),
    CAST("bigint", VALUE_INT, "bigint", 64, true),
    CAST("int8", VALUE_INT, "bigint", 64, true),
    CAST("numeric", VALUE_NUMERIC, "numeric", 0, true),
    CAST("decimal", VALUE_NUMERIC, "numeric", 0, true),
    CAST("real", VALUE_FLOAT, "real", 32, true),
    CAST("float4", VALUE_FLOAT, "real", 32, true),
    CAST("float", VALUE_FLOAT, "double precision", 64, true),
    CAST("float8", VALUE_FLOAT, "double precision", 64, true),
    CAST("double precision", VALUE_FLOAT, "double precision", 64, true),
    CAST("bool", VALUE_BOOL, "boolean", 0, true),
    CAST("boolean", VALUE_BOOL, "boolean", 0, true),
    CAST("uuid", VALUE_UUID, "uuid", 0, true),
    CAST("date", VALUE_DATE, "date", 0, true),
    CAST("timestamp", VALUE_TIMESTAMP, "timestamp", 0, true),
    CAST("timestamptz", VALUE_TIMESTAMPTZ, "timestamptz", 0, true),
    CAST("time", VALUE_TIME, "time", 0, true),
    CAST("interval", VALUE_INTERVAL, "interval", 0, true),
    CAST("json", VALUE_JSON, "json", 0, false),
    CAST("jsonb", VALUE_JSON, "jsonb", 0, true),
#undef CAST
};

static bool refuse_cast(struct build *build, const struct column *column, struct slice type)
{
    struct nearest nearest = nearest_begin(type);
    for (size_t i = 0; i < ARRAY_LEN(cast_types); i++)
        nearest_offer(&nearest, cast_types[i].name);
    refuse(build, REFUSE_BAD_SELECT, SLICE("select"),
           "`" SLICE_FMT "::" SLICE_FMT "`: no cast to such a type is to be had here",
           SLICE_ARG(shown(column->name)), SLICE_ARG(shown(type)));
    build->problem->column = column->name;
    if (nearest.best.data)
        return refuse_nearest(build, &nearest);
    return refuse_hint(build, "text, integer, bigint, numeric, real, float8, boolean, date, timestamp, "
                              "timestamptz, time, interval, uuid, json and jsonb are known");
}

bool operand_cast(struct build *build, const struct column *column, struct slice type,
                  const struct column **ret_column)
{
    PRE(column);
    for (size_t i = 0; i < ARRAY_LEN(cast_types); i++) {
        if (!slice_eq_nocase(cast_types[i].name, type))
            continue;
        struct text sql;
        text_init(&sql, build->arena, 128);
        if (!build->sql->cast(&sql, column, &cast_types[i].type))
            break;
        struct column *cast = computed_column(build, column, column->name, text_done(&sql));
        cast->type = cast_types[i].type;
        cast->aggregate = column->aggregate;
        *ret_column = cast;
        return true;
    }
    return refuse_cast(build, column, type);
}

/* --- aggregates --- */

static const struct slice functions[] = {SLICE_INIT("count"), SLICE_INIT("sum"), SLICE_INIT("avg"),
                                         SLICE_INIT("min"), SLICE_INIT("max")};

static bool is_function(struct slice word)
{
    for (size_t i = 0; i < ARRAY_LEN(functions); i++)
        if (slice_eq(functions[i], word))
            return true;
    return false;
}

/* What a function gives for a type; false: it does not take it. */
static bool aggregate_type(const struct build *build, const struct type *of, struct slice function,
                           struct type *ret_type)
{
    bool number = of->kind == VALUE_INT || of->kind == VALUE_NUMERIC || of->kind == VALUE_FLOAT ||
                  of->kind == VALUE_DECIMAL;
    *ret_type = *of;
    if (slice_eq(function, SLICE("min")) || slice_eq(function, SLICE("max")))
        return of->orderable && of->kind != VALUE_BOOL && of->kind != VALUE_UUID && of->kind != VALUE_JSON &&
               of->kind != VALUE_BYTEA;
    bool pg = build->sql == &sql_pg, avg = slice_eq(function, SLICE("avg"));
    if (pg && of->kind == VALUE_INTERVAL)
        return true;
    if (of->kind == VALUE_FLOAT || (avg && !pg))
        *ret_type = (struct type){.kind = VALUE_FLOAT, .name = SLICE("double precision"), .bits = 64};
    else if (of->kind == VALUE_INT && !avg && (of->bits < 64 || !pg))
        *ret_type = (struct type){.kind = VALUE_INT, .name = SLICE("bigint"), .bits = 64};
    else if (of->kind == VALUE_INT)
        *ret_type = (struct type){.kind = VALUE_NUMERIC, .name = SLICE("numeric")};
    ret_type->orderable = true;
    return number;
}

static bool refuse_aggregate(struct build *build, const struct column *column, struct slice function)
{
    struct slice name = column ? column->name : SLICE("");
    if (!is_function(function)) {
        refuse(build, REFUSE_BAD_SELECT, SLICE("select"), "`" SLICE_FMT "()` is no aggregate",
               SLICE_ARG(shown(function)));
        return refuse_not_among(build, function, "aggregates", functions, ARRAY_LEN(functions));
    }
    refuse(build, REFUSE_WRONG_OPERATOR, SLICE("select"),
           "`" SLICE_FMT "()` cannot be used on `" SLICE_FMT "`", SLICE_ARG(function),
           SLICE_ARG(shown(name)));
    build->problem->column = name;
    return false;
}

bool operand_aggregate(struct build *build, const struct column *column, struct slice function,
                       const struct column **ret_column)
{
    static const struct type count_type = {.kind = VALUE_INT,
                                           .name = SLICE_INIT("bigint"),
                                           .bits = 64,
                                           .orderable = true};
    struct type type = count_type;
    bool count = slice_eq(function, SLICE("count"));
    if (!is_function(function) ||
        (!count && (!column || !aggregate_type(build, &column->type, function, &type))))
        return refuse_aggregate(build, column, function);
    struct slice of = column ? column->sql : SLICE("*");
    bool scaled = column && column->type.kind == VALUE_DECIMAL && slice_eq(function, SLICE("avg"));
    struct slice sql = arena_format(build->arena, SLICE_FMT "(" SLICE_FMT ")%s", SLICE_ARG(function),
                                    SLICE_ARG(of), scaled ? "/1" : "");
    for (unsigned i = 0; scaled && i < column->type.scale; i++)
        sql = arena_format(build->arena, SLICE_FMT "0", SLICE_ARG(sql));
    struct column *aggregate = computed_column(build, column, function, sql);
    aggregate->type = type;
    aggregate->aggregate = true;
    *ret_column = aggregate;
    return true;
}

/* --- others --- */

const struct column *operand_of_child(struct build *build, struct level *child, const struct column *column)
{
    struct slice name = arena_format(build->arena, SLICE_FMT "(" SLICE_FMT ")", SLICE_ARG(child->name),
                                     SLICE_ARG(column->name));
    struct column *ordered = computed_column(build, column, name, SLICE(""));
    ordered->type = column->type;
    ordered->deterministic = column->deterministic;
    struct child_order *order = ARENA_NEW(build->arena, struct child_order);
    *order = (struct child_order){ordered, column, child, build->level->child_orders};
    build->level->child_orders = order;
    return ordered;
}

const struct column *operand_named(struct build *build, const struct column *column, struct slice name)
{
    PRE(name_is_tame(name));
    struct column *named = ARENA_NEW(build->arena, struct column);
    *named = *column;
    named->name = name;
    column_names_make(build->arena, named);
    named->sql = column->sql;
    return named;
}
