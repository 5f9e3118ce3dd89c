/* SPDX-License-Identifier: Apache-2.0 */
/* `leat key add NAME`, `leat key list`, `leat key revoke ID`: API keys. A key is printed once, when it is made: the database holds its hash.
 * Exit codes: 0 done, 1 the database refused or there is no such key, 2 wrong usage or configuration. */
#include <stdio.h>

#include "auth/credential.h"
#include "auth/ledger.h"
#include "catalog/caller.h"
#include "cli/desk.h"
#include "config/units.h"

static int64_t now_s(void)
{
    return clock_wall().us / 1000000;
}

/* --- add --- */

/* Untouched where none is given; false: it was said what is wrong. */
static bool read_expiry(const struct invocation *invocation, int64_t *ret_expires_s)
{
    const char *text = invocation_value(invocation, "--expires");
    int64_t ms;
    if (!text)
        return true;
    if (!units_read_duration(slice_str(text), &ms) || ms < 1000) {
        usage_error(invocation->command, "`--expires %s`: expected a duration such as `90d`", text);
        return false;
    }
    *ret_expires_s = now_s() + ms / 1000;
    return true;
}

static int write_key(struct desk *desk, const struct invocation *invocation, const char *role,
                     int64_t expires_s)
{
    char text[API_KEY_LEN + 1], hash[2 * CREDENTIAL_HASH_BYTES + 1];
    struct slice id;
    api_key_new(text);
    bool read = api_key_read(slice_str(text), &id);
    PRE(read);
    credential_hash_text(slice_str(text), hash);
    const struct ledger_key key = {.id = id,
                                   .name = slice_str(invocation->operands[1]),
                                   .hash = slice_str(hash),
                                   .role = slice_str(role),
                                   .tenant = slice_str(invocation_value(invocation, "--tenant")),
                                   .scope = slice_str(invocation_value(invocation, "--scope")),
                                   .expires_s = expires_s};
    struct statement statement = ledger_key_add(&desk->arena, desk_dialect(desk), &key, now_s());
    if (desk_run_ledger(desk, statement, true, (struct row_sink){0}) != OK)
        return desk_tell(desk, invocation->command);
    printf("%s\n", text);
    fprintf(stderr,
            "This is the only time the key is shown. It is ended by `leat key revoke " SLICE_FMT "`.\n",
            SLICE_ARG(id));
    return CLI_DONE;
}

static int add(struct desk *desk, const struct invocation *invocation)
{
    const char *role = invocation_value(invocation, "--role"),
               *scope = invocation_value(invocation, "--scope");
    int64_t expires_s = 0;
    if (!role)
        return usage_error(invocation->command, "`--role ROLE` is lacking: what may the key do?");
    if (!desk_knows_role(desk, invocation->command, role) || !read_expiry(invocation, &expires_s))
        return CLI_USAGE;
    if (scope && !scope_is_good(slice_str(scope)))
        return usage_error(invocation->command,
                           "`--scope %s`: expected `read:NAME`, `write:NAME`, `call:NAME`, joined by commas; "
                           "`*` stands for all",
                           scope);
    return write_key(desk, invocation, role, expires_s);
}

/* --- list --- */

static void print_time(struct slice cell, const char *none)
{
    int64_t seconds;
    char text[28];
    if (!cell.data || !slice_to_int(cell, &seconds) || seconds < 0 || seconds > 253402300799) {
        printf("%-20s  ", none);
        return;
    }
    wall_format((struct wall){seconds * 1000000}, text);
    printf("%.19sZ  ", text);
}

static bool print_key(void *context, const struct slice *cells, unsigned count)
{
    int64_t expires = INT64_MAX;
    (void)context;
    PRE(count == LISTED_CELLS);
    bool ends = cells[LISTED_EXPIRES].data && slice_to_int(cells[LISTED_EXPIRES], &expires);
    const char *state = cells[LISTED_REVOKED].data   ? "revoked"
                        : ends && expires <= now_s() ? "expired"
                                                     : "good";
    printf(SLICE_FMT "  %-7s  ", SLICE_ARG(cells[LISTED_ID]), state);
    print_time(cells[LISTED_CREATED], "-");
    print_time(cells[LISTED_EXPIRES], "never");
    printf(SLICE_FMT "  " SLICE_FMT, SLICE_ARG(cells[LISTED_ROLE]), SLICE_ARG(cells[LISTED_NAME]));
    if (cells[LISTED_TENANT].data)
        printf("  tenant=" SLICE_FMT, SLICE_ARG(cells[LISTED_TENANT]));
    if (cells[LISTED_SCOPE].data)
        printf("  scope=" SLICE_FMT, SLICE_ARG(cells[LISTED_SCOPE]));
    printf("\n");
    return true;
}

static int list(struct desk *desk, const struct invocation *invocation)
{
    struct statement statement = ledger_key_list(&desk->arena, desk_dialect(desk));
    if (desk_run_ledger(desk, statement, false, (struct row_sink){print_key, NULL}) != OK)
        return desk_tell(desk, invocation->command);
    return CLI_DONE;
}

/* --- revoke --- */

static int revoke(struct desk *desk, const struct invocation *invocation)
{
    const char *id = invocation->operands[1];
    struct statement statement = ledger_key_revoke(&desk->arena, desk_dialect(desk), slice_str(id), now_s());
    if (desk_run_ledger(desk, statement, true, (struct row_sink){0}) != OK)
        return desk_tell(desk, invocation->command);
    if (desk->fetch.changed == 0) {
        fprintf(stderr, "leat key: there is no good key `%s`; `leat key list` shows them\n", id);
        return CLI_FAILED;
    }
    printf("revoked %s\n", id);
    return CLI_DONE;
}

static const struct deed {
    const char *name;
    unsigned operands;
    int (*run)(struct desk *desk, const struct invocation *invocation);
} deeds[] = {{"add", 2, add}, {"list", 1, list}, {"revoke", 2, revoke}};

static int run_key(const struct invocation *invocation)
{
    const struct deed *deed = NULL;
    for (size_t i = 0; invocation->operand_count && i < ARRAY_LEN(deeds); i++)
        if (strcmp(invocation->operands[0], deeds[i].name) == 0)
            deed = &deeds[i];
    if (!deed || invocation->operand_count != deed->operands)
        return usage_error(invocation->command, "expected `add NAME`, `list` or `revoke ID`");
    struct desk desk;
    int code = desk_open(&desk, invocation);
    if (code == CLI_DONE)
        code = deed->run(&desk, invocation);
    desk_close(&desk);
    return code;
}

static const struct option options[] = {
    {"--role", NULL, "ROLE", "of a new key: its role, one of `auth.roles`"},
    {"--tenant", NULL, "TENANT", "of a new key: whose it is"},
    {"--expires", NULL, "TIME", "of a new key: how long it holds, such as `90d`; else until it is revoked"},
    {"--scope", NULL, "SCOPE", "of a new key: less than its role may, such as `read:incidents,write:notes`"},
    OPTION_CONFIG,
    OPTION_DATABASE,
    OPTION_SET,
    {0},
};

const struct command command_key = {
    .name = "key",
    .summary = "add, list and revoke API keys",
    .usage = "add NAME --role ROLE [--tenant TENANT] [--expires TIME] [--scope SCOPE] | list | revoke ID",
    .options = options,
    .operands_max = 2,
    .run = run_key,
};
