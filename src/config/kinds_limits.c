/* SPDX-License-Identifier: Apache-2.0 */
/* `limits:`, a list of rules, where it may stand: rates, what is counted by, when, tiers. See walk.h. */
#include "config/walk.h"

/* --- rate: 5000/s --- */

static const char *const unit_words[] = {"s", "min", "h", "d", NULL};

#define COUNT_MAX 1000000

/* The unit that a usual other word means. */
static const char *unit_meant(struct slice word)
{
    static const char *const meant[][2] = {{"sec", "s"},      {"second", "s"},    {"m", "min"},
                                           {"minute", "min"}, {"minutes", "min"}, {"hour", "h"},
                                           {"day", "d"}};
    for (size_t i = 0; i < ARRAY_LEN(meant); i++)
        if (slice_eq_nocase(word, slice_str(meant[i][0])))
            return meant[i][1];
    return NULL;
}

#define RATE_EXPECTED "a rate such as `5000/s`, `200/min`, `10/h` or `1000/d`"

static void complain_rate(struct walk *walk, const struct key *key, const struct node *node)
{
    struct slice rest = node->kind == NODE_TEXT ? node->text : SLICE("");
    struct slice count = slice_cut(&rest, '/');
    const char *unit = unit_meant(rest);
    int64_t number;
    if (unit && slice_to_int(count, &number))
        complain(walk->complaints, node->at,
                 "`%s`: found " SLICE_FMT ", expected " RATE_EXPECTED ": did you mean `" SLICE_FMT "/%s`?",
                 key->name, SLICE_ARG(walk_found(walk, node)), SLICE_ARG(count), unit);
    else
        walk_expected(walk, node, key->name, RATE_EXPECTED);
}

static void read_limit_rate(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct slice rest = node->kind == NODE_TEXT ? node->text : SLICE("");
    struct slice count = slice_cut(&rest, '/');
    int64_t number;
    for (unsigned unit = 0; unit_words[unit] && slice_to_int(count, &number); unit++) {
        if (!slice_eq(rest, slice_str(unit_words[unit])))
            continue;
        if (number < 1 || number > COUNT_MAX)
            complain(walk->complaints, node->at,
                     "`%s`: `" SLICE_FMT "` is out of range: expected 1 to %d for each unit of time",
                     key->name, SLICE_ARG(node->text), COUNT_MAX);
        else
            *(struct config_rate *)field = (struct config_rate){(unsigned)number, unit};
        return;
    }
    complain_rate(walk, key, node);
}

static void print_rate(struct buf *out, const struct config_rate *rate)
{
    buf_format(out, "%u/%s", rate->count, unit_words[rate->unit]);
}

static void print_limit_rate(struct printer *printer, const struct key *key, const void *field)
{
    print_name(printer, key->name);
    buf_byte(printer->out, ' ');
    print_rate(printer->out, field);
    buf_byte(printer->out, '\n');
}

const struct kind kind_limit_rate = {.expected = RATE_EXPECTED,
                                     .read = read_limit_rate,
                                     .print = print_limit_rate};

/* --- words that are bits: per, when --- */

/* Which of the words; -1: none. */
static int word_index(const char *const *words, struct slice text)
{
    for (int i = 0; words[i]; i++)
        if (slice_eq(text, slice_str(words[i])))
            return i;
    return -1;
}

static void print_words(struct buf *out, const char *const *words, unsigned bits, unsigned *printed)
{
    for (unsigned i = 0; words[i]; i++)
        if (bits & 1u << i)
            buf_format(out, "%s%s", (*printed)++ ? ", " : "", words[i]);
}

/* Calls `add` with each text of a list, or with the one that stands alone. */
static void each_word(struct walk *walk, const struct key *key, const struct node *node, void *field,
                      void (*add)(struct walk *, const struct key *, const struct node *, void *))
{
    bool list = node->kind == NODE_LIST && node->count > 0;
    for (const struct node *item = list ? node->first : node; item; item = list ? item->next : NULL) {
        if (item->kind == NODE_TEXT && item->text.len)
            add(walk, key, item, field);
        else
            walk_expected(walk, item, key->name, key->kind->expected);
    }
}

