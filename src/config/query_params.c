/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of a named query: `NAME: type[?] [= default] [in [a, b, c] | in 1..100]`.
 *
 *   since:    timestamptz = 24h ago
 *   severity: text? in [low, medium, high]      `?`: may be absent, and is NULL then
 *   top:      int = 10 in 1..100
 *
 * Defaults and choices are checked against the type here, so that a request meets no mistake of the file's.
 * Failure: complaints. Pure. */
#include "base/nearest.h"
#include "config/query_file.h"
#include "config/units.h"

const char *const param_type_names[] = {
    "smallint",         "int",      "integer", "bigint", "numeric", "decimal", "real", "double",
    "double precision", "text",     "boolean", "bool",   "uuid",    "date",    "time", "timestamp",
    "timestamptz",      "interval", "json",    "jsonb",  NULL,
};

bool param_is_builtin(struct slice name)
{
    static const char *const names[] = {"user", "tenant", "role", "now"};
    for (unsigned i = 0; i < ARRAY_LEN(names); i++)
        if (slice_eq(name, slice_str(names[i])))
            return true;
    return false;
}

bool param_of_caller(struct walk *walk, struct config_query *query, struct word name, unsigned *ret_at)
{
    static const char *const names[] = {
        [PARAM_USER] = "user", [PARAM_TENANT] = "tenant", [PARAM_ROLE] = "role"};
    enum param_from from = PARAM_USER;
    while (from < ARRAY_LEN(names) && !slice_eq(name.text, slice_str(names[from])))
        from++;
    if (from == ARRAY_LEN(names))
        return false;
    struct config_param *params = ARENA_ARRAY(walk->arena, struct config_param, query->param_count + 1);
    if (query->param_count)
        memcpy(params, query->params, query->param_count * sizeof *params);
    params[query->param_count] =
        (struct config_param){.name = name, .from = from, .type = SLICE("text"), .optional = true};
    query->params = params;
    *ret_at = query->param_count++;
    return true;
}

static bool is_one_of(struct slice text, const char *const *words)
{
    while (*words && !slice_eq(text, slice_str(*words)))
        words++;
    return *words;
}

static bool is_integer_type(struct slice type)
{
    static const char *const types[] = {"smallint", "int", "integer", "bigint", NULL};
    return is_one_of(type, types);
}

static bool is_integer(struct slice type, struct slice value)
{
    int64_t number, high = slice_eq(type, SLICE("smallint")) ? INT16_MAX
                           : slice_eq(type, SLICE("bigint")) ? INT64_MAX
                                                             : INT32_MAX;
    return slice_to_int(value, &number) && number <= high && number >= -high - 1;
}

static bool is_number_type(struct slice type)
{
    static const char *const types[] = {"numeric", "decimal", "real", "double", "double precision", NULL};
    return is_one_of(type, types);
}

/* -12, 0.5, 1e9 */
static bool is_number(struct slice value)
{
    bool digits = false;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.data[i], before = i ? value.data[i - 1] : 'e';
        bool sign = (c == '-' || c == '+') && (before | 0x20) == 'e';
        bool exponent = (c | 0x20) == 'e' && digits;
        if (!((c >= '0' && c <= '9') || c == '.' || sign || exponent))
            return false;
        digits |= c >= '0' && c <= '9';
    }
    return digits;
}

static bool is_uuid(struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        char c = value.data[i], lower = (char)(c | 0x20);
        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'f')))
            return false;
    }
    return value.len == 36;
}

/* `now`, `24h ago`, or a date written out. */
static bool is_moment(struct slice value)
{
    int64_t ignored;
    if (slice_eq(value, SLICE("now")))
        return true;
    if (slice_ends(value, SLICE(" ago")))
        return units_read_duration(slice_trim(slice_of(value.data, value.len - 4)), &ignored);
    return value.len >= 10 && slice_to_int(slice_of(value.data, 4), &ignored) && value.data[4] == '-' &&
           value.data[7] == '-';
}

