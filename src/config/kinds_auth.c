/* SPDX-License-Identifier: Apache-2.0 */
/* Roles: how they are declared under `auth:`, and how the rest of the configuration names them. See walk.h. */
#include "base/nearest.h"
#include "config/walk.h"

enum { ROLE_BYTES_MAX = 63 };

/* --- the roles that there are --- */

const struct config_role *config_role_find(const struct config_auth *auth, struct slice name)
{
    for (unsigned i = 0; i < auth->role_count; i++)
        if (slice_eq(auth->roles[i].name, name))
            return &auth->roles[i];
    return NULL;
}

struct slice config_role_name(const struct config_auth *auth, unsigned bit)
{
    for (unsigned i = 0; i < auth->role_count; i++)
        if (auth->roles[i].bit == bit)
            return auth->roles[i].name;
    PRE(bit == ROLE_ANONYMOUS);
    return SLICE("anonymous");
}

unsigned config_operators(const struct config_auth *auth)
{
    const struct config_role *last = auth->role_count ? &auth->roles[auth->role_count - 1] : NULL;
    bool above_another = last && (last->rights & ~(last->bit | ROLE_ANONYMOUS)) != 0;
    return above_another ? last->bit : ROLES_NONE;
}

static bool name_is_good(struct slice name)
{
    if (name.len == 0 || name.len > ROLE_BYTES_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '_' || c == '-')))
            return false;
    }
    return true;
}

static bool refuse_name(struct walk *walk, const struct node *node, struct slice name)
{
    const struct config_auth *auth = &walk->config->auth;
    const char *why = NULL;
    if (!name_is_good(name))
        why = "is no name of a role: expected letters, digits, `_` and `-`, as in `viewer < analyst < admin`";
    else if (slice_eq(name, SLICE("anonymous")) || slice_eq(name, SLICE("none")))
        why = "is there without being declared: take it out";
    else if (config_role_find(auth, name))
        why = "is declared twice";
    else if (auth->role_count == ROLES_DECLARED_MAX)
        why = "is one role too many: there can be 30";
    if (why)
        complain(walk->complaints, node->at, "`roles`: `" SLICE_FMT "` %s", SLICE_ARG(name), why);
    return why != NULL;
}

/* `viewer < analyst < admin`: each may what those before it may. */
static bool read_chain(struct walk *walk, const struct node *node)
{
    struct config_auth *auth = &walk->config->auth;
    unsigned rights = ROLE_ANONYMOUS;
    for (struct slice rest = node->text; rest.data;) {
        struct slice name = slice_trim(slice_cut(&rest, '<'));
        if (refuse_name(walk, node, name))
            return false;
        unsigned bit = ROLE_ANONYMOUS << (auth->role_count + 1);
        rights |= bit;
        auth->roles[auth->role_count++] =
            (struct config_role){.name = name, .bit = bit, .rights = rights, .at = node->at};
    }
    return true;
}

static void read_declared(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_auth *auth = field;
    bool good = node->kind == NODE_TEXT ? node->text.len > 0 : node->kind == NODE_LIST && node->count > 0;
    for (const struct node *item = node->first; good && item; item = item->next)
        good = item->kind == NODE_TEXT;
    if (!good) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    auth->roles = ARENA_ARRAY(walk->arena, struct config_role, ROLES_DECLARED_MAX);
    auth->role_count = 0;
    if (node->kind == NODE_TEXT)
        (void)read_chain(walk, node);
    for (const struct node *item = node->first; item; item = item->next)
        if (!read_chain(walk, item))
            return;
}

static bool begins_chain(const struct config_role *role)
{
    return role->rights == (role->bit | ROLE_ANONYMOUS);
}

static void print_declared(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_auth *auth = field;
    if (auth->role_count == 0)
        return;
    print_name(printer, key->name);
    buf_lit(printer->out, " [");
    for (unsigned i = 0; i < auth->role_count; i++) {
        if (i)
            buf_add(printer->out, begins_chain(&auth->roles[i]) ? SLICE(", ") : SLICE(" < "));
        buf_add(printer->out, auth->roles[i].name);
    }
    buf_lit(printer->out, "]\n");
}

const struct kind kind_declared_roles = {
    .expected = "roles in their order, such as `viewer < analyst < admin`, or a list of such",
    .read = read_declared,
    .print = print_declared};

/* --- roles named elsewhere --- */