static const char *const per_words[] = {"address", "user", "key", "tenant", "role", "route", "account", NULL};

static void add_per(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    int which = word_index(per_words, node->text);
    if (which >= 0)
        *(unsigned *)field |= 1u << which;
    else
        complain(walk->complaints, node->at, "`%s`: found `" SLICE_FMT "`, expected %s" SLICE_FMT, key->name,
                 SLICE_ARG(node->text), key->kind->expected,
                 SLICE_ARG(walk_nearest(walk, node->text, per_words)));
}

static void read_per(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    each_word(walk, key, node, field, add_per);
}

static void print_per(struct printer *printer, const struct key *key, const void *field)
{
    unsigned printed = 0;
    print_name(printer, key->name);
    buf_lit(printer->out, " [");
    print_words(printer->out, per_words, *(const unsigned *)field, &printed);
    buf_lit(printer->out, "]\n");
}

const struct kind kind_limit_per = {
    .expected = "address, user, key, tenant, role, route or account, or a list of them",
    .read = read_per,
    .print = print_per};

static const char *const way_words[] = {"read", "write", NULL};

static void add_when(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_limit *limit = field;
    unsigned role;
    int which = word_index(way_words, node->text);
    if (which >= 0)
        limit->ways |= 1u << which;
    else if (role_find(walk, node->text, &role))
        limit->roles |= role;
    else
        complain(walk->complaints, node->at,
                 "`%s`: found `" SLICE_FMT
                 "`, expected `read`, `write`, `anonymous` or a role of `auth: {roles: …}`" SLICE_FMT,
                 key->name, SLICE_ARG(node->text), SLICE_ARG(walk_nearest(walk, node->text, way_words)));
}

static void read_when(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    each_word(walk, key, node, field, add_when);
}

static void print_when(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_limit *limit = field;
    unsigned printed = 0;
    if (!limit->roles && !limit->ways)
        return;
    print_name(printer, key->name);
    buf_lit(printer->out, " [");
    print_words(printer->out, way_words, limit->ways, &printed);
    for (unsigned i = 0; i <= printer->config->auth.role_count; i++)
        if (limit->roles & ROLE_ANONYMOUS << i)
            buf_format(printer->out, "%s" SLICE_FMT, printed++ ? ", " : "",
                       SLICE_ARG(config_role_name(&printer->config->auth, ROLE_ANONYMOUS << i)));
    buf_lit(printer->out, "]\n");
}

const struct kind kind_limit_when = {.expected =
                                         "`read`, `write`, a role such as `anonymous`, or a list of them",
                                     .read = read_when,
                                     .print = print_when};

/* --- tiers: {free: 10/s, pro: 100/s} --- */

static void read_tiers(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_limit *limit = field;
    if (node->kind != NODE_MAP || node->count == 0) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    limit->tiers = ARENA_ARRAY(walk->arena, struct config_tier, node->count);
    for (const struct node *child = node->first; child; child = child->next) {
        struct config_tier *tier = &limit->tiers[limit->tier_count++];
        if (!role_find(walk, child->key, &tier->role))
            role_refuse(walk, child->key_at, key->name, child->key, false);
        const struct key rate = {.name = arena_copy(walk->arena, child->key).data};
        read_limit_rate(walk, &rate, child, &tier->rate);
    }
}

static void print_tiers(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_limit *limit = field;
    if (limit->tier_count == 0)
        return;
    print_name(printer, key->name);
    for (unsigned i = 0; i < limit->tier_count; i++) {
        buf_format(printer->out, "%s" SLICE_FMT ": ", i ? ", " : " {",
                   SLICE_ARG(config_role_name(&printer->config->auth, limit->tiers[i].role)));
        print_rate(printer->out, &limit->tiers[i].rate);
    }
    buf_lit(printer->out, "}\n");
}

