/* SPDX-License-Identifier: Apache-2.0 */
/* `leat check`: reads the configuration and its queries, asks the database for all that they name, and prints the whole
 * effective configuration. Exit codes: 0 all is well, 1 the database could not be asked (the file alone was checked),
 * 2 something is wrong, told with file:line:column. */
#include <stdio.h>
#include <unistd.h>

#include "auth/trust.h"
#include "base/buf.h"
#include "cli/settings.h"
#include "query/plan.h"
#include "request/service.h"

enum { PRINTED_BYTES_MAX = 64 * 1024 * 1024 };

/* Owns the configuration until the model takes it over. */
struct check {
    struct complaints complaints;
    struct config *config;
    struct model *model;
    struct database database;
};

static int check_model(struct check *check, struct catalog *catalog)
{
    if (model_build(check->config, catalog, &check->complaints, &check->model)) {
        catalog_free(catalog);
        return CLI_USAGE;
    }
    check->config = NULL; /* the model's now */
    struct trust *trust = NULL;
    bool good = store_describe(check->database.store, check->model, &check->complaints) == OK &&
                model_settle_queries(check->model, &check->complaints) == OK &&
                plan_check(check->model, &check->complaints) == OK &&
                trust_new(check->model, &check->complaints, &trust) == OK;
    trust_free(trust);
    return good ? CLI_DONE : CLI_USAGE;
}

static void print_config(const struct config *config)
{
    struct buf text;
    buf_init(&text, PRINTED_BYTES_MAX);
    config_print(config, &text);
    fwrite(text.data, 1, text.len, stdout);
    buf_done(&text);
}

static int check_all(struct check *check, const char *file, const struct config_override *overrides,
                     unsigned count)
{
    struct catalog *catalog;
    if (config_load(file, overrides, count, &check->complaints, &check->config))
        return CLI_USAGE;
    if (database_open(&check->database, check->config, &catalog)) {
        fprintf(stderr, "%s: checked by itself, without the database\n", file);
        return CLI_FAILED;
    }
    if (service_check_replication(check->config, check->database.store, &check->complaints)) {
        catalog_free(catalog);
        return CLI_USAGE;
    }
    return check_model(check, catalog);
}

int settings_check(const struct invocation *invocation, bool print)
{
    struct config_override overrides[GIVEN_MAX];
    unsigned count;
    if (!settings_overrides(invocation, overrides, &count))
        return CLI_USAGE;
    struct arena arena;
    arena_init(&arena, 4096);
    struct check check = {.complaints.arena = &arena};
    int code = check_all(&check, settings_file(invocation), overrides, count);
    if (print && code == CLI_DONE)
        print_config(check.model->config);
    complaints_print(&check.complaints, STDERR_FILENO);
    model_unref(check.model);
    config_free(check.config);
    database_close(&check.database);
    arena_done(&arena);
    return code;
}

static int run_check(const struct invocation *invocation)
{
    return settings_check(invocation, true);
}

static const struct option options[] = {OPTION_CONFIG, OPTION_DATABASE, OPTION_SET, {0}};

const struct command command_check = {
    .name = "check",
    .summary = "check a configuration against its database, and print all that is in effect",
    .usage = "[-c FILE] [--database URL] [--set PATH=VALUE]…",
    .options = options,
    .run = run_check,
};
