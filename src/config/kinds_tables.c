/* SPDX-License-Identifier: Apache-2.0 */
/* `tables: [events, audit.log]`, `changes: []`: tables that are named, and `tags: [news, front]`: tokens. See walk.h. Whether the database
 * has the tables is seen later, by catalog/model.c. */
#include "config/walk.h"

enum { TAGS_MAX = 32, TAG_BYTES_MAX = 128 };

static void print_words(struct printer *printer, const struct key *key, const struct word *words,
                        unsigned count)
{
    print_name(printer, key->name);
    buf_lit(printer->out, " [");
    for (unsigned i = 0; i < count; i++) {
        buf_add(printer->out, i ? SLICE(", ") : SLICE(""));
        config_print_text(printer->out, words[i].text);
    }
    buf_lit(printer->out, "]\n");
}

/* A list of texts that are good, or NULL and a complaint. */
static struct word *read_words(struct walk *walk, const struct key *key, const struct node *node,
                               bool (*is_good)(struct slice text), unsigned *ret_count)
{
    bool good = node->kind == NODE_LIST;
    struct word *words = ARENA_ARRAY(walk->arena, struct word, node->count + 1);
    unsigned count = 0;
    for (const struct node *item = node->first; good && item; item = item->next) {
        good = item->kind == NODE_TEXT && is_good(item->text);
        words[count++] = walk_word(item);
    }
    *ret_count = count;
    if (!good)
        walk_expected(walk, node, key->name, key->kind->expected);
    return good ? words : NULL;
}

static bool is_table(struct slice text)
{
    return text.len > 0;
}

static void read_tables(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_tables *tables = field;
    unsigned count;
    struct word *names = read_words(walk, key, node, is_table, &count);
    if (names)
        *tables = (struct config_tables){names, count, true};
}

static void print_tables(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_tables *tables = field;
    if (tables->told)
        print_words(printer, key, tables->names, tables->count);
}

const struct kind kind_tables = {.expected = "a list of tables such as `[events, audit.log]`, or `[]`",
                                 .read = read_tables,
                                 .print = print_tables};

/* Of a resource or a query. */
const struct kind kind_signal_names = {.expected = "a list of signals such as `[imported]`",
                                       .read = read_tables,
                                       .print = print_tables};

/* What may stand in a head between blanks and between commas. */
static bool is_tag(struct slice text)
{
    bool good = text.len > 0 && text.len <= TAG_BYTES_MAX;
    for (size_t i = 0; good && i < text.len; i++)
        good = text.data[i] > ' ' && text.data[i] < 0x7f && text.data[i] != ',' && text.data[i] != '"';
    return good;
}

static void read_tags(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct cache_policy *policy = field;
    unsigned count;
    struct word *words = node->count <= TAGS_MAX ? read_words(walk, key, node, is_tag, &count) : NULL;
    if (node->count > TAGS_MAX)
        walk_expected(walk, node, key->name, key->kind->expected);
    if (!words)
        return;
    policy->tags = ARENA_ARRAY(walk->arena, struct slice, count + 1);
    policy->tag_count = count;
    for (unsigned i = 0; i < count; i++)
        policy->tags[i] = words[i].text;
}

static void print_tags(struct printer *printer, const struct key *key, const void *field)
{
    const struct cache_policy *policy = field;
    print_name(printer, key->name);
    buf_lit(printer->out, " [");
    for (unsigned i = 0; i < policy->tag_count; i++) {
        buf_add(printer->out, i ? SLICE(", ") : SLICE(""));
        config_print_text(printer->out, policy->tags[i]);
    }
    buf_lit(printer->out, "]\n");
}

const struct kind kind_tags = {
    .expected = "a list of up to 32 tags such as `[news, front]`, of visible ASCII without commas and quotes",
    .read = read_tags,
    .print = print_tags};