static bool value_fits(struct slice type, struct slice value)
{
    static const char *const moments[] = {"date", "timestamp", "timestamptz", NULL};
    static const char *const booleans[] = {"boolean", "bool", NULL};
    static const char *const truths[] = {"true", "false", NULL};
    if (is_integer_type(type))
        return is_integer(type, value);
    if (is_number_type(type))
        return is_number(value);
    if (is_one_of(type, booleans))
        return is_one_of(value, truths);
    if (is_one_of(type, moments))
        return is_moment(value);
    return slice_eq(type, SLICE("uuid")) ? is_uuid(value) : true;
}

/* What is being read, and where. */
struct reading {
    struct walk *walk;
    struct place at;
    struct config_param *param;
};

static bool fault(const struct reading *r, struct slice found, const char *sentence)
{
    const char *quote = found.len ? "`" : "";
    complain(r->walk->complaints, r->at, "`" SLICE_FMT "`: found %s" SLICE_FMT "%s, %s",
             SLICE_ARG(r->param->name.text), quote, SLICE_ARG(found.len ? found : SLICE("nothing")), quote,
             sentence);
    return false;
}

/* What is found is not of the parameter's type. */
static bool type_fault(const struct reading *r, struct slice found, const char *what)
{
    return fault(r, found,
                 arena_format(r->walk->arena, "expected %s of type `" SLICE_FMT "`", what,
                              SLICE_ARG(r->param->type))
                     .data);
}

static struct slice unquoted(struct slice text)
{
    text = slice_trim(text);
    bool quotes = text.len >= 2 && (text.data[0] == '\'' || text.data[0] == '"') &&
                  text.data[text.len - 1] == text.data[0];
    return quotes ? slice_of(text.data + 1, text.len - 2) : text;
}

/* Offset of ` in ` outside quotes, or the length. */
static size_t find_in(struct slice text)
{
    char quote = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (slice_starts(slice_skip(text, i), SLICE(" in ")))
            return i;
    }
    return text.len;
}

static bool read_type(const struct reading *r, struct slice text)
{
    text = slice_trim(text);
    if (slice_ends(text, SLICE("?"))) {
        r->param->optional = true;
        text = slice_trim(slice_of(text.data, text.len - 1));
    }
    if (!is_one_of(text, param_type_names)) {
        struct slice hint = walk_nearest(r->walk, text, param_type_names);
        complain(r->walk->complaints, r->at, "`" SLICE_FMT "`: there is no type `" SLICE_FMT "`" SLICE_FMT,
                 SLICE_ARG(r->param->name.text), SLICE_ARG(text),
                 SLICE_ARG(
                     hint.len
                         ? hint
                         : SLICE(": expected one such as `int`, `text`, `timestamptz`, `numeric`, `uuid`")));
        return false;
    }
    r->param->type = text;
    return true;
}

static bool read_choices(const struct reading *r, struct slice text)
{
    PRE(text.len >= 2 && text.data[0] == '[');
    struct slice rest = slice_trim(slice_of(text.data + 1, text.len - 2));
    size_t most = 1;
    for (size_t i = 0; i < rest.len; i++)
        most += rest.data[i] == ',';
    r->param->in = ARENA_ARRAY(r->walk->arena, struct slice, most);
    while (rest.data) {
        struct slice choice = unquoted(slice_cut(&rest, ','));
        if (choice.len == 0 || !value_fits(r->param->type, choice))
            return type_fault(r, text, "a list such as `in [a, b]` with values");
        r->param->in[r->param->in_count++] = choice;
    }
    POST(r->param->in_count <= most);
    return true;
}

