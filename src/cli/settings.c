/* SPDX-License-Identifier: Apache-2.0 */
/* See settings.h. */
#include "cli/settings.h"

#include <stdio.h>
#include <unistd.h>

#include "base/check.h"
#include "request/service.h"

/* Options that are short for a key. */
static const struct {
    const char *option, *path;
} short_forms[] = {{"--listen", "listen"}, {"--database", "database.url"}, {"--workers", "workers"}};

static bool set_override(const struct command *command, const char *value,
                         struct config_override *ret_override)
{
    struct slice rest = slice_str(value), path = slice_cut(&rest, '=');
    if (!rest.data || path.len == 0) {
        usage_error(command, "`--set %s`: expected a path and a value such as `--set database.timeout=5s`",
                    value);
        return false;
    }
    *ret_override = (struct config_override){.path = path, .value = rest};
    return true;
}

bool settings_overrides(const struct invocation *invocation, struct config_override overrides[GIVEN_MAX],
                        unsigned *ret_count)
{
    unsigned count = 0;
    for (unsigned i = 0; i < invocation->given_count; i++) {
        const struct given *given = &invocation->given[i];
        if (strcmp(given->option->name, "--set") == 0) {
            if (!set_override(invocation->command, given->value, &overrides[count++]))
                return false;
            continue;
        }
        for (unsigned j = 0; j < ARRAY_LEN(short_forms); j++)
            if (strcmp(given->option->name, short_forms[j].option) == 0)
                overrides[count++] = (struct config_override){.path = slice_str(short_forms[j].path),
                                                              .value = slice_str(given->value),
                                                              .option = short_forms[j].option};
    }
    *ret_count = count;
    return true;
}

const char *settings_file(const struct invocation *invocation)
{
    const char *file = invocation_value(invocation, "--config");
    return file ? file : "leat.yaml";
}

static void say_database(const struct config *config, const char *why)
{
    struct arena arena;
    arena_init(&arena, 1024);
    struct slice url = config_url_masked(&arena, config->database.url.text);
    fprintf(stderr, SLICE_FMT ": %s\n", SLICE_ARG(url), why);
    arena_done(&arena);
}

enum error database_open(struct database *database, const struct config *config, struct catalog **ret_catalog)
{
    PRE(!database->store && !database->offload);
    char why[512] = "";
    struct store_options options;
    struct catalog *catalog = NULL;
    service_store_options(config, &options);
    database->offload = offload_new(1, 16);
    enum error error = store_open(&options, database->offload, &database->store, why);
    if (!error)
        error = store_catalog(database->store, &catalog, why);
    if (!error && config->function_count)
        error = store_functions(database->store, catalog, why);
    if (error) {
        say_database(config, why);
        catalog_free(catalog);
    } else {
        *ret_catalog = catalog;
    }
    return error;
}

void database_close(struct database *database)
{
    offload_free(database->offload);
    store_close(database->store);
}
