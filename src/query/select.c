/* SPDX-License-Identifier: Apache-2.0 */
/* The reading of `select=`. See select.h. */
#include "query/select.h"

#include "query/list.h"
#include "query/operand.h"

enum { HINTS_MAX = 4 };

struct select_reader {
    struct slice text;
    size_t at;
    unsigned depth;
};

static bool fail_at(struct build *build, const struct select_reader *reader, const char *why)
{
    refuse(build, REFUSE_BAD_SELECT, SLICE("select"), "`select`, at character %zu: %s", reader->at + 1, why);
    build->problem->value = shown(slice_skip(reader->text, reader->at));
    return refuse_hint(build, "Write `id,total:amount,users(name),meta->>ip`");
}

static bool looking_at(const struct select_reader *reader, struct slice word)
{
    return slice_starts(slice_skip(reader->text, reader->at), word);
}

static bool take(struct select_reader *reader, struct slice word)
{
    bool here = looking_at(reader, word);
    reader->at += here ? word.len : 0;
    return here;
}

static bool take_open(struct select_reader *reader)
{
    return take(reader, SLICE("(")) || take(reader, SLICE("{"));
}

static bool take_close(struct select_reader *reader)
{
    return take(reader, SLICE(")")) || take(reader, SLICE("}"));
}

static void skip_blanks(struct select_reader *reader)
{
    while (take(reader, SLICE(" ")))
        ;
}

/* What stands up to the next sign of the grammar, quoted parts and arrows included. */
static bool take_word(struct build *build, struct select_reader *reader, struct slice *ret_word)
{
    size_t begin = reader->at;
    while (reader->at < reader->text.len && !strchr(",(){}!:", reader->text.data[reader->at])) {
        if (reader->text.data[reader->at++] != '"')
            continue;
        while (reader->at < reader->text.len && reader->text.data[reader->at] != '"')
            reader->at += reader->text.data[reader->at] == '\\' ? 2 : 1;
        if (reader->at >= reader->text.len) {
            reader->at = begin;
            return fail_at(build, reader, "a quote is not closed");
        }
        reader->at++;
        if (reader->at < reader->text.len && !strchr(",(){}!: -.", reader->text.data[reader->at]))
            return fail_at(build, reader, "something follows a quote");
    }
    *ret_word = slice_trim(slice_of(reader->text.data + begin, reader->at - begin));
    return true;
}

/* --- fields --- */

static struct level_field *add_field(struct build *build)
{
    struct level *level = build->level;
    ARENA_GROW(build->arena, level->fields, level->field_count, level->field_room);
    return &level->fields[level->field_count++];
}

static bool is_spread(const struct level_field *field)
{
    return field->child && field->child->spread;
}

/* The name of a field in the answer. */
static struct slice field_name(const struct level_field *field)
{
    return field->column ? field->column->name : field->child->name;
}

/* Whether the answer's rows have a member of that name already; what is spread adds its own. */
static bool has_member(const struct level *level, struct slice name)
{
    for (unsigned i = 0; i < level->field_count; i++) {
        const struct level_field *field = &level->fields[i];
        if (is_spread(field) ? has_member(field->child, name) : slice_eq(field_name(field), name))
            return true;
    }
    return false;
}

static bool refuse_twice(struct build *build, struct slice name)
{
    refuse(build, REFUSE_BAD_SELECT, SLICE("select"), "Two fields would be named `" SLICE_FMT "`",
           SLICE_ARG(shown(name)));
    return refuse_hint(build, "Name one of them otherwise: `other:" SLICE_FMT "`", SLICE_ARG(shown(name)));
}

/* The members of what is spread into the build's level. */
static bool check_spread(struct build *build, const struct level *child)
{
    for (unsigned i = 0; i < child->field_count; i++) {
        const struct level_field *field = &child->fields[i];
        if (is_spread(field) && !check_spread(build, field->child))
            return false;
        if (!is_spread(field) && has_member(build->level, field_name(field)))
            return refuse_twice(build, field_name(field));
    }
    return true;
}