static bool read_range(const struct reading *r, struct slice text)
{
    const char *dots = memmem(text.data, text.len, "..", 2);
    struct slice low = slice_of(text.data, dots ? (size_t)(dots - text.data) : 0);
    struct slice high = slice_skip(text, low.len + 2);
    bool numeric = is_integer_type(r->param->type) || is_number_type(r->param->type);
    if (!dots || !numeric || !slice_to_int(slice_trim(low), &r->param->low) ||
        !slice_to_int(slice_trim(high), &r->param->high) || r->param->low > r->param->high)
        return fault(r, text, "expected `in [a, b, c]`, or `in 1..100` for a number");
    r->param->has_range = true;
    return true;
}

/* Whether the default is one of the choices and within the range. */
static bool default_is_allowed(const struct config_param *param)
{
    PRE(param->fallback.data && param->low <= param->high);
    int64_t number;
    bool chosen = param->in_count == 0;
    for (unsigned i = 0; i < param->in_count; i++)
        chosen |= slice_eq(param->in[i], param->fallback);
    if (param->has_range && slice_to_int(param->fallback, &number))
        return chosen && number >= param->low && number <= param->high;
    return chosen;
}

static bool read_default(const struct reading *r, struct slice text)
{
    text = slice_trim(text);
    r->param->fallback = arena_copy(r->walk->arena, unquoted(text));
    if (text.len == 0 || !value_fits(r->param->type, r->param->fallback))
        return type_fault(r, text, "a default");
    if (r->param->optional)
        return fault(r, text, "but a parameter with a default is never absent: take the `?` out");
    return default_is_allowed(r->param) || fault(r, text, "expected a default that `in` allows");
}

static bool read_param(const struct reading *r, struct slice text)
{
    size_t in_at = find_in(text);
    struct slice allowed = slice_trim(slice_skip(text, in_at == text.len ? in_at : in_at + strlen(" in ")));
    struct slice fallback = slice_of(text.data, in_at), type = slice_cut(&fallback, '=');
    if (!read_type(r, type))
        return false;
    bool list = allowed.len >= 2 && allowed.data[0] == '[' && allowed.data[allowed.len - 1] == ']';
    if (in_at < text.len && !(list ? read_choices(r, allowed) : read_range(r, allowed)))
        return false;
    return !fallback.data || read_default(r, fallback);
}

static bool name_is_good(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i && c >= '0' && c <= '9'))
            return false;
    }
    return name.len > 0 && name.len <= 63;
}

static void read_named(struct walk *walk, const struct node *node, struct config_param *param)
{
    param->name = (struct word){.text = node->key, .at = node->key_at};
    struct reading reading = {.walk = walk, .at = node->at, .param = param};
    if (!name_is_good(node->key))
        complain(walk->complaints, node->key_at,
                 "`" SLICE_FMT "`: a parameter's name is made of letters, digits and `_`",
                 SLICE_ARG(node->key));
    else if (param_is_builtin(node->key))
        complain(walk->complaints, node->key_at,
                 "`" SLICE_FMT "` is a name that Leat itself fills: take another", SLICE_ARG(node->key));
    else if (node->kind != NODE_TEXT || node_is_nothing(node))
        complain(walk->complaints, node->at,
                 "`" SLICE_FMT "`: found " SLICE_FMT ", expected a type such as `int = 10 in 1..100`",
                 SLICE_ARG(node->key), SLICE_ARG(walk_found(walk, node)));
    else if (!read_param(&reading, node->text))
        param->fallback = (struct slice){0};
}

static void read_params(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_query *query = field;
    if (node->kind != NODE_MAP || node->count > PARAMS_MAX) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    query->params = ARENA_ARRAY(walk->arena, struct config_param, node->count + 1);
    for (const struct node *child = node->first; child; child = child->next)
        read_named(walk, child, &query->params[query->param_count++]);
    POST(query->param_count == node->count);
}

const struct kind kind_params = {.expected =
                                     "names and types, at most 200, such as `top: int = 10 in 1..100`",
                                 .read = read_params};
