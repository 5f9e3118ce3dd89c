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