/* A column that is shown already is shown once; another of its name would make an object with a member twice. */
static bool add_column(struct build *build, const struct column *column)
{
    struct level *level = build->level;
    for (unsigned i = 0; i < level->field_count; i++)
        if (level->fields[i].column == column)
            return true;
    if (has_member(level, column->name))
        return refuse_twice(build, column->name);
    *add_field(build) = (struct level_field){.column = column};
    level->aggregates = level->aggregates || column->aggregate;
    return true;
}

static bool add_all(struct build *build, const struct column *const *columns, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!add_column(build, level_column(build, build->level, columns[i])))
            return false;
    return true;
}

/* --- items --- */

static bool read_list(struct build *build, struct select_reader *reader);

struct item {
    struct slice alias, word;
    bool spread;
};

static bool check_name(struct build *build, struct select_reader *reader, struct slice name)
{
    if (name_is_tame(name) && !slice_starts(name, SLICE("leat_")))
        return true;
    return fail_at(
        build, reader,
        "another name must be 1 to 63 bytes of letters, digits, blanks and signs other than quotes and "
        "backslashes, and not begin with `leat_`");
}

static bool read_hints(struct build *build, struct select_reader *reader, struct slice *hints,
                       unsigned *count, bool *ret_inner)
{
    while (take(reader, SLICE("!"))) {
        struct slice hint;
        if (!take_word(build, reader, &hint))
            return false;
        hint = name_unquoted(build->arena, hint);
        if (slice_eq(hint, SLICE("inner")) || slice_eq(hint, SLICE("left")))
            *ret_inner = slice_eq(hint, SLICE("inner"));
        else if (*count == HINTS_MAX)
            return fail_at(build, reader, "too many hints");
        else
            hints[(*count)++] = hint;
    }
    return true;
}

static bool read_children(struct build *build, struct select_reader *reader, struct level *child)
{
    struct build there = build_at(build, child);
    unsigned max = build_config(build)->query.depth;
    if (++reader->depth > max)
        return refuse(build, REFUSE_TOO_MUCH, SLICE("select"),
                      "Rows are embedded deeper than the limit `query.depth` of %u", max);
    if (!take_open(reader))
        return fail_at(build, reader, "a `(` was expected");
    skip_blanks(reader);
    if (!take_close(reader)) {
        if (!read_list(&there, reader))
            return false;
        if (!take_close(reader))
            return fail_at(build, reader, "a `,` or a `)` was expected");
    }
    reader->depth--;
    return true;
}

static bool read_embedded(struct build *build, struct select_reader *reader, const struct item *item)
{
    struct slice hints[HINTS_MAX], word = name_unquoted(build->arena, item->word);
    const struct relation *relation;
    unsigned hint_count = 0;
    bool inner = false;
    if (!read_hints(build, reader, hints, &hint_count, &inner) ||
        !embed_find(build, word, hints, hint_count, &relation))
        return false;
    struct slice name = item->alias.data ? item->alias : word;
    if (!check_name(build, reader, name))
        return false;
    if (level_child(build->level, name) || (!item->spread && has_member(build->level, name)))
        return refuse_twice(build, name);
    if (item->spread && !relation_is_to_one(relation))
        return refuse(build, REFUSE_NOT_TO_ONE, SLICE("select"),
                      "`..." SLICE_FMT "`: only a single row can be spread, and there may be many",
                      SLICE_ARG(shown(word)));
    struct level *child = level_add(build, build->level, relation, arena_copy(build->arena, name));
    child->inner = inner;
    child->spread = item->spread;
    if (!read_children(build, reader, child) || (child->spread && !check_spread(build, child)))
        return false;
    if (level_is_shown(child))
        *add_field(build) = (struct level_field){.child = child};
    return true;
}

/* `amount.sum` before `()`: the column and the function. */
static bool cut_function(struct slice *word, struct slice *ret_function)
{
    for (size_t i = word->len; i-- > 0;) {
        if (word->data[i] == '"')
            return false;
        if (word->data[i] != '.')
            continue;
        *ret_function = slice_skip(*word, i + 1);
        word->len = i;
        return true;
    }
    return false;
}

/* `::type`, and where the type's word ends in `.sum` before `()`, the function. */
static bool read_cast(struct build *build, struct select_reader *reader, const struct column **column,
                      struct slice *function)
{
    struct slice type;
    if (!take(reader, SLICE("::")))
        return true;
    if (!take_word(build, reader, &type))
        return false;
    if (looking_at(reader, SLICE("()")) && !(function && cut_function(&type, function)))
        return fail_at(build, reader, "an aggregate was expected in front of `()`");
    return operand_cast(build, *column, type, column);
}