static struct slice nearest_role(struct walk *walk, struct slice typed, bool or_none)
{
    const struct config_auth *auth = &walk->config->auth;
    const char *words[ROLES_DECLARED_MAX + 3];
    unsigned count = 0;
    words[count++] = "anonymous";
    if (or_none)
        words[count++] = "none";
    for (unsigned i = 0; i < auth->role_count; i++)
        words[count++] = arena_copy(walk->arena, auth->roles[i].name).data;
    words[count] = NULL;
    return walk_nearest(walk, typed, words);
}

static struct slice roles_listed(struct walk *walk, bool or_none)
{
    const struct config_auth *auth = &walk->config->auth;
    struct slice list = SLICE("");
    for (unsigned i = 0; i < auth->role_count; i++)
        list = arena_format(walk->arena, SLICE_FMT "`" SLICE_FMT "`, ", SLICE_ARG(list),
                            SLICE_ARG(auth->roles[i].name));
    return arena_format(walk->arena, SLICE_FMT "`anonymous`%s%s", SLICE_ARG(list),
                        or_none ? " or `none`" : "",
                        auth->role_count ? "" : "; other roles are declared by `auth: {roles: …}`");
}

bool role_find(struct walk *walk, struct slice word, unsigned *ret_role)
{
    PRE(ret_role);
    const struct config_role *role = config_role_find(&walk->config->auth, word);
    if (!role && !slice_eq(word, SLICE("anonymous")))
        return false;
    *ret_role = role ? role->bit : ROLE_ANONYMOUS;
    return true;
}

void role_refuse(struct walk *walk, struct place at, const char *key, struct slice word, bool or_none)
{
    complain(walk->complaints, at, "`%s`: found `" SLICE_FMT "`, expected " SLICE_FMT SLICE_FMT, key,
             SLICE_ARG(word), SLICE_ARG(roles_listed(walk, or_none)),
             SLICE_ARG(nearest_role(walk, word, or_none)));
}

static bool role_bit(struct walk *walk, const struct node *node, const char *key, unsigned *roles)
{
    unsigned role;
    if (node->kind == NODE_TEXT && role_find(walk, node->text, &role)) {
        *roles |= role;
        return true;
    }
    if (node->kind != NODE_TEXT || node->text.len == 0)
        walk_expected(walk, node, key, kind_roles.expected);
    else
        role_refuse(walk, node->at, key, node->text, true);
    return false;
}

static void read_roles(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    unsigned roles = ROLES_NONE;
    bool good = true, none = node->kind == NODE_TEXT && slice_eq(node->text, SLICE("none"));
    if (node->kind == NODE_LIST)
        for (const struct node *item = node->first; item; item = item->next)
            good &= role_bit(walk, item, key->name, &roles);
    else if (!none)
        good = role_bit(walk, node, key->name, &roles);
    if (good)
        *(unsigned *)field = roles;
}

static void print_roles(struct printer *printer, const struct key *key, const void *field)
{
    unsigned roles = *(const unsigned *)field, printed = 0;
    bool several = (roles & (roles - 1)) != 0;
    print_name(printer, key->name);
    buf_add(printer->out, !roles ? SLICE(" none") : several ? SLICE(" [") : SLICE(" "));
    for (unsigned i = 0; i <= printer->config->auth.role_count; i++)
        if (roles & ROLE_ANONYMOUS << i)
            buf_format(printer->out, "%s" SLICE_FMT, printed++ ? ", " : "",
                       SLICE_ARG(config_role_name(&printer->config->auth, ROLE_ANONYMOUS << i)));
    buf_add(printer->out, several ? SLICE("]\n") : SLICE("\n"));
}

const struct kind kind_roles = {.expected = "a role such as `anonymous`, a list of roles, or `none`",
                                .read = read_roles,
                                .print = print_roles};

/* `role: viewer`: of who is known and has none. */
static void read_role(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    if (node->kind != NODE_TEXT || node->text.len == 0)
        walk_expected(walk, node, key->name, key->kind->expected);
    else if (!role_find(walk, node->text, field))
        role_refuse(walk, node->at, key->name, node->text, false);
}

static void print_role(struct printer *printer, const struct key *key, const void *field)
{
    if (printer->config->auth.role_count > 0)
        print_roles(printer, key, field);
}

const struct kind kind_role = {.expected = "a role such as `viewer`", .read = read_role, .print = print_role};

/* `rights: database`: who decides whose rows are. */
static void read_rights(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_auth *auth = field;
    unsigned which = auth->by_database;
    kind_choice.read(walk, key, node, &which);
    auth->by_database = which;
    auth->rights_at = node->at;
}

static void print_rights(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_auth *auth = field;
    unsigned which = auth->by_database;
    kind_choice.print(printer, key, &which);
}

const struct kind kind_rights = {.expected = "a word", .read = read_rights, .print = print_rights};
