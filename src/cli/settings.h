/* SPDX-License-Identifier: Apache-2.0 */
/* What commands that read a configuration share: their options, and how `--set` and its short forms become overrides. */
#ifndef LEAT_CLI_SETTINGS_H
#define LEAT_CLI_SETTINGS_H

#include "cli/cli.h"
#include "config/config.h"
#include "store/store.h"

#define OPTION_CONFIG \
    { \
        "--config", "-c", "FILE", "the configuration; without it ./leat.yaml" \
    }
#define OPTION_DATABASE \
    { \
        "--database", NULL, "URL", "another database than the configuration's" \
    }
#define OPTION_SET \
    { \
        "--set", NULL, "PATH=VALUE", "override a key, such as `--set database.timeout=5s`; may be repeated" \
    }

/* The overrides of a command line, in its order; texts are those of argv. False: a sentence was written. */
bool settings_overrides(const struct invocation *invocation, struct config_override overrides[GIVEN_MAX],
                        unsigned *ret_count);

/* The configuration file asked for: -c, or ./leat.yaml. */
const char *settings_file(const struct invocation *invocation);

/* What `leat check` does but for the printing of what is in effect: its exit code; what is wrong is on standard error. */
int settings_check(const struct invocation *invocation, bool print);

/* A database that is asked, not served. */
struct database {
    struct offload *offload;
    struct store *store;
};

/* Opens the configuration's database and reads its catalogue. On failure says on standard error why; close it then too. */
enum error database_open(struct database *database, const struct config *config,
                         struct catalog **ret_catalog) must_check;
/* Takes one that was never opened. */
void database_close(struct database *database);

#endif
