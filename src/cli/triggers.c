/* SPDX-License-Identifier: Apache-2.0 */
/* `leat triggers`, `leat publication`: what PostgreSQL needs to tell what others write (doc/cache.md): its SQL, for who makes it by other
 * means; or makes it, or takes it away. Exit codes: 0 done; 1 the database refuses or is away; 2 wrong usage or configuration. */
#include <stdio.h>
#include <unistd.h>

#include "cli/settings.h"
#include "store/listen.h"

static enum teller teller_of(const struct invocation *invocation)
{
    return invocation->command == &command_publication ? TELLER_PUBLICATION : TELLER_TRIGGERS;
}

static int run_on(const struct invocation *invocation, struct store *store, bool remove)
{
    char why[512];
    if (store_tellers_run(store, teller_of(invocation), remove, why) == OK)
        return CLI_DONE;
    fprintf(stderr, "leat %s: %s\n", invocation->command->name, why);
    return CLI_FAILED;
}

static int do_with(const struct invocation *invocation, struct store *store)
{
    bool apply = invocation_value(invocation, "--apply"), remove = invocation_value(invocation, "--remove");
    struct slice sql = store_tellers_sql(store, teller_of(invocation), remove);
    if (sql.len == 0) {
        fprintf(stderr, "SQLite needs no %s: Leat sees in the file that others have written\n",
                invocation->command->name);
        return CLI_DONE;
    }
    if (apply || remove)
        return run_on(invocation, store, remove);
    (void)fwrite(sql.data, 1, sql.len, stdout);
    return CLI_DONE;
}

static int run_tellers(const struct invocation *invocation)
{
    struct arena arena;
    struct config_override overrides[GIVEN_MAX];
    struct config *config = NULL;
    struct catalog *catalog = NULL;
    struct database database = {0};
    unsigned count;
    int code = CLI_USAGE;
    if (invocation_value(invocation, "--apply") && invocation_value(invocation, "--remove"))
        return usage_error(invocation->command, "either `--apply` or `--remove`");
    arena_init(&arena, 4096);
    struct complaints complaints = {.arena = &arena};
    if (settings_overrides(invocation, overrides, &count) &&
        config_load(settings_file(invocation), overrides, count, &complaints, &config) == OK)
        code = database_open(&database, config, &catalog) == OK ? do_with(invocation, database.store)
                                                                : CLI_FAILED;
    complaints_print(&complaints, STDERR_FILENO);
    database_close(&database);
    catalog_free(catalog);
    config_free(config);
    arena_done(&arena);
    return code;
}

static const struct option options[] = {
    {"--apply", NULL, NULL, "make what is missing"},
    {"--remove", NULL, NULL, "take all of it away"},
    OPTION_CONFIG,
    OPTION_DATABASE,
    OPTION_SET,
    {0},
};

const struct command command_triggers = {
    .name = "triggers",
    .summary = "print or make the triggers by which PostgreSQL tells what others write",
    .usage = "[--apply | --remove] [-c FILE] [--database URL]",
    .options = options,
    .run = run_tellers,
};

const struct command command_publication = {
    .name = "publication",
    .summary = "print or make the publication by which PostgreSQL tells what others write",
    .usage = "[--apply | --remove] [-c FILE] [--database URL]",
    .options = options,
    .run = run_tellers,
};