const struct kind kind_limit_tiers = {.expected = "roles and their rates, such as `{free: 10/s, pro: 100/s}`",
                                      .read = read_tiers,
                                      .print = print_tiers};

/* --- name: tenant --- */

/* It stands in headers and metrics as it is. */
static void read_limit_name(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    bool good = node->kind == NODE_TEXT && node->text.len > 0 && node->text.len <= LIMIT_NAME_MAX;
    for (size_t i = 0; good && i < node->text.len; i++) {
        char c = node->text.data[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c && strchr("_-.", c));
    }
    if (good)
        *(struct slice *)field = node->text;
    else
        walk_expected(walk, node, key->name, key->kind->expected);
}

static void print_limit_name(struct printer *printer, const struct key *key, const void *field)
{
    kind_summary.print(printer, key, field);
}

const struct kind kind_limit_name = {
    .expected = "a name of at most 40 letters, digits, `_`, `-` and `.`, such as `tenant`",
    .read = read_limit_name,
    .print = print_limit_name};

/* --- limits: [...] --- */

/* What two keys of a rule say together. */
static void check_limit(struct walk *walk, const struct config_limit *limit)
{
    struct complaints *complaints = walk->complaints;
    bool login = limit->on == LIMIT_ON_LOGIN_FAILED;
    if (!limit->per)
        complain(complaints, limit->at, "a rule of `limits` needs `per`: expected %s",
                 kind_limit_per.expected);
    if (!limit->rate.count)
        complain(complaints, limit->at, "a rule of `limits` needs `rate`: expected " RATE_EXPECTED);
    if (limit->window && limit->burst)
        complain(complaints, limit->at,
                 "`burst` is of token buckets: a window lets its rate through at once; take one of them out");
    if (limit->per & PER_ACCOUNT && !login)
        complain(complaints, limit->at, "`per: account` needs `on: login.failed`: only logins name one");
    if (login && limit->per & ~(unsigned)(PER_ADDRESS | PER_ACCOUNT))
        complain(
            complaints, limit->at,
            "`on: login.failed` counts `per` address or account: nobody is known yet when a login fails");
    if (login && (limit->roles || limit->ways || limit->tier_count))
        complain(complaints, limit->at, "`on: login.failed` has no `when` and no `tiers`: take them out");
}

static void read_limit(struct walk *walk, const struct node *node, struct config_limit *limit)
{
    unsigned before = complaints_errors(walk->complaints);
    *limit = (struct config_limit){.weight = 1, .at = node->at};
    walk_section(walk, &section_limit, node, "a rule of `limits`", limit);
    if (complaints_errors(walk->complaints) == before)
        check_limit(walk, limit);
}

static void read_limits(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_limits *limits = field;
    if (node->kind != NODE_LIST) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    if (node->count > LIMITS_EACH_MAX) {
        complain(walk->complaints, node->at, "`%s` has %u rules: %d at most", key->name, node->count,
                 LIMITS_EACH_MAX);
        return;
    }
    *limits = (struct config_limits){ARENA_ARRAY(walk->arena, struct config_limit, node->count + 1), 0, 0};
    if (node->count)
        limits->number = ++walk->config->limit_lists;
    for (const struct node *item = node->first; item; item = item->next)
        read_limit(walk, item, &limits->items[limits->count++]);
}

static void print_limits(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_limits *limits = field;
    if (limits->count == 0)
        return;
    print_name(printer, key->name);
    buf_byte(printer->out, '\n');
    printer->indent += 4;
    for (unsigned i = 0; i < limits->count; i++) {
        size_t begun = printer->out->len;
        print_section(printer, &section_limit, &limits->items[i]);
        if (!printer->out->failed)
            printer->out->data[begun + printer->indent - 2] = '-';
    }
    printer->indent -= 4;
}

const struct kind kind_limits = {.expected = "a list of rules such as `[{per: address, rate: 200/s}]`",
                                 .read = read_limits,
                                 .print = print_limits};
