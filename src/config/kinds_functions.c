/* SPDX-License-Identifier: Apache-2.0 */
/* `functions:`, those of the database that may be called as /rpc/NAME. See walk.h. Whether the database has them is seen later,
 * by catalog/model.c. */
#include "config/walk.h"

/* The key is the function, "schema.function" or "function", and its last part the name; with `function:` it is the name alone. */
static void function_names(struct walk *walk, const struct node *node, struct config_function *function)
{
    struct word key = {.text = node->key, .at = node->key_at};
    function->name = key;
    if (!function->function.text.data) {
        size_t dot = slice_find(key.text, '.');
        function->name.text = slice_skip(key.text, dot == key.text.len ? 0 : dot + 1);
        function->function = key;
    }
    const char *refused = name_refused(function->name.text);
    if (refused && !name_is_reserved(function->name.text))
        complain(walk->complaints, key.at,
                 "`functions`: `" SLICE_FMT "` %s: give another name, with `function:` in it",
                 SLICE_ARG(function->name.text), refused);
}

static void read_function(struct walk *walk, const struct node *node, struct config_function *function)
{
    function->at = node->key_at;
    if (!node_is_nothing(node))
        walk_section(walk, &section_function, node,
                     arena_format(walk->arena, "`" SLICE_FMT "`", SLICE_ARG(node->key)).data, function);
    function_names(walk, node, function);
}

static void read_functions(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config *config = field;
    if (node->kind != NODE_MAP) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    config->functions = ARENA_ARRAY(walk->arena, struct config_function, node->count + 1);
    config->function_count = 0;
    for (const struct node *child = node->first; child; child = child->next)
        read_function(walk, child, &config->functions[config->function_count++]);
}

static void print_functions(struct printer *printer, const struct key *key, const void *field)
{
    const struct config *config = field;
    if (config->function_count == 0)
        return;
    print_name(printer, key->name);
    buf_byte(printer->out, '\n');
    printer->indent += 2;
    for (unsigned i = 0; i < config->function_count; i++) {
        buf_format(printer->out, "%*s", (int)printer->indent, "");
        print_key(printer->out, config->functions[i].name.text);
        buf_lit(printer->out, ":\n");
        printer->indent += 2;
        print_section(printer, &section_function, &config->functions[i]);
        printer->indent -= 2;
    }
    printer->indent -= 2;
}

const struct kind kind_functions = {
    .expected = "a mapping from functions to what is said of them, such as `{search: {call: anonymous}}`",
    .read = read_functions,
    .print = print_functions};
