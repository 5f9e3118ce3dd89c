/* SPDX-License-Identifier: Apache-2.0 */
/* `leat serve`: from its options to the service (request/serve.c), which runs until it is told to stop. */
#include "cli/serve.h"

#include <unistd.h>

static bool take_workers(const struct invocation *invocation, unsigned *ret_workers)
{
    const char *text = invocation_value(invocation, "--workers");
    int64_t workers = 0;
    if (text && (!slice_to_int(slice_str(text), &workers) || workers < 1 || workers > WORKERS_MAX)) {
        usage_error(invocation->command, "`--workers %s`: expected a number from 1 to %d", text, WORKERS_MAX);
        return false;
    }
    *ret_workers = (unsigned)workers;
    return true;
}

/* The service has fields of its own for what else is short for a key. */
static unsigned keep_set(struct config_override *overrides, unsigned count)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < count; i++)
        if (!overrides[i].option)
            overrides[kept++] = overrides[i];
    return kept;
}

/* A file's name without what it is. */
static bool is_bare_file(const char *url)
{
    enum dialect dialect;
    return !store_url_dialect(slice_str(url), &dialect) && access(url, F_OK) == 0;
}

bool serve_options_parse(const struct invocation *invocation, struct config_override overrides[GIVEN_MAX],
                         struct service_options *ret_options)
{
    unsigned count, workers;
    if (!settings_overrides(invocation, overrides, &count) || !take_workers(invocation, &workers))
        return false;
    const char *url = invocation->operand_count ? invocation->operands[0] : NULL;
    const char *database = invocation_value(invocation, "--database");
    if (url && (database || invocation_value(invocation, "--config"))) {
        usage_error(invocation->command,
                    "name either a database, `%s`, or a configuration by `-c FILE`, not both", url);
        return false;
    }
    if (url && is_bare_file(url)) {
        usage_error(invocation->command,
                    "`%s` is a file: write `sqlite:%s` for a database, `-c %s` for a configuration", url, url,
                    url);
        return false;
    }
    *ret_options = (struct service_options){
        .config_file = url ? NULL : settings_file(invocation),
        .database_url = url ? url : database,
        .listen = invocation_value(invocation, "--listen"),
        .workers = workers,
        .overrides = overrides,
        .override_count = keep_set(overrides, count),
        .argv = invocation->argv,
    };
    return true;
}

/* Neither a database nor a file is named, and none lies here. */
static bool nothing_to_serve(const struct invocation *invocation)
{
    return invocation->operand_count == 0 && !invocation_value(invocation, "--config") &&
           access(settings_file(invocation), F_OK) != 0;
}

static int run_serve(const struct invocation *invocation)
{
    struct config_override overrides[GIVEN_MAX];
    struct service_options options;
    if (!serve_options_parse(invocation, overrides, &options))
        return CLI_USAGE;
    if (nothing_to_serve(invocation))
        return usage_error(
            invocation->command,
            "there is no leat.yaml here: name a database, such as `leat serve sqlite:data.db`, "
            "or a configuration by `-c FILE`");
    return service_run(&options);
}

static const struct option options_of_serve[] = {
    OPTION_CONFIG,
    {"--listen", NULL, "ADDR:PORT", "another address than the configuration's, such as 127.0.0.1:8080"},
    OPTION_DATABASE,
    {"--workers", NULL, "N", "how many threads; without it one for each core"},
    OPTION_SET,
    {0},
};

const struct command command_serve = {
    .name = "serve",
    .summary = "serve a database, by a configuration or as it is",
    .usage = "[-c FILE | URL] [--listen ADDR:PORT] [--database URL] [--workers N] [--set PATH=VALUE]…",
    .options = options_of_serve,
    .operands_max = 1,
    .run = run_serve,
};
