/* SPDX-License-Identifier: Apache-2.0 */
/* `cache: 2m`, `cache: off`, `cache: {list: 2m, row: 5m}`: how long answers are kept. See walk.h. */
#include "config/units.h"
#include "config/walk.h"

enum { POLICY_MS_MAX = 7 * 24 * 3600 * 1000 };

static void set_both(struct cache_policy *policy, int64_t ms)
{
    policy->list_ms = policy->row_ms = ms;
}

static void read_policy(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    int64_t ms;
    if (node->kind == NODE_MAP && node->count > 0)
        walk_section(walk, &section_cache_policy, node, "`cache`", field);
    else if (node->kind == NODE_TEXT && slice_eq(node->text, SLICE("off")))
        set_both(field, 0);
    else if (node->kind == NODE_TEXT && units_read_duration(node->text, &ms) && ms <= POLICY_MS_MAX)
        set_both(field, ms);
    else
        walk_expected(walk, node, key->name, key->kind->expected);
}

static void print_policy(struct printer *printer, const struct key *key, const void *field)
{
    print_name(printer, key->name);
    buf_byte(printer->out, '\n');
    printer->indent += 2;
    print_section(printer, &section_cache_policy, field);
    printer->indent -= 2;
}

const struct kind kind_cache = {
    .expected = "how long an answer is kept, such as `2m` (up to 7d), `off`, or `{list: 2m, row: 5m}`",
    .read = read_policy,
    .print = print_policy};

/* --- cache: {memory: auto} --- */

/* 0 needs no unit. */
static void read_memory(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    uint64_t *bytes = field;
    if (node->kind == NODE_TEXT && slice_eq(node->text, SLICE("auto")))
        *bytes = CACHE_MEMORY_AUTO;
    else if (node->kind == NODE_TEXT && slice_eq(node->text, SLICE("0")))
        *bytes = 0;
    else
        kind_bytes.read(walk, key, node, field);
}

static void print_memory(struct printer *printer, const struct key *key, const void *field)
{
    const uint64_t *bytes = field;
    if (*bytes != CACHE_MEMORY_AUTO) {
        kind_bytes.print(printer, key, field);
        return;
    }
    print_name(printer, key->name);
    buf_lit(printer->out, " auto\n");
}

const struct kind kind_cache_memory = {
    .expected = "`auto`, `off` or a size with its unit such as `64MiB` (B, KiB, MiB or GiB)",
    .read = read_memory,
    .print = print_memory,
    .parse = units_read_bytes,
    .format = units_print_bytes,
    .width = sizeof(uint64_t),
};

/* --- cache: {warm: [incidents, analytics/top_sources]} --- */

enum { WARM_PATHS_MAX = 1000 };

static bool is_path(const struct node *node)
{
    struct slice text = node->text;
    bool good = node->kind == NODE_TEXT && text.len > 0;
    for (size_t i = 0; good && i < text.len; i++)
        good = text.data[i] > ' ' && text.data[i] < 0x7f;
    return good;
}

static void read_warm(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_warm *warm = field;
    bool good = node->kind == NODE_LIST && node->count <= WARM_PATHS_MAX;
    for (const struct node *item = node->first; good && item; item = item->next)
        good = is_path(item);
    if (!good) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    warm->paths = ARENA_ARRAY(walk->arena, struct slice, node->count + 1);
    warm->count = 0;
    for (const struct node *item = node->first; item; item = item->next)
        warm->paths[warm->count++] = item->text;
}

static void print_warm(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_warm *warm = field;
    print_name(printer, key->name);
    buf_lit(printer->out, " [");
    for (unsigned i = 0; i < warm->count; i++) {
        if (i > 0)
            buf_lit(printer->out, ", ");
        config_print_text(printer->out, warm->paths[i]);
    }
    buf_lit(printer->out, "]\n");
}

const struct kind kind_warm = {
    .expected = "a list of paths such as `[incidents, analytics/top_sources, /rest/v1/users?limit=10]`",
    .read = read_warm,
    .print = print_warm};

const struct kind kind_state_folder = {.expected =
                                           "a folder for what outlives the process, such as `./state`",
                                       .read = walk_read_folder,
                                       .print = print_folder};