static bool read_aggregate(struct build *build, struct select_reader *reader, struct slice function,
                           const struct column **column)
{
    if (!take(reader, SLICE("()")) && *column)
        return fail_at(build, reader, "`()` was expected behind an aggregate");
    return operand_aggregate(build, *column, function, column) && read_cast(build, reader, column, NULL);
}

/* `count` without its parentheses, as PostgREST has taken it of old, where no column is called so. */
static bool is_bare_count(struct build *build, struct slice word)
{
    return slice_eq(word, SLICE("count")) && !level_find(build, build->level, word);
}

static bool read_column(struct build *build, struct select_reader *reader, const struct item *item)
{
    struct slice word = item->word, function = {NULL, 0}, label;
    const struct column *column = NULL;
    if (looking_at(reader, SLICE("()")) || is_bare_count(build, word)) {
        bool count = slice_eq(word, SLICE("count"));
        if (count)
            function = word;
        else if (!cut_function(&word, &function))
            return fail_at(build, reader, "an aggregate was expected in front of `()`");
        word = count ? (struct slice){NULL, 0} : word;
    }
    if (word.data && !operand_read(build, word, SLICE("select"), &column))
        return false;
    if (column && !read_cast(build, reader, &column, function.data ? NULL : &function))
        return false;
    label = word.data && operand_is_path(word) ? operand_label(build->arena, word) : (struct slice){NULL, 0};
    if (function.data && !read_aggregate(build, reader, function, &column))
        return false;
    struct slice name = item->alias.data ? item->alias : function.data ? function : label;
    if (name.data && !slice_eq(name, column->name))
        column = operand_named(build, column, arena_copy(build->arena, name));
    return add_column(build, column);
}

static bool count_item(struct build *build)
{
    unsigned max = build_config(build)->query.select;
    if (++build->counts->items <= max)
        return true;
    return refuse(build, REFUSE_TOO_MUCH, SLICE("select"), "More columns than the limit `query.select` of %u",
                  max);
}

static bool read_item(struct build *build, struct select_reader *reader)
{
    struct item item = {0};
    skip_blanks(reader);
    item.spread = take(reader, SLICE("..."));
    if (!take_word(build, reader, &item.word))
        return false;
    if (!looking_at(reader, SLICE("::")) && looking_at(reader, SLICE(":"))) {
        item.alias = name_unquoted(build->arena, item.word);
        if (!check_name(build, reader, item.alias))
            return false;
        reader->at++;
        if (!take_word(build, reader, &item.word))
            return false;
    }
    if (item.word.len == 0)
        return fail_at(build, reader, "a column was expected");
    if (slice_eq(item.word, SLICE("*")) && !item.alias.data && !item.spread) {
        return add_all(build, build->resource->columns, build->resource->column_count);
    }
    bool opens = looking_at(reader, SLICE("(")) || looking_at(reader, SLICE("{"));
    bool calls =
        looking_at(reader, SLICE("()")) && !embed_knows(build, name_unquoted(build->arena, item.word));
    if (looking_at(reader, SLICE("!")) || (opens && !calls))
        return read_embedded(build, reader, &item);
    if (item.spread)
        return fail_at(build, reader, "`...` stands in front of embedded rows: `...users(name)`");
    return read_column(build, reader, &item);
}

static bool read_list(struct build *build, struct select_reader *reader)
{
    do {
        if (!count_item(build) || !read_item(build, reader))
            return false;
        skip_blanks(reader);
    } while (take(reader, SLICE(",")));
    return true;
}

bool select_parse(struct build *build, struct slice text)
{
    const struct resource *resource = build->resource;
    PRE(resource && build->level);
    if (!text.data && resource->select_is_text)
        text = resource->config->select.text;
    if (!text.data) {
        return add_all(build, resource->select, resource->select_count);
    }
    struct select_reader reader = {.text = text};
    if (!read_list(build, &reader))
        return false;
    if (reader.at < text.len)
        return fail_at(build, &reader, "a `,` was expected");
    return true;
}
